"""The time of an image's work: what counts of it, by a clock that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from generator.registry import Clock, Limits, Origin, Reply, Stats
from generator.registry.gate import Gate
from generator.registry.logins import Logins
from generator.registry.message import Headers, Request
from generator.registry.tokens import Grant, Tokens
from generator.registry.worktime import working_at_most
from tests.virtual_time import run_at_once

HOME = Origin.of("https://registry.example")


async def exchange(gate: Gate, seconds: float = 200) -> None:
    async with gate:
        await asyncio.sleep(seconds)


def gate(slots: int) -> Gate:
    return Gate("host", slots, Clock(), Limits(), Stats())


async def four(gate: Gate, limit: float) -> None:
    """An image with four requests."""
    async with working_at_most(limit), asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(exchange(gate))


@pytest.mark.parametrize(
    ("others", "limit", "enough"),
    [
        # One by one, with three, two, one and none waiting: 200 s · (1/4 + 1/3 + 1/2 + 1).
        (0, 417, True),
        (0, 416, False),
        # Behind another image's three, which takes 600 s.
        (3, 417, True),
        (3, 416, False),
    ],
)
def test_time_counts_by_the_part_of_the_requests_that_are_served(
    others: int, limit: float, *, enough: bool
) -> None:
    async def scenario() -> None:
        narrow = gate(1)
        before = [asyncio.create_task(exchange(narrow)) for _ in range(others)]
        await asyncio.sleep(0)
        try:
            await four(narrow, limit)
        finally:
            for task in before:
                task.cancel()

    if enough:
        run_at_once(scenario())
    else:
        with pytest.raises(TimeoutError):
            run_at_once(scenario())


def test_work_that_is_ended_leaves_the_gate_open() -> None:
    async def scenario() -> None:
        narrow = gate(1)
        with pytest.raises(TimeoutError):
            await four(narrow, 50)
        await exchange(narrow)

    run_at_once(scenario())


def test_what_is_no_request_counts_as_work() -> None:
    async def scenario() -> None:
        async with working_at_most(600):
            await exchange(gate(1), 300)
            await asyncio.sleep(301)

    with pytest.raises(TimeoutError):
        run_at_once(scenario())


def test_one_images_time_is_not_anothers() -> None:
    async def image(limit: float) -> None:
        async with working_at_most(limit):
            await exchange(wide)

    async def scenario() -> None:
        first, second = await asyncio.gather(image(100), image(300), return_exceptions=True)
        assert isinstance(first, TimeoutError)
        assert second is None

    wide = gate(2)
    run_at_once(scenario())


def test_a_long_wait_of_a_part_of_the_requests_counts_for_the_others_alone() -> None:
    async def scenario() -> None:
        narrow = gate(1)
        async with working_at_most(600), asyncio.TaskGroup() as group:
            group.create_task(exchange(narrow, 1000))
            group.create_task(exchange(narrow, 50))

    run_at_once(scenario())


def test_after_the_work_nothing_is_counted() -> None:
    async def scenario() -> None:
        async with working_at_most(50):
            await exchange(gate(1), 40)
        await exchange(gate(1), 40)

    run_at_once(scenario())


async def slowly(*_: object, **__: object) -> Reply:
    """A server that takes a quarter of an hour."""
    await asyncio.sleep(900)
    return Reply("https://auth.example/", 200, Headers([]), b'{"token": "t"}')


def of_token() -> Callable[[], Awaitable[object]]:
    tokens = Tokens(slowly, Clock(), Limits())
    return partial(tokens.get, Grant("https://auth.example/", "", "", None, HOME))


def of_login() -> Callable[[], Awaitable[object]]:
    logins = Logins()
    request = Request("GET", "https://auth.example/", login="Basic eDp5")
    seconds = iter([900, 0])

    async def send() -> Reply:
        await asyncio.sleep(next(seconds))
        return Reply("https://auth.example/", 200, Headers([]))

    return partial(logins.sent, request, send)


@pytest.mark.parametrize("of", [of_token, of_login])
def test_to_wait_for_what_another_image_asks_for_is_not_counted(
    of: Callable[[], Callable[[], Awaitable[object]]],
) -> None:
    ask = of()

    async def image() -> None:
        async with working_at_most(600):
            await ask()

    async def scenario() -> None:
        await asyncio.gather(ask(), image())

    run_at_once(scenario())
