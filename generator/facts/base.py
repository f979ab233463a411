"""The values of facts, and the protocol between `collect` and the kinds of fact."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from generator.facts.policy import Policy
from generator.model import check_digest, check_utc
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
        check_utc(self.since)


Fact = Found[T] | Absent | CouldNotLook
"""What is known of one kind of fact. A kind that nobody has asked for has no `Fact`."""

Facts = Mapping[str, Fact[Any]]
"""What is known of one digest: a fact by the name of its kind."""


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """A package or a setting that was one thing and is another: versions, or texts.

    None are `before` a package was added, and none `after` it was removed.
    """

    name: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Move(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tag moved from the digest `before` to `digest`, as a build first saw at `seen` (UTC).

    `packages` and `settings` are what changed, None where that is not known; `more` counts the
    changed packages that are left out. The sizes are what is downloaded, in bytes.
    """

    digest: str
    before: str
    seen: datetime
    packages: tuple[Change, ...] | None = None
    more: int = 0
    settings: tuple[Change, ...] | None = None
    size_before: int | None = None
    size: int | None = None

    def __post_init__(self) -> None:
        """Check the digests and the time; raises TagpagesError or ValueError."""
        check_digest(self.digest)
        check_digest(self.before)
        check_utc(self.seen)

    @property
    def added(self) -> list[Change]:
        """The packages that are new."""
        return [change for change in self.packages or () if not change.before]

    @property
    def removed(self) -> list[Change]:
        """The packages that are gone."""
        return [change for change in self.packages or () if not change.after]

    @property
    def changed(self) -> list[Change]:
        """The packages of which there are other versions."""
        return [change for change in self.packages or () if change.before and change.after]


class Readme(msgspec.Struct, frozen=True):
    """The README that the source of a table has of an image: text that others wrote."""

    table: str
    text: str


class Details(msgspec.Struct, frozen=True):
    """What is known of an image's documented digests, and its README.

    `facts` are what the digests contain, by digest; `tables` are what the registry of each table
    has about them, by table and digest. `moves` are the last ones of each documented tag, newest
    first, by table and tag.
    """

    image: str
    facts: Mapping[str, Facts] = {}
    moves: Mapping[str, Mapping[str, tuple[Move, ...]]] = {}
    tables: Mapping[str, Mapping[str, Facts]] = {}
    readme: Readme | None = None

    @property
    def has_any(self) -> bool:
        """Whether anything is known."""
        return bool(self.facts or self.moves or self.tables or self.readme)

    def of(self, table: str, digest: str) -> Facts:
        """All that is known of a digest as it lies in the registry of a table."""
        return {**self.facts.get(digest, {}), **self.tables.get(table, {}).get(digest, {})}


Place = tuple[str, str]
"""What facts are about: a table and a digest, or a digest wherever it lies, with an empty table."""

FactsByPlace = Mapping[Place, Facts]
"""What is known of many digests."""


@dataclass(frozen=True)
class Question:
    """What a kind of fact is asked: about a digest in a repository, of which that is `known`.

    `policy` says whose signatures count there; without one, none is verified.
    """

    repository: Repository
    digest: str
    known: Facts
    policy: Policy | None = None


@dataclass(frozen=True)
class Kind(Generic[T]):
    """One kind of fact about a digest.

    `shape` is the type of the fact, as msgspec takes it. `decode` reads a fact from JSON and
    checks every value in it (it raises TagpagesError or msgspec's errors). `look` asks a registry;
    first it needs the kinds in `after`, which are known then. `read` reads a recorded apko
    configuration. Both raise TagpagesError when they could not look. None stands for a place that
    never has the fact. A fact whose state is in `settled` is not asked for again. A kind is
    `by_table` where registries may tell different things of one digest.
    """

    name: str
    shape: Any
    decode: Callable[[msgspec.Raw], Fact[T]]
    look: Callable[[Question], Awaitable[Fact[T]]] | None = None
    read: Callable[[bytes], Fact[T]] | None = None
    after: tuple[str, ...] = ()
    settled: tuple[type, ...] = (Found, Absent)
    by_table: bool = False

    def of(self, facts: Facts) -> Fact[T] | None:
        """This kind's fact of a digest; None if nobody has asked for it."""
        return facts.get(self.name)

    def found(self, facts: Facts) -> T | None:
        """The value of this kind's fact; None where it is not known."""
        fact = self.of(facts)
        return fact.value if isinstance(fact, Found) else None
