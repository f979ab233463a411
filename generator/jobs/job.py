"""What a command works on: the catalog, the content tree, the time, and which images."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from zlib import crc32

import msgspec

from generator.catalog.read import read_catalog
from generator.catalog.spec import Catalog, Tab
from generator.content.publish import RETIRED_TEMPLATE, Publisher
from generator.content.tree import Tree
from generator.errors import UsageError
from generator.grouping import Window
from generator.pages import KINDS, Name
from generator.pages.base import PageKind, Site, TableInfo
from generator.pages.environment import Renderer
from generator.sources import Spec

EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
"""Before this no `as_of` is believed."""

SiteCatalog = Catalog[Spec, Name]
"""The catalog with all kinds of source and page that there are."""


@dataclass(frozen=True)
class Options:
    """What a command was asked for, whichever command it is.

    `only` are globs of images; `shard` is (number, of how many), the first being 1; `accepted`
    names the tables and images whose losses are believed this time.
    """

    catalog: Path
    content: Path | None = None
    as_of: datetime | None = None
    only: tuple[str, ...] = ()
    shard: tuple[int, int] = (1, 1)
    jobs: int = 8
    dry_run: bool = False
    accepted: frozenset[str] = frozenset()


class Job:
    """A command's options with the catalog that they name.

    Raises UsageError when the catalog has mistakes.
    """

    def __init__(self, options: Options, environ: Mapping[str, str]) -> None:
        self.options = options
        self.catalog: SiteCatalog = read_catalog(options.catalog, SiteCatalog)
        self.root = options.catalog.parent
        self.content = options.content or self.root / self.catalog.content
        self._environ = environ

    @cached_property
    def window(self) -> Window:
        """The catalog's window as a value."""
        return self.catalog.window_length()

    @cached_property
    def kinds(self) -> list[PageKind]:
        """The kinds of page to write."""
        return [KINDS[name] for name in self.catalog.pages]

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The catalog's tab bar, or else one of the pages that are written."""
        if self.catalog.tabs is not None:
            return self.catalog.tabs
        return tuple(Tab(title=kind.title, path=kind.path) for kind in self.kinds)

    @property
    def page(self) -> str:
        """The URL of an image's page, with `{image}` for its name."""
        return f"{self.catalog.base_url}{self.catalog.url}{{image}}/{self.kinds[0].path}"

    def selected(self, image: str) -> bool:
        """Whether this run is about the image, as far as the command line says."""
        number, of = self.options.shard
        if of > 1 and crc32(image.encode()) % of != number - 1:
            return False
        only = self.options.only
        return not only or any(fnmatchcase(image, glob) for glob in only)

    def as_of(self, recorded: datetime | None = None) -> datetime:
        """The time that pages are written for, in UTC, whole seconds.

        It is what the command line says, SOURCE_DATE_EPOCH (reproducible-builds.org: seconds since
        1970), the catalog, `recorded`, or now.
        """
        times = (self.options.as_of, self._epoch(), self.catalog.as_of, recorded)
        given = next((time for time in times if time is not None), None)
        if given is None:
            return datetime.now(UTC).replace(microsecond=0)
        try:
            time = _utc(given).replace(microsecond=0)
        except OverflowError:
            time = EARLIEST
        if time <= EARLIEST:
            raise UsageError(f"cannot write pages for the time {given}: it lies too far off")
        return time

    def publisher(self, tree: Tree, as_of: datetime) -> Publisher:
        """What plans the pages of this catalog for that time."""
        catalog = self.catalog
        templates = self.root / catalog.templates if catalog.templates else None
        if templates and not templates.is_dir():
            raise UsageError(f"{self.options.catalog}: `templates`: {templates} is no folder")
        renderer = Renderer(templates)
        renderer.load([RETIRED_TEMPLATE, *(kind.template for kind in self.kinds)])
        site = Site(
            catalog.url,
            self.tabs,
            self._tables(),
            self.window,
            catalog.tag_order,
            as_of,
        )
        return Publisher(
            tree,
            renderer,
            site,
            self.kinds,
            [table.name for table in catalog.tables],
            catalog.front_matter,
        )

    def _tables(self) -> dict[str, TableInfo]:
        repositories = self.catalog.images.repositories
        return {
            table.name: TableInfo(
                table.heading, table.text.strip(), table.source, repositories(table.name)
            )
            for table in self.catalog.tables
        }

    def _epoch(self) -> datetime | None:
        text = self._environ.get("SOURCE_DATE_EPOCH")
        if not text:
            return None
        try:
            return datetime.fromtimestamp(int(text), UTC)
        except (ValueError, OverflowError, OSError):
            raise UsageError(f"SOURCE_DATE_EPOCH is {text!r}: write seconds since 1970") from None


def _utc(time: datetime) -> datetime:
    """The time in UTC; one without an offset is taken as UTC already."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def catalog_schema() -> str:
    """The catalog's JSON Schema, for editors."""
    text = json.dumps(msgspec.json.schema(SiteCatalog), indent=2)
    # msgspec names a generic type with its parameters
    text = re.sub(r"(Catalog|TableSpec)_[^\"/]*", r"\1", text)
    return re.sub(r'"title": "(Catalog|TableSpec)\[.*"', r'"title": "\1"', text) + "\n"
