"""Asking the sources: what one image costs the others, and what the user sees meanwhile."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Sequence
from collections.abc import Collection as AnyCollection
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from generator.catalog.images import Images
from generator.collect import ask as work
from generator.collect.answers import VERSION, Header, notes
from generator.collect.answers import Answers as AllAnswers
from generator.collect.answers import seen as answers_as_seen
from generator.collect.pull import Collection, Observer
from generator.errors import Failure, SourceError, TagpagesError
from generator.model import Seen, Tag, TimeKind
from generator.progress import Progress, progress
from generator.sources.base import Ask, Source, SourceSpec
from tests.support import digest

AS_OF = datetime(2024, 6, 3, tzinfo=UTC)
LATEST = Tag("latest", digest("a"), AS_OF)
ASKED: list[str] = []
"""The images that the last source was asked for, in order."""


class Scripted(SourceSpec, frozen=True, kw_only=True, tag="scripted"):
    """A source whose images answer as their names say."""

    time_kind: ClassVar[TimeKind] = "listed"
    image_timeout: ClassVar[float | None] = 0.06

    images: tuple[str, ...]

    def open(self, ask: Ask) -> Answers:
        return Answers(self.images, ask)


class Answers(Source):
    def __init__(self, images: tuple[str, ...], ask: Ask) -> None:
        self._images = images
        self._ask = ask
        ASKED.clear()

    async def names(self) -> AnyCollection[str]:
        if "down" in self._images:
            raise TagpagesError("the registry is down")
        if "broken" in self._images:
            raise LookupError
        return self._images

    async def tags(self, name: str) -> Sequence[Tag] | None:
        ASKED.append(name)
        match name:
            case "slow":
                await asyncio.Event().wait()
            case "refused":
                raise TagpagesError("no access")
            case "limited":
                raise SourceError("no more requests until noon")
            case "mistaken":
                raise ZeroDivisionError
            case "missing":
                return None
            case "odd":
                self._ask.tell(name, "tag `bare` is left out")
        return [LATEST]


def answers_of(
    *images: str, include: tuple[str, ...] = ("*",), observer: Observer | None = None
) -> AllAnswers:
    collection = Collection(
        sources={"public": Scripted(images=images)},
        images=Images(include=include, exclude=("excluded",)),
        known={},
        as_of=AS_OF,
        root=Path(),
        selected=lambda name: name != "elsewhere",
    )
    header = Header(VERSION, AS_OF, "made-up")
    return work.ask_all(collection, header, observer or Progress())


def seen(*images: str, include: tuple[str, ...] = ("*",), observer: Observer | None = None) -> Seen:
    answers = answers_of(*images, include=include, observer=observer)
    return answers_as_seen([answers], ["public"], known={})["public"]


def test_an_image_that_fails_does_not_stop_the_others() -> None:
    answer = seen("app", "slow", "refused", "mistaken", "missing", "excluded", "elsewhere", "zoo")
    assert answer.images == {"app": (LATEST,), "zoo": (LATEST,)}
    mistake = answer.failed["mistaken"].reason
    assert mistake.startswith("internal error, please report it: ZeroDivisionError at ")
    assert {name: failure.reason for name, failure in answer.failed.items()} == {
        "slow": "no whole answer within 0.001 minutes",
        "refused": "no access",
        "mistaken": mistake,
    }


def test_a_source_that_cannot_be_asked_is_one_failure() -> None:
    assert seen("app", "down") == Seen(failure=Failure("the registry is down"))


def test_an_observer_is_told_of_the_time_that_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "TICK", 0)

    class Watch(Progress):
        ticks = 0

        def tick(self) -> None:
            self.ticks += 1

    watch = Watch()
    seen("slow", observer=watch)
    assert watch.ticks > 1


def test_a_mistake_of_ours_costs_one_source() -> None:
    failure = seen("app", "broken").failure
    assert failure is not None
    assert failure.reason.startswith("internal error, please report it: LookupError at ")


def test_of_a_source_that_says_no_more_what_was_answered_counts() -> None:
    answer = seen("app", "limited", "refused", "zoo")
    assert answer.failure is None
    assert answer.images == {"app": (LATEST,)}
    reason = Failure("no more requests until noon")
    assert answer.failed == {"limited": reason, "refused": reason, "zoo": reason}
    assert ASKED == ["app", "limited"]


def test_exact_names_are_asked_for_even_if_no_source_lists_them() -> None:
    answer = seen("app", "other", include=("app", "unlisted", "missing", "excluded"))
    assert answer.images == {"app": (LATEST,), "unlisted": (LATEST,)}


def ticking(*times: float) -> Callable[[], float]:
    return iter(times).__next__


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (True, "tagpages: 2 of 2,000 answers\ntagpages: 5 of 2,000 answers\n"),
        (False, ""),
    ],
)
def test_without_a_terminal_there_is_a_line_a_minute(
    capsys: pytest.CaptureFixture[str], shown: bool, said: str
) -> None:
    with progress(shown=shown, clock=ticking(0, 59, 60, 61, 119.9, 120)) as observer:
        observer.expect(2000)
        for _ in range(5):
            observer.done()
            observer.tick()
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("shown", [True, False])
def test_a_terminal_shows_a_bar_that_goes_away(
    monkeypatch: pytest.MonkeyPatch, shown: bool
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress(shown=shown) as observer:
        observer.expect(2)
        observer.done()
        observer.tick()
        observer.tell("going on")
    said = terminal.getvalue()
    assert "tagpages: going on" in said
    assert ("1 of 2 answers" in said) == shown
    assert said.endswith("\x1b[2K") == shown


def test_what_is_odd_about_an_answer_is_told_of_its_image_alone() -> None:
    told = answers_of("app", "odd", "zoo")
    assert list(notes([told])) == [("public", "odd", "tag `bare` is left out")]
