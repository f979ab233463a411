"""Kind `chainguard-history`: every move of a tag, from Chainguard's registry itself.

Protocol: edu.chainguard.dev, "Using the Tag History API". A history is listed oldest first and
ends after 1,000 records, so a long one is asked for again from its last record on.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Annotated, ClassVar
from urllib.parse import quote

import msgspec
from msgspec import Meta

from generator.errors import TagpagesError
from generator.model import TimeKind
from generator.registry import Endpoint, Registry, spread
from generator.sources.base import Ask, Source
from generator.sources.paging import AbsentError
from generator.sources.remote import Host
from generator.sources.rows import Row, Rows
from generator.sources.vendor import VendorSource, VendorSpec

_MOST = 1000
"""The most records that one answer holds."""


class ChainguardHistory(VendorSpec, frozen=True, kw_only=True, tag="chainguard-history"):
    """The tag history of Chainguard's registry."""

    time_kind: ClassVar[TimeKind] = "moved"

    registry: Annotated[Host, Meta(description="The registry.")] = "cgr.dev"

    @property
    def lists_images(self) -> bool:
        """Chainguard's registry lists none."""
        return False

    def open(self, ask: Ask) -> Source:
        """The registry, not asked yet."""
        return _HistorySource(self, ask)


class _Record(msgspec.Struct, rename={"time": "updateTimestamp"}):
    time: Annotated[datetime, Meta(tz=True)]
    digest: str


class _History(msgspec.Struct):
    history: list[_Record]


class _HistorySource(VendorSource[ChainguardHistory]):
    """The registry: its list of tags, then each tag's history."""

    @cached_property
    def _registry(self) -> Registry:
        return self._registry_at(self._spec.registry, self._named_login())

    async def _rows(self, repository: str) -> Rows:
        tags = await (await self._registry.repository(repository)).tags()
        if tags is None:
            raise AbsentError(f"{self._spec.registry}/{repository} is not found")
        api = await self._registry.endpoint(repository)

        async def newest(tag: str) -> _Record:
            return await _newest(api, repository, tag)

        taken = [tag for tag in tags if self._spec.taken(tag)]
        found = await spread(newest, taken, self._spec.concurrency)
        return Rows([Row(tag, record.digest, record.time) for tag, record in found.items()])


async def _newest(api: Endpoint, repository: str, tag: str) -> _Record:
    """The last move of a tag; whether `start` is inclusive does not matter."""
    path = f"/v2/{repository}/_chainguard/history/{tag}"
    scope = f"repository:{repository}:pull"
    newest: _Record | None = None
    while True:
        start = f"?start={quote(newest.time.isoformat())}" if newest else ""
        records = (await api.get(f"{path}{start}", scope=scope)).json(_History).history
        last = max(records, key=lambda record: record.time, default=newest)
        if last is None:
            raise TagpagesError(f"{api.origin.netloc}/{repository}:{tag} has no history")
        if len(records) < _MOST:
            return last
        if newest and last.time <= newest.time:
            raise TagpagesError(f"{api.origin.netloc}/{repository}:{tag} has an endless history")
        newest = last
