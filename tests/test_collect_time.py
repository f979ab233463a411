"""An image may take ten minutes of its own work; what it waits behind others is not counted."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import pytest

from generator.model import Tag, TimeKind
from generator.registry import Clock, Limits, Reply
from generator.registry import http as transport
from generator.registry.message import Headers, Request
from generator.sources.base import Ask, Source, SourceSpec
from generator.sources.oci import Oci
from tests.collecting import leave_alone, seen_of
from tests.registry.fake import FakeRegistry
from tests.registry.server import Answer, Call
from tests.virtual_time import run_at_once

TOO_LONG = "no whole answer within 10 minutes"


class World:
    """A registry far away: each request takes `seconds`; the first `limited` earn a pause."""

    def __init__(self) -> None:
        self.registry = FakeRegistry()
        self.seconds = 0.1
        self.limited = 0
        self.requests = 0
        self.end = 0.0

    def images(self, count: int, tags: int) -> None:
        digest = self.registry.image()
        for name in range(count):
            self.registry.repositories[f"app-{name}"] = {f"1.{n}": digest for n in range(tags)}

    async def exchange(self, request: Request) -> Reply:
        self.requests += 1
        await asyncio.sleep(self.seconds)
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
        def __init__(self, limits: Limits) -> None:
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
