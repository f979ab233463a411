"""What the vendor kinds have in common: APIs that answer tag, digest and time in one listing.

The catalog's `repository: team/{image}` says both where an image lies and which namespace to list
to find the images. A listing that changes under the paging is asked for again, never believed.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, ClassVar, Generic, TypeVar
from urllib.parse import urlsplit

from msgspec import Meta

from generator.errors import TagpagesError
from generator.model import Artifact, Table, Tag, check_name, check_tags, checked_tags
from generator.registry import (
    Auth,
    Credentials,
    Endpoint,
    Fixed,
    Login,
    Origin,
    Registry,
    Repository,
    StatusError,
)
from generator.sources.base import Ask, Source
from generator.sources.paging import AbsentError
from generator.sources.remote import OLDEST, RemoteSpec
from generator.sources.rows import Row, Rows, ShiftingError, whole

BaseUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?(/[\w./-]*)?(?!\n)$",
        examples=["https://api.example.com"],
    ),
]
"""An API's base URL in the catalog, with a path if it has one."""


class VendorSpec(RemoteSpec, frozen=True, kw_only=True):
    """A source that is asked through its vendor's API."""

    @property
    def namespace(self) -> str:
        """The first part of `repository`, if it is fixed: what to list; else empty."""
        before = self.repository.partition("{image}")[0]
        return before.partition("/")[0] if "/" in before else ""

    @property
    def lists_images(self) -> bool:
        """Whether there is a namespace to list."""
        return bool(self.namespace)

    def origin_of(self, address: str) -> Origin:
        """The origin of a configured host or URL; raises RegistryError for plain http."""
        return Origin.configured(address, insecure=self.insecure)


S = TypeVar("S", bound=VendorSpec)
T = TypeVar("T")


