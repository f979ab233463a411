"""What the vendor kinds have in common: APIs that answer tag, digest and time in one listing.

The catalog's `repository: team/{image}` says both where an image lies and which namespace to list
to find the images. A listing that changes under the paging is asked for again, never believed.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, ClassVar, Generic, TypeVar
from urllib.parse import urlsplit

from msgspec import Meta

from generator.errors import TagpagesError
from generator.model import Table, Tag, check_name, checked_tags, shown
from generator.sources.base import Ask
from generator.sources.remote import RemoteSpec

if TYPE_CHECKING:
    from generator.registry import Auth, Credentials, Endpoint, Origin, Reply

OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
"""A time before this one is a placeholder (the years 1 and 1970 occur), not a time."""
PAGE_SIZE = 100
"""The most rows a page that Docker Hub, Quay, GitHub and Harbor allow."""
ATTEMPTS = 3
"""How often a listing is asked for that changes meanwhile."""

Host = Annotated[
    str,
    Meta(pattern=r"\A(https?://)?([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?\Z"),
]
"""A registry's host in the catalog, with its port if it has one of its own."""
BaseUrl = Annotated[
    str,
    Meta(pattern=r"\Ahttps?://([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?(/[\w./-]*)?\Z"),
]
"""An API's base URL in the catalog, with a path if it has one."""

# Distribution Specification 1.1, "Referrers Tag Schema", and cosign's tags, which follow it.
_REFERRER = re.compile(r"(?:sha256|sha512)-[0-9a-f]{64}.*")
_PAGE = re.compile(r"(?<=[?&]page=)[0-9]+")


class VendorSpec(RemoteSpec, frozen=True, kw_only=True):
    """A source that is asked through its vendor's API."""

    insecure: Annotated[
        bool, Meta(description="Allow plain http; loopback needs no permission.")
    ] = False

    @property
    def namespace(self) -> str:
        """The first part of `repository`, if it is fixed: what to list; else empty."""
        before = self.repository.partition("{image}")[0]
        return before.partition("/")[0] if "/" in before else ""

    def origin_of(self, address: str) -> Origin:
        """The origin of a configured host or URL; raises RegistryError for plain http."""
        from generator.registry import Origin  # noqa: PLC0415 - only live sources need HTTP

        return Origin.configured(address, insecure=self.insecure)

    def taken(self, tag: str) -> bool:
        """Whether the tag is of interest: wanted, and no referrer's or signature's."""
        return self.tags.wanted(tag) and not _REFERRER.fullmatch(tag)


@dataclass(frozen=True)
class Row:
    """A tag as an API lists it; without a believable time `time` is None."""

    tag: str
    digest: str
    time: datetime | None


@dataclass(frozen=True)
class Rows:
    """A whole listing; `missing` is how many entries it lacks by the server's own count."""

    rows: Sequence[Row]
    missing: int = 0

    @property
    def settled(self) -> bool:
        """Whether no page overlapped another or left a gap."""
        return not self.missing and len({row.tag for row in self.rows}) == len(self.rows)


class AbsentError(TagpagesError):
    """The API says that there is no such repository or namespace."""


S = TypeVar("S", bound=VendorSpec)
T = TypeVar("T")


