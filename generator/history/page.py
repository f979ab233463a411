"""A story → what the history page of an image says: events by day, and moves by month. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from generator.grouping import version_key
from generator.history.moves import Story
from generator.history.values import Span, Why
from generator.model import short_digest

MONTHS_SHOWN = 12
"""How many months the moves are counted for, the last one included."""

_BARS = "▁▂▃▄▅▆▇█"


What = Why | Literal["new"]


class Event(msgspec.Struct, frozen=True):
    """What happened at one time (UTC) to tags of a table; digests are in short form.

    `what` is why the tags no longer point to `before`, or `new` for tags that were not listed.
    """

    time: datetime
    what: What
    table: str
    tags: tuple[str, ...]
    before: str
    after: str


class Day(msgspec.Struct, frozen=True):
    """A day (UTC) on which something happened, and what, the newest first."""

    day: date
    events: tuple[Event, ...]


class Month(msgspec.Struct, frozen=True):
    """How often tags moved in a month, which is named by its first day."""

    first: date
    moves: int


def days(story: Story, since: datetime) -> list[Day]:
    """What happened after a time (UTC), the newest day first. The first version is no event."""
    found: dict[tuple[int, str, _Change], list[str]] = {}
    for (table, tag), line in story.lines.items():
        for index, change in _changes(line):
            if index and story.moments[index].time > since:
                found.setdefault((index, table, change), []).append(tag)
    by_day: dict[date, list[Event]] = {}
    for (index, table, change), tags in sorted(found.items(), key=lambda item: -item[0][0]):
        time = story.moments[index].time
        ordered = tuple(sorted(tags, key=version_key))
        before, after = short_digest(change.before), short_digest(change.after)
        event = Event(time, change.what, table, ordered, before, after)
        by_day.setdefault(time.date(), []).append(event)
    return [Day(day, tuple(events)) for day, events in by_day.items()]


def months(story: Story, until: datetime) -> list[Month]:
    """How often tags moved in each of the last months, the oldest first."""
    moves = Counter(
        story.moments[span.ended].time.date().replace(day=1)
        for line in story.lines.values()
        for span in line
        if span.ended is not None and span.why in {"moved", "moved back"}
    )
    begun = story.moments[0].time.date().replace(day=1)
    month = until.date().replace(day=1)
    shown: list[Month] = []
    while month >= begun and len(shown) < MONTHS_SHOWN:
        shown.append(Month(month, moves[month]))
        month = (month - timedelta(days=1)).replace(day=1)
    return shown[::-1]


def sparkline(values: Sequence[int]) -> str:
    """Values as bars in a line of text, the largest as high as can be."""
    highest = max(values, default=0) or 1
    return "".join(_BARS[value * (len(_BARS) - 1) // highest] for value in values)


class _Change(NamedTuple):
    what: What
    before: str
    after: str


def _changes(line: Sequence[Span]) -> Iterator[tuple[int, _Change]]:
    """What happened along a line, and at which of the image's moments."""
    yield line[0].first, _Change("new", "", line[0].digest)
    for span, after in zip(line, [*line[1:], None], strict=True):
        if span.ended is None or span.why is None:
            continue
        if after and after.first == span.ended:
            yield span.ended, _Change(span.why, span.digest, after.digest)
        else:
            yield span.ended, _Change(span.why, span.digest, "")
            if after:
                yield after.first, _Change("new", "", after.digest)
