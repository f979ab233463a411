"""Versions of an image's page → spans: which tag pointed to which digest, and when. Pure."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from msgspec.structs import replace

from generator.grouping import more_than_months
from generator.history.follow import renamed
from generator.history.values import AGED, NO_PAGE, Key, Moment, Page, Passed, Row, Span, Why

WINDOW_OF_OLD_PAGES = 1
"""Months for which an old page shows a row: one that vanishes later may only have aged."""


class Story(msgspec.Struct):
    """The history of one image, version by version, the oldest first.

    `lines` are the spans of each tag, the oldest first; a line is followed when its table changes
    its name, and keeps its number in `numbers`. `page` is the last version that could be read.
    `removed` are the indices of the moments from which on there was no page.

    All but the last span of each line can be kept elsewhere (`earlier`): what comes next needs them
    only where a tag moves to a digest that the image had before.
    """

    moments: list[Moment] = []
    removed: list[int] = []
    lines: dict[Key, list[Span]] = {}
    numbers: dict[Key, int] = {}
    page: Page = NO_PAGE
    passed: list[Passed] = []

    def add(self, moment: Moment, page: Page) -> None:
        """Take in the next version; `NO_PAGE` where there is none any more.

        An old page without any table is an empty one only where the headings of its tables are
        still there. After a `tags.json` it is what a retired image is left with.
        """
        if not (page.tables or page.is_state or page is NO_PAGE):
            if self.page.is_state:
                page = NO_PAGE
            elif not page.names.issuperset(table for table, _ in self.page.rows):
                self.pass_over(moment, "the page has no table of tags")
                return
        self._take_in(moment, page)

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
                self.numbers.setdefault(key, len(self.numbers))
                span = Span(*key, row.digest, row.claimed, now)
                self.lines.setdefault(key, []).append(span)
        self.page = page

    def pass_over(self, moment: Moment, reason: str) -> None:
        """Leave out a version that cannot be read."""
        self.passed.append(Passed(moment, reason))

    def has(self, digest: str) -> bool:
        """Whether any tag ever pointed to a digest of that beginning."""
        return any(span.digest.startswith(digest) for line in self.lines.values() for span in line)

    def version_at(self, number: int) -> int:
        """The index of the version that stood at a place of the line; -1 before the first one."""
        return sum(moment.number <= number for moment in self.moments) - 1

    def has_page_at(self, number: int) -> bool:
        """Whether there was a page at a place of the line."""
        index = self.version_at(number)
        return index >= 0 and index not in self.removed

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

    def earlier(self) -> dict[int, list[Span]]:
        """All but the last span of each line, by the line's number."""
        return {self.numbers[key]: line[:-1] for key, line in self.lines.items() if len(line) > 1}

    def tip(self) -> Story:
        """The story without its earlier spans."""
        return replace(self, lines={key: line[-1:] for key, line in self.lines.items()})

    def complete(self, earlier: dict[int, list[Span]]) -> None:
        """Give a tip the spans that came before what it has."""
        for key, line in self.lines.items():
            line[:0] = earlier.get(self.numbers[key], [])

    def _followed(self, page: Page) -> dict[Key, Row]:
        """The rows of the last page, under the new names of tables that got other names."""
        rows = dict(self.page.rows)
        for old, new in renamed(self.page, page):
            if old in rows and new not in self.lines:
                rows[new] = rows.pop(old)
                self._rename(old, new, page.rows[new].digest)
        return rows

    def _rename(self, old: Key, new: Key, digest: str) -> None:
        self.numbers[new] = self.numbers.pop(old)
        line = self.lines[new] = self.lines.pop(old)
        if line[-1].digest == digest:
            formerly = (*line[-1].formerly, (old[0], len(self.moments) - 1))
            line[-1] = replace(line[-1], table=new[0], formerly=formerly)
