"""What was read last, by digest: several questions of one pull are answered by one document.

When a tag was built, and what its image contains, stand in the same manifest and configuration. A
digest names its content, so nothing here is ever out of date.
"""

from __future__ import annotations

from typing import Generic, TypeVar

RECENT_LIMIT = 8 << 20
"""How many bytes are kept."""

T = TypeVar("T")


class Recent(Generic[T]):
    """Values by digest, of at most `limit` bytes together: those that were kept last."""

    def __init__(self, limit: int = RECENT_LIMIT) -> None:
        self._limit = self._room = limit
        self._kept: dict[str, tuple[T, int]] = {}

    def get(self, digest: str) -> T | None:
        """The value of a digest; None if it is not kept, or not any more."""
        value, _ = self._kept.get(digest, (None, 0))
        return value

    def keep(self, digest: str, value: T, size: int) -> None:
        """Keep a value of so many bytes, if they fit; what was kept first makes room for them."""
        if digest in self._kept or size > self._limit:
            return
        self._kept[digest] = (value, size)
        self._room -= size
        while self._room < 0:
            _, size = self._kept.pop(next(iter(self._kept)))
            self._room += size
