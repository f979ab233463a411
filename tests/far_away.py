"""A registry far away, in a time that passes at once: how long pulls take, and at what pace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from generator.registry import Clock, Limits, Reply
from generator.registry import http as transport
from generator.registry.message import Headers, Request
from generator.registry.reach import Resolve
from tests.collecting import leave_alone
from tests.registry.fake import FakeRegistry
from tests.registry.server import Answer, Call, Handler
from tests.virtual_time import run_at_once


class World:
    """A registry far away, or another `handler`: each request takes `seconds`.

    The first `limited` earn a pause.

    One whose URL contains `slow` takes an hour. `first` may answer at once, when it looks at
    what is asked, `before` may take time. `busy` requests are under way.
    """

    def __init__(self) -> None:
        self.registry = FakeRegistry()
        self.handler: Handler = self.registry
        self.seconds = 0.1
        self.slow = ""
        self.limited = 0
        self.first: Callable[[Call], Answer | None] = lambda _: None
        self.before: Callable[[], Awaitable[None]] = partial(asyncio.sleep, 0)
        self.requests = 0
        self.busy = 0
        self.end = 0.0
        self._busiest: dict[int, int] = {}

    def images(self, count: int, tags: int) -> None:
        digest = self.registry.image()
        for name in range(count):
            self.registry.repositories[f"app-{name}"] = {f"1.{n}": digest for n in range(tags)}

    def busiest_by_second(self) -> list[int]:
        """The most requests that were under way, second by second."""
        return [self._busiest.get(second, 0) for second in range(max(self._busiest) + 1)]

    async def exchange(self, request: Request) -> Reply:
        loop = asyncio.get_running_loop()
        self.requests += 1
        self.busy += 1
        second = int(loop.time())
        self._busiest[second] = max(self._busiest.get(second, 0), self.busy)
        call = Call(request.method, request.url, request.headers)
        try:
            answer = self.first(call)
            if answer is None:
                await self.before()
                slow = self.slow and self.slow in request.url
                await asyncio.sleep(3600 if slow else self.seconds)
                answer = self.answer(call)
        finally:
            self.busy -= 1
        self.end = loop.time()
        fields = [(name.encode(), value.encode()) for name, value in answer.headers]
        return Reply(request.url, answer.status, Headers(fields), answer.body)

    def answer(self, call: Call) -> Answer:
        if self.requests <= self.limited:
            return Answer(429, headers=(("Retry-After", "299"),))
        parts = urlsplit(call.target)
        return self.handler(Call(call.method, f"{parts.path}?{parts.query}", call.headers))


def far_away(monkeypatch: pytest.MonkeyPatch, home: Path) -> World:
    """The only registry there is from now on."""
    leave_alone(monkeypatch, home)
    there = World()

    class Client:
        def __init__(self, limits: Limits, resolve: Resolve) -> None:
            pass

        async def exchange(self, request: Request, _limit: int) -> Reply:
            return await there.exchange(request)

        async def aclose(self) -> None:
            pass

    monkeypatch.setattr(transport, "Client", Client)
    monkeypatch.setattr(Clock, "monotonic", lambda _: asyncio.get_running_loop().time())
    monkeypatch.setattr(asyncio, "run", run_at_once)
    return there
