"""How many requests a host is sent at once: values in, a limit out."""

from __future__ import annotations

import asyncio

import pytest

from generator.registry import Clock, Limits, Stats
from generator.registry.gate import Gate
from generator.registry.pace import PATIENCE, START, Pace
from tests.virtual_time import run_at_once


def rounds(pace: Pace, count: int, seconds: float = 0.3) -> list[int]:
    """The limits after so many rounds of answers that take so long."""
    limits = []
    for _ in range(count):
        for _ in range(pace.limit):
            pace.answered(seconds)
        limits.append(pace.limit)
    return limits


def test_quick_answers_let_the_limit_grow_up_to_the_ceiling() -> None:
    assert rounds(Pace(15), 8) == [6, 8, 10, 12, 14, 15, 15, 15]


@pytest.mark.parametrize("ceiling", [1, 3])
def test_the_limit_is_never_above_a_low_ceiling(ceiling: int) -> None:
    pace = Pace(ceiling)

    assert pace.limit == ceiling
    assert rounds(pace, 3) == [ceiling] * 3


def test_slow_answers_leave_the_limit_as_it_is() -> None:
    pace = Pace(64)

    assert rounds(pace, 3, 0.3) == [6, 8, 10]
    assert rounds(pace, 3, 0.61) == [10, 10, 10]
    assert rounds(pace, 2, 0.6) == [12, 14]


def test_one_answer_that_is_slow_or_very_quick_decides_nothing() -> None:
    pace = Pace(64)
    for seconds in (0.001, 0.3, 0.3, 30):
        pace.answered(seconds)

    assert rounds(pace, 2) == [8, 10]


def test_what_is_too_much_halves_the_limit_down_to_one() -> None:
    pace = Pace(64)
    rounds(pace, 8)
    limits = [pace.limit]
    for time in range(1, 7):
        pace.overloaded(time, time + 0.5)
        limits.append(pace.limit)

    assert limits == [20, 10, 5, 2, 1, 1, 1]


def test_requests_that_were_under_way_together_halve_the_limit_once() -> None:
    pace = Pace(64)
    rounds(pace, 8)
    for sent in (1.0, 1.1, 1.2, 1.3):
        pace.overloaded(sent, 1.3)

    assert pace.limit == 10


def test_what_was_too_much_is_tried_again_after_some_rounds_below_it() -> None:
    pace = Pace(64)
    rounds(pace, 4)
    assert pace.limit == 12
    pace.overloaded(1, 1.5)

    assert rounds(pace, 3) == [8, 10, 11]
    assert rounds(pace, PATIENCE - 2) == [11] * (PATIENCE - 2)
    assert rounds(pace, 3) == [12, 14, 16]


def test_after_an_outage_one_request_at_once_grows_to_many_again() -> None:
    pace = Pace(64)
    rounds(pace, 30)
    for time in range(8):
        pace.overloaded(time, time + 0.5)
    assert pace.limit == 1

    assert rounds(pace, PATIENCE + 32)[-1] == 64


def test_answers_of_requests_one_by_one_do_not_prove_that_the_host_takes_many() -> None:
    gate = Gate("host", 64, Clock(), Limits(), Stats())
    under_way: set[object] = set()

    async def request() -> int:
        async with gate as sent:
            under_way.add(task := asyncio.current_task())
            most = len(under_way)
            await asyncio.sleep(0.3)
            under_way.remove(task)
            gate.answered(sent)
            return most

    async def scenario() -> list[int]:
        for _ in range(100):
            await request()
        return await asyncio.gather(*(request() for _ in range(START + 1)))

    assert max(run_at_once(scenario())) == START