class VendorSource(ABC, Generic[S]):
    """One vendor's API. Nothing of it is set up before the first question, which may fail.

    `advice` is added to a 401 or 403. With `conceals` the API says 404 also of what the login may
    not see, so that it does not prove that an image is gone.
    """

    advice: ClassVar[str] = ""
    conceals: ClassVar[bool] = False

    def __init__(self, spec: S, ask: Ask) -> None:
        self._spec = spec
        self._ask = ask

    @abstractmethod
    def _repositories(self, namespace: str) -> AsyncIterator[str]:
        """The repositories of a namespace, with it in their names."""

    @abstractmethod
    async def _rows(self, repository: str) -> Rows:
        """The tags of a repository; raises AbsentError if there is no such repository."""

    async def names(self) -> Collection[str]:
        """The wanted images of the namespace, and those that the catalog places elsewhere."""
        ask, namespace = self._ask, self._spec.namespace
        if not ask.listed or (ask.names and not namespace):
            return ask.names
        if not namespace:
            raise TagpagesError(
                "no images to ask for: write `repository: NAMESPACE/{image}` to list a namespace, "
                "or name images in `images.include`"
            )
        names = {image for image in ask.repositories if ask.wanted(image)}
        with self._advised():
            async for repository in self._repositories(namespace):
                image = self._spec.image_of(repository)
                if image and ask.wanted(image):
                    names.add(image)
        return sorted(names)

    async def tags(self, name: str) -> Sequence[Tag] | None:
        """The wanted tags of an image."""
        repository = check_name(
            self._ask.repositories.get(name) or self._spec.repository_of(name)
        )
        known = self._ask.known(name)
        for _ in range(ATTEMPTS):
            try:
                with self._advised():
                    found = await self._rows(repository)
            except AbsentError:
                return self._gone(repository, known)
            if found.settled:
                return self._checked(repository, found.rows, known)
        raise TagpagesError(
            f"{repository} is listed with gaps or repetitions, {ATTEMPTS} times in a row: "
            "it changes while it is listed; build again later"
        )

    def _gone(self, repository: str, known: Table | None) -> None:
        if self.conceals and known and known.groups:
            raise TagpagesError(
                f"{repository} is not found any more: it is deleted, or hidden from this login; "
                "if it is deleted, take the image out of the catalog"
            )

    def _checked(
        self, repository: str, rows: Sequence[Row], known: Table | None
    ) -> Sequence[Tag]:
        try:
            return in_known_order(checked_tags(self._taken(rows)), known)
        except TagpagesError as error:
            raise TagpagesError(f"{repository}: {error}") from None

    def _taken(self, rows: Sequence[Row]) -> Iterator[Tag]:
        for row in rows:
            if self._spec.taken(row.tag):
                if row.time is None or row.time < OLDEST:
                    raise TagpagesError(f"tag {shown(row.tag)} has no believable time")
                yield Tag(row.tag, row.digest, row.time)

    @contextmanager
    def _advised(self) -> Iterator[None]:
        """Add the vendor's advice to an error about permissions."""
        from generator.registry import StatusError  # noqa: PLC0415 - only live sources need HTTP

        try:
            yield
        except StatusError as error:
            if error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} and self.advice:
                error.args = (f"{error}; {self.advice}",)
            raise

    async def _login(self, host: str, repository: str) -> Credentials | None:
        """The catalog's login, else the one that Docker or podman have for the host."""
        keychain = self._ask.session().keychain
        return self._spec.credentials(keychain.env) or await keychain.find(host, repository)

    def _endpoint(self, origin: Origin, auth: Auth) -> Endpoint:
        from generator.registry import Endpoint  # noqa: PLC0415 - only live sources need HTTP

        return Endpoint(self._ask.session(), origin, auth, self._spec.concurrency)


async def listed(
    api: Endpoint, target: str, kind: type[T], following: Callable[[Reply, T], str]
) -> AsyncIterator[tuple[Reply, T]]:
    """The pages of a listing, decoded; `following` names the next one, "" after the last.

    Raises AbsentError when the API itself answers 404 to the first page; a proxy's HTML page is a
    RegistryError.
    """
    page: T | None = None

    def after(reply: Reply) -> str:
        return following(reply, page) if page is not None else ""

    async for reply in api.pages(target, after, expect=(HTTPStatus.OK, HTTPStatus.NOT_FOUND)):
        if reply.status == HTTPStatus.NOT_FOUND:
            reply.json(dict[str, object])
            path = target.partition("?")[0]
            if page is None:
                raise AbsentError(f"{api.origin}{path} is not found")
            raise TagpagesError(f"{api.origin}{path} vanished while it was listed")
        page = reply.json(kind)
        yield reply, page


def by_link(reply: Reply, _page: object) -> str:
    """The next page as the `Link` header names it."""
    return reply.next_link


def page_after(reply: Reply) -> str:
    """The URL of the page after a reply's, for an API that counts its pages in `page`."""
    return _PAGE.sub(lambda match: str(int(match[0]) + 1), reply.url)


def base_path(url: str) -> str:
    """The path of an API's base URL, to put before its routes."""
    return urlsplit(url).path.rstrip("/")


def unix_time(seconds: float) -> datetime | None:
    """A Unix time as UTC; None where it is out of range."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def in_known_order(tags: Sequence[Tag], known: Table | None) -> Sequence[Tag]:
    """The known tags in their known order, then the new ones by name.

    So tags of the same time stand alike every night, in whatever order the API has them.
    """
    place = {
        tag: number
        for number, tag in enumerate(tag for group in known.groups for tag in group.tags)
    } if known else {}
    return sorted(tags, key=lambda tag: (place.get(tag.name, len(place)), tag.name))
