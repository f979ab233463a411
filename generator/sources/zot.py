"""Kind `zot`: zot's search extension, which answers digests and build times with one request.

Protocol: zot's pkg/extensions/search (search.md, schema.graphql). The list of tags is the
registry's own: the search knows no image of Docker's media types, and shows none to whom it hides
it. What it does not tell is asked for as `oci` asks for it; so is everything where zot is built or
configured without the extension. Its `TaggedTimestamp` is not used: it is when a tag first came,
and stays when the tag moves (pkg/meta/boltdb, SetRepoReference).
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

import msgspec

from generator.model import shown
from generator.registry import RegistryError, Reply, Repository, parse_time
from generator.sources.base import Ask, Source
from generator.sources.oci import Oci, OciSource
from generator.sources.paging import Text
from generator.sources.rows import Row

_PATH = "/v2/_zot/ext/search"
_PAGE_SIZE = 1000
_NONE = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
    }
)
"""What a server answers that has no search extension, or none for this login."""


class Zot(Oci, frozen=True, kw_only=True, tag="zot"):
    """zot."""

    def open(self, ask: Ask) -> Source:
        """The registry, not asked yet."""
        return _ZotSource(self, ask)


class _Image(msgspec.Struct, rename="pascal"):
    tag: Text | None = None
    digest: Text | None = None
    last_updated: str | None = None


class _Count(msgspec.Struct, rename="pascal"):
    total_count: int


class _List(msgspec.Struct, rename="pascal"):
    page: _Count
    results: list[_Image]


class _Data(msgspec.Struct, rename="pascal"):
    image_list: _List


class _Problem(msgspec.Struct):
    message: str = ""


class _Answer(msgspec.Struct):
    """GraphQL answers errors with status 200, too; then there may be no data."""

    data: _Data | None = None
    errors: list[_Problem] | None = None


class _ZotSource(OciSource[Zot]):
    def __init__(self, spec: Zot, ask: Ask) -> None:
        super().__init__(spec, ask)
        self._lacks_search = False

    async def _told(self, repository: Repository) -> Mapping[str, Row]:
        """The digest and the build time of the tags that the search knows."""
        told: dict[str, Row] = {}
        if self._lacks_search:
            return told
        api = await self._registry.endpoint(repository.name)
        listed: list[_Image] = []
        total = 0

        def following(_reply: Reply) -> str:
            return _target(repository.name, len(listed)) if len(listed) < total else ""

        async for reply in api.pages(
            _target(repository.name),
            following,
            scope=f"repository:{repository.name}:pull",
            expect=_NONE | {HTTPStatus.OK},
        ):
            if reply.status in _NONE:
                self._lacks_search = True
                return {}
            images = _images(reply)
            listed += images.results
            total = images.page.total_count if images.results else 0
            api.check_count(len(listed))
        for image in listed:
            if image.tag and image.digest:
                digest = repository.checked_digest(image.digest, image.tag)
                told[image.tag] = Row(image.tag, digest, parse_time(image.last_updated or ""))
        return told


def _target(repository: str, offset: int = 0) -> str:
    page = f"{{limit:{_PAGE_SIZE},offset:{offset},sortBy:ALPHABETIC_ASC}}"
    query = (
        f'{{ImageList(repo:"{repository}",requestedPage:{page})'
        "{Page{TotalCount} Results{Tag Digest LastUpdated}}}"
    )
    return f"{_PATH}?query={quote(query, safe='')}"


def _images(reply: Reply) -> _List:
    answer = reply.json(_Answer)
    if answer.errors or answer.data is None:
        said = next((problem.message for problem in answer.errors or ()), "no data")
        raise RegistryError(f"{reply.url.partition('?')[0]} answered an error: {shown(said)}")
    return answer.data.image_list
