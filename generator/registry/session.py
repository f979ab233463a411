"""The build's one HTTP session: retries, redirects, and every host's own pace.

Retries are ours and not `httpx-retries`': that library waits for at most its own cap where a
longer `Retry-After` must be an error, cannot see a body that breaks off or a pause that another
request has earned, and reads the clock itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from generator.registry.clock import Clock
from generator.registry.credentials import Keychain
from generator.registry.errors import Fault, HostError, RegistryError
from generator.registry.gate import Gate, Stats, backoff, rate_limited, told_to_wait
from generator.registry.limits import Limits
from generator.registry.logins import Logins
from generator.registry.message import Reply, Request, status_error
from generator.registry.origin import Origin, resolved
from generator.registry.pace import DEFAULT_CONCURRENCY, START
from generator.registry.reach import Reach, Resolve, resolve
from generator.registry.secrets import Secrets
from generator.registry.tokens import Tokens
from generator.registry.worktime import blames_this_request

if TYPE_CHECKING:
    from generator.registry.http import Client

Trace = Callable[[str], None]
"""Told of each request, in a line without a secret."""

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CARRIED = frozenset({"accept"})
"""The headers that may go along to another origin."""


class Session:
    """Everything that sources share: connections, tokens, credentials, pauses and counters.

    Make it inside the event loop that uses it, and close it there (`async with`). Connections
    and httpx itself come with the first request. `trace` is told of every request.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        limits: Limits | None = None,
        keychain: Keychain | None = None,
        resolve: Resolve = resolve,
        trace: Trace | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.limits = limits or Limits()
        self.keychain = keychain or Keychain()
        self.stats = Stats()
        self.reach = Reach(resolve)
        self.tokens = Tokens(self.fetch, self.clock, self.limits)
        self._trace = trace
        self._logins = Logins()
        self._client: Client | None = None
        self._gates: dict[Origin, Gate] = {}
        self._concurrency: dict[Origin, int] = {}
        self._secrets = Secrets()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        if self._client:
            await self._client.aclose()

    @property
    def origins(self) -> list[Origin]:
        """Where anything has been asked, in the order of the first requests."""
        return list(self._gates)

    def restrict(self, origin: Origin, concurrency: int) -> None:
        """Never send more requests to the origin at once than so many; the lowest wish wins.

        Counts until the first request to the origin is sent.
        """
        self._concurrency[origin] = min(concurrency, self._concurrency.get(origin, concurrency))

    @property
    def slots(self) -> int:
        """How many requests at once the host gets that gets most."""
        return max((gate.slots for gate in self._gates.values()), default=START)

    def conceal(self, *secrets: str) -> None:
        """Let no text show these, unless they have fewer than eight characters."""
        for secret in secrets:
            self._secrets.add(secret)

    def redacted(self, text: str) -> str:
        """The text without any secret: a server may repeat them in its answers."""
        return self._secrets.redacted(text)

    def reveals(self, text: str) -> bool:
        """Whether the text shows a secret."""
        return self._secrets.shown_by(text)

    async def fetch(self, request: Request, *, home: Origin, limit: int) -> Reply:
        """The final reply to a request: retried while that makes sense, redirects followed.

        A redirect is followed for GET and HEAD only. To another origin it takes no credentials
        along; it must not lead from https to http, nor to a place that `home` is not at. The
        reply's `url` tells where it came from. Raises RegistryError for a request that fails.
        """
        for _ in range(self.limits.redirects + 1):
            reply = await self._logins.sent(request, partial(self._exchange, request, limit))
            target = reply.headers.get("location")
            if reply.status not in _REDIRECTS or not target or request.method == "POST":
                return reply
            request = await self._redirected(request, target, home)
        raise RegistryError(f"{home.netloc} redirects more than {self.limits.redirects} times")

    async def _redirected(self, request: Request, location: str, home: Origin) -> Request:
        url = resolved(request.url, location)
        old, new = Origin.of(request.url), Origin.of(url)
        if old == new:
            return replace(request, url=url)
        if old.scheme == "https" and new.scheme == "http":
            raise RegistryError(f"{old.netloc} redirects from https to {new}: not followed")
        await self.reach.check(new, home)
        headers = {
            name: value for name, value in request.headers.items() if name.lower() in _CARRIED
        }
        return replace(request, url=url, headers=headers, login="", sign=None)

    async def _exchange(self, request: Request, limit: int) -> Reply:
        """One request, tried again while its failures are passing ones."""
        gate = self._gate(Origin.of(request.url))
        self.conceal(*request.secrets)
        failure = RegistryError("never sent")
        tries = waits = 0
        while tries < self.limits.tries and waits < self.limits.waits:
            async with gate as sent:
                self.stats.requests += 1
                self.stats.retries += tries + waits > 0
                try:
                    reply = await self._sent(request.signed(self.clock.now()), limit)
                except HostError as error:
                    gate.failed(str(error))
                    raise
                except asyncio.CancelledError:
                    if blames_this_request():
                        gate.failed(f"{request.subject} had not answered when the time was over")
                    raise
                except Fault as fault:
                    gate.overloaded(sent)
                    failure = RegistryError(f"{request.subject} cannot be reached: {fault}")
                    gate.missed(str(fault))
                else:
                    gate.heard(reply)
                    limited = rate_limited(reply)
                    if reply.status not in _PASSING and not limited:
                        gate.answered(sent)
                        return reply
                    gate.overloaded(sent)
                    failure = status_error(request, reply, self.redacted)
                    delay = told_to_wait(reply, self.clock)
                    if limited or delay:
                        gate.pause(delay or backoff(waits))
                        tries += not limited
                        waits += limited
                        continue
            tries += 1
            if tries < self.limits.tries:
                await self._sleep(backoff(tries - 1))
        gate.failed(str(failure))
        raise failure

    async def _sent(self, request: Request, limit: int) -> Reply:
        """The reply to one request; its method, URL without query, status and time are traced."""
        start, outcome = self.clock.monotonic(), "no answer"
        try:
            reply = await self._http().exchange(request, limit)
            outcome = str(reply.status)
        finally:
            if self._trace:
                seconds = self.clock.monotonic() - start
                line = f"{request.method} {request.subject} {outcome} {seconds:.2f} s"
                self._trace(self.redacted(line))
        return reply

    async def _sleep(self, seconds: float) -> None:
        self.stats.waited += seconds
        await self.clock.sleep(seconds)

    def _gate(self, origin: Origin) -> Gate:
        if origin not in self._gates:
            ceiling = self._concurrency.get(origin, DEFAULT_CONCURRENCY)
            self._gates[origin] = Gate(origin.netloc, ceiling, self.clock, self.limits, self.stats)
        return self._gates[origin]

    def _http(self) -> Client:
        if self._client is None:
            from generator.registry.http import Client  # noqa: PLC0415 - httpx only when it is needed

            self._client = Client(self.limits, self.reach.addresses)
        return self._client
