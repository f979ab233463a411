"""`build`: collect (or read answers), guard, plan, publish, report; the nightly job."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from generator.collect.answers import Answers, artifacts, facts, notes, readmes, seen
from generator.collect.pull import Observer
from generator.content.known import Known
from generator.content.plan import Plan
from generator.content.state import BUILD_FILE, encode_build
from generator.content.tree import Tree
from generator.errors import UsageError
from generator.facts.base import Details, FactsByPlace
from generator.facts.details import details_of, not_looked_up
from generator.facts.moves import moves_of
from generator.guard.findings import Finding
from generator.guard.judge import Verdict, judge
from generator.guard.memory import Build
from generator.guard.readmes import ReadmeJudge
from generator.jobs.believing import accepted, happened, record, remembered_artifacts, rules
from generator.jobs.collect import Pull, collect, known_facts, read_answers
from generator.jobs.job import Job
from generator.jobs.planning import (
    CATALOG,
    check_only,
    plan_images,
    remaining_outputs,
    report_of,
    sparing,
    stored_subjects,
)
from generator.jobs.unmatched import note_unmatched, unused_templates
from generator.pages.base import Subject
from generator.report.changes import Report
from generator.report.facts import State, facts_changed

LEFTOVERS = "build.*-of-*.json"
"""What builds of a shard wrote, when there were such; a whole build removes them."""


@dataclass(frozen=True)
class Night:
    """What one build is asked for beside the catalog.

    `answers` are files to build from instead of asking the sources. `accepted` names tables and
    images with the marks of the losses that are believed this time, `accepted_any` those of which
    any loss is. With `dry_run` nothing is written; with `back` the time may lie before the last
    build's.
    """

    answers: Sequence[Path] = ()
    accepted: Sequence[str] = ()
    accepted_any: Sequence[str] = ()
    dry_run: bool = False
    back: bool = False


def build(job: Job, night: Night, observer: Observer) -> Report:
    """Bring the content tree up to date.

    Raises UsageError before anything is written, TagpagesError when the tree is locked or cannot
    be written to.
    """
    tree = Tree(job.content)
    with nullcontext() if night.dry_run else tree.lock():
        there = job.known()
        known, spared = sparing(job, there, accepted=CATALOG in night.accepted)
        loss = accepted(job, night.accepted, night.accepted_any, known)
        _ = job.renderer  # a template that is wrong is told before the sources are asked
        parts = _answers(job, night, known, observer)
        as_of = _as_of(job, known.last, parts)
        managed = {name: image for name, image in known.images.items() if job.is_managed(name)}
        answered = seen(parts, [table.name for table in job.catalog.tables], managed)
        judging = rules(job, as_of, loss, known)
        verdict = judge(judging, managed, known.last, answered)
        if verdict.is_untimely:  # a wrong time must not become that of the pages
            as_of = known.last.as_of or as_of
        told = facts(parts)
        publisher = job.publisher(tree, known.last, as_of)
        subjects = _subjects(job, known, verdict, told, as_of)
        _add_readmes(subjects, known, ReadmeJudge(judging, known.last, verdict), readmes(parts))
        plan = plan_images(job, publisher, known, subjects, verdict.gone)
        plan.findings[:0] = [*verdict.findings, *spared]
        plan.quiet = {table: len(answer.quiet) for table, answer in answered.items()}
        _note_unmanaged(job, plan, known)
        _note_unknown(job, plan, verdict, known.last)
        _note_facts(job, plan, verdict, told)
        _note_answers(plan, parts)
        _note_changes(job, plan, known, subjects, as_of)
        unmatched, matched = note_unmatched(job, there, parts)
        plan.findings += [*unmatched, *unused_templates(job)]
        check_only(job, plan)
        report = report_of(job, plan, known, verdict.images, as_of)
        if not night.dry_run:
            # first: the run after one that is killed does not see again what is written by then
            _write_build(tree, happened(job, known.last, verdict, report))
            noticed = len(plan.findings)
            plan.apply(tree)
            if len(plan.findings) > noticed:
                report = report_of(job, plan, known, verdict.images, as_of)
            outputs = remaining_outputs(job, known.last, there.files, plan)
            left = record(job, known, verdict, report)
            none = remembered_artifacts(job, known.last, verdict, artifacts(parts))
            left = replace(left, outputs=outputs, matched=matched, artifacts=none)
            _write_build(tree, left)
            _remove_leftovers(job, tree)
    return report


def _answers(job: Job, night: Night, known: Known, observer: Observer) -> list[Answers]:
    """The answers that the night brings along, or else those of the sources, asked now.

    Raises UsageError when they are for a time before the last build's, which is known before any
    source is asked.
    """
    parts = read_answers(job, night.answers) if night.answers else []
    if not night.back:
        _check_not_earlier(_as_of(job, known.last, parts), known.last.as_of)
    return parts or [collect(job, known, observer, Pull(journaled=not night.dry_run))]


def _as_of(job: Job, last: Build, parts: Sequence[Answers]) -> datetime:
    """The time to write pages for, that of the answers if there are any.

    Under `--only` it is the last whole build's, so that `check` agrees.
    """
    if job.only and last.as_of:
        return job.as_of(recorded=last.as_of)
    return job.as_of(answers=parts[0].header.as_of if parts else None)


def _check_not_earlier(as_of: datetime, last: datetime | None) -> None:
    """Raise UsageError for a time before the last build's."""
    if last and as_of < last:
        raise UsageError(
            f"`as_of` {as_of:%Y-%m-%dT%H:%M:%SZ} lies before that of the last build,"
            f" {last:%Y-%m-%dT%H:%M:%SZ}: --back builds for an earlier time all the same"
        )


