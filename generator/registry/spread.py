"""Work on many items, few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


async def spread(work: Callable[[K], Awaitable[V]], items: Sequence[K], width: int) -> dict[K, V]:
    """Each item's result, at most `width` at once; the first failure ends all and is raised.

    With equal widths, images share a host's slots equally, however many tags they have.
    """
    results: dict[K, V] = {}
    queue = iter(items)

    async def worker() -> None:
        for item in queue:
            results[item] = await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(width, len(items))):
                group.create_task(worker())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return results
