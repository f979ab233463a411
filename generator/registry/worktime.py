"""How long the work on one image takes, its waiting behind others not counted.

A gate or a lock must know for whom it lets a request wait. A context variable tells it: it goes
from the image's task into all tasks that this one starts, where a parameter would have to be
handed on by each kind of source, and by each of its requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar


class _Work:
    """The work on one image, and the seconds that are left for it.

    A second counts by the part of its requests that are served: all while none waits, a quarter
    while one is served and three wait, nothing while all wait.
    """

    def __init__(self, seconds: float, timeout: asyncio.Timeout) -> None:
        self._left = seconds
        self._timeout = timeout
        self._since = asyncio.get_running_loop().time()
        self._speed = 1.0
        self._served = 0
        self._waiting = 0
        self._blamed = False

    def change(self, *, served: int = 0, waiting: int = 0) -> None:
        """So many more, or fewer, of its requests are served, or wait."""
        now = asyncio.get_running_loop().time()
        self._left -= (now - self._since) * self._speed
        self._since = now
        self._served += served
        self._waiting += waiting
        self._speed = self._served / (self._served + self._waiting) if self._waiting else 1.0
        if not self._timeout.expired():
            self._timeout.reschedule(now + self._left / self._speed if self._speed else None)

    def blames_now(self) -> bool:
        """Whether its time is over and no request of it has been blamed yet: this one is."""
        blames = self._timeout.expired() and not self._blamed
        self._blamed |= blames
        return blames


_current: ContextVar[_Work | None] = ContextVar("_current", default=None)


@asynccontextmanager
async def working_at_most(seconds: float) -> AsyncIterator[None]:
    """End what is done here, with TimeoutError, when it has worked for longer."""
    async with asyncio.timeout(seconds) as timeout:
        token = _current.set(_Work(seconds, timeout))
        try:
            yield
        finally:
            _current.reset(token)


def count_served(requests: int) -> None:
    """So many more requests are being served; fewer, if negative."""
    if work := _current.get():
        work.change(served=requests)


def blames_this_request() -> bool:
    """Whether the image's time has ended during this request: said of one request of an image."""
    work = _current.get()
    return work is not None and work.blames_now()


@contextmanager
def waiting() -> Iterator[None]:
    """Around a wait until others have been served, or want to be asked again."""
    work = _current.get()
    if work is None:
        yield
        return
    work.change(waiting=1)
    try:
        yield
    finally:
        work.change(waiting=-1)


@asynccontextmanager
async def turn(lock: asyncio.Lock) -> AsyncIterator[None]:
    """Hold the lock, once those who came before have let go of it."""
    with waiting():
        await lock.acquire()
    try:
        yield
    finally:
        lock.release()
