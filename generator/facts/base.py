"""The values of facts, and the protocol between `collect` and the kinds of fact."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec

from generator.registry import Repository

T = TypeVar("T")


class Found(msgspec.Struct, Generic[T], frozen=True, tag_field="state", tag="found"):
    """The fact is known."""

    value: T


class Absent(msgspec.Struct, frozen=True, tag_field="state", tag="none"):
    """Every place where the fact could lie was looked at, and it is in none."""


class CouldNotLook(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="state", tag="could not look"
):
    """Some place could not be looked at, for this reason: the fact may be there or not.

    `since` (UTC) is the first build that could not look, and has not been able to since then.
    """

    reason: str
    since: datetime | None = None

    def __post_init__(self) -> None:
        """Check the time."""
        if self.since and self.since.tzinfo is not UTC:
            raise ValueError(f"the time {self.since} is not in UTC")


Fact = Found[T] | Absent | CouldNotLook
"""What is known of one kind of fact. A kind that nobody has asked for has no `Fact`."""

Facts = Mapping[str, Fact[Any]]
"""What is known of one digest: a fact by the name of its kind."""


class Details(msgspec.Struct, frozen=True):
    """What is known of an image's documented digests: their facts, by digest."""

    image: str
    facts: Mapping[str, Facts] = {}


@dataclass(frozen=True)
class Kind(Generic[T]):
    """One kind of fact about a digest.

    `decode` reads a fact from JSON and checks every value in it (it raises TagpagesError or
    msgspec's errors). `look` asks a registry: it is given the digest, and what is known of it,
    that of this look included; first it needs the kinds in `after`. `read` reads a recorded apko
    configuration. Both raise TagpagesError when they could not look. None stands for a place that
    never has the fact. A fact whose state is in `settled` is not asked for again.
    """

    name: str
    decode: Callable[[msgspec.Raw], Fact[T]]
    look: Callable[[Repository, str, Facts], Awaitable[Fact[T]]] | None = None
    read: Callable[[bytes], Fact[T]] | None = None
    after: tuple[str, ...] = ()
    settled: tuple[type, ...] = (Found, Absent)

    def of(self, facts: Facts) -> Fact[T] | None:
        """This kind's fact of a digest; None if nobody has asked for it."""
        return facts.get(self.name)
