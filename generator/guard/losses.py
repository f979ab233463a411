"""Rules about what a source has lost: of all tags, images, one name, everything of some age."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain
from math import ceil

from generator.grouping import visible
from generator.guard.extent import Extent, Place
from generator.guard.measure import SourceMove, TableMove
from generator.guard.measured import Measured, at_least, of, percent
from generator.guard.memory import Streak

NAME_AT_LEAST = 5
"""One name is told from chance by so many images that lost it, or more."""
CUT_AT_LEAST, WEEK_AT_LEAST = 10, 10
"""A cut at an age, or a loss night by night, is told from chance by so many tags, or more."""
STILL = 0.5
"""A hold ends when no more than this share of what it is about is still missing."""

_DAY = timedelta(days=1)


def lost_tags(source: SourceMove) -> Measured | None:
    """Too many of all tags that the pages show are gone."""
    if not source.lost:
        return None
    return Measured(
        source.lost,
        source.had,
        source.limits.source_loss,
        at_least(source.had),
        f"{of(source.lost, source.had)} visible tags gone"
        f" ({percent(source.lost / max(source.had, 1))})",
        lambda: chain.from_iterable(move.places_lost() for move in source.news),
    )


def emptied_images(source: SourceMove) -> Measured | None:
    """Too many images have no visible tag, or no tag at all, any more, for whatever reason."""
    had = [move for move in source.news if move.before]
    emptied = [move for move in had if move.is_emptied]
    if not emptied:
        return None
    count = f"{of(len(emptied), len(had))} images"
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
        f"`{name}` gone from {of(lost[name], had[name])} images"
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
        f"{of(count, before)} visible tags of a week ago gone, night by night"
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
    if not older or oldest - min(older) < _DAY or _is_rebuilt(source, oldest, len(older)):
        return None
    days = (source.as_of - max(older)) // _DAY
    return Measured(
        len(older),
        len(gone),
        0,
        max(CUT_AT_LEAST, ceil(len(gone) / 2)),
        f"all {len(older)} tags older than {days} day{'s' * (days != 1)} gone at once",
        lambda: chain.from_iterable(move.places_lost() for move in source.news),
    )


def _is_rebuilt(source: SourceMove, time: datetime, gone: int) -> bool:
    """Whether half of the tags from before a time (UTC), or more, live on with another digest.

    Then all were built anew in a night, and nothing was cut. In the nights of a hold many are so by
    and by, which says nothing.
    """
    if source.held and source.held.same:
        return False
    had = sum(
        len(group.tags)
        for move in source.news
        for group in visible(move.before, source.window, source.as_of)
        if group.last_changed < time
    )
    return had >= 2 * gone


def still_lost(source: SourceMove) -> Measured | None:
    """Most of what was held the night before is still missing, and nothing took its place.

    Tags that have left the window since are no loss of a night; a hold does not end for that.
    """
    return still_missing(source.held, source.moves, source.has)


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


def still_missing(held: Streak | None, moves: Iterable[TableMove], has: int) -> Measured | None:
    """How much of a hold is still missing; None where as many tags have come, `has` being all."""
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
        f"{of(len(missing), len(about))} tags that were held are still missing",
        lambda: missing,
    )
