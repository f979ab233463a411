"""The rules of the guard, one function each: what is measured, the limit, the sentence.

A rule answers None where there is nothing to measure. What the recorded nights give for each is
in `docs/guard.md` and printed by `benchmarks/margins.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from math import ceil, sqrt

from generator.catalog.spec import Guard
from generator.grouping import visible
from generator.guard.extent import Extent, Place
from generator.guard.measure import SourceMove, TableMove
from generator.guard.memory import Streak
from generator.model import TagGroup

AT_LEAST = 3
"""Fewer tags, or images, than this are never too much to lose."""
NAME_AT_LEAST = 5
"""One name is told from chance by so many images that lost it, or more."""
CUT_AT_LEAST, WEEK_AT_LEAST = 10, 10
"""A cut at an age, or a loss night by night, is told from chance by so many tags, or more."""
GAINED_IMAGES, GAINED_TAGS = 10, 200
"""A source may always gain fewer images, or tags, than this."""
FILLED = 30
"""A source of fewer images than this may gain what it likes: it is being filled."""
GROWN_AT_LEAST = 500
"""A table may always grow by fewer tags than this."""
SHARED_AT_LEAST, SHARED = 5, 0.1
"""So many images, and more than this share of all, do not come to one digest in a night."""
AHEAD = 0.05
"""No more than this share of a source's tags may be of a time after the build."""
STILL = 0.5
"""A hold ends when no more than this share of what it is about is still missing."""

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Measured:
    """How much of a whole a rule counted, and when that is too much to believe.

    That is when there are `at_least` so many, and more than `limit` (a share) of the `whole`.
    `sentence` says it, and `places` which tags it is about. With `is_untimely` the time of the
    build itself may be wrong.
    """

    count: int
    whole: int
    limit: float
    at_least: int
    sentence: str
    places: Callable[[], Iterable[Place]]
    is_untimely: bool = False

    @property
    def is_too_much(self) -> bool:
        """Whether the limit is passed."""
        return self.count >= self.at_least and self.count > self.limit * self.whole

    @property
    def margin(self) -> float:
        """How much of what is allowed was counted: above 1 is too much."""
        return self.count / max(self.at_least, self.limit * self.whole, 1)

    @property
    def reason(self) -> str:
        """The sentence, with the limit that it is about."""
        limit = f"; the limit is {percent(self.limit)}" if 0 < self.limit < 1 else ""
        return f"{self.sentence}{limit}"


def at_least(whole: int) -> int:
    """How many of a whole are needed to be told from chance: this grows with its size."""
    return max(AT_LEAST, ceil(sqrt(whole) / 2))


def percent(share: float) -> str:
    """A share in percent, with one decimal unless it is 0."""
    return f"{share:.1%}".replace(".0%", "%")


def _of(count: int, whole: int) -> str:
    return f"{count:,} of {whole:,}"


def lost_tags(source: SourceMove) -> Measured | None:
    """Too many of all tags that the pages show are gone."""
    if not source.lost:
        return None
    return Measured(
        source.lost,
        source.had,
        source.limits.source_loss,
        at_least(source.had),
        f"{_of(source.lost, source.had)} visible tags gone"
        f" ({percent(source.lost / max(source.had, 1))})",
        lambda: chain.from_iterable(move.places_lost() for move in source.news),
    )


def emptied_images(source: SourceMove) -> Measured | None:
    """Too many images have no visible tag, or no tag at all, any more, for whatever reason."""
    had = [move for move in source.news if move.before]
    emptied = [move for move in had if move.is_emptied]
    if not emptied:
        return None
    count = f"{_of(len(emptied), len(had))} images"
    by_window = sum(move.by_window for move in emptied) > len(emptied) / 2
    if by_window:
        sentence = (
            f"{count} would show no tag any more only because time has passed: the answer does not"
            f" move, or {source.as_of:%Y-%m-%d} is not the time of this build"
        )
    else:
        sentence = f"{count} without a visible tag at once"
    return Measured(
        len(emptied),
        len(had),
        source.limits.image_loss,
        at_least(len(had)),
        sentence,
        lambda: ((move.image, "") for move in emptied),
        by_window,
    )


