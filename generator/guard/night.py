"""What is the same for all sources of one build: the rules of the catalog, what was known."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from generator.catalog.tables import Guard
from generator.grouping import TagOrder, Window
from generator.guard.extent import Extent, Place
from generator.guard.memory import WEEK, Build, Streak, Volume, streak_key
from generator.model import Image, TimeKind

SMALL_SITE = 1_000
"""The most tags of a site whose held sources are believed by themselves, unless told otherwise."""
SMALL_SITE_NIGHTS = 7


@dataclass(frozen=True)
class SourceRules:
    """How the source of one table is judged; `wants` says which tags the catalog takes (or all)."""

    table: str
    time_kind: TimeKind
    limits: Guard
    is_immutable: Callable[[str], bool]
    wants: Callable[[str], bool] | None = None


@dataclass(frozen=True)
class Accepted:
    """What `--accept-loss NAME@MARK` and `--accept-any-loss NAME` say, by table or image."""

    marks: Mapping[str, frozenset[str]] = field(default_factory=dict)
    anything: frozenset[str] = frozenset()

    def takes(self, name: str, places: Collection[Place], held: Streak | None) -> bool:
        """Whether a hold of these places is believed: it was reviewed, or is a part of that."""
        marks = self.marks.get(name, frozenset())
        if not marks:
            return False
        extent = Extent(held.extent) if held and held.answer in marks else Extent()
        return Extent.of(places).mark in marks or all(place in extent for place in places)


@dataclass(frozen=True)
class Rules:
    """What the catalog and the command line say of believing.

    With `whole` False the night is about a choice of images, which says nothing of a source as
    such: only their tables are judged. `widened` says that the catalog takes other images than at
    the last build. `stored` counts the tags that the whole tree has, by table: a table that is not
    in it has never been answered.
    """

    as_of: datetime
    window: Window
    order: TagOrder
    sources: tuple[SourceRules, ...]
    gone_after: int
    accepted: Accepted = Accepted()
    whole: bool = True
    widened: bool = False
    stored: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Night:
    """One build's rules, its last known good, and what the last build left.

    No source has the `missing` images.
    """

    rules: Rules
    known: Mapping[str, Image]
    last: Build
    missing: frozenset[str] | set[str]

    def again(self, streaks: Mapping[str, Streak], key: str) -> Streak:
        """The streak of that key with this night."""
        night = self.rules.as_of.date()
        return streaks[key].again(night) if key in streaks else Streak(1, night)

    def is_news(self, table: str, image: str) -> bool:
        """Whether a loss of this image began this night: an older one has been told already."""
        night = self.rules.as_of.date()
        missing = self.last.gone.get(image)
        held = self.last.held.get(streak_key(table, image))
        return all(
            streak is None or (streak.nights == 1 and streak.last >= night)
            for streak in (missing, held if held and held.same else None)
        )

    def is_filling(self, table: str) -> bool:
        """Whether not all images that the catalog takes from a source have been answered before."""
        return (
            self.rules.widened
            or self.last.as_of is None
            or table not in self.rules.stored
            or table in self.last.filling
        )

    def past(self, table: str) -> tuple[Volume, ...]:
        """How much a source showed and lost: a week ago, and in the nights since."""
        night = self.rules.as_of.date()
        nights = [
            (day, volumes[table])
            for day, volumes in sorted(self.last.week.items())
            if table in volumes and day < night
        ]
        before = [volume for day, volume in nights if day <= night - WEEK]
        return (*before[-1:], *(volume for day, volume in nights if day > night - WEEK))

    def released_after(self, limits: Guard) -> int:
        """After how many nights a held source is believed by itself; 0 is never."""
        if limits.source_gone_after is not None:
            return limits.source_gone_after
        tags = sum(totals.tags for totals in self.last.totals.values())
        return 0 if tags > SMALL_SITE else SMALL_SITE_NIGHTS
