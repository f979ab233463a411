"""The facts of the digests that pages will show, each looked up once in a collection."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator.collect.in_time import in_time
from generator.errors import SourceError, TagpagesError
from generator.facts import Location, by_place, look, told_for_good, unanswered
from generator.facts.base import CouldNotLook, Fact, Facts, FactsByPlace, Place
from generator.facts.policy import Policy
from generator.grouping import matching
from generator.model import Tag
from generator.sources.base import Source, SourceSpec


@dataclass(frozen=True)
class Wanted:
    """Which facts are wanted: these `kinds`, of the digests of tags that match the globs.

    READMEs, which are of images and not of digests, are wanted where `README` is among them.

    `known` is what earlier builds were told; `policies` say by table whose signatures count.
    """

    globs: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    known: FactsByPlace = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)


NOTHING = Wanted()


class Lookup:
    """Looks up facts for all sources of a collection."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._told: defaultdict[Place, dict[str, Fact[Any]]] = defaultdict(dict)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def take(self, table: str, facts: Mapping[str, Facts]) -> None:
        """Take in what an earlier run of the same pull was told, by digest."""
        for digest, told in facts.items():
            for place, part in by_place(table, digest, told).items():
                self._told[place] |= part

    async def new(
        self, table: str, spec: SourceSpec, source: Source, image: str, tags: Sequence[Tag]
    ) -> dict[str, Facts]:
        """By digest, the facts that are wanted of an image's tags, where they may be new.

        What could not be looked up is told in its place, and never an exception.
        """
        if not self._wanted.kinds:
            return {}
        wanted = matching(self._wanted.globs)
        digests = dict.fromkeys(tag.digest for tag in tags if wanted(tag.name))
        where = Location(source, image, self._wanted.policies.get(table))
        found = {}
        for digest in digests:
            async with self._locks[digest]:
                known, told = _of(self._wanted.known, table, digest), _of(self._told, table, digest)
                if not (kinds := self._wanted.kinds & unanswered(known) - told_for_good(told)):
                    continue
                try:
                    new = await in_time(look(where, digest, kinds, {**known, **told}), spec)
                except (SourceError, TagpagesError) as error:
                    new = dict.fromkeys(sorted(kinds), CouldNotLook(str(error)))
                if new:
                    found[digest] = new
                    self.take(table, {digest: new})
        return found


def _of(facts: FactsByPlace, table: str, digest: str) -> Facts:
    """What is known of a digest as it lies in the registry of a table."""
    return {**facts.get(("", digest), {}), **facts.get((table, digest), {})}
