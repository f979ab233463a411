"""The rules of the guard: one function each, of what is measured, the limit, the sentence.

A rule answers None where there is nothing to measure. What the recorded nights give for each is
in `docs/guard.md` and printed by `benchmarks/margins.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from generator.catalog.tables import Guard
from generator.guard.gains import (
    gained_images,
    gained_tags,
    moved_back,
    shared_digest,
    times_ahead,
)
from generator.guard.losses import (
    cut_at_an_age,
    emptied_images,
    lost_in_a_week,
    lost_name,
    lost_state,
    lost_tags,
    still_lost,
)
from generator.guard.measure import SourceMove, TableMove
from generator.guard.measured import Measured
from generator.guard.memory import Streak
from generator.guard.tables import (
    emptied_table,
    grown_table,
    lost_of_a_table,
    still_lost_of_a_table,
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

TableRule = Callable[[TableMove, Guard, Streak | None], Measured | None]
TABLE_RULES: tuple[TableRule, ...] = (
    lost_of_a_table,
    emptied_table,
    grown_table,
    still_lost_of_a_table,
)
"""What may hold one table."""
