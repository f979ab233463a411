"""The floor that `pages.py` measures against: decode, make the views, render, write.

The templates are the packaged ones, with what they are given and their filters. All else is bare:
no state, no guard, no front matter of people, no atomic writes, no report, and nothing of the night
before. Arguments: the folder with `public.json`, `private.json` and `details.json`, the content
folder, the time of the night.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import msgspec

from generator.catalog.tabs import Tab
from generator.facts.base import CouldNotLook, Details, Facts
from generator.facts.image import IMAGE
from generator.facts.packages import PACKAGES
from generator.grouping import Window, group
from generator.model import Image, Table, Tag
from generator.pages import IMAGE_OUTPUTS
from generator.pages.base import Page, Site, Subject, TableInfo
from generator.pages.environment import Renderer
from generator.sources.listing import Listing

TABLES = ("public", "private")
KINDS = (IMAGE.name, PACKAGES.name)


class _Tag(Tag, frozen=True, rename={"last_changed": "lastUpdated"}):
    last_changed: datetime


class _Repo(msgspec.Struct):
    name: str


class _Entry(msgspec.Struct):
    repo: _Repo
    tags: list[_Tag]


class _Variant(msgspec.Struct):
    tag: str
    config: msgspec.Raw


class _Contents(msgspec.Struct):
    image: str
    variants: list[_Variant]


def contents(file: Path) -> dict[tuple[str, str], Facts]:
    """What is recorded of images, by image and tag."""
    read: dict[tuple[str, str], Facts] = {}
    for entry in msgspec.json.decode(file.read_bytes(), type=list[_Contents]):
        for variant in entry.variants:
            data = bytes(variant.config)
            read[entry.image, variant.tag] = {
                kind.name: kind.read(data) for kind in (IMAGE, PACKAGES) if kind.read
            }
    return read


def subjects(folder: Path, as_of: datetime) -> list[Subject]:
    """The images of both listings, with what is recorded of them."""
    recorded = contents(folder / "details.json")
    unknown = CouldNotLook("", as_of)
    images: dict[str, dict[str, Table]] = {}
    told: dict[str, dict[str, list[Facts]]] = {}
    for name in TABLES:
        for entry in msgspec.json.decode((folder / f"{name}.json").read_bytes(), type=list[_Entry]):
            image = entry.repo.name
            tables = images.setdefault(image, {table: Table(table) for table in TABLES})
            tables[name] = Table(name, group(entry.tags, "recency"))
            digests = told.setdefault(image, {})
            for tag in entry.tags:
                if tag.name.startswith("latest"):
                    known = recorded.get((image, tag.name), dict.fromkeys(KINDS, unknown))
                    if known not in digests.setdefault(tag.digest, []):
                        digests[tag.digest].append(known)
    return [
        Subject(
            Image(name, tuple(tables.values())),
            Details(
                name,
                {
                    digest: facts[0] if len(facts) == 1 else dict.fromkeys(KINDS, unknown)
                    for digest, facts in told[name].items()
                },
            ),
        )
        for name, tables in sorted(images.items())
    ]


def main() -> None:
    """Write the four pages of each image, but for those that are there already."""
    folder, content = Path(sys.argv[1]), Path(sys.argv[2])
    as_of = datetime.fromisoformat(sys.argv[3])
    outputs = [output for output in IMAGE_OUTPUTS.values() if isinstance(output, Page)]
    source = Listing(path="", registry="registry.example.com", repository="team/{image}")
    site = Site(
        "/images/",
        tuple(Tab(title=output.title, path=output.path) for output in outputs),
        {name: TableInfo(name.capitalize(), "", source, {}) for name in TABLES},
        Window(1, "month"),
        "recency",
        as_of,
        7,
        ("latest*",),
    )
    renderer = Renderer()
    for subject in subjects(folder, as_of):
        for output in outputs:
            text = renderer.render(output.template, output.view(subject, site)).encode()
            page = content / subject.image.name / output.file
            try:
                if page.read_bytes() == text:
                    continue
            except FileNotFoundError:
                page.parent.mkdir(parents=True, exist_ok=True)
            page.write_bytes(text)


if __name__ == "__main__":
    main()
