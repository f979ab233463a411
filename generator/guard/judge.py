"""What was seen, held against the last known good: what to believe, what to hold back.

No HTTP status tells that a listing silently lost half of its tags. Every rule answers an event of
a real year of nightly builds (`docs/guard.md`). Pure: values in, values out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from generator.guard.findings import Finding
from generator.guard.judged import Judged
from generator.guard.measure import SourceMove
from generator.guard.memory import WEEK, Answers, Build, Streak, Volume
from generator.guard.night import Night, Rules
from generator.guard.source import judge_source
from generator.model import Image, Seen, Table


@dataclass
class Verdict:
    """What to believe, and what to remember of this night.

    `images` are the new last known good; those in `gone` lose their pages. The streaks are the
    next `Build`'s, but for the images that have lost their pages by then. `volumes` are of the
    sources that were measured, and `silent` names the tables of those that were not believed, and
    `anew` those of which a great loss or gain was, so that nothing before it counts any more. The
    tables of `filling` have not been answered as a whole yet.
    With `is_untimely` nothing is believed, as the time of the build looks wrong. `moves` has what
    was measured of each source, for whoever looks at the rules.
    """

    images: dict[str, Image] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    failed: dict[str, Streak] = field(default_factory=dict)
    held: dict[str, Streak] = field(default_factory=dict)
    missing: dict[str, Streak] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    answers: dict[str, Answers] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    anew: set[str] = field(default_factory=set)
    filling: set[str] = field(default_factory=set)
    is_untimely: bool = False
    moves: dict[str, SourceMove] = field(default_factory=dict)


def judge(
    rules: Rules, known: Mapping[str, Image], last: Build, seen: Mapping[str, Seen]
) -> Verdict:
    """Decide what to believe of a night's answers.

    `known` are the images of the last known good that this build is about, `last` is what the
    last build left, `seen` has the answers by table.
    """
    present = {name for answer in seen.values() for name, tags in answer.images.items() if tags}
    night = Night(rules, known, last, missing=known.keys() - present)
    sources = [judge_source(night, source, seen[source.table]) for source in rules.sources]
    verdict = Verdict()
    for judged in sources:
        _add(verdict, judged)
    verdict.is_untimely = (
        last.as_of is not None
        and rules.as_of - last.as_of > WEEK
        and any(judged.is_untimely for judged in sources)
        and not any(judged.answered for judged in sources)
    )
    for name in sorted(known.keys() | present):
        if name not in night.missing:
            _put_together(night, verdict, name, sources)
        elif all(judged.answers_for(name) for judged in sources):
            _miss(night, verdict, name)
        else:
            _keep(night, verdict, name, sources)
    return verdict


def _add(verdict: Verdict, judged: Judged) -> None:
    verdict.findings += judged.findings
    verdict.failed |= judged.failed
    verdict.held |= judged.held
    if judged.answers:
        verdict.answers[judged.table] = judged.answers
    if judged.move:
        verdict.moves[judged.table] = judged.move
    if judged.is_anew:
        verdict.anew.add(judged.table)
    if judged.is_filling:
        verdict.filling.add(judged.table)
    if not judged.answered:
        verdict.silent.add(judged.table)
    elif judged.volume:
        verdict.volumes[judged.table] = judged.volume
    nights = (*judged.failed.values(), *judged.held.values())
    if judged.is_left_out and all(streak.nights == 1 for streak in nights):
        verdict.findings.append(Finding("left_out", None, judged.table))


def _put_together(night: Night, verdict: Verdict, name: str, sources: list[Judged]) -> None:
    """Make an image of its tables; a new one waits for every source that has answered before."""
    unknown = [
        judged for judged in sources if name not in judged.believed and not judged.answers_for(name)
    ]
    if name not in night.known and not all(judged.is_left_out for judged in unknown):
        silent = ", ".join(judged.table for judged in unknown if not judged.is_left_out)
        verdict.findings.append(Finding("waiting", name, detail=f"no answer of {silent}"))
        return
    tables = (
        judged.believed.get(name, Table(judged.table, (), judged.source.time_kind))
        for judged in sources
        if judged not in unknown
    )
    verdict.images[name] = Image(name, tuple(tables))


def _keep(night: Night, verdict: Verdict, name: str, sources: list[Judged]) -> None:
    """Keep an image that no source has on a night that does not count, as not all answered."""
    image = night.known[name]
    silent = {judged.table: judged for judged in sources if not judged.answers_for(name)}
    verdict.images[name] = Image(
        name,
        tuple(
            silent[table.name].believed[name] if table.name in silent else table
            for table in image.tables
        ),
    )
    if name in night.last.gone:
        verdict.missing[name] = night.last.gone[name]


def _miss(night: Night, verdict: Verdict, name: str) -> None:
    """Keep an image that no source has for some nights, then let it go."""
    streak = night.again(night.last.gone, name)
    verdict.missing[name] = streak
    if streak.nights >= night.rules.gone_after or name in night.rules.accepted.anything:
        verdict.gone.add(name)
        verdict.findings.append(Finding("gone", name, nights=streak.nights))
        return
    verdict.images[name] = night.known[name]
    left = timedelta(days=night.rules.gone_after - streak.nights)
    verdict.findings.append(
        Finding("missing", name, nights=streak.nights, until=night.rules.as_of.date() + left)
    )