def lost_name(source: SourceMove) -> Measured | None:
    """One tag name is gone from too many of the images that had it."""
    lost = Counter(tag for move in source.news for tag, _ in move.gone)
    names = {name for name, count in lost.items() if count >= NAME_AT_LEAST}
    if not names:
        return None
    had = Counter(
        tag
        for move in source.news
        for group in visible(move.before, source.window, source.as_of)
        for tag in group.tags
        if tag in names
    )
    name = max(sorted(names), key=lambda name: lost[name] / had[name])
    return Measured(
        lost[name],
        had[name],
        source.limits.name_loss,
        NAME_AT_LEAST,
        f"`{name}` gone from {_of(lost[name], had[name])} images"
        f" ({percent(lost[name] / had[name])})",
        lambda: ((move.image, name) for move in source.news if name in dict(move.gone)),
    )


def lost_in_a_week(source: SourceMove) -> Measured | None:
    """What was lost night by night adds up: it shows that much less than seven nights ago."""
    if not source.past or not source.lost:
        return None
    before = source.past[0].shown
    lost = source.lost + sum(night.lost for night in source.past[1:])
    count = min(lost, before - source.has)
    return Measured(
        max(count, 0),
        before,
        source.limits.week_loss,
        max(WEEK_AT_LEAST, at_least(before)),
        f"{_of(count, before)} visible tags of a week ago gone, night by night"
        f" ({percent(count / max(before, 1))})",
        lambda: chain.from_iterable(move.places_lost() for move in source.news),
    )


def cut_at_an_age(source: SourceMove) -> Measured | None:
    """Everything older than some age is gone at once, by the source's own times.

    (The times that were kept of the last known good may lie before the cut.)
    """
    gone = [time for move in source.news for _, time in move.gone]
    answered = visible(chain.from_iterable(source.answer.values()), source.window, source.as_of)
    if len(gone) < CUT_AT_LEAST or not answered:
        return None
    oldest = min(tag.last_changed for tag in answered)
    older = [time for time in gone if time < oldest]
    if not older or oldest - min(older) < _DAY:
        return None
    return Measured(
        len(older),
        len(gone),
        0,
        max(CUT_AT_LEAST, ceil(len(gone) / 2)),
        f"all {len(older)} tags older than {(source.as_of - max(older)) // _DAY} days gone at once",
        lambda: chain.from_iterable(move.places_lost() for move in source.news),
    )


def still_lost(source: SourceMove) -> Measured | None:
    """Most of what was held the night before is still missing, and nothing took its place.

    Tags that have left the window since are no loss of a night; a hold does not end for that.
    """
    return _still_lost(source.held, source.moves, source.has)


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
        f"{_of(count, source.known)} tags point again to a digest that they had left",
        lambda: source.moved_back,
    )


def gained_images(source: SourceMove) -> Measured | None:
    """The source has many more images than before."""
    had = sum(move.had > 0 for move in source.moves)
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
    had = sum(move.had for move in moves)
    count = sum(move.has for move in moves) - had
    if count <= 0 or sum(move.had > 0 for move in moves) < FILLED:
        return None
    return Measured(
        count,
        had,
        source.limits.source_gain,
        max(GAINED_TAGS, at_least(had)),
        f"{count:,} more visible tags than the {had:,} of before ({percent(count / had)})",
        lambda: chain.from_iterable(move.places_gained() for move in moves),
    )


def shared_digest(source: SourceMove) -> Measured | None:
    """Many images that had nothing in common came to one digest."""
    moved = [move for move in source.moves if move.before and move.before != move.after]
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
        len(source.moves),
        SHARED,
        SHARED_AT_LEAST,
        f"{_of(count, len(source.moves))} images came to the same digest `{digest[:19]}`",
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
        f"{_of(count, whole)} tags are more than a day later than this build"
        f" ({source.as_of:%Y-%m-%d})",
        lambda: source.ahead,
    )


