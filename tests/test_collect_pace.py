"""At what pace a registry far away is asked, at the default: 0.3 s an answer, 40 images of 20 tags.

Figures of `docs/sources.md`, in a time that passes at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.registry.errors import Fault
from generator.sources.oci import Oci
from tests.collecting import seen_of
from tests.far_away import World, far_away
from tests.registry.server import Answer, Call

REQUESTS = 1 + 40 * (1 + 20 + 4 * 2)
"""The catalog; of each image the list, 20 digests, a manifest and a configuration of four."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    there = far_away(monkeypatch, tmp_path)
    there.seconds = 0.3
    for number in range(40):
        digests = [there.registry.image(f"2026-0{month}-01T00:00:{number:02}Z") for month in "1234"]
        tags = {f"{at}.{patch}": digests[at] for at in range(4) for patch in range(5)}
        there.registry.repositories[f"app-{number:02}"] = tags
    return there


def pull(world: World, **keys: Any) -> None:
    """Pull all of it, and see that nothing is missing."""
    seen = seen_of(Oci(registry="127.0.0.1", **keys))

    assert seen.failed == {}
    assert [len(tags) for tags in seen.images.values()] == [20] * 40
    assert world.requests >= REQUESTS


def test_the_default_is_quick_where_the_way_is_long(world: World) -> None:
    pull(world)

    assert world.requests == REQUESTS
    assert 8 < world.end < 12
    assert world.busiest_by_second() == [6, 12, 18, 20, 26, 34, 40, 46, 50, 56, 62, 48]


def test_a_fixed_number_of_four_took_many_times_as_long(world: World) -> None:
    pull(world, concurrency=4)

    assert 84 < world.end < 90


@pytest.mark.parametrize(
    ("most", "refused", "seconds"), [(2, 35, 210), (5, 15, 85), (10, 10, 45), (20, 6, 25)]
)
def test_a_server_that_refuses_more_than_some_at_once_is_seldom_asked_for_more(
    world: World, most: int, refused: int, seconds: int
) -> None:
    def too_many(_: Call) -> Answer | None:
        return Answer(429) if world.busy > most else None

    world.first = too_many

    pull(world)

    assert world.requests - REQUESTS <= refused
    assert world.end <= seconds
    settled = world.busiest_by_second()[3:-1]
    assert max(settled) <= most + 2
    assert sum(busy > most for busy in settled) <= len(settled) / 5


def broken(_: Call) -> Answer:
    raise Fault("connection reset")


@pytest.mark.parametrize("refuse", [lambda _: Answer(503), broken])
def test_errors_and_broken_connections_slow_down_as_a_refusal_does(
    world: World, refuse: Callable[[Call], Answer]
) -> None:
    world.first = lambda call: refuse(call) if world.busy > 10 else None

    pull(world)

    assert world.requests - REQUESTS <= 10
    assert world.end <= 45


def test_a_server_whose_answers_queue_is_not_sent_ever_more(world: World) -> None:
    """It works on eight at a time: what is more waits there, and takes longer."""
    desk = asyncio.Semaphore(8)
    seconds, world.seconds = world.seconds, 0.0

    async def queue() -> None:
        async with desk:
            await asyncio.sleep(seconds)

    world.before = queue

    pull(world)

    assert max(world.busiest_by_second()) <= 24
    assert world.end == pytest.approx(REQUESTS / 8 * seconds, rel=0.2)
