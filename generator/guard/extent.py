"""Which tags a hold is about, in a form short enough for `build.json`, and its mark.

A hold's extent is a set of places. It is kept as the sorted first three bytes of each place's
SHA-256: enough to ask whether a place belongs to it (one of 16 million others would, by chance),
and four characters a place. The mark is the first six digits of the SHA-256 of that text.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256

Place = tuple[str, str]
"""An image and one of its tags; without a tag it stands for all tags of the image."""

_BYTES = 3
_MARK_DIGITS = 6


class Extent:
    """A set of places, as far as their short hashes tell."""

    def __init__(self, text: str = "") -> None:
        """Read what `str` of an extent gave; raises ValueError when it is something else."""
        data = b64decode(text, validate=True)
        self._hashes = frozenset(data[at : at + _BYTES] for at in range(0, len(data), _BYTES))

    @classmethod
    def of(cls, places: Iterable[Place]) -> Extent:
        """The extent that has these places."""
        extent = cls()
        extent._hashes = frozenset(map(_hash, places))
        return extent

    def __contains__(self, place: Place) -> bool:
        return _hash(place) in self._hashes or _hash((place[0], "")) in self._hashes

    def __len__(self) -> int:
        return len(self._hashes)

    def __str__(self) -> str:
        return b64encode(b"".join(sorted(self._hashes))).decode()

    @property
    def mark(self) -> str:
        """Six hexadecimal digits that tell this extent from others."""
        return sha256(str(self).encode()).hexdigest()[:_MARK_DIGITS]


def _hash(place: Place) -> bytes:
    return sha256("\n".join(place).encode()).digest()[:_BYTES]
