"""A value that takes requests to have, for many who need it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from generator.registry.worktime import turn

T = TypeVar("T")


class Lazily(Generic[T]):
    """Asks when somebody first needs the value, and never again once it is there."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._lock = asyncio.Lock()
        self._values: list[T] = []

    async def __call__(self) -> T:
        """The value; raises what asking for it raises, which the next one tries again."""
        async with turn(self._lock):
            if not self._values:
                self._values.append(await self._ask())
            return self._values[0]
