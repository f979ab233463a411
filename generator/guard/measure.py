"""How an answer differs from the last known good: what was shown, is shown, is gone, is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from generator.catalog.tables import Guard
from generator.grouping import Window, visible
from generator.guard.extent import Place
from generator.guard.memory import Streak, Totals, Volume
from generator.model import Tag, TagGroup

Groups = tuple[TagGroup, ...]


@dataclass(frozen=True)
class TableMove:
    """One table, as last believed (`before`) and as answered (`after`).

    `had` is how many tags the page showed on the night that was last believed, `has` how many it
    would show now. `gone` has the tags (with their times, UTC) that the answer lacks though the
    window would still show them, `hidden` those whose time the answer puts out of the window,
    `gained` those that are shown and were not known. `by_window` says that nothing is shown any
    more only because time has passed.
    """

    image: str
    before: Groups
    after: Groups
    had: int
    has: int
    gone: tuple[tuple[str, datetime], ...] = ()
    hidden: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    by_window: bool = False

    @property
    def lost(self) -> int:
        """How many tags that were shown are gone or hidden."""
        return len(self.gone) + len(self.hidden)

    @property
    def is_emptied(self) -> bool:
        """Whether the page showed tags and shows none, or the source had tags and has none."""
        return bool(self.had and not self.has) or bool(self.before and not self.after)

    @property
    def tags_lost(self) -> list[str]:
        """The tags that are gone or hidden."""
        return [*(tag for tag, _ in self.gone), *self.hidden]

    def places_lost(self) -> list[Place]:
        """The tags that are gone or hidden; the image where all are."""
        is_all = self.lost == _count(self.before)
        return [(self.image, tag) for tag in ([""] if is_all else self.tags_lost)]

    def places_gained(self) -> list[Place]:
        """The tags that are new; the image where all are."""
        tags = self.gained if self.before else ("",) * bool(self.gained)
        return [(self.image, tag) for tag in tags]


class Sight(NamedTuple):
    """What pages show: with which window, on the night last believed (`since`) and now (UTC)."""

    window: Window
    since: datetime
    as_of: datetime


def table_move(image: str, before: Groups, after: Groups, sight: Sight) -> TableMove:
    """What moved in a table."""
    window, since, as_of = sight
    had = _count(visible(before, window, since))
    if before == after:
        has = _count(visible(after, window, as_of))
        return TableMove(image, before, after, had, has, by_window=had > 0 and not has)
    shown_after = visible(after, window, as_of)
    listed = {tag for group in after for tag in group.tags}
    shown = {tag for group in shown_after for tag in group.tags}
    known = {tag for group in before for tag in group.tags}
    gone: list[tuple[str, datetime]] = []
    hidden: list[str] = []
    for group in visible(before, window, as_of):
        gone += [(tag, group.last_changed) for tag in group.tags if tag not in listed]
        hidden += [tag for tag in group.tags if tag in listed and tag not in shown]
    return TableMove(
        image,
        before,
        after,
        had,
        len(shown),
        tuple(gone),
        tuple(hidden),
        tuple([tag for group in shown_after for tag in group.tags if tag not in known]),
        by_window=bool(had and not shown and visible(after, window, since)) and not hidden,
    )


def _count(groups: Iterable[TagGroup]) -> int:
    return sum([len(group.tags) for group in groups])


@dataclass(frozen=True)
class SourceMove:
    """One source's answer of a night, for the rules to look at.

    `moves` are of all images that it answered for and that are not accepted, `news` those of them
    that were known, and whose losses were not told on an earlier night. `moved_back` are tags that
    point again to a digest that they had left, `ahead` tags of a time after the build's. `known`
    counts all tags of the last known good, `stored` those of images too that the build is not
    about; `left` is what the last build left, and `past` how much the
    source showed and lost a week ago and since. `held` is the hold of the night before. `widened`
    says that the catalog takes other images than before, or that not all of those that it takes
    have been answered yet.
    """

    limits: Guard
    window: Window
    as_of: datetime
    answer: Mapping[str, Sequence[Tag]]
    moves: tuple[TableMove, ...]
    news: tuple[TableMove, ...]
    moved_back: tuple[Place, ...] = ()
    ahead: tuple[Place, ...] = ()
    known: int = 0
    stored: int = 0
    left: Totals | None = None
    past: tuple[Volume, ...] = ()
    held: Streak | None = None
    widened: bool = False

    @property
    def kept(self) -> float:
        """The share of the tags that the last build left which the tree still has."""
        left = self.left.tags if self.left else 0
        return min(self.stored / left, 1) if left else 1

    @cached_property
    def had(self) -> int:
        """How many tags of the news the pages showed."""
        return sum(move.had for move in self.news)

    @cached_property
    def lost(self) -> int:
        """How many of them are gone or hidden."""
        return sum(move.lost for move in self.news)

    @cached_property
    def has(self) -> int:
        """How many tags the pages would show."""
        return sum(move.has for move in self.moves)
