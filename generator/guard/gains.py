"""Rules about what came to a source: old digests, new images and tags, one digest, odd times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain

from generator.guard.measure import SourceMove
from generator.guard.measured import Measured, at_least, of, percent
from generator.model import TagGroup

GAINED_IMAGES, GAINED_TAGS = 10, 200
"""A source may always gain fewer images, or tags, than this."""
FILLED = 20
"""A source of fewer images than this may gain what it likes: it is being filled."""
SHARED_AT_LEAST, SHARED = 5, 0.02
"""So many images, and more than this share of all, do not come to one digest in a night."""
AHEAD = 0.05
"""No more than this share of a source's tags may be of a time after the build."""


def moved_back(source: SourceMove) -> Measured | None:
    """Too many tags point again to a digest that they had left."""
    count = len(source.moved_back)
    if not count:
        return None
    return Measured(
        count,
        source.known,
        source.limits.moved_back,
        at_least(source.known),
        f"{of(count, source.known)} tags point again to a digest that they had left",
        lambda: source.moved_back,
    )


def gained_images(source: SourceMove) -> Measured | None:
    """The source has many more images than before."""
    had = _with_lost_state(source, sum(move.had > 0 for move in source.moves))
    new = [move for move in source.moves if move.has and not move.had]
    count = sum(move.has > 0 for move in source.moves) - had
    if count <= 0 or had < FILLED or source.widened:
        return None
    return Measured(
        count,
        had,
        source.limits.source_gain,
        max(GAINED_IMAGES, at_least(had)),
        f"{count:,} more images than the {had:,} of before ({percent(count / had)})",
        lambda: chain.from_iterable(move.places_gained() for move in new),
    )


def gained_tags(source: SourceMove) -> Measured | None:
    """The source shows many more tags than before."""
    moves = [move for move in source.moves if move.before or not source.widened]
    had = _with_lost_state(source, sum(move.had for move in moves))
    count = sum(move.has for move in moves) - had
    if count <= 0 or not had:
        return None
    return Measured(
        count,
        had,
        source.limits.source_gain,
        max(GAINED_TAGS, at_least(had)),
        f"{count:,} more visible tags than the {had:,} of before ({percent(count / had)})",
        lambda: chain.from_iterable(move.places_gained() for move in moves),
    )


def _with_lost_state(source: SourceMove, count: int) -> int:
    """A count of what was shown before, made up for the part of the state that was lost."""
    return round(count / source.kept) if count else 0


def shared_digest(source: SourceMove) -> Measured | None:
    """Many images that had nothing in common came to one digest."""
    had = [move for move in source.moves if move.before]
    moved = [move for move in had if move.before != move.after]
    came = Counter(
        digest
        for move in moved
        for digest in {group.digest for group in move.after}
        - {group.digest for group in move.before}
    )
    digest, count = max(came.items(), key=lambda item: item[1], default=("", 0))
    images = [move for move in moved if any(group.digest == digest for group in move.after)]
    if count < SHARED_AT_LEAST or _common(move.before for move in images) * 2 >= len(images):
        return None
    return Measured(
        count,
        len(had),
        SHARED,
        SHARED_AT_LEAST,
        f"{of(count, len(had))} images came to the same digest `{digest[:19]}`",
        lambda: (
            (move.image, tag)
            for move in images
            for group in move.after
            if group.digest == digest
            for tag in group.tags
        ),
    )


def _common(tables: Iterable[tuple[TagGroup, ...]]) -> int:
    """How many of the tables have the digest that most of them have."""
    counted = Counter(digest for groups in tables for digest in {group.digest for group in groups})
    return max(counted.values(), default=0)


def times_ahead(source: SourceMove) -> Measured | None:
    """Too many tags are of a time after that of the build."""
    count, whole = len(source.ahead), sum(map(len, source.answer.values()))
    if not count:
        return None
    return Measured(
        count,
        whole,
        AHEAD,
        at_least(whole),
        f"{of(count, whole)} tags are more than a day later than this build"
        f" ({source.as_of:%Y-%m-%d})",
        lambda: source.ahead,
    )
