"""What one build leaves to the next, in `build.json`: values, and how a night is added to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import chain

import msgspec

from generator.guard.findings import EVENTS, Finding, FindingKind

NIGHTS_REMEMBERED = 31
"""For so many days `build.json` remembers what builds noticed."""
NOTICED_LIMIT = 200
"""The most findings of one kind that it remembers of one night."""


class Streak(msgspec.Struct, frozen=True, omit_defaults=True):
    """Nights in a row of one thing, the last of them, and what was answered in them."""

    nights: int
    last: date
    answer: str = ""

    def again(self, night: date, answer: str = "") -> Streak:
        """The streak with another night; a second run in the same night counts once."""
        if answer != self.answer:
            return Streak(1, night, answer)
        return Streak(self.nights + (night > self.last), max(night, self.last), answer)


class Totals(msgspec.Struct, frozen=True):
    """How much a table holds over all images."""

    images: int = 0
    groups: int = 0
    tags: int = 0


class Build(msgspec.Struct, frozen=True):
    """What the last build leaves to the next one.

    `totals` are by table. `failed` counts the nights of a source or image that could not be
    asked, `held` those of an answer that is held back, `gone` those of an image that no source
    has; keys are as `streak_key` makes them. `standing` is what the last build had to tell that
    lasts; `noticed` has what happened (`EVENTS`) in the last nights, by the time of their builds.
    `outputs` are the kinds of file that it wrote.
    """

    as_of: datetime | None = None
    totals: dict[str, Totals] = {}
    failed: dict[str, Streak] = {}
    held: dict[str, Streak] = {}
    gone: dict[str, Streak] = {}
    standing: tuple[Finding, ...] = ()
    noticed: dict[datetime, tuple[Finding, ...]] = {}
    outputs: tuple[str, ...] = ()

    def noticed_since(self, earlier: Build) -> list[Finding]:
        """What there is to tell: how things stand, and what happened that `earlier` lacks."""
        happened = (
            finding
            for time, findings in sorted(self.noticed.items())
            for finding in findings
            if finding not in earlier.noticed.get(time, ())
        )
        return [*self.standing, *happened]


def streak_key(table: str, image: str | None = None) -> str:
    """The key of a table's source, or of one image in it."""
    return table if image is None else f"{table}:{image}"


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
