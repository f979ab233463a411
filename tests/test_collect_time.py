"""An image may take ten minutes of its own work; what it waits behind others is not counted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import pytest

from generator.model import Tag, TimeKind
from generator.registry import Clock, Limits, Reply
from generator.registry import http as transport
from generator.registry.message import Headers, Request
from generator.registry.reach import Resolve
from generator.sources.base import Ask, Source, SourceSpec
from generator.sources.oci import Oci
from tests.collecting import leave_alone, seen_of
from tests.registry.fake import FakeRegistry
from tests.registry.server import Answer, Call, as_json
from tests.virtual_time import run_at_once

TOO_LONG = "no whole answer within 10 minutes"


class World:
    """A registry far away: each request takes `seconds`; the first `limited` earn a pause.

    A request whose URL contains `slow` takes an hour.
    """

    def __init__(self) -> None:
        self.registry = FakeRegistry()
        self.seconds = 0.1
        self.slow = ""
        self.limited = 0
        self.requests = 0
        self.end = 0.0

    def images(self, count: int, tags: int) -> None:
        digest = self.registry.image()
        for name in range(count):
            self.registry.repositories[f"app-{name}"] = {f"1.{n}": digest for n in range(tags)}

    async def exchange(self, request: Request) -> Reply:
        self.requests += 1
        slow = self.slow and self.slow in request.url
        await asyncio.sleep(3600 if slow else self.seconds)
        self.end = asyncio.get_running_loop().time()
        answer = self.answer(Call(request.method, request.url, request.headers))
        fields = [(name.encode(), value.encode()) for name, value in answer.headers]
        return Reply(request.url, answer.status, Headers(fields), answer.body)

    def answer(self, call: Call) -> Answer:
        if self.requests <= self.limited:
            return Answer(429, headers=(("Retry-After", "299"),))
        parts = urlsplit(call.target)
        return self.registry(Call(call.method, f"{parts.path}?{parts.query}", call.headers))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """The only registry there is, in a time that passes at once."""
    leave_alone(monkeypatch, tmp_path)
    there = World()

    class Client:
        def __init__(self, limits: Limits, _resolve: Resolve) -> None:
            pass

        async def exchange(self, request: Request, _limit: int) -> Reply:
            return await there.exchange(request)

        async def aclose(self) -> None:
            pass

    monkeypatch.setattr(transport, "Client", Client)
    monkeypatch.setattr(Clock, "monotonic", lambda _: asyncio.get_running_loop().time())
    monkeypatch.setattr(asyncio, "run", run_at_once)
    return there


def test_images_that_wait_behind_each_other_all_get_their_answers(world: World) -> None:
    world.images(8, tags=3000)

    seen = seen_of(Oci(registry="127.0.0.1"))

    assert seen.failed == {}
    assert {name: len(tags) for name, tags in seen.images.items()} == dict.fromkeys(
        (f"app-{n}" for n in range(8)), 3000
    )
    assert world.end > 600


@pytest.mark.parametrize(
    ("concurrency", "advice"), [(4, "4 requests"), (1, "1 request"), (16, "16 requests")]
)
def test_an_image_that_takes_longer_fails_and_says_what_to_turn(
    world: World, concurrency: int, advice: str
) -> None:
    world.images(1, tags=70 * concurrency)
    world.seconds = 10

    seen = seen_of(Oci(registry="127.0.0.1", concurrency=concurrency))

    assert seen.images == {}
    assert seen.failed["app-0"].reason == (
        f"{TOO_LONG}; `concurrency` of this source allows {advice} at a time"
    )
    assert world.end == pytest.approx(610, abs=10)


def test_an_image_that_takes_longer_fails_also_among_others(world: World) -> None:
    world.images(3, tags=200)
    world.images(1, tags=260)
    world.seconds = 10

    seen = seen_of(Oci(registry="127.0.0.1"))

    assert sorted(seen.images) == ["app-1", "app-2"]
    assert seen.failed["app-0"].reason.startswith(TOO_LONG)


def test_a_pause_that_a_host_wants_is_not_counted(world: World) -> None:
    world.images(2, tags=10)
    world.limited = 6

    seen = seen_of(Oci(registry="127.0.0.1"), include=("app-0", "app-1"))

    assert sorted(seen.images) == ["app-0", "app-1"]
    assert world.end > 600


def test_a_source_ends_at_its_deadline_and_what_it_answered_counts(world: World) -> None:
    world.images(40, tags=20)
    world.seconds = 30

    seen = seen_of(Oci(registry="127.0.0.1"))

    assert world.end <= 3600
    assert 0 < len(seen.images) < 40
    assert len(seen.images) + len(seen.failed) == 40
    assert {failure.reason for failure in seen.failed.values()} == {
        (
            "not asked to its end within 60 minutes: what it answered counts; "
            "`deadline` of this source allows no more"
        )
    }


def test_the_catalog_says_how_long_a_source_may_take(world: World) -> None:
    world.images(40, tags=20)
    world.seconds = 30

    seen = seen_of(Oci(registry="127.0.0.1", deadline=240))

    assert seen.failed == {}
    assert world.end > 3600


def test_listing_the_names_ends_at_the_deadline_too(world: World) -> None:
    world.seconds = 100
    numbers = iter(range(10_000))
    world.registry.when(
        "GET",
        "/v2/_catalog",
        lambda _: as_json(
            {"repositories": ["app"]}, Link=f'</v2/_catalog?at={next(numbers)}>; rel="next"'
        ),
    )

    seen = seen_of(Oci(registry="127.0.0.1", deadline=5))

    assert seen.failure is not None
    assert seen.failure.reason.startswith("not asked to its end within 5 minutes")
    assert world.end <= 300


def test_a_host_that_images_wait_for_in_vain_is_given_up(world: World) -> None:
    world.images(40, tags=1)
    world.seconds = 3000

    seen = seen_of(
        Oci(registry="127.0.0.1", deadline=600), include=tuple(f"app-{n}" for n in range(40))
    )

    assert seen.failure is not None
    assert re.fullmatch(
        r"127\.0\.0\.1 is given up, 12 requests in a row failed: "
        r"http://127\.0\.0\.1/v2/app-\d+/tags/list had not answered when the time was over",
        seen.failure.reason,
    )
    assert world.requests == 12


def test_many_requests_of_one_image_that_runs_out_of_time_count_once(world: World) -> None:
    world.images(1, tags=1000)
    world.images(2, tags=10)
    world.registry.repositories["app-0"] = {
        f"1.{n}": world.registry.image(f"2026-01-01T00:00:{n:02}Z") for n in range(20)
    }
    world.slow = "/app-0/manifests"

    seen = seen_of(Oci(registry="127.0.0.1", concurrency=20), include=("app-0", "app-1"), jobs=1)

    assert sorted(seen.images) == ["app-1"]
    assert seen.failed["app-0"].reason.startswith(TOO_LONG)


class Silent(SourceSpec, frozen=True, kw_only=True, tag="silent"):
    """A source of which one image never comes, and another after nine minutes."""

    time_kind: ClassVar[TimeKind] = "listed"

    def open(self, ask: Ask) -> Silence:  # noqa: ARG002 - it needs nothing
        return Silence()


class Silence(Source):
    async def names(self) -> Collection[str]:
        return ["never", "late"]

    async def tags(self, name: str) -> Sequence[Tag]:
        await asyncio.sleep(540 if name == "late" else 10_000)
        return []


def test_an_image_that_waits_for_nobody_is_given_up_after_ten_minutes(world: World) -> None:
    seen = seen_of(Silent())

    assert seen.images == {"late": ()}
    assert {name: failure.reason for name, failure in seen.failed.items()} == {"never": TOO_LONG}
