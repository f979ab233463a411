"""The protocol between `collect` and the kinds of source."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, ClassVar, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import Meta

from generator.errors import TagpagesError
from generator.model import Artifact, Table, Tag, TimeKind
from generator.registry import Repository, Session

T = TypeVar("T")

README = "readme"
"""What an output that shows READMEs needs, beside kinds of fact."""
README_LIMIT = 1 << 20
"""The longest README, in bytes of UTF-8."""


def checked_readme(text: str) -> str:
    """The README, without space around it; raises TagpagesError if it is beyond the limit."""
    if (size := len(text.encode())) > README_LIMIT:
        raise TagpagesError(f"the README has {size:,} bytes, and the limit is {README_LIMIT:,}")
    return text.strip()


class Once(Protocol):
    """How a source sends a request whose value is worth keeping when the pull is interrupted."""

    async def __call__(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        """The value of the request that `key` names, asked for once; JSON must hold it."""


async def ask_always(key: str, ask: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG001 - the protocol's
    """Send the request: nothing is kept."""
    return await ask()


def tell_nobody(image: str, oddity: object) -> None:
    """Leave it untold."""


def know_nothing(image: str) -> None:
    """Remember no artifact."""


@dataclass(frozen=True)
class Ask:
    """What a source needs to know of the build that asks it.

    `names` are images that are asked for even if the source does not list them; `listed` says
    whether the catalog has globs, so that listing the source's images is of use; `wanted` says
    whether an image that the source lists is of interest; `known` is the last known good table
    of an image; `repositories` overrides where an image lies; relative paths start at `root`;
    `session` gives the build's one HTTP session (only a source that needs it pays for it); `once`
    sends a request unless the journal has its value; `tell` is for what is odd in the answer about
    an image, and costs nothing but itself; `tell_artifact` for an image that is an artifact, and so
    none; `artifact` is what was told so of it before.
    """

    root: Path
    as_of: datetime
    names: tuple[str, ...]
    listed: bool
    wanted: Callable[[str], bool]
    known: Callable[[str], Table | None]
    repositories: Mapping[str, str]
    session: Callable[[], Session]
    once: Once = ask_always
    tell: Callable[[str, str], None] = tell_nobody
    tell_artifact: Callable[[str, Artifact], None] = tell_nobody
    artifact: Callable[[str], Artifact | None] = know_nothing


class Address(NamedTuple):
    """Where an image is pulled from; both parts are empty where that is not known.

    `registry` is the host as `docker pull` takes it, with its port if it has one of its own.
    """

    registry: str = ""
    repository: str = ""


class Source(Protocol):
    """One registry, ready to be asked."""

    async def names(self) -> Collection[str]:
        """The images that the source lists: none where it cannot list any.

        Raises TagpagesError when the source as a whole cannot be asked.
        """

    def changed(self, names: Iterable[str]) -> Mapping[str, str]:  # noqa: ARG002 - not by default
        """Of images that `names` has listed, when they last changed: a text that is compared only.

        An image is left out where the source does not tell.
        """
        return {}

    async def tags(self, name: str) -> Sequence[Tag] | None:
        """All tags of an image, checked, without duplicates; None when there is no such image.

        Raises TagpagesError when the answer cannot be had whole: never a partial one.
        """

    async def readme(self, name: str) -> str | None:  # noqa: ARG002 - not by default
        """The README of an image, empty where it has none; None from a source without READMEs.

        Raises TagpagesError when it cannot be had.
        """
        return None

    async def repository(self, name: str) -> Repository | None:  # noqa: ARG002 - likewise
        """Where an image lies in the registry behind the source; None where there is no registry.

        Raises TagpagesError for a bad name, or a login that cannot be had.
        """
        return None

    async def recorded(self, name: str, digest: str) -> bytes | None:  # noqa: ARG002 - likewise
        """The apko configuration (JSON) recorded for an image's digest; None without records.

        Raises TagpagesError when there are records, and they do not tell it.
        """
        return None


class SourceSpec(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"
):
    """A source as the catalog describes it; each kind adds its own keys."""

    time_kind: ClassVar[TimeKind]
    image_timeout: ClassVar[float | None] = 600.0
    """Seconds that one image may take; None where nothing is waited for."""

    @property
    def is_remote(self) -> bool:
        """Whether the source is asked over the network."""
        return self.image_timeout is not None

    @property
    def lists_images(self) -> bool:
        """Whether the source can tell which images there are."""
        return True

    @property
    def time_limit(self) -> float | None:
        """Seconds that the whole source may take; None where nothing is waited for."""
        return None

    @property
    def images_at_once(self) -> int:
        """The most images that are asked for at the same time."""
        return 1

    def asks_again(self, image: str, night: datetime) -> bool:  # noqa: ARG002 - not by default
        """Whether an image is asked for that night though the source says that it is unchanged."""
        return True

    immutable: Annotated[
        str | None,
        Meta(
            description=(
                "Tags that match this regular expression as a whole never move: one that does is "
                "reported. Of those that are known, `oci` and its kin (`gitlab`, `zot`) ask for a "
                "share each night."
            )
        ),
    ] = None

    def __post_init__(self) -> None:
        """Check the regular expression."""
        try:
            re.compile(self.immutable or "")
        except re.error as error:
            raise ValueError(f"`immutable` is no regular expression: {error}") from None

    def is_immutable(self, tag: str) -> bool:
        """Whether the catalog says that the tag never moves."""
        return self.immutable is not None and re.fullmatch(self.immutable, tag) is not None

    def address(self, image: str, override: str | None = None) -> Address:
        """Where an image is pulled from; `override` is the catalog's repository for the image."""
        raise NotImplementedError

    def wanted_tags(self) -> Callable[[str], bool] | None:
        """Which tags the catalog takes of this source; None where it takes all."""
        return None

    def open(self, ask: Ask) -> Source:
        """The source, ready to be asked; does no I/O."""
        raise NotImplementedError
