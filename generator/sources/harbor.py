"""Kind `harbor`: Harbor's API, version 2.

Protocol: Harbor's api/v2.0/swagger.yaml (listArtifacts, listRepositories). A row is an artifact
with its tags; children of an index are artifacts of their own, left out with `q=tags=*`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cached_property
from typing import Annotated, ClassVar
from urllib.parse import quote

import msgspec
from msgspec import Meta

from generator.errors import TagpagesError
from generator.model import TimeKind
from generator.registry import Auth, Credentials, Endpoint, Fixed, Registry, Reply, parse_time
from generator.sources.base import Ask, Source, checked_readme
from generator.sources.paging import PAGE_SIZE, Text, listed, page_after
from generator.sources.remote import Artifacts, Host
from generator.sources.rows import Row, Rows
from generator.sources.vendor import NamespaceSource, VendorSpec, bearer

_IMAGES = frozenset({"IMAGE", "UNKNOWN", ""})
"""Types of images, and of what Harbor cannot tell."""


class Harbor(VendorSpec, frozen=True, kw_only=True, tag="harbor"):
    """Harbor."""

    time_kind: ClassVar[TimeKind] = "pushed"

    registry: Annotated[Host, Meta(description="Harbor's host, with its port if not the usual.")]
    artifacts: Artifacts = False

    def open(self, ask: Ask) -> Source:
        """Harbor, not asked yet."""
        return _HarborSource(self, ask)


class _Tag(msgspec.Struct):
    name: Text
    push_time: str | None


class _Artifact(msgspec.Struct):
    digest: Text | None
    tags: list[_Tag] | None = None
    type: Text | None = None


class _Repository(msgspec.Struct):
    name: Text


class _Described(msgspec.Struct):
    description: str | None = None


class _HarborSource(NamespaceSource[Harbor]):
    advice: ClassVar[str] = (
        "projects that are not public need a login: `docker login`, or `username` and `password` "
        "(a robot account that may list artifacts and tags)"
    )

    @cached_property
    def _registry(self) -> Registry:
        return self._registry_at(self._spec.registry, self._named_login())

    async def _repositories(self, namespace: str) -> AsyncIterator[str]:
        api = await self._api(f"{namespace}/")
        target = f"/api/v2.0/projects/{namespace}/repositories?page=1&page_size={PAGE_SIZE}"
        async for _, page in listed(api, target, list[_Repository], _next):
            for repository in page:
                yield repository.name

    async def readme(self, name: str) -> str:
        """The repository's description."""
        repository = self._repository(name)
        api = await self._api(repository)
        described = await self._described(api, _path(repository), _Described)
        return checked_readme(described.description or "")

    async def _rows(self, repository: str) -> Rows:
        target = (
            f"{_path(repository)}/artifacts"
            f"?with_tag=true&q=tags%3D*&page=1&page_size={PAGE_SIZE}&sort=push_time"
        )
        api = await self._api(repository)
        rows: list[Row] = []
        artifacts, total, cut, pages = 0, 0, False, 0
        async for reply, page in listed(api, target, list[_Artifact], _next, size=_tags):
            pages += 1
            rows += [self._row(artifact, tag) for artifact in page for tag in artifact.tags or ()]
            artifacts += len(page)
            cut = len(page) == PAGE_SIZE
            counted = reply.headers.get("x-total-count")
            total = max(total, int(counted[:9]) if counted.isdecimal() else artifacts)
        return Rows(rows, missing=total - artifacts, cut=cut, pages=pages)

    def _row(self, artifact: _Artifact, tag: _Tag) -> Row:
        kind = artifact.type or ""
        if self._spec.artifacts or kind in _IMAGES:
            kind = ""
        return Row(tag.name, artifact.digest or "", parse_time(tag.push_time or ""), kind)

    async def _api(self, repository: str) -> Endpoint:
        origin = self._spec.origin_of(self._spec.registry)
        return await self._endpoint(origin, _auth, origin.netloc, repository)


def _auth(login: Credentials | None) -> Auth:
    return Fixed(login.basic, login.source) if login and login.username else bearer(login)


def _next(reply: Reply, _page: object) -> str:
    """The next page, if there is one: by number, for Harbor's links lose a layer of quoting."""
    return page_after(reply) if reply.next_link else ""


def _path(repository: str) -> str:
    project, _, name = repository.partition("/")
    if not name:
        raise TagpagesError(f"`{repository}` is no repository of Harbor: write PROJECT/{{image}}")
    return f"/api/v2.0/projects/{project}/repositories/{_twice_quoted(name)}"


def _twice_quoted(name: str) -> str:
    """A repository's name as Harbor wants it in a path: a slash as `%252F`."""
    return quote(quote(name, safe=""), safe="")


def _tags(page: list[_Artifact]) -> int:
    return sum(len(artifact.tags or ()) for artifact in page)
