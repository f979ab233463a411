"""Listings over several pages, as vendors' APIs have them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Sized
from http import HTTPStatus
from typing import Annotated, TypeVar, Unpack

from msgspec import Meta

from generator.errors import TagpagesError
from generator.registry import Endpoint, Reply
from generator.registry.endpoint import Options

PAGE_SIZE = 100
"""The most rows a page that Docker Hub, Quay, GitHub and Harbor allow."""
ATTEMPTS = 3
"""How often a listing is asked for that changes meanwhile."""

Text = Annotated[str, Meta(max_length=255)]
"""A name, tag or digest in a listing: none is longer, and a listing holds very many."""

T = TypeVar("T", bound=Sized)
"""A page; its length is how many tags or names it lists, unless `size` of `listed` counts them."""

_PAGE = re.compile(r"(?<=[?&]page=)[0-9]{1,9}(?![0-9])")


class AbsentError(TagpagesError):
    """The API says that there is no such repository or namespace."""


async def listed(
    api: Endpoint,
    target: str,
    kind: type[T],
    following: Callable[[Reply, T], str],
    size: Callable[[T], int] = len,
    **options: Unpack[Options],
) -> AsyncIterator[tuple[Reply, T]]:
    """The pages of a listing, decoded; `following` names the next one, "" after the last.

    `size` is how many tags or names a page lists, `options` are those of the requests. Raises
    LimitError as soon as the pages together list more than one table may have, and AbsentError
    when the API itself answers 404 to the first page; a proxy's HTML page is a RegistryError.
    """
    page: T | None = None
    entries = 0

    def after(reply: Reply) -> str:
        return following(reply, page) if page is not None else ""

    options["expect"] = (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
    async for reply in api.pages(target, after, **options):
        if reply.status == HTTPStatus.NOT_FOUND:
            reply.json(dict[str, object])
            path = target.partition("?")[0]
            if page is None:
                raise AbsentError(f"{api.origin}{path} is not found")
            raise TagpagesError(f"{api.origin}{path} vanished while it was listed")
        page = reply.json(kind)
        entries += size(page)
        api.check_count(entries)
        yield reply, page


def by_link(reply: Reply, _page: object) -> str:
    """The next page as the `Link` header names it."""
    return reply.next_link


def page_after(reply: Reply) -> str:
    """The URL of the page after a reply's, for an API that counts its pages in `page`."""
    return _PAGE.sub(lambda match: str(int(match[0]) + 1), reply.url)
