"""Outputs: the files that tagpages owns, each made from values by a pure function.

An output is a page or a data file, of each image (`Output[Subject]`) or of the site as a whole
(`Output[Sequence[Subject]]`, all images in the order of their names).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import msgspec

from generator.catalog.readmes import Readmes
from generator.catalog.tables import Verify
from generator.catalog.tabs import Tab
from generator.errors import Failure
from generator.facts.base import Absent, CouldNotLook, Details, Fact, Found
from generator.grouping import Older, TagOrder, Window
from generator.model import Image
from generator.sources.base import Address, SourceSpec

S = TypeVar("S")
"""What an output is about: an image, or all of them."""


_encode = msgspec.json.Encoder().encode

State = Literal["found", "none", "could not look", "not asked"]
"""How it is with a fact, as pages say it."""
_STATES: dict[type, State] = {
    Found: "found",
    Absent: "none",
    CouldNotLook: "could not look",
    type(None): "not asked",
}


def json_text(value: object) -> str:
    """A value as JSON, in one line."""
    return _encode(value).decode()


def state_of(fact: Fact[Any] | None) -> State:
    """How it is with a fact; None is one that nobody has asked for."""
    return _STATES[type(fact)]


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

    `base_url` is the site's address, without a slash at its end; empty where it is not known.

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
    base_url: str = ""
    home: str = ""
    descriptions: Mapping[str, str] = field(default_factory=dict)
    readmes: Readmes = field(default_factory=Readmes)
    own_readmes: Mapping[str, str | Failure] = field(default_factory=dict)
    retired: Mapping[str, str | None] = field(default_factory=dict)
    older: Older = "fold"


@dataclass(frozen=True)
class Page(Generic[S]):
    """A page: Markdown from a template, whose front matter people may edit.

    `title` is what its tab says, `file` its name in the folder of the image, or of the site; Hugo
    publishes it at `path` below that folder's URL. `view` makes what the template is given; `needs`
    are the kinds of fact that it shows, `links` the kinds of output that it leads to.
    """

    title: str
    file: str
    path: str
    template: str
    view: Callable[[S, Site], Mapping[str, object]]
    needs: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files: one."""
        return (self.file,)


@dataclass(frozen=True)
class DataFile(Generic[S]):
    """A file beside the pages, for programs: what `text` makes; `needs` and `links` as of a page.

    One that links is read away from the site, so the addresses in it begin with `base_url`.
    """

    file: str
    text: Callable[[S, Site], str]
    needs: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files: one."""
        return (self.file,)

    def texts(self, subject: S, site: Site) -> tuple[str]:
        """The text of its file."""
        return (self.text(subject, site),)


@dataclass(frozen=True)
class DataFiles(Generic[S]):
    """Several data files that come and go together: `texts` makes one for each of the `files`."""

    files: tuple[str, ...]
    texts: Callable[[S, Site], Iterable[str]]
    needs: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()


Output = Page[S] | DataFile[S] | DataFiles[S]
