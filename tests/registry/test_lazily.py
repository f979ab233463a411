"""A value that many need and one asks for."""

from __future__ import annotations

import asyncio

import pytest

from generator.registry import Lazily, RegistryError
from tests.registry.fake import run


def test_many_who_need_it_at_once_ask_once() -> None:
    asked: list[int] = []

    async def value() -> int:
        asked.append(1)
        await asyncio.sleep(0)
        return 7

    async def scenario() -> list[int]:
        lazily = Lazily(value)
        return await asyncio.gather(*(lazily() for _ in range(10)))

    assert run(scenario()) == [7] * 10
    assert asked == [1]


def test_a_failure_is_for_who_asked_and_the_next_one_tries_again() -> None:
    answers = [None, 7]

    async def value() -> int:
        answer = answers.pop(0)
        if answer is None:
            raise RegistryError("not now")
        return answer

    async def scenario() -> int:
        lazily = Lazily(value)
        with pytest.raises(RegistryError, match="not now"):
            await lazily()
        return await lazily()

    assert run(scenario()) == 7
