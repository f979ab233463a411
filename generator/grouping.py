"""The rules of a table: tags of one digest together, in which order, for how long.

The rules are numbered in `docs/architecture.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from msgspec.structs import replace

from generator.catalog import Window
from generator.model import Tag, TagGroup

TagOrder = Literal["recency", "version"]

_NUMBERS = re.compile(r"([0-9]+)")
_VERSION = re.compile(r"v?[0-9]")


def group(tags: Iterable[Tag], order: TagOrder) -> tuple[TagGroup, ...]:
    """Tags of one digest together, in the order of the page (rules 1 and 4)."""
    newest_first = sorted(tags, key=lambda tag: tag.last_changed, reverse=True)
    by_digest: dict[str, list[Tag]] = {}
    for tag in newest_first:
        by_digest.setdefault(tag.digest, []).append(tag)
    groups = (
        TagGroup(digest, members[0].last_changed, _cell([tag.name for tag in members], order))
        for digest, members in by_digest.items()
    )
    return in_order(groups, order)


def arranged(groups: Iterable[TagGroup], order: TagOrder) -> tuple[TagGroup, ...]:
    """Stored groups in the order of the page, whatever order they were stored in."""
    if order == "version":
        groups = (replace(group, tags=_cell(group.tags, order)) for group in groups)
    return in_order(groups, order)


def in_order(groups: Iterable[TagGroup], order: TagOrder) -> tuple[TagGroup, ...]:
    """The groups as a table's rows; equal ones stay as they come."""
    if order == "recency":
        return tuple(sorted(groups, key=lambda group: group.last_changed, reverse=True))
    by_first_tag = sorted(groups, key=lambda group: version_key(group.tags[0]))
    return tuple(sorted(by_first_tag, key=lambda group: group.last_changed.date(), reverse=True))


def _cell(tags: Sequence[str], order: TagOrder) -> tuple[str, ...]:
    return tuple(tags if order == "recency" else sorted(tags, key=version_key))


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


def visible(groups: Iterable[TagGroup], window: Window, as_of: datetime) -> tuple[TagGroup, ...]:
    """The groups that a page of that time shows (rule 2)."""
    if window.unit is None:
        return tuple(groups)
    if window.unit == "day":
        oldest = as_of - timedelta(days=window.count)
        return tuple(group for group in groups if group.last_changed > oldest)
    return tuple(
        group for group in groups if whole_months(group.last_changed, as_of) < window.count
    )


def whole_months(start: datetime, end: datetime) -> int:
    """How many calendar months have passed, years included.

    From 30 April 00:47 it is one month on 30 May 00:47, and on 31 May; from 31 January,
    on 1 March.
    """
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - ((end.day, end.timetz()) < (start.day, start.timetz()))


def more_than_months(day: date, months: int, as_of: date) -> bool:
    """Whether the day lies more than so many calendar months before `as_of`."""
    passed = (as_of.year - day.year) * 12 + as_of.month - day.month
    return (passed, as_of.day) > (months, day.day)