def lost_state(source: SourceMove) -> Measured | None:
    """The last known good has been lost, and the answer has less than the last build left."""
    left = source.left.tags if source.left else 0
    answered = sum(len(group.tags) for move in source.moves for group in move.after)
    if source.stored >= (1 - source.limits.source_loss) * left:
        return None
    return Measured(
        max(left - answered, 0),
        left,
        source.limits.source_loss,
        at_least(left),
        f"the last build left {left:,} tags, the tree has {source.stored:,} of them, and the answer"
        f" has {answered:,}",
        lambda: [("", f"{left} {answered}")],
    )


SourceRule = Callable[[SourceMove], Measured | None]
SOURCE_RULES: tuple[tuple[SourceRule, ...], ...] = (
    (
        lost_tags,
        emptied_images,
        cut_at_an_age,
        lost_name,
        lost_in_a_week,
        still_lost,
        lost_state,
    ),
    (moved_back, shared_digest),
    (gained_images, gained_tags),
    (times_ahead,),
)
"""What may hold a whole source: rules about what is lost, what moved, what is new, and times.

Of each kind the first whose limit is passed gives the reason.
"""


def lost_of_a_table(move: TableMove, limits: Guard, _: Streak | None) -> Measured | None:
    """A table lost too many of its visible tags."""
    lost = len(move.gone) if move.has else move.lost
    if not lost:
        return None
    return Measured(
        lost,
        move.had,
        limits.table_loss,
        at_least(move.had),
        f"{_of(lost, move.had)} visible tags gone",
        move.places_lost,
    )


def emptied_table(move: TableMove, _: Guard, __: Streak | None) -> Measured | None:
    """A table lost all its tags, however few they were."""
    if move.after or not move.gone:
        return None
    count = len(move.gone)
    which = "its only visible tag" if count == 1 else f"all its {count:,} visible tags"
    return Measured(count, count, 0, 1, f"{which} gone", move.places_lost)


def grown_table(move: TableMove, limits: Guard, _: Streak | None) -> Measured | None:
    """A table has many times the tags that it had."""
    count = move.has - move.had
    if not move.had or count < GROWN_AT_LEAST:
        return None
    return Measured(
        count,
        move.had,
        limits.table_growth - 1,
        GROWN_AT_LEAST,
        f"{move.has:,} visible tags, {move.had:,} before; the limit is {limits.table_growth:g} x",
        move.places_gained,
    )


def still_lost_of_a_table(move: TableMove, _: Guard, held: Streak | None) -> Measured | None:
    """Most of what was held of a table the night before is still missing."""
    return _still_lost(held, [move], move.has)


TableRule = Callable[[TableMove, Guard, Streak | None], Measured | None]
TABLE_RULES: tuple[TableRule, ...] = (
    lost_of_a_table,
    emptied_table,
    grown_table,
    still_lost_of_a_table,
)
"""What may hold one table."""


def _still_lost(held: Streak | None, moves: Iterable[TableMove], has: int) -> Measured | None:
    if held is None or not held.same:
        return None
    extent, moves = Extent(held.extent), list(moves)
    about: list[Place] = []
    missing: list[Place] = []
    for move in moves:
        listed = {tag for group in move.after for tag in group.tags}
        of_table = [
            (move.image, tag)
            for group in move.before
            for tag in group.tags
            if (move.image, tag) in extent
        ]
        about += of_table
        missing += [place for place in of_table if place[1] not in listed]
    had = sum(move.had for move in moves)
    if not missing or has >= had - len(about) / 2:
        return None
    return Measured(
        len(missing),
        len(about),
        STILL,
        1,
        f"{_of(len(missing), len(about))} tags that were held are still missing",
        lambda: missing,
    )
