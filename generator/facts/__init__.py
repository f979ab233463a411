"""What a digest is: one module per kind of fact, one small protocol.

A new kind is one new module here, and one line in `FACTS`. What a digest contains never changes,
so a fact that is found, or is not there, need not be asked for again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import msgspec

from generator.errors import SourceError, TagpagesError
from generator.facts.attached import ATTACHED
from generator.facts.base import Absent, CouldNotLook, Fact, Facts, Found, Kind, Place, Question
from generator.facts.evidence import EVIDENCE
from generator.facts.image import IMAGE
from generator.facts.packages import PACKAGES
from generator.facts.policy import Policy
from generator.sources.base import Source

_NOTHING: Facts = MappingProxyType({})

FACTS: dict[str, Kind[Any]] = {
    kind.name: kind
    for kind in (
        IMAGE,
        ATTACHED,
        EVIDENCE,
        PACKAGES,
    )
}
"""All kinds of fact, by name; each after those that it needs."""


def needed(kinds: Iterable[str]) -> frozenset[str]:
    """The kinds with all those that they need first."""
    names = set(kinds)
    for name in reversed(FACTS):
        if name in names:
            names.update(FACTS[name].after)
    return frozenset(names)


def unanswered(facts: Facts) -> frozenset[str]:
    """The kinds that are to be asked for in a new build, when that is known of a digest."""
    return frozenset(
        name for name, kind in FACTS.items() if not isinstance(kind.of(facts), kind.settled)
    )


def by_place(table: str, digest: str, facts: Facts) -> dict[Place, Facts]:
    """The facts that a table was told of a digest, each where it belongs."""
    places: dict[Place, dict[str, Fact[Any]]] = {}
    for name, fact in facts.items():
        place = (table if FACTS[name].by_table else "", digest)
        places.setdefault(place, {})[name] = fact
    return dict(places)


def decode_facts(entry: Mapping[str, msgspec.Raw]) -> Facts:
    """The facts of a digest from JSON, every value checked.

    Raises TagpagesError or msgspec's errors when they are not as we write them.
    """
    if unknown := entry.keys() - FACTS.keys():
        raise TagpagesError(f"it has a fact of the kind `{min(unknown)}`, which is unknown")
    return {name: FACTS[name].decode(raw) for name, raw in entry.items()}


def told_for_good(facts: Facts) -> frozenset[str]:
    """The kinds that no other table need be asked for in the same build, when it was told that."""
    return frozenset(
        name
        for name, fact in facts.items()
        if isinstance(fact, (Found, Absent) if FACTS[name].by_table else FACTS[name].settled)
    )


@dataclass(frozen=True)
class Location:
    """Where digests lie: an image of a source. `policy` says whose signatures count there."""

    source: Source
    image: str
    policy: Policy | None = None


async def look(
    where: Location, digest: str, kinds: Collection[str] = FACTS, known: Facts = _NOTHING
) -> Facts:
    """These kinds of fact of a digest, as far as the source has a place for them.

    `known` is what is known of the digest already. A fact that could not be looked up is
    `CouldNotLook`; SourceError passes through.
    """
    facts: dict[str, Fact[Any]] = {}
    for name in (name for name in FACTS if name in kinds):
        try:
            fact = await _look(FACTS[name], where, digest, {**known, **facts})
        except SourceError:
            raise
        except TagpagesError as error:
            fact = CouldNotLook(str(error))
        if fact is not None:
            facts[name] = fact
    return facts


async def _look(kind: Kind[Any], where: Location, digest: str, known: Facts) -> Fact[Any] | None:
    """One fact; None where the source has no place for it."""
    recorded = await where.source.recorded(where.image, digest) if kind.read else None
    if kind.read and recorded is not None:
        return kind.read(recorded)
    repository = await where.source.repository(where.image)
    if kind.look is None or repository is None:
        return None
    return await kind.look(Question(repository, digest, known, where.policy))
