"""Versions of an image's page → spans: which tag pointed to which digest, and when. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from generator.grouping import more_than_months

Key = tuple[str, str]
"""A table and a tag."""
Why = Literal["moved", "moved back", "gone", "aged out of an old page", "page removed"]
"""Why a tag no longer points to a digest. It moved, perhaps back to a digest that it had left; it
is gone from the table; its row was a month old on a page that shows no older ones; there is no page
any more."""

AGED: Why = "aged out of an old page"
WINDOW_OF_OLD_PAGES = 1
"""Months for which an old page shows a row: one that vanishes later may only have aged."""


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
    first one that does not any more. `claimed` is the day that the first one gave. A span that goes
    on while its table changes its name has the newer name.
    """

    table: str
    tag: str
    digest: str
    claimed: date | None
    first: int
    ended: int | None = None
    why: Why | None = None


class Passed(msgspec.Struct, frozen=True):
    """A version that cannot be read, and why; it counts for nothing."""

    moment: Moment
    reason: str


class Story(msgspec.Struct):
    """The history of one image, version by version, the oldest first.

    `lines` are the spans of each tag, the oldest first; a line is followed when its table changes
    its name. `page` is the last version that could be read. `removed` are the indices of the
    moments from which on there was no page.
    """

    moments: list[Moment] = []
    removed: list[int] = []
    lines: dict[Key, list[Span]] = {}
    page: Page = NO_PAGE
    passed: list[Passed] = []

    def add(self, moment: Moment, page: Page) -> None:
        """Take in the next version.

        An old page without any table is an empty one only where the headings of its tables are
        still there. After a `tags.json` it is what a retired image is left with.
        """
        if not (page.tables or page.is_state):
            if self.page.is_state:
                page = NO_PAGE
            elif not page.names.issuperset(self.page.tables):
                self.pass_over(moment, "the page has no table of tags")
                return
        self._take_in(moment, page)

    def remove(self, moment: Moment) -> None:
        """The page is not there any more."""
        self._take_in(moment, NO_PAGE)

    def _take_in(self, moment: Moment, page: Page) -> None:
        now = len(self.moments)
        self.moments.append(moment)
        if page is NO_PAGE:
            self.removed.append(now)
        before = self._followed(page)
        for key, row in before.items():
            new = page.rows.get(key)
            if new is None:
                self._end(key, now, self._why_gone(key, row, page))
            elif new.digest != row.digest:
                is_back = any(span.digest == new.digest for span in self.lines[key])
                self._end(key, now, "moved back" if is_back else "moved")
        for key, row in page.rows.items():
            old = before.get(key)
            if old is None or old.digest != row.digest:
                span = Span(*key, row.digest, row.claimed, now)
                self.lines.setdefault(key, []).append(span)
        self.page = page

    def pass_over(self, moment: Moment, reason: str) -> None:
        """Leave out a version that cannot be read."""
        self.passed.append(Passed(moment, reason))

    def version_at(self, number: int) -> int:
        """The index of the version that stood at a place of the line; -1 before the first one."""
        return sum(moment.number <= number for moment in self.moments) - 1

    def last(self, span: Span) -> int:
        """The index of the last version that lists a span."""
        return (len(self.moments) if span.ended is None else span.ended) - 1

    def _end(self, key: Key, now: int, why: Why) -> None:
        line = self.lines[key]
        line[-1] = replace(line[-1], ended=now, why=why)

    def _why_gone(self, key: Key, row: Row, page: Page) -> Why:
        if page is NO_PAGE:
            return "page removed"
        today = self.moments[-1].time.date()
        day = row.claimed or self.moments[self.lines[key][-1].first].time.date()
        is_old = more_than_months(day, WINDOW_OF_OLD_PAGES, today + timedelta(days=1))
        return AGED if is_old and not page.is_state else "gone"

    def _followed(self, page: Page) -> dict[Key, Row]:
        """The rows of the last page, under the new names of tables that got other names.

        Where a table has vanished and others have appeared, its tags are looked for in those, the
        most alike first: one table may have become two, or two have become one.
        """
        rows = self.page.rows
        vanished = [table for table in self.page.tables if table not in page.names]
        appeared = [table for table in page.tables if table not in self.page.names]
        pairs = sorted(
            ((old, new) for old in vanished for new in appeared),
            key=lambda pair: _likeness(rows, page.rows, *pair),
            reverse=True,
        )
        if pairs:
            rows = dict(rows)
        for table, name in pairs:
            for old in [key for key in rows if key[0] == table]:
                new = (name, old[1])
                if new in page.rows and new not in rows and self._is_free(new, old):
                    rows[new] = rows.pop(old)
                    self._rename(old, new, page.rows[new].digest)
        return rows

    def _is_free(self, new: Key, old: Key) -> bool:
        """Whether the line of one key can go on that of another without an overlap."""
        ended = self.lines[new][-1].ended if new in self.lines else None
        return ended is None or ended <= self.lines[old][-1].first

    def _rename(self, old: Key, new: Key, digest: str) -> None:
        line = self.lines.get(new, []) + self.lines.pop(old)
        if line[-1].digest == digest:
            line[-1] = replace(line[-1], table=new[0])
        self.lines[new] = line


def _likeness(before: dict[Key, Row], after: dict[Key, Row], old: str, new: str) -> tuple[int, int]:
    """How many tags of a table are in another one: with the same digest, and at all."""
    both = [
        (row, after[new, tag])
        for (table, tag), row in before.items()
        if table == old and (new, tag) in after
    ]
    return sum(row.digest == other.digest for row, other in both), len(both)
