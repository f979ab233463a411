"""What one build leaves to the next, in `build.json`: values, and how a night is added to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import chain
from statistics import median

import msgspec
from msgspec.structs import replace

from generator.guard.extent import Extent, Place
from generator.guard.findings import EVENTS, Finding, FindingKind
from generator.model import Artifact

FLAPS = 3
"""A tag that moved back more often than this, in the nights that are remembered, flaps."""
WEEK = timedelta(days=7)
NIGHTS_REMEMBERED = 31
"""For so many days `build.json` remembers what builds noticed."""
NOTICED_LIMIT = 200
"""The most findings of one kind that it remembers of one night."""


class Streak(msgspec.Struct, frozen=True, omit_defaults=True):
    """Nights in a row of one thing, the last of them.

    Of a hold also: the mark (`answer`) and the text of its extent, the `first` night, and for how
    many nights in a row the `same` was held. A hold that ended a night ago or two is remembered
    with `same` 0, so that an answer that comes and goes keeps its age.
    """

    nights: int
    last: date
    answer: str = ""
    extent: str = ""
    first: date | None = None
    same: int = 0

    def again(self, night: date) -> Streak:
        """The streak with another night; a second run in the same night counts once."""
        return replace(self, nights=self.nights + (night > self.last), last=max(night, self.last))


def held_again(streak: Streak | None, night: date, places: Collection[Place], churn: int) -> Streak:
    """The hold of `night`, with that of the night before.

    A hold of the same places, or of a part of them, keeps its mark; one of some more (`churn`) is
    counted on as the same, but has another mark.
    """
    extent = Extent.of(places)
    new = Streak(1, night, extent.mark, str(extent), night, 1)
    if streak is None:
        return new
    again = streak.again(night)
    held = Extent(streak.extent)
    beyond = sum(place not in held for place in places)
    if not streak.same or beyond > churn:
        return replace(new, nights=again.nights, first=streak.first or streak.last)
    same = streak.same + (night > streak.last)
    kept = again if beyond == 0 else replace(new, nights=again.nights, first=streak.first)
    return replace(kept, same=same)


class Totals(msgspec.Struct, frozen=True):
    """How much a table holds over all images."""

    images: int = 0
    groups: int = 0
    tags: int = 0


class Volume(msgspec.Struct, frozen=True, array_like=True):
    """How many tags a source's pages showed after a night, and how many it had lost in it."""

    shown: int
    lost: int = 0


class Answers(msgspec.Struct, frozen=True):
    """Since which night a source answers the same, and every how many nights it used to change.

    `every` is 0 until the first change. `mark` stands for what was answered: the state cannot tell,
    as a build that was killed may have written it already.
    """

    since: date
    every: float = 0.0
    mark: str = ""

    def again(self, night: date, mark: str) -> Answers:
        """With another night: a moving average of the nights between two changes."""
        gap = (night - self.since).days
        if mark == self.mark or gap < 1:
            return Answers(self.since, self.every, mark)
        return Answers(night, round((3 * (self.every or gap) + gap) / 4, 2), mark)


class Build(msgspec.Struct, frozen=True):
    """What the last build leaves to the next one.

    `totals` are by table. `failed` counts the nights of a source or image that could not be
    asked, `held` those of an answer that is held back, `gone` those of an image that no source
    has; keys are as `streak_key` makes them. `week` has how much the sources showed and lost in the
    last nights in which that moved, `answers` since when they answer the same, and `scope` is a
    hash of what the catalog says of images. The sources of the tables in `filling` have not been
    answered as a whole yet, since these are new or the catalog takes other images. `standing` is
    what the last build had to tell that lasts; `noticed` has what happened (`EVENTS`) in the last
    nights, by the time of their builds.
    `outputs` are the kinds of file that it wrote, `matched` the entries of the catalog that matched
    something in it or before. `artifacts` are what is listed like images and is none, by key.
    """

    as_of: datetime | None = None
    totals: dict[str, Totals] = {}
    failed: dict[str, Streak] = {}
    held: dict[str, Streak] = {}
    gone: dict[str, Streak] = {}
    week: dict[date, dict[str, Volume]] = {}
    answers: dict[str, Answers] = {}
    scope: str = ""
    filling: tuple[str, ...] = ()
    standing: tuple[Finding, ...] = ()
    noticed: dict[datetime, tuple[Finding, ...]] = {}
    outputs: tuple[str, ...] = ()
    matched: tuple[str, ...] = ()
    artifacts: dict[str, Artifact] = {}

    def noticed_since(self, earlier: Build) -> list[Finding]:
        """What there is to tell: how things stand, and what happened that `earlier` lacks."""
        happened = (
            finding
            for time, findings in sorted(self.noticed.items())
            for finding in findings
            if finding not in earlier.noticed.get(time, ())
        )
        return [*self.standing, *happened]

    def shown(self) -> dict[str, int]:
        """How many tags each source's pages showed after the last build."""
        latest = {table: totals.tags for table, totals in self.totals.items()}
        for _, volumes in sorted(self.week.items()):
            latest |= {table: volume.shown for table, volume in volumes.items()}
        return latest

    def usual_losses(self, night: date) -> dict[str, float]:
        """The share of its tags that each source lost in a middle one of the last nights.

        Of nights in which nothing moved there is no entry: those count as none lost.
        """
        usual = {}
        for table in {table for volumes in self.week.values() for table in volumes}:
            days = {day: found[table] for day, found in self.week.items() if table in found}
            shares = [item.lost / max(item.shown + item.lost, 1) for item in days.values()]
            usual[table] = median([*shares, *[0.0] * ((night - min(days)).days - len(shares))])
        return usual


