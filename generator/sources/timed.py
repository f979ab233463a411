"""What the kinds have in common whose listing of a namespace says when each image last changed.

An image that has not changed since its last whole answer need not be asked for again. That time may
stay as it is when a tag is deleted, so each image is asked for all the same when it is its turn.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import Annotated, TypeVar
from zlib import crc32

import msgspec
from msgspec import Meta

from generator.sources.base import Ask
from generator.sources.remote import OLDEST
from generator.sources.turn import is_turn
from generator.sources.vendor import NamespaceSource, VendorSpec


class TimedSpec(VendorSpec, frozen=True, kw_only=True):
    """A vendor whose listing says when each image last changed."""

    unchanged_within: Annotated[
        int,
        Meta(
            description=(
                "An image that has not changed, by the listing of its namespace, is asked for all "
                "the same once within so many nights: a deletion may not show there. With 1 all "
                "are, every night."
            ),
            ge=1,
            le=366,
        ),
    ] = 7

    def asks_again(self, image: str, night: datetime) -> bool:
        """Whether an image is asked for that night though it has not changed: in turn."""
        return is_turn(image, night, self.unchanged_within)


S = TypeVar("S", bound=TimedSpec)


class TimedSource(NamespaceSource[S]):
    """A vendor's API that lists a namespace with the times of its repositories."""

    def __init__(self, spec: S, ask: Ask) -> None:
        super().__init__(spec, ask)
        self._times: dict[str, datetime] = {}

    @abstractmethod
    def _timed_repositories(self, namespace: str) -> AsyncIterator[tuple[str, datetime | None]]:
        """The repositories of a namespace, each with the time of its last change, if it is told."""

    async def _repositories(self, namespace: str) -> AsyncIterator[str]:
        async for repository, time in self._timed_repositories(namespace):
            if time and time >= OLDEST:
                self._times[repository] = time
            yield repository

    def changed(self, names: Iterable[str]) -> Mapping[str, str]:
        """The time of each image's last change, with a mark of what is asked for.

        So an image counts as changed, too, when the catalog has another place or other tags of it.
        """
        return {
            name: f"{time.isoformat()} {self._asked_for(name):08x}"
            for name in names
            if (time := self._times.get(self._repository(name)))
        }

    def _asked_for(self, name: str) -> int:
        address = self._spec.address(name, self._ask.repositories.get(name))
        return crc32(msgspec.json.encode([address, self._spec.tags]))