class VendorSource(Source, Generic[S]):
    """One vendor's API. Nothing of it is set up before the first question, which may fail.

    `advice` is added to a 401 or 403. With `conceals` the API says 404 also of what the login may
    not see, so that it does not prove that an image is gone.
    """

    advice: ClassVar[str] = ""
    conceals: ClassVar[bool] = False

    def __init__(self, spec: S, ask: Ask) -> None:
        self._spec = spec
        self._ask = ask
        self._endpoints: dict[Credentials | None, Endpoint] = {}

    @abstractmethod
    async def _rows(self, repository: str) -> Rows:
        """The tags of a repository; raises AbsentError if there is no such repository."""

    async def names(self) -> Collection[str]:
        """The images that the catalog names."""
        if self._ask.listed and not self._ask.names:
            raise TagpagesError(
                "which images there are cannot be listed: name them in `images.include` (most "
                "kinds list the namespace that stands before `{image}` in `repository`)"
            )
        return self._ask.names

    @property
    @abstractmethod
    def _registry(self) -> Registry | None:
        """The registry that the API is of, with the login that it takes; None if it is unknown."""

    async def repository(self, name: str) -> Repository | None:
        """Where an image lies in the registry: where it is pulled from."""
        _, path = self._spec.address(name, self._ask.repositories.get(name))
        return await self._registry.repository(path) if self._registry else None

    async def tags(self, name: str) -> Sequence[Tag] | None:
        """The wanted tags of an image."""
        repository = self._repository(name)
        known = self._ask.known(name)
        known_tags = _tags_of(known)
        try:
            with advised(self.advice):
                found = await whole(
                    partial(self._rows, repository), list(filter(self._spec.taken, known_tags))
                )
        except AbsentError:
            if self.conceals and known_tags:
                raise TagpagesError(
                    f"{repository} is not found any more: it is deleted, or hidden from this "
                    "login; if it is deleted, take the image out of the catalog"
                ) from None
            return None
        except ShiftingError as error:
            raise TagpagesError(f"{repository} {error}") from None
        if found.missing:
            self._ask.tell(
                name,
                f"{repository}: the count of its entries is off by {found.missing}, every time",
            )
        taken = [row for row in found.rows if self._spec.taken(row.tag)]
        if taken and not known_tags and all(row.artifact for row in taken):
            self._ask.tell_artifact(name, Artifact(taken[0].artifact))
            return None
        return self._checked(name, repository, taken, known)

    async def _described(self, api: Endpoint, target: str, kind: type[T]) -> T:
        """What the API says of an image as such, at a path."""
        with advised(self.advice):
            return (await api.get(target)).json(kind)

    def _repository(self, name: str) -> str:
        """Where an image lies; raises TagpagesError for a bad name."""
        return check_name(self._ask.repositories.get(name) or self._spec.repository_of(name))

    def _checked(
        self, name: str, repository: str, taken: Sequence[Row], known: Table | None
    ) -> Sequence[Tag]:
        bare = [row.tag for row in taken if not row.digest]
        try:
            check_tags(bare)
            tags = in_known_order(checked_tags(self._timed(taken, known)), known)
        except TagpagesError as error:
            raise TagpagesError(f"{repository}: {error}") from None
        if bare and not tags:
            raise TagpagesError(f"{repository}: no tag has a digest")
        for tag in bare:
            self._ask.tell(name, f"{repository}: tag `{tag}` has no digest and is left out")
        return tags

    def _timed(self, rows: Sequence[Row], known: Table | None) -> Iterator[Tag]:
        """The rows that have a digest, as tags.

        One without a believable time has that which is known of its digest, else this night's.
        """
        times = {group.digest: group.last_changed for group in known.groups} if known else {}
        for row in rows:
            if row.digest:
                believable = row.time is not None and row.time >= OLDEST
                time = row.time if believable else times.get(row.digest, self._ask.as_of)
                yield Tag(row.tag, row.digest, time or self._ask.as_of)

    async def _endpoint(
        self, origin: Origin, auth: Callable[[Credentials | None], Auth], host: str, repository: str
    ) -> Endpoint:
        """The API with the catalog's login, else with the one that Docker has for the host."""
        session = self._ask.session()
        login = self._named_login()
        if login is None and host:
            login = await session.keychain.find(host, repository)
        if login not in self._endpoints:
            self._endpoints[login] = Endpoint(session, origin, auth(login), self._spec.concurrency)
        return self._endpoints[login]

    def _registry_at(self, host: str, login: Credentials | Login | None) -> Registry:
        origin = self._spec.origin_of(host)
        return Registry(
            self._ask.session(),
            origin,
            credentials=login,
            concurrency=self._spec.concurrency,
        )

    def _named_login(self) -> Credentials | None:
        """The login that the catalog names."""
        return self._spec.credentials(self._ask.session().keychain.env)


class NamespaceSource(VendorSource[S]):
    """A vendor's API that can list a namespace."""

    @abstractmethod
    def _repositories(self, namespace: str) -> AsyncIterator[str]:
        """The repositories of a namespace, with it in their names."""

    async def names(self) -> Collection[str]:
        """The wanted images of the namespace, and those that the catalog places elsewhere."""
        ask, namespace = self._ask, self._spec.namespace
        if not (ask.listed and namespace):
            return await super().names()
        names = {image for image in ask.repositories if ask.wanted(image)}
        with advised(self.advice):
            async for repository in self._repositories(namespace):
                image = self._spec.image_of(repository)
                if image and ask.wanted(image):
                    names.add(image)
        return sorted(names)


@contextmanager
def advised(advice: str) -> Iterator[None]:
    """Add a vendor's advice, if there is any, to an error about permissions."""
    try:
        yield
    except StatusError as error:
        if error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} and advice:
            error.args = (f"{error}; {advice}",)
        raise


def bearer(login: Credentials | None) -> Auth:
    """A login's token, sent as it is; without one, nothing."""
    return Fixed(f"Bearer {login.bearer}", login.source) if login and login.bearer else Fixed()


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
    place = {tag: at for at, tag in enumerate(_tags_of(known))}
    return sorted(tags, key=lambda tag: (place.get(tag.name, len(place)), tag.name))


def _tags_of(known: Table | None) -> list[str]:
    """The known tags in their known order."""
    return [tag for group in known.groups for tag in group.tags] if known else []
