"""Bearer tokens, one for each (realm, service, scope, credentials), shared by all requests.

Protocol: distribution's token specification (`docs/spec/auth/token.md`, `oauth.md`).
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlencode

import msgspec

from generator.registry.clock import Clock
from generator.registry.credentials import Credentials
from generator.registry.errors import RegistryError
from generator.registry.limits import Limits
from generator.registry.message import Reply, Request, status_error
from generator.registry.origin import Origin
from generator.registry.times import parse_time
from generator.registry.worktime import turn

SHORTEST = 60.0
"""Seconds that every token lives at least, whatever the server says; also the default."""
EARLY = 10.0
"""Seconds before its end that a token is renewed."""

_CLIENT = "tagpages"
_PLAIN = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Grant:
    """What a token is for. `home` is the registry that named the realm."""

    realm: str
    service: str
    scope: str
    credentials: Credentials | None
    home: Origin


class Fetch(Protocol):
    """`Session.fetch`: what tokens need of a session."""

    async def __call__(self, request: Request, *, home: Origin, limit: int) -> Reply:
        """The final reply to a request; raises RegistryError for a request that fails."""


class _Token(msgspec.Struct):
    """A token endpoint's answer."""

    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None
    issued_at: str | None = None


@dataclass
class _Slot:
    """A token and its end on the monotonic clock; the lock makes concurrent requests share it."""

    value: str = field(default="", repr=False)
    end: float = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Tokens:
    """The session's tokens."""

    def __init__(self, fetch: Fetch, clock: Clock, limits: Limits) -> None:
        self._fetch = fetch
        self._clock = clock
        self._limits = limits
        self._slots: dict[Grant, _Slot] = {}

    async def get(self, grant: Grant) -> str:
        """A token that is good for some seconds yet; raises RegistryError if there is none."""
        slot = self._slots.setdefault(grant, _Slot())
        async with turn(slot.lock):
            if not slot.value or self._clock.monotonic() > slot.end - EARLY:
                slot.value, lifetime = await self._fetched(grant)
                slot.end = self._clock.monotonic() + lifetime
            return slot.value

    def drop(self, grant: Grant, value: str) -> None:
        """Forget a token that the registry refused, unless it has been renewed already."""
        slot = self._slots.get(grant)
        if slot and slot.value == value:
            slot.value = ""

    async def _fetched(self, grant: Grant) -> tuple[str, float]:
        """A new token and the seconds it lives; a wrong clock, here or there, does not matter."""
        token = (await self._reply(grant)).json(_Token)
        value = token.token or token.access_token or ""
        if not _PLAIN.fullmatch(value):
            raise RegistryError(f"{_host(grant)} answered without a token")
        lifetime = max(token.expires_in or SHORTEST, SHORTEST)
        issued = parse_time(token.issued_at or "")
        if issued:
            age = (self._clock.now() - issued).total_seconds()
            lifetime -= age if 0 < age < lifetime - SHORTEST / 2 else 0
        return value, lifetime

    async def _reply(self, grant: Grant) -> Reply:
        if grant.credentials and grant.credentials.identity:
            request = _post(grant, grant.credentials.identity)
            reply = await self._send(request, grant)
            if reply.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
                return _granted(request, reply, grant)
        request = _get(grant)
        return _granted(request, await self._send(request, grant), grant)

    async def _send(self, request: Request, grant: Grant) -> Reply:
        return await self._fetch(request, home=grant.home, limit=self._limits.token)


def _granted(request: Request, reply: Reply, grant: Grant) -> Reply:
    if reply.status == HTTPStatus.OK:
        return reply
    bare = replace(reply, body=b"")  # what it says may repeat a secret
    login = grant.credentials.source if grant.credentials else ""
    error = status_error(request, bare, login=login)
    who = f"as {login} says" if login else "anonymously"
    error.args = (f"no token for {grant.home.netloc}, asked {who}: {error}",)
    raise error


def _get(grant: Grant) -> Request:
    query = [("service", grant.service)] if grant.service else []
    query += [("scope", scope) for scope in grant.scope.split()]
    joint = "&" if "?" in grant.realm else "?"
    url = f"{grant.realm}{joint}{urlencode(query)}" if query else grant.realm
    request = Request("GET", url, {"Accept": "application/json"})
    if grant.credentials and grant.credentials.username:
        return request.authorised(grant.credentials.basic)
    return request


def _post(grant: Grant, identity: str) -> Request:
    form = {
        "grant_type": "refresh_token",
        "service": grant.service,
        "client_id": _CLIENT,
        "scope": grant.scope,
        "refresh_token": identity,
    }
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    return Request("POST", grant.realm, headers, urlencode(form).encode(), login=identity)


def _host(grant: Grant) -> str:
    return Origin.of(grant.realm).netloc
