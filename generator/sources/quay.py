"""Kind `quay`: Quay's API, on quay.io or a host of one's own.

Protocol: docs.quay.io, "Red Hat Quay API" (listRepoTags, listRepos), and the source of Quay
(endpoints/api/tag.py, endpoints/api/repository.py, auth/credential_consts.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ClassVar
from urllib.parse import quote

import msgspec
from msgspec import Meta

from generator.model import TimeKind
from generator.registry import Credentials, Endpoint, Registry, Reply
from generator.sources.base import Ask, Source, checked_readme
from generator.sources.paging import PAGE_SIZE, Text, listed, page_after
from generator.sources.remote import Host
from generator.sources.rows import Row, Rows
from generator.sources.timed import TimedSource, TimedSpec
from generator.sources.vendor import bearer, unix_time

if TYPE_CHECKING:
    from datetime import datetime


class Quay(TimedSpec, frozen=True, kw_only=True, tag="quay"):
    """Quay."""

    time_kind: ClassVar[TimeKind] = "moved"

    registry: Annotated[Host, Meta(description="Quay's host.")] = "quay.io"

    def __post_init__(self) -> None:
        """Refuse what Quay's API does not know."""
        super().__post_init__()
        if self.username:
            raise ValueError("Quay's API knows no passwords: use `token`, an OAuth access token")

    def open(self, ask: Ask) -> Source:
        """Quay, not asked yet."""
        return _QuaySource(self, ask)


class _Tag(msgspec.Struct):
    """One revision of a tag; one with an end in the past is dead."""

    name: Text
    manifest_digest: Text | None
    start_ts: int | None
    end_ts: int | None = None


class _TagPage(msgspec.Struct):
    tags: list[_Tag]
    has_additional: bool

    def __len__(self) -> int:
        return len(self.tags)


class _Repository(msgspec.Struct):
    """A repository; it was `last_modified` when the newest of its tags began to point there."""

    namespace: Text
    name: Text
    last_modified: float | None = None


class _Described(msgspec.Struct):
    description: str | None = None


class _RepositoryPage(msgspec.Struct):
    repositories: list[_Repository]
    next_page: str | None = None

    def __len__(self) -> int:
        return len(self.repositories)


class _QuaySource(TimedSource[Quay]):
    advice: ClassVar[str] = (
        "what is private on Quay needs `token: ${NAME}` with an OAuth access token; "
        "logins for pulling do not count there"
    )

    @cached_property
    def _registry(self) -> Registry:
        """The registry, which takes the API's token as the password of a user by this name."""
        login = self._named_login()
        if login:
            login = Credentials("$oauthtoken", login.bearer, source=login.source)
        return self._registry_at(self._spec.registry, login)

    async def _timed_repositories(
        self, namespace: str
    ) -> AsyncIterator[tuple[str, datetime | None]]:
        target = f"/api/v1/repository?namespace={namespace}&public=true&last_modified=true"

        def after(_reply: Reply, page: _RepositoryPage) -> str:
            cursor = quote(page.next_page or "", safe="")
            return f"{target}&next_page={cursor}" if cursor else ""

        async for _, page in listed(await self._api(), target, _RepositoryPage, after):
            for repository in page.repositories:
                time = unix_time(repository.last_modified or 0)
                yield f"{repository.namespace}/{repository.name}", time

    async def readme(self, name: str) -> str:
        """The repository's description."""
        target = f"/api/v1/repository/{self._repository(name)}"
        described = await self._described(await self._api(), target, _Described)
        return checked_readme(described.description or "")

    async def _rows(self, repository: str) -> Rows:
        target = (
            f"/api/v1/repository/{repository}/tag/?limit={PAGE_SIZE}&page=1&onlyActiveTags=true"
        )
        now = self._ask.session().clock.now().timestamp()
        pages = [page async for _, page in listed(await self._api(), target, _TagPage, _next)]
        rows = [
            Row(tag.name, tag.manifest_digest or "", unix_time(tag.start_ts or 0))
            for page in pages
            for tag in page.tags
            if tag.end_ts is None or tag.end_ts > now
        ]
        return Rows(rows, missing=None if len(pages) > 1 else 0)

    async def _api(self) -> Endpoint:
        origin = self._spec.origin_of(self._spec.registry)
        return await self._endpoint(origin, bearer, host="", repository="")


def _next(reply: Reply, page: _TagPage) -> str:
    return page_after(reply) if page.has_additional else ""
