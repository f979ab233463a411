"""What a digest is: one module per kind of fact, one small protocol.

A new kind is one new module here, and one line in `FACTS`. What a digest contains never changes,
so a fact that is found, or is not there, need not be asked for again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from generator.errors import SourceError, TagpagesError
from generator.facts.base import CouldNotLook, Fact, Facts, Kind
from generator.facts.image import IMAGE
from generator.facts.packages import PACKAGES
from generator.sources.base import Source

FACTS: dict[str, Kind[Any]] = {
    kind.name: kind
    for kind in (
        IMAGE,
        PACKAGES,
    )
}
"""All kinds of fact, by name."""


def unanswered(facts: Facts) -> list[str]:
    """The kinds that are still to be asked for, when that is known of a digest."""
    return [name for name in FACTS if isinstance(facts.get(name), CouldNotLook | None)]


def decode_facts(entry: Mapping[str, msgspec.Raw]) -> Facts:
    """The facts of a digest from JSON, every value checked.

    Raises TagpagesError or msgspec's errors when they are not as we write them.
    """
    if unknown := entry.keys() - FACTS.keys():
        raise TagpagesError(f"it has a fact of the kind `{min(unknown)}`, which is unknown")
    return {name: FACTS[name].decode(raw) for name, raw in entry.items()}


async def look(source: Source, image: str, digest: str, kinds: Iterable[str] = FACTS) -> Facts:
    """The facts of a digest of an image, as far as the source has a place where they could lie.

    A fact that could not be looked up is `CouldNotLook`; SourceError passes through.
    """
    facts: dict[str, Fact[Any]] = {}
    for name in kinds:
        try:
            fact = await _look(FACTS[name], source, image, digest)
        except SourceError:
            raise
        except TagpagesError as error:
            fact = CouldNotLook(str(error))
        if fact is not None:
            facts[name] = fact
    return facts


async def _look(kind: Kind[Any], source: Source, image: str, digest: str) -> Fact[Any] | None:
    """One fact; None where the source has no place for it."""
    recorded = await source.recorded(image, digest)
    if recorded is not None:
        return kind.read(recorded) if kind.read else None
    repository = await source.repository(image)
    return await kind.look(repository, digest) if kind.look and repository else None
