"""What changed where a documented tag moved: the digest before compared with the one after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from generator.facts.base import Change, Details, Facts, Move
from generator.facts.image import IMAGE, ImageFacts
from generator.facts.packages import PACKAGES
from generator.facts.sbom import Package, cut
from generator.grouping import documented
from generator.model import Image

MOVES_LIMIT = 5
"""How many moves of a tag are kept."""
CHANGES_LIMIT = 200
"""How many changed packages of a move are kept, and how many texts of a changed setting."""


def moves_of(
    old: tuple[Image, Details] | None,
    image: Image,
    facts: Mapping[str, Facts],
    globs: Sequence[str],
    as_of: datetime,
) -> dict[str, dict[str, tuple[Move, ...]]]:
    """The last moves of an image's documented tags, newest first, by table and tag.

    `old` is what the last build left of the image; `facts` are of all digests, those before
    included. A tag that the last build did not have has not moved.
    """
    if old is None:
        return {}
    stored, details = old
    before = {(table, tag): digest for table, tag, digest in documented(stored.tables, globs)}
    moves: dict[str, dict[str, tuple[Move, ...]]] = {}
    for table, tag, digest in documented(image.tables, globs):
        kept = details.moves.get(table, {}).get(tag, ())
        left = before.get((table, tag), digest)
        if left != digest:
            kept = (move(left, digest, facts, as_of), *kept)[:MOVES_LIMIT]
        if kept:
            moves.setdefault(table, {})[tag] = kept
    return moves


def move(before: str, digest: str, facts: Mapping[str, Facts], as_of: datetime) -> Move:
    """A tag's way from one digest to another, first seen at `as_of`; `facts` are by digest."""
    old, new = facts.get(before, {}), facts.get(digest, {})
    packages, more = _packages(old, new)
    compared = Move(digest, before, as_of, packages, more)
    left, reached = IMAGE.found(old), IMAGE.found(new)
    if left is None or reached is None:
        return compared
    settings = _settings(left, reached)
    return replace(compared, settings=settings, size_before=left.size, size=reached.size)


def _packages(old: Facts, new: Facts) -> tuple[tuple[Change, ...] | None, int]:
    """The packages that changed, by their names, and how many are left out."""
    before, after = PACKAGES.found(old), PACKAGES.found(new)
    if before is None or after is None:
        return None, 0
    changes = _changes(_versions(before.packages), _versions(after.packages))
    return changes[:CHANGES_LIMIT], max(0, len(changes) - CHANGES_LIMIT)


def _versions(packages: Iterable[Package]) -> dict[str, tuple[str, ...]]:
    versions: dict[str, dict[str, None]] = {}
    for package in packages:
        versions.setdefault(package.name, {})[package.version] = None
    return {name: tuple(sorted(told)) for name, told in versions.items()}


def _settings(before: ImageFacts, after: ImageFacts) -> tuple[Change, ...]:
    """The settings that changed: of several texts those that only one of the two has."""
    old, new = before.config.settings(), after.config.settings()
    return tuple(
        Change(name, _only(old[name], new[name]), _only(new[name], old[name]))
        for name in old
        if old[name] != new[name]
    )


def _only(texts: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    missing = set(others)
    only = [text for text in texts if text not in missing]
    return tuple(map(cut, only[:CHANGES_LIMIT]))


def _changes(
    before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]
) -> tuple[Change, ...]:
    return tuple(
        Change(name, before.get(name, ()), after.get(name, ()))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )
