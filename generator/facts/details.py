"""What is known of an image's documented digests after a night: what it was told, over the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from generator.facts.base import CouldNotLook, Details, Fact, Facts
from generator.grouping import documented
from generator.model import Image


def details_of(
    image: Image,
    globs: Sequence[str],
    known: Mapping[str, Facts],
    told: Mapping[str, Facts],
    as_of: datetime,
) -> Details:
    """The facts of the digests that the image's documented tags point to.

    What was `told` this night stands, but a fact that could not be looked up gives way to what is
    `known`; where that is nothing, it could not be looked up since `as_of`. Digests of which
    nothing is known are left out.
    """
    facts = {}
    for _, _, digest in documented(image.tables, globs):
        old, new = known.get(digest, {}), told.get(digest, {})
        kept = {kind: old[kind] for kind in old if isinstance(new.get(kind), CouldNotLook)}
        if together := {**old, **new, **kept}:
            facts[digest] = {kind: _since(fact, as_of) for kind, fact in together.items()}
    return Details(image.name, facts)


def _since(fact: Fact[Any], as_of: datetime) -> Fact[Any]:
    if isinstance(fact, CouldNotLook) and fact.since is None:
        return replace(fact, since=as_of)
    return fact


def not_looked_up(image: Image, globs: Sequence[str], told: Mapping[str, Facts]) -> dict[str, str]:
    """By documented tag, why a fact of its digest could not be looked up this night."""
    return {
        tag: fact.reason
        for _, tag, digest in documented(image.tables, globs)
        for fact in told.get(digest, {}).values()
        if isinstance(fact, CouldNotLook)
    }
