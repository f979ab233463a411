"""The lists of a registry, its tags and repositories, page by page (specification 1.1).

A server may end a page early, and then names the next one in `Link`. Some end their lists at the
number of entries that they were asked for and do not say so; see `_pages`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta

from generator.errors import SourceError
from generator.registry.endpoint import Endpoint
from generator.registry.errors import RegistryError, StatusError
from generator.registry.message import Reply

PAGE_SIZE = 1000
"""What lists are asked for: ECR refuses more, distribution's default maximum is the same."""

_ABOUT_THE_LIST = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""What a refusal of the list is answered with; other 4xx may refuse our page size: 400 by the
specification, 405 (ECR), 413 (Quay)."""

_Entries = list[Annotated[str, Meta(max_length=255)] | None] | None
"""No name and no tag is longer than that; Nexus has nulls among its tags."""


class TagPage(msgspec.Struct):
    """A page of `tags/list`."""

    entries: _Entries = msgspec.field(name="tags")


class CatalogPage(msgspec.Struct):
    """A page of `_catalog`."""

    entries: _Entries = msgspec.field(name="repositories")


Page = TagPage | CatalogPage


async def pages(
    endpoint: Endpoint, path: str, scope: str, kind: type[Page]
) -> AsyncIterator[list[str]]:
    """The entries of a list, page by page, in the server's own page size if it refuses ours.

    Raises RegistryError for a list that is too long, or may not be whole.
    """
    started = False
    try:
        async for page in _pages(endpoint, f"{path}?n={PAGE_SIZE}", scope, kind):
            started = True
            yield page
    except StatusError as error:
        if started or not _may_refuse_size(error):
            raise
        async for page in _pages(endpoint, path, scope, kind):
            yield page


def _may_refuse_size(error: StatusError) -> bool:
    client = HTTPStatus.BAD_REQUEST <= error.status < HTTPStatus.INTERNAL_SERVER_ERROR
    told = error.status in _ABOUT_THE_LIST or isinstance(error, SourceError)
    return client and not told


async def _pages(
    endpoint: Endpoint, target: str, scope: str, kind: type[Page]
) -> AsyncIterator[list[str]]:
    """The pages, to the one that is certainly the last.

    A full page without a `Link` may have been cut (old GCR, Artifact Registry): the server is asked
    for what comes after its last entry. New entries are the next page, and nothing is the end. An
    error, or entries that were listed before, leave open whether the list is whole.
    """
    path = target.partition("?")[0]
    seen: set[str] = set()
    listed: list[str | None] = []
    after: str | None = None

    def following(reply: Reply) -> str:
        nonlocal after
        if reply.next_link or len(listed) != PAGE_SIZE:
            return reply.next_link
        after = listed[-1] or ""
        joint = "&" if "?" in target else "?"
        return f"{endpoint.origin}{target}{joint}last={quote(after)}"

    def doubt(reason: str) -> RegistryError:
        return RegistryError(
            f"{endpoint.origin.netloc} lists exactly {PAGE_SIZE:,} entries in {path} and no next "
            f"page, and {reason}: the list may be cut short"
        )

    try:
        async for reply in endpoint.pages(target, following, scope=scope):
            listed = reply.json(kind).entries or []
            page = [entry for entry in listed if entry]
            if after is not None and not seen.isdisjoint(page):
                raise doubt(f"repeats some of them when it is asked for those after {after!a}")
            seen.update(page)
            endpoint.check_count(len(seen))
            yield page
    except StatusError as error:
        if after is None:
            raise
        raise doubt(f"does not tell what comes after {after!a} ({error})") from None
