"""What the history is made of: commits on a line, what a page lists, and spans. Values only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

Key = tuple[str, str]
"""A table and a tag."""
Why = Literal["moved", "moved back", "gone", "aged out of an old page", "page removed"]
"""Why a tag no longer points to a digest. It moved, perhaps back to a digest that it had left; it
is gone from the table; its row was a month old on a page that shows no older ones; there is no page
any more."""

AGED: Why = "aged out of an old page"


class Moment(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A commit on a line of first parents: its number, the oldest being 0, and its time (UTC).

    The time is the running maximum of the committers' times along the line: it never goes back.
    """

    number: int
    commit: str
    time: datetime


class Row(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The digest of a tag, and the day (UTC) that the registry gave for it, if the page has one."""

    digest: str
    claimed: date | None


class Page(msgspec.Struct, frozen=True):
    """What one version of an image's page lists.

    `tables` are those that the page has, in its order; `names` are their names and all other
    headings of an old page, since one without a table may be an empty table's. `is_state` tells a
    `tags.json`, which has all tags, from an old page, which may show the recent ones only.
    """

    rows: dict[Key, Row]
    tables: tuple[str, ...]
    names: frozenset[str]
    is_state: bool = False


NO_PAGE = Page({}, (), frozenset())


class Span(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A digest that a tag of a table pointed to, over versions that follow each other.

    `first` and `ended` are indices of the image's moments: the first version that lists it, and the
    first one that does not any more. `claimed` is the day that the first one gave. `formerly` are
    the names that the table had before, each with the index of the version that had another.
    """

    table: str
    tag: str
    digest: str
    claimed: date | None
    first: int
    ended: int | None = None
    why: Why | None = None
    formerly: tuple[tuple[str, int], ...] = ()

    def table_at(self, index: int) -> str:
        """What a version called the table."""
        return next((name for name, end in self.formerly if index < end), self.table)


class Passed(msgspec.Struct, frozen=True):
    """A version that cannot be read, and why; it counts for nothing."""

    moment: Moment
    reason: str
