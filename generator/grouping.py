"""The rules of a table: tags of one digest together, in which order, for how long.

The rules are numbered in `docs/architecture.md`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fnmatch import translate
from functools import lru_cache
from operator import attrgetter
from typing import Literal, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from generator.model import Table, Tag, TagGroup

TagOrder = Literal["recency", "version"]
Older = Literal["fold", "hide", "show"]
"""What becomes of groups beyond the window: a table of their own, nothing, or rows like others."""
Dated = TypeVar("Dated", Tag, TagGroup)

_last_changed = attrgetter("last_changed")
_NUMBERS = re.compile(r"([0-9]+)")
_VERSION = re.compile(r"v?[0-9]")


class Documented(NamedTuple):
    """A tag that is documented: facts of its digest are asked for, and shown."""

    table: str
    tag: str
    digest: str


class Window(msgspec.Struct, frozen=True):
    """How long a group stays on a page after its last change; `unit` None is for ever."""

    count: int = 0
    unit: Literal["day", "month"] | None = None

    @property
    def span(self) -> str:
        """The window in a sentence that says "in the last": `month`, `30 days`."""
        return f"{self.count} {self.unit}s" if self.count > 1 else f"{self.unit}"


def group(tags: Iterable[Tag], order: TagOrder) -> tuple[TagGroup, ...]:
    """Tags of one digest together, in the order of the page (rules 1 and 4)."""
    by_digest: dict[str, list[Tag]] = {}
    for tag in sorted(tags, key=_last_changed, reverse=True):
        by_digest.setdefault(tag.digest, []).append(tag)
    newest_first = tuple(
        TagGroup(digest, members[0].last_changed, tuple([tag.name for tag in members]))
        for digest, members in by_digest.items()
    )
    return newest_first if order == "recency" else arranged(newest_first, order)


def arranged(groups: Iterable[TagGroup], order: TagOrder) -> tuple[TagGroup, ...]:
    """Groups as a table's rows, and their tags as its cells (rules 1 and 4).

    By recency equal rows stay as they come; by version rows go by their first tag alone.
    """
    if order == "recency":
        return tuple(sorted(groups, key=_last_changed, reverse=True))
    cells = [replace(group, tags=tuple(sorted(group.tags, key=version_key))) for group in groups]
    return tuple(sorted(cells, key=lambda group: version_key(group.tags[0])))


class VersionKey(NamedTuple):
    """Natural order: floating names (`latest`), then versions by their numbers.

    `latest` < `latest-dev` < `1.9` < `v1.9` < `1.10`: a leading `v` counts only between equals.
    """

    is_version: bool
    parts: tuple[tuple[int, int, str], ...]
    name: str


@lru_cache(maxsize=65536)
def version_key(tag: str) -> VersionKey:
    """The sort key of a tag in natural version order; no two tags have the same."""
    is_version = _VERSION.match(tag) is not None
    parts = _NUMBERS.split(tag.removeprefix("v") if is_version else tag)
    return VersionKey(
        is_version,
        tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts if part),
        tag,
    )


def visible(groups: Iterable[Dated], window: Window, as_of: datetime) -> tuple[Dated, ...]:
    """The groups, or tags, that a page of that time shows (rule 2)."""
    if window.unit is None:
        return tuple(groups)
    newest_hidden = _newest_hidden(window, as_of)
    return tuple([group for group in groups if group.last_changed > newest_hidden])


@lru_cache(maxsize=16)
def _newest_hidden(window: Window, as_of: datetime) -> datetime:
    """The newest time that lies at least the whole window before `as_of`, years included.

    A month before 30 May 00:47 is 30 April 00:47; before 31 May, it is the end of 30 April.
    """
    if window.unit == "day":
        return as_of - timedelta(days=window.count)
    year, month = divmod(as_of.year * 12 + as_of.month - 1 - window.count, 12)
    days = monthrange(year, month + 1)[1]
    if as_of.day <= days:
        return as_of.replace(year=year, month=month + 1)
    return datetime.combine(date(year, month + 1, days), time.max, UTC)


def matching(globs: Sequence[str]) -> Callable[[str], object]:
    """What tells whether a name or a tag matches one of the globs; without globs none does."""
    return _pattern(tuple(globs)).fullmatch


@lru_cache(maxsize=16)
def _pattern(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, globs)) or "(?!)")


def documented(tables: Iterable[Table], globs: Sequence[str]) -> tuple[Documented, ...]:
    """The tags that match one of the globs, of whatever age: table by table, in version order."""
    if not globs:
        return ()
    matches = matching(globs)
    found: list[Documented] = []
    for table in tables:
        digests = {tag: group.digest for group in table.groups for tag in group.tags}
        tags = sorted(filter(matches, digests), key=version_key)
        found += [Documented(table.name, tag, digests[tag]) for tag in tags]
    return tuple(found)


def default_tag(groups: Sequence[TagGroup], order: TagOrder) -> TagGroup | None:
    """The tag to name where one is named, as a group of its own: `latest`, else the newest.

    None without any tag.
    """
    rows = arranged(groups, order)
    latest = (replace(group, tags=("latest",)) for group in rows if "latest" in group.tags)
    newest = (replace(group, tags=group.tags[:1]) for group in rows)
    return next(latest, None) or next(newest, None)


def more_than_months(day: date, months: int, as_of: date) -> bool:
    """Whether the day lies more than so many calendar months before `as_of`."""
    passed = (as_of.year - day.year) * 12 + as_of.month - day.month
    return (passed, as_of.day) > (months, day.day)
