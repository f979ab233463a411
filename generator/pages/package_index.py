"""Which images contain a package, in which versions: files for programs, and a page to ask them.

Page kind `package_index`, and output `packages`: a file for each first letter of a package's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from string import ascii_lowercase
from typing import NamedTuple

import msgspec

from generator.facts.packages import PACKAGES
from generator.grouping import documented, version_key
from generator.pages.base import DataFiles, Page, Site, Subject, json_text

OTHERS = "others"
"""The file of the names that begin with no letter of ASCII."""
SHARDS = (*ascii_lowercase, OTHERS)
VERSION = 1


class _Key(NamedTuple):
    """A package; `type` is that of its purl, which says how its versions are ordered."""

    name: str
    type: str


Holders = dict[str, dict[str, None]]
"""By version, the images that contain it, as `image:tag`, in the order of their names."""


def packages(subjects: Sequence[Subject], site: Site) -> Iterator[str]:
    """The texts of all files: packages by name, a line for each version."""
    shards: dict[str, dict[_Key, Holders]] = {name: {} for name in SHARDS}
    for key, holders in sorted(_packages(subjects, site).items()):
        shards[_shard(key.name)][key] = holders
    for shard in shards.values():
        entries = ",\n".join(_entry(*item) for item in shard.items())
        body = f"\n{entries}\n  " if entries else ""
        yield f'{{\n  "version": {VERSION},\n  "packages": [{body}]\n}}\n'


def _packages(subjects: Sequence[Subject], site: Site) -> dict[_Key, Holders]:
    found: dict[_Key, Holders] = {}
    for image, details in subjects:
        for _, tag, digest in documented(image.tables, site.variants):
            told = PACKAGES.found(details.facts.get(digest, {}))
            if told is None:
                continue
            usual = "apk" if told.format == "apko" else ""
            for package in told.packages:
                holders = found.setdefault(_Key(package.name, package.type or usual), {})
                holders.setdefault(package.version, {})[f"{image.name}:{tag}"] = None
    return found


def _shard(name: str) -> str:
    first = name[:1].lower()
    return first if first in ascii_lowercase and first else OTHERS


def _entry(key: _Key, holders: Holders) -> str:
    versions = ",\n".join(
        f"      {json_text(version)}: {json_text(list(holders[version]))}"
        for version in sorted(holders, key=version_key)
    )
    named = f'"name": {json_text(key.name)}, "type": {json_text(key.type)}'
    return f'    {{{named}, "versions": {{\n{versions}\n    }}}}'


class ShardView(msgspec.Struct, frozen=True):
    """A file of the index: the names in it begin with `letter`, or else with none."""

    letter: str
    url: str


def view(_: Sequence[Subject], site: Site) -> Mapping[str, object]:
    """What the template is given (`docs/templates.md`)."""
    return {
        "shards": [
            ShardView("" if name == OTHERS else name, f"{site.url}{file}")
            for name, file in zip(SHARDS, FILES, strict=True)
        ],
        "url": site.url,
        "as_of": site.as_of,
    }


FILES = tuple(f"packages-{name}.json" for name in SHARDS)
OUTPUT = DataFiles(FILES, packages, needs=frozenset({PACKAGES.name}))
PAGE = Page(
    title="Packages",
    file="package-index.md",
    path="package-index/",
    template="package_index.md.j2",
    view=view,
    links=frozenset({"packages"}),
)
