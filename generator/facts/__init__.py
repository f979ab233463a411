"""What a digest is: one module per kind of fact, one small protocol.

A new kind is one new module here, and one line in `FACTS`. What a digest contains never changes,
so a fact that is found, or is not there, need not be asked for again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from generator.errors import SourceError, TagpagesError
from generator.facts.attached import ATTACHED
from generator.facts.base import CouldNotLook, Fact, Facts, Kind
from generator.facts.image import IMAGE
from generator.facts.packages import PACKAGES
from generator.sources.base import Source

_NOTHING: Facts = MappingProxyType({})

FACTS: dict[str, Kind[Any]] = {
    kind.name: kind
    for kind in (
        IMAGE,
        ATTACHED,
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


def decode_facts(entry: Mapping[str, msgspec.Raw]) -> Facts:
    """The facts of a digest from JSON, every value checked.

    Raises TagpagesError or msgspec's errors when they are not as we write them.
    """
    if unknown := entry.keys() - FACTS.keys():
        raise TagpagesError(f"it has a fact of the kind `{min(unknown)}`, which is unknown")
    return {name: FACTS[name].decode(raw) for name, raw in entry.items()}


async def look(
    source: Source, image: str, digest: str, kinds: Collection[str] = FACTS, known: Facts = _NOTHING
) -> Facts:
    """These kinds of fact of a digest of an image, as far as the source has a place for them.

    `known` is what is known of the digest already. A fact that could not be looked up is
    `CouldNotLook`; SourceError passes through.
    """
    facts: dict[str, Fact[Any]] = {}
    for name in (name for name in FACTS if name in kinds):
        try:
            fact = await _look(FACTS[name], source, image, digest, {**known, **facts})
        except SourceError:
            raise
        except TagpagesError as error:
            fact = CouldNotLook(str(error))
        if fact is not None:
            facts[name] = fact
    return facts


async def _look(
    kind: Kind[Any], source: Source, image: str, digest: str, known: Facts
) -> Fact[Any] | None:
    """One fact; None where the source has no place for it."""
    recorded = await source.recorded(image, digest) if kind.read else None
    if kind.read and recorded is not None:
        return kind.read(recorded)
    repository = await source.repository(image)
    return await kind.look(repository, digest, known) if kind.look and repository else None
