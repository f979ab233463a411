"""Kind `dockerhub`: Docker Hub's own API, which answers digest and push time with each tag.

Protocol: docs.docker.com, "Docker Hub API" (ListRepositoryTags, listNamespaceRepositories,
AuthCreateAccessToken); 100 tags a page, anonymously no further than 1,000 of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from generator.errors import SourceError
from generator.model import TimeKind
from generator.registry import (
    Auth,
    Credentials,
    Endpoint,
    Origin,
    Registry,
    Reply,
    Repository,
    Session,
    StatusError,
    parse_time,
    spread,
)
from generator.sources.base import Ask, Source, checked_readme
from generator.sources.paging import PAGE_SIZE, Text, listed
from generator.sources.remote import OLDEST, Host, official
from generator.sources.rows import Row, Rows
from generator.sources.timed import TimedSource, TimedSpec
from generator.sources.vendor import BaseUrl, bearer

if TYPE_CHECKING:
    from datetime import datetime

_API = "https://hub.docker.com"
_REGISTRY = "registry-1.docker.io"
_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
"""What the registry says of a single tag that it does not have, or hides."""
_FRESH = 60.0
"""Seconds in which a token cannot have ended."""


class DockerHub(TimedSpec, frozen=True, kw_only=True, tag="dockerhub"):
    """Docker Hub."""

    time_kind: ClassVar[TimeKind] = "pushed"

    api: Annotated[BaseUrl, Meta(description="Docker Hub's API.")] = _API
    registry: Annotated[
        Host, Meta(description="Docker Hub's registry, asked for digests that the API lacks.")
    ] = _REGISTRY

    @property
    def pull_host(self) -> str:
        """Docker Hub's name in `docker pull`, which is not its registry's host."""
        return "docker.io" if self.registry == _REGISTRY else super().pull_host

    def open(self, ask: Ask) -> Source:
        """Docker Hub, not asked yet."""
        return _HubSource(self, ask)


class _Platform(msgspec.Struct):
    last_pushed: str | None = None


class _Tag(msgspec.Struct):
    name: Text
    digest: Text | None = None
    tag_last_pushed: str | None = None
    last_updated: str | None = None
    images: list[_Platform] | None = None

    @property
    def time(self) -> datetime | None:
        """The first of its times that is believable: its own, then the latest of its images'."""
        images = [image.last_pushed or "" for image in self.images or ()]
        texts = (self.tag_last_pushed or "", self.last_updated or "", *sorted(images, reverse=True))
        times = map(parse_time, texts)
        return next((time for time in times if time and time >= OLDEST), None)


class _TagPage(msgspec.Struct):
    count: int
    results: list[_Tag]
    next: str | None = None

    def __len__(self) -> int:
        return len(self.results)


class _Repository(msgspec.Struct):
    """A repository; it was `last_updated` by the last push."""

    name: Text
    last_updated: str | None = None


class _Described(msgspec.Struct):
    full_description: str | None = None


class _RepositoryPage(msgspec.Struct):
    results: list[_Repository]
    next: str | None = None

    def __len__(self) -> int:
        return len(self.results)


class _Token(msgspec.Struct):
    access_token: str


