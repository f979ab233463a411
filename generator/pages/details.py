"""Page kind `details`: the documented variants of an image compared, and their packages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from generator.facts.base import CouldNotLook, Facts, Move
from generator.facts.image import IMAGE, Config, ImageFacts
from generator.facts.packages import PACKAGES, Packages
from generator.facts.sbom import Package
from generator.grouping import documented, version_key
from generator.pages.base import Page, Site, State, Subject, state_of
from generator.pages.tabs import page_values

PATH = "image_specs/"

SHELLS = frozenset(
    (
        *("bash", "bash-binsh", "busybox", "busybox-static", "dash", "dash-binsh", "fish", "ksh"),
        *("mksh", "tcsh", "toybox", "yash", "zsh"),
    )
)
"""The packages that bring a shell."""
MANAGERS = frozenset(
    (
        *("apk-tools", "apt", "dnf", "dnf5", "dpkg", "microdnf", "opkg", "rpm", "tdnf", "yum"),
        "zypper",
    )
)
"""The packages that bring a package manager of an operating system."""
LABELS = tuple(
    f"org.opencontainers.image.{name}"
    for name in ("source", "version", "revision", "licenses", "vendor", "documentation")
)
"""The labels that are shown (OCI Image Specification 1.1, "Pre-Defined Annotation Keys")."""

_SETTINGS = tuple(Config().settings())
NEEDS = (IMAGE.name, PACKAGES.name)


class Variant(msgspec.Struct, frozen=True):
    """A documented tag, and what its digest contains: a column of the tables.

    Tables in which the tag contains the same have one column together; `title` (Markdown) tells
    apart those in which it does not, and else is empty. `digests` are what the tag points to there.
    `image` and `packages` are None where they are not known: `state` says why packages are not, and
    `since` (UTC) since when they could not be looked up, where that is known.
    """

    tag: str
    title: str
    digests: tuple[str, ...]
    image: ImageFacts | None
    packages: Packages | None
    state: State
    since: datetime | None

    @property
    def label(self) -> str:
        """What the variant is called in a cell, in Markdown."""
        return _label(self.tag, self.title)

    @property
    def names(self) -> frozenset[str]:
        """The names of its packages."""
        packages = self.packages.packages if self.packages else ()
        return frozenset(package.name for package in packages)

    @property
    def has_shell(self) -> bool | None:
        """Whether a package brings a shell; None where the system's packages are not known."""
        return self._has(SHELLS)

    @property
    def has_package_manager(self) -> bool | None:
        """Whether a package brings a package manager; None as of `has_shell`."""
        return self._has(MANAGERS)

    def _has(self, names: frozenset[str]) -> bool | None:
        if not (self.packages and self.packages.managers):
            return None
        return not names.isdisjoint(self.names)


class PackageRow(msgspec.Struct, frozen=True):
    """A package by its name, over all variants.

    `versions` has for each variant those of the package, empty where nobody told it; there are none
    in a variant without the package. `licences` are those in all variants.
    """

    name: str
    licences: tuple[str, ...]
    versions: tuple[tuple[str, ...], ...]


def _label(tag: str, title: str) -> str:
    return f"`{tag}` ({title})".replace("|", "\\|") if title else f"`{tag}`"


class Setting(msgspec.Struct, frozen=True):
    """One thing that configurations say: for each variant its texts, None where nothing is known.

    A variant that does not say it has no texts.
    """

    name: str
    values: tuple[tuple[str, ...] | None, ...]


def view(subject: Subject, site: Site) -> Mapping[str, object]:
    """What the template is given (`docs/templates.md`)."""
    return page_values(site, subject.image.name, PATH) | {
        "variants": variants_of(subject, site),
        "changes": changes_of(subject, site),
    }


