"""Kind `acr`: Azure Container Registry, whose own API answers digest and times with each tag.

Protocol: the REST API of Azure Container Registry, version 2021-07-01 (`/acr/v1/NAME/_tags`), and
Azure/acr's docs/AAD-OAuth.md: the registry asks for tokens as others do, for its own API too, and
exchanges a token of Microsoft Entra ID for a refresh token.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cached_property
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from generator.model import TimeKind
from generator.registry import Credentials, Endpoint, Lazily, Registry, parse_time
from generator.sources.base import Ask, Source
from generator.sources.paging import PAGE_SIZE, Text, by_link, listed
from generator.sources.remote import Host
from generator.sources.rows import Row, Rows
from generator.sources.vendor import NamespaceSource, VendorSpec


class Acr(VendorSpec, frozen=True, kw_only=True, tag="acr"):
    """Azure Container Registry."""

    time_kind: ClassVar[TimeKind] = "moved"

    registry: Annotated[Host, Meta(description="The login server: `NAME.azurecr.io`.")]
    token: Annotated[
        str,
        Meta(
            description=(
                "`${NAME}`: the environment variable with a token of Microsoft Entra ID, which the "
                "registry exchanges for its own."
            )
        ),
    ] = ""

    @property
    def namespace(self) -> str:
        """The registry: it is listed as a whole."""
        return self.pull_host

    def open(self, ask: Ask) -> Source:
        """The registry, not asked yet."""
        return _AcrSource(self, ask)


class _Tag(msgspec.Struct, rename="camel"):
    name: Text
    digest: Text | None = None
    last_update_time: str | None = None
    created_time: str | None = None

    def row(self) -> Row:
        """The tag as a row."""
        time = parse_time(self.last_update_time or self.created_time or "")
        return Row(self.name, self.digest or "", time)


class _Page(msgspec.Struct):
    tags: list[_Tag] | None

    def __len__(self) -> int:
        return len(self.tags or ())


class _Refresh(msgspec.Struct):
    refresh_token: str


class _AcrSource(NamespaceSource[Acr]):
    advice: ClassVar[str] = (
        "log in with `az acr login`, name `username` and `password` (a service principal, or a "
        "token that may read metadata), or `token` (`az account get-access-token`)"
    )

    @cached_property
    def _registry(self) -> Registry:
        login = self._named_login()
        if login and login.bearer:
            return self._registry_at(self._spec.registry, Lazily(self._exchanged))
        return self._registry_at(self._spec.registry, login)

    async def _repositories(self, namespace: str) -> AsyncIterator[str]:  # noqa: ARG002 - the vendors'
        for repository in await self._registry.repositories():
            yield repository

    async def _rows(self, repository: str) -> Rows:
        target = f"/acr/v1/{repository}/_tags?n={PAGE_SIZE}&api-version=2021-07-01"
        scope = f"repository:{repository}:metadata_read"
        api = await self._registry.endpoint(repository)
        pages = [page async for _, page in listed(api, target, _Page, by_link, scope=scope)]
        rows = [tag.row() for page in pages for tag in page.tags or ()]
        return Rows(rows, missing=None if len(pages) > 1 else 0)

    async def _exchanged(self) -> Credentials | None:
        """The registry's refresh token for the catalog's token of Microsoft Entra ID."""
        login = self._named_login()
        if login is None:
            return None
        session = self._ask.session()
        session.conceal(login.bearer)
        origin = self._spec.origin_of(self._spec.registry)
        form = {
            "grant_type": "access_token",
            "service": origin.host,
            "access_token": login.bearer,
        }
        reply = await Endpoint(session, origin).request(
            "POST",
            "/oauth2/exchange",
            form=form,
            login=login.bearer,
            limit=session.limits.token,
        )
        return Credentials(identity=reply.json(_Refresh).refresh_token, source=login.source)
