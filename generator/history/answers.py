"""Spans → answers: those that a question is about, and what it means if there are none. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal, NamedTuple

import msgspec

from generator.history.moves import Story
from generator.history.values import AGED, Moment, Passed, Span, Why

Verdict = Literal["answered", "absent", "unknown"]


class Question(msgspec.Struct, frozen=True):
    """What is asked for. Places are numbers of commits on the line; None is no limit.

    `at` asks for what stood at that place, `since` and `until` for all that stood from the one to
    the other. `digest` is the beginning of one. `table` may be any of its names.
    """

    tag: str | None = None
    table: str | None = None
    digest: str | None = None
    at: int | None = None
    since: int | None = None
    until: int | None = None

    @property
    def begins(self) -> int | None:
        """The first place that the question is about."""
        return self.since if self.at is None else self.at

    @property
    def ends(self) -> int | None:
        """The last place that the question is about."""
        return self.until if self.at is None else self.at


class Seen(msgspec.Struct, frozen=True):
    """Where and when (UTC) something was seen: a commit of the content, and its time."""

    commit: str
    time: datetime


class Told(msgspec.Struct, frozen=True):
    """A digest that a tag pointed to: what we saw, and the day (UTC) that the registry claimed.

    `last` is the last version that lists it, `ended` the first one that does not any more.
    """

    image: str
    table: str
    tag: str
    digest: str
    claimed: date | None
    first: Seen
    last: Seen
    ended: Seen | None
    why: Why | None


class Answer(msgspec.Struct, frozen=True):
    """The spans, newest first, and what else there is to say.

    `not_known_before` is the time (UTC) at which a shallow clone begins, if it is one.
    """

    version: int
    verdict: Verdict
    spans: tuple[Told, ...]
    notes: tuple[str, ...]
    not_known_before: datetime | None


class Absence(NamedTuple):
    """Why there is no span, and whether that is known for sure."""

    reason: str
    is_known: bool


def told(image: str, story: Story, question: Question) -> list[Told]:
    """The spans that answer a question, newest first."""
    spans = [span for span in _asked(story, question) if _is_within(story, span, question)]
    spans.sort(key=lambda span: span.first, reverse=True)
    index = None if question.at is None else story.version_at(question.at)
    return [_told(image, story, span, index) for span in spans]


def newest_first(spans: list[Told]) -> tuple[Told, ...]:
    """The spans of several images in order."""
    return tuple(sorted(spans, key=lambda span: span.first.time, reverse=True))


def absence(story: Story, question: Question) -> Absence:
    """Why a story has no answer to a question."""
    spans = list(_asked(story, question))
    if not spans:
        tables = sorted({span.table for line in story.lines.values() for span in line})
        of_table = question.table is not None and question.table not in tables
        names = f" in such a table; there are {', '.join(map(repr, tables))}" if of_table else ""
        return Absence(f"no version lists it{names}", is_known=not passed(story, question))
    ended = [span for span in spans if _is_before(story, span, question.begins)]
    if not ended:
        first = min((story.moments[span.first] for span in spans), key=lambda item: item.number)
        return Absence(f"it was first seen later, {stamp(first)}", is_known=True)
    last = max(ended, key=lambda span: span.ended or 0)
    reason = f"{last.why}, {stamp(story.moments[last.ended or 0])}"
    if question.begins is not None and story.version_at(question.begins) in story.removed:
        return Absence(f"there was no page then; {reason}", is_known=True)
    is_aged = any(_is_last(span, ended) and span.why == AGED for span in ended)
    return Absence(f"{reason}; last seen: `{last.tag}` {last.digest}", is_known=not is_aged)


def passed(story: Story, question: Question) -> list[str]:
    """The unreadable versions that the answer to a question passes over."""
    begins, ends = question.begins, question.ends
    if begins is not None:
        # what stood where the question begins may have come before
        index = story.version_at(begins)
        begins = story.moments[index].number if index >= 0 else -1
    return [
        passing(item)
        for item in story.passed
        if (begins is None or item.moment.number > begins)
        and (ends is None or item.moment.number <= ends)
    ]


def passing(item: Passed) -> str:
    """What is said of a version that was passed over."""
    return f"passed over the version of {stamp(item.moment)}: {item.reason}"


def stamp(moment: Moment | Seen) -> str:
    """A commit for people: its time (UTC), and the beginning of its name."""
    return f"{moment.time:%Y-%m-%d %H:%M} ({moment.commit[:12]})"


def _asked(story: Story, question: Question) -> Iterator[Span]:
    """The spans that the question is about, whenever they were."""
    for (table, tag), line in story.lines.items():
        if question.tag is None or tag == question.tag:
            for span in line:
                names = {table, span.table, *(name for name, _ in span.formerly)}
                if (question.table is None or question.table in names) and (
                    question.digest is None or span.digest.startswith(question.digest)
                ):
                    yield span


def _is_within(story: Story, span: Span, question: Question) -> bool:
    ends = question.ends
    is_begun = ends is None or story.moments[span.first].number <= ends
    return is_begun and not _is_before(story, span, question.begins)


def _is_before(story: Story, span: Span, place: int | None) -> bool:
    """Whether a span had ended when that place was reached."""
    if place is None or span.ended is None:
        return False
    return story.moments[span.ended].number <= place


def _is_last(span: Span, ended: list[Span]) -> bool:
    """Whether a span is the last one of its tag and table among those that have ended."""
    return not any(
        (other.table, other.tag) == (span.table, span.tag) and other.first > span.first
        for other in ended
    )


def _told(image: str, story: Story, span: Span, index: int | None) -> Told:
    """The span in full; the table's name is that of the version at `index`, or the newest one."""

    def seen(index: int) -> Seen:
        return Seen(story.moments[index].commit, story.moments[index].time)

    return Told(
        image,
        span.table if index is None else span.table_at(index),
        span.tag,
        span.digest,
        span.claimed,
        seen(span.first),
        seen(story.last(span)),
        None if span.ended is None else seen(span.ended),
        span.why,
    )
