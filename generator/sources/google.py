"""Kind `google`: Artifact Registry and Container Registry, whose tag lists say more than others'.

Protocol: the OCI Distribution Specification's `tags/list`, extended by `manifest` (digest → tags
and times) and `child` (the next part of the names below), as go-containerregistry's package
pkg/v1/google reads it. Numbers are strings, times are in milliseconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from generator.errors import TagpagesError
from generator.model import TimeKind
from generator.registry import Registry
from generator.sources.base import Ask, Source
from generator.sources.paging import Text, by_link, listed
from generator.sources.remote import Host
from generator.sources.rows import Row, Rows
from generator.sources.vendor import NamespaceSource, VendorSpec, unix_time

if TYPE_CHECKING:
    from datetime import datetime


_MOST = 10_000
"""What a list is asked for at once; without it Google's answers end, silently, near 1,000."""


class Google(VendorSpec, frozen=True, kw_only=True, tag="google"):
    """Google's registries."""

    time_kind: ClassVar[TimeKind] = "uploaded"

    registry: Annotated[
        Host, Meta(description="The registry's host: `REGION-docker.pkg.dev`, or `gcr.io`.")
    ]

    @property
    def namespace(self) -> str:
        """All of `repository` before the image, such as `PROJECT/REPOSITORY`."""
        return self.repository.partition("{image}")[0].rpartition("/")[0]

    def open(self, ask: Ask) -> Source:
        """The registry, not asked yet."""
        return _GoogleSource(self, ask)


class _Manifest(msgspec.Struct, rename="camel"):
    tag: list[Text] | None = None
    time_uploaded_ms: str | None = None


class _Page(msgspec.Struct):
    tags: list[Text] | None = None
    child: list[Text] | None = None
    manifest: dict[Text, _Manifest] | None = None

    def __len__(self) -> int:
        """The longest of what it lists: tags, names of children, digests."""
        manifests = self.manifest or {}
        tagged = sum(len(manifest.tag or ()) for manifest in manifests.values())
        return max(len(self.tags or ()), len(self.child or ()), len(manifests), tagged)


class _GoogleSource(NamespaceSource[Google]):
    advice: ClassVar[str] = (
        "log in with `gcloud auth configure-docker`, or with `username: oauth2accesstoken` and "
        "`password: ${NAME}` (`gcloud auth print-access-token`)"
    )

    @cached_property
    def _registry(self) -> Registry:
        return self._registry_at(self._spec.registry, self._named_login())

    async def _repositories(self, namespace: str) -> AsyncIterator[str]:
        children = [child for page in await self._pages(namespace) for child in page.child or ()]
        if not children:
            raise TagpagesError(
                f"{self._spec.registry} lists nothing below {namespace}: "
                "name the images in `images.include`"
            )
        for child in children:
            yield f"{namespace}/{child}"

    async def _rows(self, repository: str) -> Rows:
        pages = await self._pages(repository)
        tags = {tag for page in pages for tag in page.tags or ()}
        rows = []
        for page in pages:
            if page.manifest is None:
                raise TagpagesError(
                    f"{self._spec.registry} lists no manifests with the tags of {repository}, "
                    "as Google's registries do: use `kind: oci` for others"
                )
            for digest, manifest in page.manifest.items():
                time = _uploaded(manifest)
                rows += [Row(tag, digest, time) for tag in manifest.tag or ()]
        return Rows(rows, missing=len(tags ^ {row.tag for row in rows}))

    async def _pages(self, repository: str) -> list[_Page]:
        """The whole list, by links if there are any; raises TagpagesError where it may be cut."""
        target = f"/v2/{repository}/tags/list?n={_MOST}"
        scope = f"repository:{repository}:pull"
        api = await self._registry.endpoint(repository)
        pages = [page async for _, page in listed(api, target, _Page, by_link, scope=scope)]
        if len(pages) == 1 and len(pages[0]) >= _MOST:
            raise TagpagesError(
                f"{self._spec.registry} lists {len(pages[0]):,} entries of {repository} and no "
                "next page: it may have left some out"
            )
        return pages


def _uploaded(manifest: _Manifest) -> datetime | None:
    milliseconds = manifest.time_uploaded_ms or ""
    return unix_time(int(milliseconds[:16]) / 1000) if milliseconds[:16].isdecimal() else None
