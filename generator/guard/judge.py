"""What was seen, held against the last known good: what to believe, what to hold back.

No HTTP status tells that a listing silently lost half of its tags. Every rule here answers an
event of a real year of nightly builds (`docs/guard.md`). Pure: values in, values out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from msgspec.structs import replace

from generator.catalog.spec import Guard
from generator.errors import Failure
from generator.grouping import TagOrder, Window
from generator.guard.findings import Finding, FindingKind
from generator.guard.losses import (
    Loss,
    cut_at_an_age,
    loss_of,
    mark_of,
    too_much_for_a_source,
    too_much_for_a_table,
)
from generator.guard.memory import Build, Streak, streak_key
from generator.guard.merge import merge
from generator.model import Image, Seen, Table, TimeKind


@dataclass(frozen=True)
class SourceRules:
    """How the source of one table is judged."""

    table: str
    time_kind: TimeKind
    limits: Guard
    is_immutable: Callable[[str], bool]


@dataclass(frozen=True)
class Rules:
    """What the catalog and the command line say of believing.

    `accepted` names the tables and images whose losses are believed this night; those of an image
    do not count against its source either. Without `whole` the night is about a choice of images,
    which says nothing of a source as such: only their tables are judged.
    """

    as_of: datetime
    window: Window
    order: TagOrder
    sources: tuple[SourceRules, ...]
    gone_after: int
    accepted: frozenset[str] = frozenset()
    whole: bool = True


@dataclass
class Verdict:
    """What to believe, and what to remember of this night.

    `images` are the new last known good; those in `gone` lose their pages. The streaks are the
    next `Build`'s, but for the images that have lost their pages by then.
    """

    images: dict[str, Image] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    failed: dict[str, Streak] = field(default_factory=dict)
    held: dict[str, Streak] = field(default_factory=dict)
    missing: dict[str, Streak] = field(default_factory=dict)


def judge(
    rules: Rules, known: Mapping[str, Image], last: Build, seen: Mapping[str, Seen]
) -> Verdict:
    """Decide what to believe of a night's answers.

    `known` are the images of the last known good that this build is about, `last` is what the
    last build left, `seen` has the answers by table.
    """
    present = {name for answer in seen.values() for name, tags in answer.images.items() if tags}
    night = _Night(rules, known, last, missing=known.keys() - present)
    sources = [_judged(night, source, seen[source.table]) for source in rules.sources]
    return _combined(night, sources, present)


@dataclass(frozen=True)
class _Night:
    """What is the same for all sources of one build; no source has the `missing` images."""

    rules: Rules
    known: Mapping[str, Image]
    last: Build
    missing: frozenset[str] | set[str]

    def again(self, streaks: Mapping[str, Streak], key: str, answer: str = "") -> Streak:
        """The streak of that key with this night."""
        night = self.rules.as_of.date()
        return streaks[key].again(night, answer) if key in streaks else Streak(1, night, answer)

    def tags(self, table: str) -> int:
        """How many tags the last known good has in a table."""
        return sum(
            len(group.tags)
            for image in self.known.values()
            for item in image.tables
            if item.name == table
            for group in item.groups
        )

    def is_news(self, table: str, image: str) -> bool:
        """Whether a loss of this image began this night: an older one has been told already."""
        night = self.rules.as_of.date()
        streaks = (self.last.gone.get(image), self.last.held.get(streak_key(table, image)))
        return all(
            streak is None or (streak.nights == 1 and streak.last >= night) for streak in streaks
        )


@dataclass
class _Judged:
    """What of one source is believed: tables by image, and the images it did not answer for."""

    table: str
    believed: dict[str, Table]
    unanswered: set[str] = field(default_factory=set)
    answered: bool = True
    findings: list[Finding] = field(default_factory=list)
    failed: dict[str, Streak] = field(default_factory=dict)
    held: dict[str, Streak] = field(default_factory=dict)

    def answers(self, image: str) -> bool:
        """Whether this source answered for the image, and is believed."""
        return self.answered and image not in self.unanswered

    def distrust(self, night: _Night, reason: str, *, failed: bool) -> None:
        """Leave the whole source at the last known good."""
        self.answered = False
        last, streaks = (night.last.failed, self.failed) if failed else (night.last.held, self.held)
        key = streak_key(self.table)
        for kept, old in ((self.failed, night.last.failed), (self.held, night.last.held)):
            own = {name: streak for name, streak in old.items() if name.startswith(f"{key}:")}
            kept.update(own | kept)
        streaks[key] = night.again(last, key)
        kind: FindingKind = "failed" if failed else "held"
        nights = streaks[key].nights
        self.findings.append(Finding(kind, None, self.table, reason, nights=nights))


def _judged(night: _Night, source: SourceRules, seen: Seen) -> _Judged:
    """What of one source is believed: the last known good, wherever its answer is not."""
    known = {
        image.name: table
        for image in night.known.values()
        for table in image.tables
        if table.name == source.table
    }
    judged = _Judged(source.table, known)
    if seen.failure:
        judged.distrust(night, seen.failure.reason, failed=True)
        return judged
    fresh, noticed = _fresh_tables(night, source, known, seen)
    losses = {
        image: loss_of(known[image].groups, table.groups, night.rules.window, night.rules.as_of)
        for image, table in fresh.items()
        if image in known
    }
    _keep_failed(night, judged, seen.failed)
    accepted = source.table in night.rules.accepted
    measured = night.rules.whole and not accepted
    if measured and (reason := _why_distrusted(night, source, seen, losses, noticed)):
        judged.distrust(night, reason, failed=False)
        judged.believed = known | {
            image: table for image, table in fresh.items() if image in night.rules.accepted
        }
        return judged
    judged.believed = known | fresh
    if not accepted:
        _hold_tables(night, judged, source, known, losses)
    judged.findings += [finding for finding in noticed if judged.answers(finding.image or "")]
    return judged


def _fresh_tables(
    night: _Night, source: SourceRules, known: Mapping[str, Table], seen: Seen
) -> tuple[dict[str, Table], list[Finding]]:
    """The tables as answered, by image, and what was noticed in them."""
    tables: dict[str, Table] = {}
    noticed: list[Finding] = []
    none = Table(source.table)
    for image in sorted(seen.images.keys() | (known.keys() - seen.failed.keys())):
        groups, findings = merge(
            known.get(image, none).groups,
            seen.images.get(image, ()),
            night.rules.order,
            source.is_immutable,
        )
        tables[image] = Table(source.table, groups, source.time_kind)
        noticed += [replace(item, image=image, table=source.table) for item in findings]
    return tables, noticed


def _why_distrusted(
    night: _Night,
    source: SourceRules,
    seen: Seen,
    losses: Mapping[str, Loss],
    noticed: Iterable[Finding],
) -> str | None:
    rules = night.rules
    news = [
        loss
        for image, loss in losses.items()
        if image not in rules.accepted and night.is_news(source.table, image)
    ]
    moved_back = sum(
        len(item.tags)
        for item in noticed
        if item.kind == "moved_back" and item.image not in rules.accepted
    )
    return too_much_for_a_source(
        news, source.limits, moved_back, night.tags(source.table)
    ) or cut_at_an_age(news, chain.from_iterable(seen.images.values()), rules.window, rules.as_of)


def _keep_failed(night: _Night, judged: _Judged, failed: Mapping[str, Failure]) -> None:
    for image, failure in failed.items():
        judged.unanswered.add(image)
        key = streak_key(judged.table, image)
        judged.failed[key] = night.again(night.last.failed, key)
        judged.findings.append(
            Finding("failed", image, judged.table, failure.reason, nights=judged.failed[key].nights)
        )


def _hold_tables(
    night: _Night,
    judged: _Judged,
    source: SourceRules,
    known: Mapping[str, Table],
    losses: Mapping[str, Loss],
) -> None:
    """Put back the tables that lost too much, until they have answered the same for long enough."""
    for image, loss in losses.items():
        reason = too_much_for_a_table(loss, source.limits)
        if reason is None or image in night.missing or image in night.rules.accepted:
            continue
        key = streak_key(source.table, image)
        mark = mark_of(known[image].groups, judged.believed[image].groups)
        streak = night.again(night.last.held, key, mark)
        if streak.nights >= night.rules.gone_after:
            detail = f"{reason}, the same ones {streak.nights} nights in a row"
            judged.findings.append(Finding("released", image, source.table, detail))
            continue
        judged.held[key] = streak
        judged.unanswered.add(image)
        judged.believed[image] = known[image]
        judged.findings.append(Finding("held", image, source.table, reason, nights=streak.nights))


def _combined(night: _Night, sources: list[_Judged], present: set[str]) -> Verdict:
    """The sources' tables put together, image by image."""
    verdict = Verdict()
    for judged in sources:
        verdict.findings += judged.findings
        verdict.failed |= judged.failed
        verdict.held |= judged.held
    for name in sorted(night.known.keys() | present):
        tables = [judged.believed.get(name) for judged in sources]
        silent = [judged.table for judged in sources if not judged.answers(name)]
        if name in night.missing:
            _miss(night, verdict, name, silent)
        elif any(
            table is None and judged.table in silent
            for table, judged in zip(tables, sources, strict=True)
        ):
            _wait(verdict, name, silent)
        else:
            verdict.images[name] = Image(
                name,
                tuple(
                    table or Table(source.table, (), source.time_kind)
                    for table, source in zip(tables, night.rules.sources, strict=True)
                ),
            )
    return verdict


def _miss(night: _Night, verdict: Verdict, name: str, silent: list[str]) -> None:
    """Keep an image that no source has for some nights; count only nights when all answered."""
    if silent:
        verdict.images[name] = night.known[name]
        if name in night.last.gone:
            verdict.missing[name] = night.last.gone[name]
        return
    streak = night.again(night.last.gone, name)
    verdict.missing[name] = streak
    if streak.nights >= night.rules.gone_after or name in night.rules.accepted:
        verdict.gone.add(name)
        verdict.findings.append(Finding("gone", name, nights=streak.nights))
    else:
        verdict.images[name] = night.known[name]
        verdict.findings.append(Finding("missing", name, nights=streak.nights))


def _wait(verdict: Verdict, name: str, silent: list[str]) -> None:
    """Leave an image alone of which a table is not known at all."""
    verdict.findings.append(Finding("waiting", name, detail="no answer of " + ", ".join(silent)))
