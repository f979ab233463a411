"""Kind `ghcr`: GitHub's container registry through GitHub's packages API.

Protocol: docs.github.com, "REST API endpoints for packages" and "for users". A row is a version of
a package, which is a manifest with the tags that it has now, and often with none. Whether moving
a tag touches a version's `updated_at` is not documented, so the time is `created_at`: the upload.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cached_property
from typing import Annotated, ClassVar, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta

from generator.model import TimeKind
from generator.registry import Auth, Credentials, Endpoint, Fixed, Registry, parse_time
from generator.sources.base import Ask, Source
from generator.sources.paging import PAGE_SIZE, Text, by_link, listed
from generator.sources.remote import Host
from generator.sources.rows import Row, Rows
from generator.sources.vendor import BaseUrl, NamespaceSource, VendorSpec, base_path

_API = "https://api.github.com"
_REGISTRY = "ghcr.io"


class Ghcr(VendorSpec, frozen=True, kw_only=True, tag="ghcr"):
    """GitHub's container registry."""

    time_kind: ClassVar[TimeKind] = "uploaded"

    api: Annotated[
        BaseUrl,
        Meta(description="GitHub's API; of an enterprise server `https://HOST/api/v3`."),
    ] = _API
    registry: Annotated[
        Host,
        Meta(
            description=(
                "The registry, asked what images contain; that of an enterprise server is "
                "asked only if it is named."
            )
        ),
    ] = _REGISTRY

    @property
    def pull_host(self) -> str:
        """The registry; an enterprise server may have its own under one of several names."""
        return super().pull_host if self.api == _API or self.registry != _REGISTRY else ""

    def open(self, ask: Ask) -> Source:
        """GitHub, not asked yet."""
        return _GhcrSource(self, ask)


class _Container(msgspec.Struct):
    tags: list[Text] | None


class _Metadata(msgspec.Struct):
    container: _Container


class _Version(msgspec.Struct):
    name: Text | None
    created_at: str | None
    metadata: _Metadata


class _Package(msgspec.Struct):
    name: Text


class _Account(msgspec.Struct):
    type: Literal["Organization", "User"]


class _GhcrSource(NamespaceSource[Ghcr]):
    conceals: ClassVar[bool] = True
    advice: ClassVar[str] = (
        "GitHub's packages API wants a classic personal access token with `read:packages`, even "
        "for public packages: `token: ${NAME}`, or `docker login ghcr.io`"
    )

    def __init__(self, spec: Ghcr, ask: Ask) -> None:
        super().__init__(spec, ask)
        self._accounts: dict[str, str] = {}

    @cached_property
    def _registry(self) -> Registry | None:
        """The registry, which takes the API's token as the password of whatever user."""
        if not self._spec.pull_host:
            return None
        login = self._named_login()
        if login and login.bearer:
            login = Credentials("token", login.bearer, source=login.source)
        return self._registry_at(self._spec.registry, login)

    async def _repositories(self, namespace: str) -> AsyncIterator[str]:
        api = await self._api(f"{namespace}/")
        account = await self._account(api, namespace)
        target = f"{account}/packages?package_type=container&per_page={PAGE_SIZE}"
        async for _, page in listed(api, target, list[_Package], by_link):
            for package in page:
                yield f"{namespace}/{package.name}"

    async def _rows(self, repository: str) -> Rows:
        owner, _, package = repository.partition("/")
        api = await self._api(repository)
        account = await self._account(api, owner)
        target = (
            f"{account}/packages/container/{quote(package, safe='')}/versions"
            f"?per_page={PAGE_SIZE}&page=1&state=active"
        )
        read = listed(api, target, list[_Version], by_link, size=_tags)
        pages = [page async for _, page in read]
        rows = [
            Row(tag, version.name or "", parse_time(version.created_at or ""))
            for page in pages
            for version in page
            for tag in version.metadata.container.tags or ()
        ]
        return Rows(rows, missing=None if len(pages) > 1 else 0)

    async def _account(self, api: Endpoint, owner: str) -> str:
        """The path of an owner: organisations and users have different ones."""
        if owner not in self._accounts:
            base = base_path(self._spec.api)
            account = (await api.get(f"{base}/users/{owner}")).json(_Account)
            kind = "orgs" if account.type == "Organization" else "users"
            self._accounts[owner] = f"{base}/{kind}/{owner}"
        return self._accounts[owner]

    async def _api(self, repository: str) -> Endpoint:
        origin = self._spec.origin_of(self._spec.api)
        host = _REGISTRY if self._spec.api == _API else origin.netloc
        return await self._endpoint(origin, _personal_token, host, repository)


def _tags(page: list[_Version]) -> int:
    return sum(len(version.metadata.container.tags or ()) for version in page)


def _personal_token(login: Credentials | None) -> Auth:
    """The catalog's token, or a `docker login`'s password, which is one too."""
    token = login.bearer or login.password if login else ""
    return Fixed(f"Bearer {token}", login.source) if login and token else Fixed()