class _HubSource(TimedSource[DockerHub]):
    conceals: ClassVar[bool] = True
    advice: ClassVar[str] = (
        "Docker Hub lists no more than 1,000 tags to whom it does not know, and no private ones: "
        "log in (`docker login`), or name `username` and `password` (a read-only access token)"
    )

    @cached_property
    def _registry(self) -> Registry:
        """The registry, which knows the API's passwords, but not its tokens."""
        login = self._named_login()
        return self._registry_at(self._spec.registry, login if login and login.username else None)

    async def _timed_repositories(
        self, namespace: str
    ) -> AsyncIterator[tuple[str, datetime | None]]:
        api = await self._api(f"{namespace}/")
        target = f"/v2/namespaces/{namespace}/repositories?page_size={PAGE_SIZE}"
        async for _, page in listed(api, target, _RepositoryPage, _next):
            for repository in page.results:
                yield f"{namespace}/{repository.name}", parse_time(repository.last_updated or "")

    async def readme(self, name: str) -> str:
        """The text of the image's page on Docker Hub."""
        full = official(self._repository(name))
        namespace, _, repository = full.partition("/")
        target = f"/v2/namespaces/{namespace}/repositories/{repository}"
        described = await self._described(await self._api(full), target, _Described)
        return checked_readme(described.full_description or "")

    async def repository(self, name: str) -> Repository:
        """Where an image lies in the registry, official ones under their namespace."""
        return await self._registry.repository(official(self._repository(name)))

    async def _rows(self, repository: str) -> Rows:
        full = official(repository)
        namespace, _, name = full.partition("/")
        api = await self._api(full)
        target = (
            f"/v2/namespaces/{namespace}/repositories/{name}/tags"
            f"?page_size={PAGE_SIZE}&ordering=name"
        )
        tags: list[_Tag] = []
        count, cut, pages = 0, False, 0
        async for _, page in listed(api, target, _TagPage, _next):
            pages += 1
            tags += page.results
            count = max(count, page.count)
            cut = len(page) == PAGE_SIZE
        digests = await self._missing_digests(full, tags)
        rows = [Row(tag.name, tag.digest or digests.get(tag.name) or "", tag.time) for tag in tags]
        return Rows(rows, missing=count - len(tags), cut=cut, pages=pages)

    async def _missing_digests(self, repository: str, tags: list[_Tag]) -> dict[str, str | None]:
        """What the registry says of tags without a digest: by HEAD, which is no counted pull."""
        names = [tag.name for tag in tags if not tag.digest and self._spec.taken(tag.name)]
        if not names:
            return {}
        asked = await self._registry.repository(repository)

        async def digest(tag: str) -> str | None:
            try:
                return await asked.digest(tag)
            except StatusError as error:
                if error.status not in _REFUSALS or isinstance(error, SourceError):
                    raise
                return None

        return await spread(digest, names, self._spec.concurrency)

    async def _api(self, repository: str) -> Endpoint:
        origin = self._spec.origin_of(self._spec.api)
        host = "docker.io" if self._spec.api == _API else origin.netloc
        session = self._ask.session()

        def auth(login: Credentials | None) -> Auth:
            return _Login(session, origin, login) if login and login.username else bearer(login)

        return await self._endpoint(origin, auth, host, repository)


def _next(_reply: Reply, page: _TagPage | _RepositoryPage) -> str:
    return page.next or ""


class _Login:
    """A token for a user's password or access token; renewed when the API refuses an old one."""

    def __init__(self, session: Session, origin: Origin, login: Credentials) -> None:
        self._session = session
        self._origin = origin
        self._credentials = login
        self._lock = asyncio.Lock()
        self._header = ""
        self._since = 0.0
        self._failure = ""

    @property
    def login(self) -> str:
        """Where the login comes from."""
        return self._credentials.source

    async def header(self, scope: str) -> str:  # noqa: ARG002 - the protocol's
        """The token, fetched when there is none; a login that failed is not tried again."""
        async with self._lock:
            if self._failure:
                raise SourceError(self._failure)
            if not self._header:
                self._header = f"Bearer {await self._token()}"
                self._since = self._session.clock.monotonic()
            return self._header

    async def refused(self, scope: str, sent: str, reply: Reply) -> bool:  # noqa: ARG002 - likewise
        """Whether a new token may do: not where a fresh one does not."""
        fresh = self._session.clock.monotonic() - self._since < _FRESH
        if sent == self._header and not fresh:
            self._header = ""
        return not fresh

    async def _token(self) -> str:
        login = {"identifier": self._credentials.username, "secret": self._credentials.password}
        api = Endpoint(self._session, self._origin)
        self._session.conceal(self._credentials.password)
        try:
            reply = await api.request(
                "POST",
                "/v2/auth/token",
                json=login,
                login=self._credentials.basic,
                limit=self._session.limits.token,
            )
        except StatusError as error:  # what it says may repeat the secret
            self._failure = (
                f"{self._origin} refuses the login that {self._credentials.source} names: "
                f"it answered {error.status}"
            )
            raise SourceError(self._failure) from None
        return reply.json(_Token).access_token
