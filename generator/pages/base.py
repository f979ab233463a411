"""Outputs: the files that tagpages owns, each made from values by a pure function.

An output is a page or a data file, of each image (`Output[Subject]`) or of the site as a whole
(`Output[Sequence[Subject]]`, all images in the order of their names).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from generator.catalog.readmes import Readmes
from generator.catalog.spec import Tab, Verify
from generator.errors import Failure
from generator.facts.base import Details
from generator.grouping import TagOrder, Window
from generator.model import Image
from generator.sources.base import Address, SourceSpec

S = TypeVar("S")
"""What an output is about: an image, or all of them."""


class Subject(NamedTuple):
    """An image, and what is known of its documented digests."""

    image: Image
    details: Details


@dataclass(frozen=True)
class TableInfo:
    """What pages say of a table besides its tags; `title` and `text` are Markdown.

    `repositories` has, by image, those that differ from the source's rule; `verify` says whose
    signatures count.
    """

    title: str
    text: str
    source: SourceSpec
    repositories: Mapping[str, str]
    verify: Verify | None = None

    def address(self, image: str) -> Address:
        """Where an image is pulled from."""
        return self.source.address(image, self.repositories.get(image))


@dataclass(frozen=True)
class Site:
    """What all outputs of a site share; `url` is from slash to slash, `as_of` in UTC.

    A page says of a table that has not been believed for `stale_after` nights since when it is so.
    `variants` are the globs of the documented tags, `home` is the path of an image's first page
    below the image's URL. `descriptions` has, by image, a sentence of plain text. `readmes` says
    what becomes of READMEs, and `own_readmes` has those of the catalog's folder. `retired` has the
    retired images that have a page which says so, each with its successor if it has one.
    """

    url: str
    tabs: tuple[Tab, ...]
    tables: Mapping[str, TableInfo]
    window: Window
    tag_order: TagOrder
    as_of: datetime
    stale_after: int
    variants: tuple[str, ...] = ()
    home: str = ""
    descriptions: Mapping[str, str] = field(default_factory=dict)
    readmes: Readmes = field(default_factory=Readmes)
    own_readmes: Mapping[str, str | Failure] = field(default_factory=dict)
    retired: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Page(Generic[S]):
    """A page: Markdown from a template, whose front matter people may edit.

    `title` is what its tab says, `file` its name in the folder of the image, or of the site; Hugo
    publishes it at `path` below that folder's URL. `view` makes what the template is given; `needs`
    are the kinds of fact that it shows.
    """

    title: str
    file: str
    path: str
    template: str
    view: Callable[[S, Site], Mapping[str, object]]
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DataFile(Generic[S]):
    """A file beside the pages, for programs: whatever `text` makes; `needs` as of a page."""

    file: str
    text: Callable[[S, Site], str]
    needs: frozenset[str] = frozenset()


Output = Page[S] | DataFile[S]
