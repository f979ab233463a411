"""`build`: collect (or read answers), guard, plan, publish, report; the nightly job."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from generator.collect.answers import Answers, facts, seen
from generator.collect.pull import Observer
from generator.content.known import Known
from generator.content.plan import Plan
from generator.content.state import BUILD_FILE, encode_build
from generator.content.tree import Tree
from generator.errors import UsageError
from generator.facts.base import Facts
from generator.facts.details import details_of, not_looked_up
from generator.guard.findings import Finding
from generator.guard.judge import Rules, SourceRules, Verdict, judge
from generator.guard.memory import Build, Streak, Totals, noticed, standing
from generator.jobs.collect import Pull, collect, known_facts, read_answers
from generator.jobs.job import Job
from generator.jobs.planning import check_only, plan_images, report_of
from generator.model import Image
from generator.pages.base import Subject
from generator.report.changes import Report

LEFTOVERS = "build.*-of-*.json"
"""What builds of a shard wrote, when there were such; a whole build removes them."""


@dataclass(frozen=True)
class Night:
    """What one build is asked for beside the catalog.

    `answers` are files to build from instead of asking the sources, `accepted` the names of tables
    and images whose losses are believed this time, `jobs` is how many images of one source are
    asked for at once; with `dry_run` nothing is written.
    """

    answers: Sequence[Path] = ()
    accepted: frozenset[str] = frozenset()
    jobs: int = 8
    dry_run: bool = False


def build(job: Job, night: Night, observer: Observer) -> Report:
    """Bring the content tree up to date.

    Raises UsageError before anything is written, TagpagesError when the tree is locked or cannot
    be written to.
    """
    tree = Tree(job.content)
    with nullcontext() if night.dry_run else tree.lock():
        known = job.known()
        _check_accepted(job, night.accepted, known.images)
        _ = job.renderer  # a template that is wrong is told before the sources are asked
        parts = read_answers(job, night.answers) if night.answers else []
        if not parts:
            pull = Pull(night.jobs, journaled=not night.dry_run)
            parts = [collect(job, known, observer, pull)]
        as_of = _as_of(job, known.last, parts)
        managed = {name: image for name, image in known.images.items() if job.is_managed(name)}
        answered = seen(parts, [table.name for table in job.catalog.tables], managed)
        verdict = judge(_rules(job, as_of, night.accepted), managed, known.last, answered)
        told = facts(parts)
        publisher = job.publisher(tree, known.last, as_of)
        subjects = _subjects(job, known, verdict, told)
        plan = plan_images(job, publisher, known, subjects, verdict.gone)
        plan.findings[:0] = verdict.findings
        _note_unmanaged(job, plan, known)
        _note_unknown(job, plan, verdict)
        _note_facts(job, plan, verdict, told)
        check_only(job, plan)
        if not night.dry_run:
            plan.apply(tree)
        report = report_of(job, plan, known, verdict.images, as_of)
        if not night.dry_run:
            counted = _counted(job, known, verdict, plan, as_of)
            _write_build(job, tree, _remembering(job, counted, known.last, report))
    return report


def _as_of(job: Job, last: Build, parts: Sequence[Answers]) -> datetime:
    """The time to write pages for; under `--only` the last whole build's, as `check` has it."""
    if job.only and last.as_of:
        return job.as_of(recorded=last.as_of)
    return job.as_of(answers=parts[0].header.as_of)


def _check_accepted(job: Job, accepted: Collection[str], known: Mapping[str, Image]) -> None:
    tables = {table.name for table in job.catalog.tables}
    for name in sorted(set(accepted) - tables - known.keys()):
        raise UsageError(f"--accept-loss {name}: no table and no image with a page is named so")


def _rules(job: Job, as_of: datetime, accepted: frozenset[str]) -> Rules:
    return Rules(
        as_of=as_of,
        window=job.window,
        order=job.catalog.tag_order,
        sources=tuple(
            SourceRules(table.name, table.source.time_kind, table.guard, table.source.is_immutable)
            for table in job.catalog.tables
        ),
        gone_after=job.catalog.gone_after,
        accepted=accepted,
        whole=not job.only,
    )


def _subjects(
    job: Job, known: Known, verdict: Verdict, told: Mapping[str, Facts]
) -> dict[str, Subject]:
    """The believed images, with what is known of their documented digests."""
    before = known_facts(known)
    return {
        name: Subject(image, details_of(image, job.variants, before, told))
        for name, image in verdict.images.items()
    }


def _note_facts(job: Job, plan: Plan, verdict: Verdict, told: Mapping[str, Facts]) -> None:
    """Tell of documented tags of which something could not be looked up."""
    for name, image in verdict.images.items():
        reasons: dict[str, list[str]] = {}
        for tag, reason in not_looked_up(image, job.variants, told).items():
            reasons.setdefault(reason, []).append(tag)
        plan.findings += [
            Finding("not_looked_up", name, detail=reason, tags=tuple(tags))
            for reason, tags in reasons.items()
        ]


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


def _note_unknown(job: Job, plan: Plan, verdict: Verdict) -> None:
    """Tell of images that the catalog names and that no source has, once all have answered."""
    told = {finding.image for finding in plan.findings}
    if None in told:
        return
    for name in filter(job.selected, job.catalog.images.exact()):
        if not (job.catalog.images.excluded(name) or name in verdict.images.keys() | told):
            plan.tell("missing", name, "named in images.include")


def _write_build(job: Job, tree: Tree, build: Build) -> None:
    if change := tree.change(BUILD_FILE, encode_build(build)):
        tree.apply(change)
    if not job.only:
        for path in job.content.glob(LEFTOVERS):
            if change := tree.change(path.name, None):
                tree.apply(change)


def _remembering(job: Job, build: Build, last: Build, report: Report) -> Build:
    """The build with what it has to tell, and what happened in the nights before it."""
    findings = [*report.findings, *report.removals()]
    return replace(
        build,
        standing=standing(last.standing, findings, job.selected),
        noticed=noticed(last.noticed, report.as_of, findings),
    )


def _counted(job: Job, known: Known, verdict: Verdict, plan: Plan, as_of: datetime) -> Build:
    """The totals and streaks of this build; what a run with `only` is not about stays."""
    last = known.last
    removed = plan.changes.keys() - verdict.images.keys()
    missing = {name: streak for name, streak in verdict.missing.items() if name not in removed}
    if not job.only:
        images = known.images | verdict.images
        totals = _totals(image for name, image in images.items() if name not in removed)
        return Build(as_of, totals, verdict.failed, verdict.held, missing, outputs=job.outputs)

    def others(streaks: Mapping[str, Streak]) -> dict[str, Streak]:
        """Those of sources, and of images that this run is not about."""
        split = {key: key.partition(":")[2] for key in streaks}
        return {key: streaks[key] for key, image in split.items() if not job.selected(image)}

    gone = {name: streak for name, streak in last.gone.items() if not job.selected(name)}
    return Build(
        last.as_of,
        last.totals,
        others(last.failed) | verdict.failed,
        others(last.held) | verdict.held,
        gone | missing,
        outputs=last.outputs,
    )


def _totals(images: Iterable[Image]) -> dict[str, Totals]:
    """How many images, groups and tags each table has."""
    totals: dict[str, Totals] = {}
    for image in images:
        for table in image.tables:
            if table.groups:
                old = totals.get(table.name, Totals())
                totals[table.name] = Totals(
                    old.images + 1,
                    old.groups + len(table.groups),
                    old.tags + sum(len(group.tags) for group in table.groups),
                )
    return totals
