"""Rules about one table of an image."""

from __future__ import annotations

from generator.catalog.tables import Guard
from generator.guard.losses import still_missing
from generator.guard.measure import TableMove
from generator.guard.measured import Measured, at_least, of
from generator.guard.memory import Streak

GROWN_AT_LEAST = 500
"""A table may always grow by fewer tags than this."""


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
        f"{of(lost, move.had)} visible tags gone",
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
    return still_missing(held, [move], move.has)
