"""What is known of an image's documented digests after a night: what it was told, over the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from generator.facts.base import CouldNotLook, Details, Fact, Facts, FactsByPlace
from generator.grouping import documented
from generator.model import Image


def details_of(
    image: Image,
    globs: Sequence[str],
    known: FactsByPlace,
    told: FactsByPlace,
    as_of: datetime,
) -> Details:
    """The facts of the digests that the image's documented tags point to.

    What was `told` this night stands, but a fact that could not be looked up gives way to what is
    `known`; where that is nothing, it could not be looked up since `as_of`. Digests of which
    nothing is known are left out.
    """
    facts: dict[str, Facts] = {}
    tables: dict[str, dict[str, Facts]] = {}
    for table, _, digest in documented(image.tables, globs):
        of_table = tables.setdefault(table, {})
        for place, digests in ((("", digest), facts), ((table, digest), of_table)):
            if together := _together(known.get(place, {}), told.get(place, {})):
                digests[digest] = {kind: _since(fact, as_of) for kind, fact in together.items()}
    return Details(image.name, facts, tables={table: by for table, by in tables.items() if by})


def _together(old: Facts, new: Facts) -> Facts:
    kept = {kind: old[kind] for kind in old if isinstance(new.get(kind), CouldNotLook)}
    return {**old, **new, **kept}


def _since(fact: Fact[Any], as_of: datetime) -> Fact[Any]:
    if isinstance(fact, CouldNotLook) and fact.since is None:
        return replace(fact, since=as_of)
    return fact


def not_looked_up(image: Image, globs: Sequence[str], told: FactsByPlace) -> dict[str, str]:
    """By documented tag, why a fact of its digest could not be looked up this night."""
    return {
        tag: fact.reason
        for table, tag, digest in documented(image.tables, globs)
        for place in (("", digest), (table, digest))
        for fact in told.get(place, {}).values()
        if isinstance(fact, CouldNotLook)
    }