def _subjects(
    job: Job, known: Known, verdict: Verdict, told: FactsByPlace, as_of: datetime
) -> dict[str, Subject]:
    """The believed images, with what is known of their documented digests and tags."""
    if not job.variants:
        return {name: Subject(image, Details(name)) for name, image in verdict.images.items()}
    before = known_facts(known)
    contents = {digest: facts for (table, digest), facts in before.items() if not table}
    stored = stored_subjects(known)
    subjects = {}
    for name, image in verdict.images.items():
        details = details_of(image, job.variants, before, told, as_of)
        facts = ChainMap(dict(details.facts), contents)
        moves = moves_of(stored.get(name), image, facts, job.variants, as_of)
        subjects[name] = Subject(image, replace(details, moves=moves))
    return subjects


def _add_readmes(
    subjects: dict[str, Subject],
    known: Known,
    judge: ReadmeJudge,
    told: Mapping[str, Mapping[str, str]],
) -> None:
    """Add to what is known of images the READMEs that are believed."""
    for name, (image, details) in subjects.items():
        before = known.details[name].readme if name in known.details else None
        if before or name in told:
            readme = judge.believed(name, before, told.get(name, {}))
            subjects[name] = Subject(image, replace(details, readme=readme))


def _note_facts(job: Job, plan: Plan, verdict: Verdict, told: FactsByPlace) -> None:
    """Tell of documented tags of which something could not be looked up."""
    if not job.variants:
        return
    for name, image in verdict.images.items():
        reasons: dict[str, list[str]] = {}
        for tag, reason in not_looked_up(image, job.variants, told).items():
            reasons.setdefault(reason, []).append(tag)
        plan.findings += [
            Finding("not_looked_up", name, detail=reason, tags=tuple(tags))
            for reason, tags in reasons.items()
        ]


def _note_answers(plan: Plan, parts: Sequence[Answers]) -> None:
    """Tell of odd answers, and of what is listed like images and is none."""
    plan.findings += [
        Finding("odd_answer", image, table, note) for table, image, note in notes(parts)
    ]
    plan.findings += [
        Finding("no_image", image, table, found.kind) for table, image, found in artifacts(parts)
    ]


def _note_changes(
    job: Job, plan: Plan, known: Known, subjects: Mapping[str, Subject], as_of: datetime
) -> None:
    """Tell of documented tags whose image is signed, started or made otherwise than before."""
    if not job.variants:
        return
    last = (known.last.as_of or as_of).date()
    for name, (image, details) in stored_subjects(known).items():
        if name in subjects:
            before = State(image, details, last)
            after = State(*subjects[name], as_of.date())
            plan.findings += facts_changed(before, after, job.variants)


def _note_unmanaged(job: Job, plan: Plan, known: Known) -> None:
    """Tell of pages that no build keeps up to date."""
    images, retired = job.catalog.images, job.catalog.retired
    for name in sorted(filter(job.selected, known.images.keys() - plan.changes.keys())):
        if not (images.wanted(name) or images.excluded(name) or name in retired):
            plan.tell("unmanaged", name)
    told = {finding.image for finding in plan.findings}
    for name in filter(job.selected, known.strays()):
        if name not in plan.changes.keys() | told:
            plan.tell("unmanaged", name, "no tags.json")


def _note_unknown(job: Job, plan: Plan, verdict: Verdict, last: Build) -> None:
    """Tell of images that the catalog names and that no source has any more."""
    told = {finding.image for finding in plan.findings}
    if None in told:
        return
    for name in filter(job.selected, job.catalog.images.exact()):
        had = f"images.include {name}" in last.matched
        if had and not (job.catalog.images.excluded(name) or name in verdict.images.keys() | told):
            plan.tell("missing", name, "named in images.include")


def _write_build(tree: Tree, build: Build) -> None:
    if change := tree.change(BUILD_FILE, encode_build(build)):
        tree.apply(change)


def _remove_leftovers(job: Job, tree: Tree) -> None:
    if not job.only:
        for path in job.content.glob(LEFTOVERS):
            if change := tree.change(path.name, None):
                tree.apply(change)
