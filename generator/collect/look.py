"""The facts of the digests that pages will show, each looked up once in a collection."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from generator.collect.in_time import in_time
from generator.errors import SourceError, TagpagesError
from generator.facts import look, unanswered
from generator.facts.base import CouldNotLook, Facts
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
        self._told = dict(wanted.known)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def take(self, facts: Mapping[str, Facts]) -> None:
        """Take in what an earlier run of the same pull was told."""
        for digest, told in facts.items():
            self._told[digest] = {**self._told.get(digest, {}), **told}

    async def new(
        self, source: Source, spec: SourceSpec, image: str, tags: Sequence[Tag]
    ) -> dict[str, Facts]:
        """By digest, the facts that are wanted of an image's tags and not known yet.

        What could not be looked up is told in its place, and never an exception.
        """
        wanted = matching(self._wanted.globs)
        digests = dict.fromkeys(tag.digest for tag in tags if wanted(tag.name))
        found = {}
        for digest in digests:
            async with self._locks[digest]:
                told = self._told.get(digest, {})
                kinds = self._wanted.kinds.intersection(unanswered(told))
                if not kinds:
                    continue
                try:
                    new = await in_time(look(source, image, digest, sorted(kinds)), spec)
                except (SourceError, TagpagesError) as error:
                    new = dict.fromkeys(sorted(kinds), CouldNotLook(str(error)))
                if new:
                    found[digest] = new
                    self._told[digest] = {**told, **new}
        return found
