"""One host's traffic: so many requests at once, first come first served, paused as a whole."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from random import SystemRandom
from types import TracebackType

from generator.registry.clock import Clock
from generator.registry.errors import GivenUpError, RateLimitedError
from generator.registry.limits import Limits
from generator.registry.message import Reply
from generator.registry.pace import Pace
from generator.registry.times import parse_http_date
from generator.registry.worktime import count_served, waiting

_LONGEST = timedelta(days=3650).total_seconds()
_random = SystemRandom()

_LEFT = ("ratelimit-remaining", "x-ratelimit-remaining")
"""Where servers say how many requests they leave: Docker Hub's registry; its API, and GitHub's."""


@dataclass
class Silence:
    """A host has not answered anything `since` then, by the clock of the session.

    `reason` is what the last try came to, empty while it is waited for.
    """

    since: float
    reason: str = ""


@dataclass
class Stats:
    """What a session has done so far: requests sent, retries among them, seconds of waiting.

    `silent` has the hosts that are being asked and do not answer; `left` what a host said last of
    the requests that its rate limit leaves.
    """

    requests: int = 0
    retries: int = 0
    waited: float = 0
    silent: dict[str, Silence] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)


class Gate:
    """Enter it around each exchange with a host; it gives the loop's time when that begins.

    Entering waits for a slot and for the end of a pause. It raises RateLimitedError when the
    pause is too long to wait for, and GivenUpError when the host has failed too often. There are
    as many slots as the host's `Pace` allows, at most `ceiling`.
    """

    def __init__(self, host: str, ceiling: int, clock: Clock, limits: Limits, stats: Stats) -> None:
        self._host = host
        self._pace = Pace(ceiling)
        self._inside = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._clock = clock
        self._limits = limits
        self._stats = stats
        self._resume = clock.monotonic()
        self._asking = 0
        self._failures = 0
        self._failure = ""

    @property
    def slots(self) -> int:
        """How many may be inside now."""
        return self._pace.limit

    async def __aenter__(self) -> float:
        with waiting():
            await self._slot()
            try:
                await self._ready()
            except BaseException:
                self._leave()
                raise
        count_served(1)
        self._asking += 1
        self._stats.silent.setdefault(self._host, Silence(self._clock.monotonic()))
        return asyncio.get_running_loop().time()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        count_served(-1)
        self._leave()
        self._asking -= 1
        silence = self._stats.silent.get(self._host)
        if silence and not (self._asking or silence.reason):
            del self._stats.silent[self._host]

    async def _slot(self) -> None:
        """Take a slot, once those who came before have one."""
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        self._inside -= 1
        self._admit()

    def _admit(self) -> None:
        """Let in whom there is room for; who was cancelled while it waited is passed over."""
        while self._queue and self._inside < self.slots:
            turn = self._queue.popleft()
            if not turn.done():
                self._inside += 1
                turn.set_result(None)

    async def _ready(self) -> None:
        while (left := self._resume - self._clock.monotonic()) > 0:
            if left > self._limits.wait:
                raise RateLimitedError(self._host, self._clock.now() + timedelta(seconds=left))
            await self._clock.sleep(left)
        if self._failures >= self._limits.failures:
            raise GivenUpError(
                f"{self._host} is given up, {self._failures} requests in a row failed: "
                f"{self._failure}"
            )

    def pause(self, seconds: float) -> None:
        """Let nobody in for so long."""
        now = self._clock.monotonic()
        resume = now + seconds
        if resume > self._resume:
            if seconds <= self._limits.wait:
                self._stats.waited += resume - max(now, self._resume)
            self._resume = resume

    def heard(self, reply: Reply) -> None:
        """Note that the host has said something, whatever it is."""
        self._stats.silent[self._host] = Silence(self._clock.monotonic())
        for name in _LEFT:
            if left := reply.headers.get(name).partition(";")[0]:
                self._stats.left[self._host] = left

    def missed(self, reason: str) -> None:
        """Note that a try came to nothing, and will be repeated."""
        if silence := self._stats.silent.get(self._host):
            silence.reason = reason

    def failed(self, failure: str) -> None:
        """Note that a request failed for good, after all its tries."""
        self._failures += 1
        self._failure = failure

    def answered(self, sent: float) -> None:
        """Note that the host is well: it has answered a request that was sent then."""
        self._failures = 0
        if self._inside >= self.slots:
            self._pace.answered(asyncio.get_running_loop().time() - sent)

    def overloaded(self, sent: float) -> None:
        """Note that a request that was sent then got no answer, or one that tells to slow down."""
        self._pace.overloaded(sent, asyncio.get_running_loop().time())


def backoff(attempt: int) -> float:
    """Seconds to wait after a failed attempt (from 0): doubling up to 30, half of it jitter."""
    return float(min(30.0, 2.0**attempt) * _random.uniform(0.5, 1))


def rate_limited(reply: Reply) -> bool:
    """Whether the reply is a rate limit: 429, GitHub's 403, or the 400 that AWS answers instead."""
    spent = reply.headers.get("x-ratelimit-remaining") == "0" or reply.headers.get("retry-after")
    if reply.status == HTTPStatus.FORBIDDEN:
        return bool(spent)
    if reply.status == HTTPStatus.BAD_REQUEST:
        return b'"ThrottlingException"' in reply.body
    return reply.status == HTTPStatus.TOO_MANY_REQUESTS


def told_to_wait(reply: Reply, clock: Clock) -> float:
    """Seconds until the server wants to be asked again; 0 if it does not say.

    By `Retry-After` (RFC 9110, section 10.2.3: seconds or a date) or, on a rate limit, by
    `X-RateLimit-Reset` (Unix time: Docker Hub, GitHub).
    """
    after = reply.headers.get("retry-after")
    if after.isascii() and after.isdigit():
        return _bounded(float(after[:12]))
    if date := parse_http_date(after):
        return _bounded((date - clock.now()).total_seconds())
    reset = reply.headers.get("x-ratelimit-reset")
    if rate_limited(reply) and reset.isascii() and reset.isdigit():
        return _bounded(float(reset[:12]) - clock.now().timestamp())
    return 0


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _LONGEST)
