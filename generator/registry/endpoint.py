"""An API at one origin: authorised requests, pages of a list, and errors that say enough."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, TypedDict, Unpack
from urllib.parse import urlencode

import msgspec

from generator.model import shown
from generator.registry.auth import Auth, Fixed
from generator.registry.errors import LimitError, RegistryError
from generator.registry.message import Reply, Request, Sign, status_error
from generator.registry.origin import Origin, resolved
from generator.registry.pace import DEFAULT_CONCURRENCY

if TYPE_CHECKING:
    from generator.registry.session import Session

_ATTEMPTS = 3
"""Without a token, with one that turns out to be stale, with a new one."""


_EXPECTED = frozenset({HTTPStatus.OK})


class Options(TypedDict, total=False):
    """What a request may want beyond its target.

    `scope` is what to ask a token for, `headers` are added, `json` or `form` is sent as the body,
    `login` tells apart the user and password in it, `sign` signs the request, `limit` bounds the
    answer in bytes (by default a listing page's), `expect` are the statuses (by default 200) that
    are an answer.
    """

    scope: str
    headers: Mapping[str, str]
    json: object
    form: Mapping[str, str]
    login: str
    sign: Sign
    limit: int
    expect: Collection[int]


def by_link(reply: Reply) -> str:
    """The next page as the `Link` header names it; empty on the last one."""
    return reply.next_link


class Endpoint:
    """Requests to one origin, with the authorisation that belongs there and nowhere else."""

    def __init__(
        self,
        session: Session,
        origin: Origin,
        auth: Auth | None = None,
        concurrency: int = DEFAULT_CONCURRENCY,
    ) -> None:
        self.session = session
        self.origin = origin
        self.auth = auth or Fixed()
        self.lacks_referrers = False
        """Whether it has answered that it has no referrers API."""
        self._concurrency = concurrency
        session.restrict(origin, concurrency)

    async def get(self, target: str, **options: Unpack[Options]) -> Reply:
        """GET, as `request` does it."""
        return await self.request("GET", target, **options)

    async def request(self, method: str, target: str, **options: Unpack[Options]) -> Reply:
        """The reply to a request for `target`: a path with its query, or a URL of this origin.

        Raises StatusError for a status that is not expected, RegistryError for other failures.
        """
        headers = {"Accept": "application/json"}
        body = None
        if "json" in options:
            headers["Content-Type"] = "application/json"
            body = msgspec.json.encode(options["json"])
        if "form" in options:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(options["form"]).encode()
        headers |= options.get("headers", {})
        url = f"{self.origin}{target}" if target.startswith("/") else self.inside(target)
        request = Request(method, url, headers, body, options.get("login", ""), options.get("sign"))
        limit = options.get("limit", self.session.limits.page)
        request, reply = await self._authorised(request, options.get("scope", ""), limit)
        if reply.status not in options.get("expect", _EXPECTED):
            raise status_error(request, reply, self.session.redacted, self.auth.login)
        return reply

    async def _authorised(self, request: Request, scope: str, limit: int) -> tuple[Request, Reply]:
        """The request as it was sent last, and what came of it."""
        for _ in range(_ATTEMPTS):
            authorization = await self.auth.header(scope)
            sent = request.authorised(authorization)
            reply = await self.session.fetch(sent, home=self.origin, limit=limit)
            if reply.status != HTTPStatus.UNAUTHORIZED or not self._ours(reply):
                break
            if not await self.auth.refused(scope, authorization, reply):
                break
        return sent, reply

    def _ours(self, reply: Reply) -> bool:
        """Whether this origin said so, and not a server that it redirected us to."""
        return Origin.of(reply.url) == self.origin

    async def pages(
        self, target: str, following: Callable[[Reply], str] = by_link, **options: Unpack[Options]
    ) -> AsyncIterator[Reply]:
        """The pages of a list. `following` names the next one, relative to its reply's URL.

        It is asked for at this origin; or, without its credentials, at the one that a redirect led
        to. Raises RegistryError if it is elsewhere, was there before, or is one too many.
        """
        seen: set[str] = set()
        asked = self
        while target:
            self.check_page(target, seen)
            reply = await asked.get(target, **options)
            yield reply
            reference = following(reply)
            if reference:
                asked = self._next(Origin.of(resolved(reply.url, reference)), reply)
            target = asked.inside(reference, reply.url) if reference else ""

    def _next(self, origin: Origin, reply: Reply) -> Endpoint:
        """Whom to ask for the page after `reply`, which is said to be at that origin."""
        there = Origin.of(reply.url)
        if self.origin in (there, origin):
            return self
        return Endpoint(self.session, there, concurrency=self._concurrency)

    def check_page(self, page: str, seen: set[str]) -> None:
        """Add a page to those seen of a list; raise RegistryError for one too many, or again."""
        if page in seen:
            raise RegistryError(
                f"{self.origin.netloc} lists the page {_path(page)} twice: its paging is broken"
            )
        if len(seen) == self.session.limits.pages:
            raise RegistryError(
                f"{self.origin.netloc} lists more than {len(seen)} pages, which is the limit"
            )
        seen.add(page)

    def check_count(self, entries: int) -> None:
        """Raise LimitError if so many entries of one list are more than we take."""
        limit = self.session.limits.tags
        if entries > limit:
            raise LimitError(
                f"{self.origin.netloc} lists more than {limit:,} entries, which is the limit"
            )

    def inside(self, reference: str, base: str = "") -> str:
        """The reference as a URL of this origin; raises RegistryError if it leads elsewhere.

        Behind a proxy that ends TLS, a server may take its own scheme for another one than ours.
        """
        url = resolved(base or str(self.origin), reference)
        origin = Origin.of(url)
        if origin == self.origin:
            return url
        if origin.netloc == self.origin.netloc:
            return f"{self.origin}{url.removeprefix(str(origin))}"
        raise RegistryError(f"{self.origin.netloc} names a next page at {origin}: not followed")


def _path(target: str) -> str:
    return shown(target.partition("?")[0])
