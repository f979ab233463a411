"""What the kinds of source that ask a live registry have in common: keys of the catalog."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from generator.catalog.base import IMAGE
from generator.errors import TagpagesError
from generator.model import check_name
from generator.registry import DEFAULT_CONCURRENCY, Credentials, Origin
from generator.sources.base import Address, SourceSpec

if TYPE_CHECKING:
    from collections.abc import Mapping


OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
"""A time before this one is a placeholder (the years 1, 1970 and 1980 occur), not a time."""

Host = Annotated[
    str,
    Meta(
        pattern=r"^(https?://)?([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?(?!\n)$",
        examples=["registry.example.com", "localhost:5000"],
        extra={"advice": " (a path goes into `repository`)"},
    ),
]
"""A registry's host in the catalog, with its port if it has one of its own."""
Artifacts = Annotated[
    bool,
    Meta(
        description=(
            "Also make pages of repositories that hold no images, such as charts and SBOMs; it is "
            "told of them otherwise."
        )
    ),
]
Concurrency = Annotated[int, Meta(ge=1, le=64)]
Minutes = Annotated[int, Meta(ge=1, le=1440)]

# Distribution Specification 1.1, "Referrers Tag Schema", and cosign's tags, which follow it.
_REFERRER = re.compile(r"(?:sha256|sha512)-[0-9a-f]{64}.*")
_REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_SECRET = (
    "write `${NAME}`, the name of an environment variable: the catalog is no place for secrets"  # noqa: S105 - none itself
)


class TagGlobs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which of an image's tags are of interest."""

    include: Annotated[tuple[str, ...], Meta(description="Globs of the tags to take.")] = ("*",)
    exclude: Annotated[tuple[str, ...], Meta(description="Globs of the tags to leave out.")] = ()

    def wanted(self, tag: str) -> bool:
        """Whether the tag is included, and not excluded."""
        return _matches(tag, self.include) and not _matches(tag, self.exclude)


class RemoteSpec(SourceSpec, frozen=True, kw_only=True):
    """A source that is asked over HTTP."""

    repository: Annotated[
        str,
        Meta(
            description="The repository of an image, with `{image}` in place of the image's name."
        ),
    ] = IMAGE
    concurrency: Annotated[
        Concurrency, Meta(description="The most requests at the same time to one host.")
    ] = DEFAULT_CONCURRENCY
    deadline: Annotated[
        Minutes,
        Meta(
            description=(
                "Minutes that the whole source may take; then what it has answered counts, and the "
                "rest has failed."
            )
        ),
    ] = 60
    insecure: Annotated[
        bool, Meta(description="Allow plain http; loopback needs no permission.")
    ] = False
    tags: Annotated[TagGlobs, Meta(description="Which tags to take.")] = TagGlobs()
    username: Annotated[str, Meta(description="The user to log in as; may be `${NAME}`.")] = ""
    password: Annotated[
        str, Meta(description="`${NAME}`: the environment variable with the user's password.")
    ] = ""
    token: Annotated[
        str,
        Meta(description="`${NAME}`: the environment variable with a bearer token, sent as it is."),
    ] = ""

    def __post_init__(self) -> None:
        """Check the repository, and that no secret stands in the catalog."""
        super().__post_init__()
        for key, value in (("password", self.password), ("token", self.token)):
            if value and not _REFERENCE.fullmatch(value):
                raise ValueError(f"`{key}` is not a reference: {_SECRET}")
        if bool(self.username) != bool(self.password) or (self.username and self.token):
            raise ValueError("credentials are `username` and `password`, or `token`")
        self._check_addresses()
        check_repository(self.repository)

    def _check_addresses(self) -> None:
        for key in ("registry", "api"):
            address = getattr(self, key, None)
            try:
                if address is not None:
                    Origin.configured(address, insecure=self.insecure)
            except TagpagesError as error:
                raise ValueError(f"`{key}`: {error}") from None

    @property
    def time_limit(self) -> float:
        """Seconds that the whole source may take."""
        return self.deadline * 60.0

    @property
    def images_at_once(self) -> int:
        """The most images that are asked for at the same time: each has a request at least."""
        return self.concurrency

    def wanted_tags(self) -> Callable[[str], bool] | None:
        """Which tags the catalog takes of this source; None where it takes all."""
        return None if self.tags == TagGlobs() else self.tags.wanted

    def taken(self, tag: str) -> bool:
        """Whether the tag is of interest: wanted, and no referrer's or signature's."""
        return self.tags.wanted(tag) and not _REFERRER.fullmatch(tag)

    def repository_of(self, image: str) -> str:
        """The repository of an image."""
        return self.repository.replace(IMAGE, image)

    @property
    def pull_host(self) -> str:
        """The host that images are pulled from; empty where it is not known."""
        registry: str = getattr(self, "registry", "")
        return registry.rpartition("://")[2]

    def address(self, image: str, override: str | None = None) -> Address:
        """Where an image is pulled from."""
        host = self.pull_host
        return Address(host, override or self.repository_of(image)) if host else Address()

    def image_of(self, repository: str) -> str | None:
        """The image of a repository; None for a repository that no image has."""
        before, _, after = self.repository.partition(IMAGE)
        if not (repository.startswith(before) and repository.endswith(after)):
            return None
        return repository[len(before) : len(repository) - len(after)] or None

    def credentials(self, env: Mapping[str, str]) -> Credentials | None:
        """The credentials that the catalog names; None if it names none.

        Raises RegistryError for an environment variable that is not set.
        """
        return Credentials.named(self.username, self.password, self.token, env)


def official(repository: str) -> str:
    """A repository of Docker Hub with its namespace, which official ones are named without."""
    return repository if "/" in repository else f"library/{repository}"


def check_repository(repository: str) -> None:
    """Raise ValueError unless the text is a repository's name, with `{image}` once."""
    if repository.count(IMAGE) != 1:
        raise ValueError("`repository` names `{image}` once")
    try:
        check_name(repository.replace(IMAGE, "image"))
    except TagpagesError as error:
        raise ValueError(f"`repository`: {error}") from None


def _matches(tag: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(tag, glob) for glob in globs)