@dataclass
class _Column:
    tag: str
    facts: Facts
    tables: dict[str, str]
    """The digest of the tag in each of the tables."""

    def variant(self, title: str) -> Variant:
        packages = PACKAGES.of(self.facts)
        return Variant(
            self.tag,
            title,
            tuple(dict.fromkeys(self.tables.values())),
            IMAGE.found(self.facts),
            PACKAGES.found(self.facts),
            state_of(packages),
            packages.since if isinstance(packages, CouldNotLook) else None,
        )


def variants_of(subject: Subject, site: Site) -> list[Variant]:
    """The documented tags in version order: a column for each content that a tag has."""
    image, details = subject
    columns: list[_Column] = []
    for table, tag, digest in documented(image.tables, site.variants):
        known = details.facts.get(digest, {})
        facts = {kind: known[kind] for kind in NEEDS if kind in known}
        same = (column for column in columns if (column.tag, column.facts) == (tag, facts))
        if column := next(same, None):
            column.tables[table] = digest
        else:
            columns.append(_Column(tag, facts, {table: digest}))
    often = Counter(column.tag for column in columns)
    titles = {name: info.title for name, info in site.tables.items()}
    return [
        column.variant(" and ".join(titles[table] for table in column.tables))
        if often[column.tag] > 1
        else column.variant("")
        for column in sorted(columns, key=lambda column: version_key(column.tag))
    ]


class Changes(msgspec.Struct, frozen=True):
    """The last moves of a documented tag, newest first; `title` (Markdown) is as of a variant."""

    tag: str
    title: str
    moves: tuple[Move, ...]

    @property
    def label(self) -> str:
        """What the tag is called, in Markdown."""
        return _label(self.tag, self.title)


def changes_of(subject: Subject, site: Site) -> list[Changes]:
    """The documented tags that moved; tables in which a tag moved alike have one entry."""
    image, details = subject
    found: dict[str, dict[tuple[Move, ...], list[str]]] = {}
    for table, tag, _ in documented(image.tables, site.variants):
        if moves := details.moves.get(table, {}).get(tag):
            found.setdefault(tag, {}).setdefault(moves, []).append(site.tables[table].title)
    return [
        Changes(tag, " and ".join(titles) if len(by_moves) > 1 else "", moves)
        for tag, by_moves in sorted(found.items(), key=lambda item: version_key(item[0]))
        for moves, titles in by_moves.items()
    ]


def settings_of(variants: Sequence[Variant]) -> list[Setting]:
    """What the configurations of variants say, one row each; labels only where there are any."""
    configs = [variant.image.config if variant.image else None for variant in variants]
    told = [config.settings() if config else None for config in configs]
    rows = [
        Setting(name, tuple(texts[name] if texts else None for texts in told)) for name in _SETTINGS
    ]
    rows += [
        Setting(name, tuple(_told(config, name) for config in configs))
        for name in LABELS
        if any(config and config.labels.get(name) for config in configs)
    ]
    return rows


def _told(config: Config | None, name: str) -> tuple[str, ...] | None:
    if config is None:
        return None
    return (config.labels[name],) if config.labels.get(name) else ()


def package_rows(variants: Sequence[Variant]) -> list[PackageRow]:
    """The packages of all variants, in the order in which they appear first."""
    rows: dict[str, list[list[Package]]] = {}
    for at, variant in enumerate(variants):
        for package in variant.packages.packages if variant.packages else ():
            cells = rows.setdefault(package.name, [[] for _ in variants])
            cells[at].append(package)
    return [
        PackageRow(
            name,
            tuple(dict.fromkeys(item.licence for cell in cells for item in cell if item.licence)),
            tuple(tuple(dict.fromkeys(item.version for item in cell)) for cell in cells),
        )
        for name, cells in rows.items()
    ]


def dotted(variants: Iterable[Variant]) -> list[Variant]:
    """Variants in the order of their tags with a dot behind: `latest-dev` before `latest`."""
    return sorted(variants, key=lambda variant: f"{variant.tag}.")


OUTPUT = Page(
    title="Details",
    file="image_specs.md",
    path=PATH,
    template="details.md.j2",
    view=view,
    needs=frozenset(NEEDS),
)