def streak_key(table: str, image: str | None = None) -> str:
    """The key of a table's source, or of one image in it."""
    return table if image is None else f"{table}:{image}"


def week(
    before: Mapping[date, Mapping[str, Volume]],
    night: date,
    volumes: Mapping[str, Volume],
    anew: Collection[str],
) -> dict[date, dict[str, Volume]]:
    """The volumes of the last nights in which they moved, those of a week ago included.

    Of two builds of a night the one that lost more counts. Of the tables that begin `anew` nothing
    older does.
    """
    nights = {
        day: {table: volume for table, volume in found.items() if table not in anew}
        for day, found in sorted(before.items())
    }
    latest = {table: volume for found in nights.values() for table, volume in found.items()}
    tonight = nights.pop(night, {})
    for table, volume in volumes.items():
        if volume.lost or table not in latest or latest[table].shown != volume.shown:
            earlier = tonight.get(table, volume)
            tonight |= {table: Volume(volume.shown, max(volume.lost, earlier.lost))}
    nights[night] = tonight
    past = max((day for day in nights if day <= night - WEEK), default=date.min)
    return {day: found for day, found in nights.items() if found and day >= past}


def standing(
    before: Iterable[Finding], findings: Iterable[Finding], is_about: Callable[[str], bool]
) -> tuple[Finding, ...]:
    """How things stand after a build that was about the images of `is_about`.

    A build of the whole is also about the sources: `is_about("")`.
    """
    others = (item for item in before if not is_about(item.image or ""))
    now = (item for item in findings if item.kind not in EVENTS)
    return _bounded(chain(others, now))


def noticed(
    before: Mapping[datetime, tuple[Finding, ...]], as_of: datetime, findings: Iterable[Finding]
) -> dict[datetime, tuple[Finding, ...]]:
    """What happened in the last nights, with what the build for `as_of` adds to its night.

    Nights of more than a month ago are forgotten, once there is a new one.
    """
    happened = (item for item in findings if item.kind in EVENTS)
    now = _bounded(chain(before.get(as_of, ()), happened))
    if now == before.get(as_of, ()):
        return dict(before)
    oldest = as_of - timedelta(days=NIGHTS_REMEMBERED)
    return {time: found for time, found in before.items() if time > oldest} | {as_of: now}


def with_flapping(
    findings: Iterable[Finding], nights: Mapping[datetime, tuple[Finding, ...]]
) -> list[Finding]:
    """The findings, with one of kind `flapping` for tags that move back again and again.

    `findings` may be of many nights, with the same move more than once; `nights` are those before.
    """
    found = list(findings)
    told = list(dict.fromkeys(found))
    moves = [item for item in found if item.kind == "moved_back"]
    moves += [item for items in nights.values() for item in items if item.kind == "moved_back"]
    back = Counter((item.image, item.table, tag) for item in moves for tag in item.tags)
    flapping: dict[tuple[str | None, str | None], dict[str, None]] = {}
    rest = []
    for item in told:
        place = (item.image, item.table)
        tags = [tag for tag in item.tags if back[*place, tag] > FLAPS]
        if item.kind != "moved_back" or len(tags) < len(item.tags):
            rest.append(item)
        else:
            flapping.setdefault(place, {}).update(dict.fromkeys(tags))
    return rest + [
        Finding("flapping", image, table, tags=tuple(tags))
        for (image, table), tags in flapping.items()
    ]


def _bounded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings in a fixed order, of each kind no more than the limit: the first images'."""
    counted: Counter[FindingKind] = Counter()
    kept = []
    for finding in sorted(set(findings), key=_order):
        counted[finding.kind] += 1
        if counted[finding.kind] <= NOTICED_LIMIT:
            kept.append(finding)
    return tuple(kept)


def _order(finding: Finding) -> tuple[str, ...]:
    return (
        finding.kind,
        finding.image or "",
        finding.table or "",
        finding.detail,
        *finding.tags,
    )
