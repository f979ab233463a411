"""The facts of the digests that pages will show, each looked up once in a collection."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator.collect.in_time import in_time
from generator.errors import SourceError, TagpagesError
from generator.facts import look, unanswered
from generator.facts.base import CouldNotLook, Fact, Facts
from generator.grouping import matching
from generator.model import Tag
from generator.sources.base import Source, SourceSpec


@dataclass(frozen=True)
class Wanted:
    """Which facts are wanted: these `kinds`, of the digests of tags that match the globs.

    `known` has by digest what earlier builds were told.
    """

    globs: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    known: Mapping[str, Facts] = field(default_factory=dict)


NOTHING = Wanted()


class Lookup:
    """Looks up facts for all sources of a collection."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._known = dict(wanted.known)
        self._told: defaultdict[str, dict[str, Fact[Any]]] = defaultdict(dict)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def take(self, facts: Mapping[str, Facts]) -> None:
        """Take in what an earlier run of the same pull was told."""
        for digest, told in facts.items():
            self._told[digest] |= told

    async def new(
        self, source: Source, spec: SourceSpec, image: str, tags: Sequence[Tag]
    ) -> dict[str, Facts]:
        """By digest, the facts that are wanted of an image's tags, where they may be new.

        What could not be looked up is told in its place, and never an exception.
        """
        wanted = matching(self._wanted.globs)
        digests = dict.fromkeys(tag.digest for tag in tags if wanted(tag.name))
        found = {}
        for digest in digests:
            async with self._locks[digest]:
                if not (kinds := self._unanswered(digest)):
                    continue
                known = {**self._known.get(digest, {}), **self._told[digest]}
                try:
                    new = await in_time(look(source, image, digest, kinds, known), spec)
                except (SourceError, TagpagesError) as error:
                    new = dict.fromkeys(sorted(kinds), CouldNotLook(str(error)))
                if new:
                    found[digest] = new
                    self._told[digest] |= new
        return found

    def _unanswered(self, digest: str) -> frozenset[str]:
        """The kinds to ask for: those that nobody has told in this pull, if they may be new."""
        told = {
            name for name, fact in self._told[digest].items() if not isinstance(fact, CouldNotLook)
        }
        return self._wanted.kinds & unanswered(self._known.get(digest, {})) - told
