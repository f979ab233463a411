"""The commands' work, in order: collect, guard, plan, publish, report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from generator.collect.ask import Collection, Observer, collect
from generator.content import state
from generator.content.plan import Plan
from generator.content.state import Known
from generator.content.tree import Change, Tree
from generator.errors import UsageError
from generator.guard.findings import Finding
from generator.guard.judge import Rules, SourceRules, Verdict, judge
from generator.jobs.job import Job
from generator.model import Build, Image, Streak, Totals
from generator.report.changes import VERSION, Report, Span, image_change


@dataclass(frozen=True)
class _Run:
    """One run: what is stored, and the time that pages are written for."""

    job: Job
    tree: Tree
    stored: Known
    last: Build
    as_of: datetime

    def plan(self) -> Plan:
        """A plan with nothing in it yet."""
        return Plan(self.job.publisher(self.tree, self.as_of))


def build(job: Job, observer: Observer) -> Report:
    """Collect, guard, render and publish; with `dry_run` nothing is written.

    Raises UsageError before anything is written, TagpagesError when the tree is locked or cannot
    be written to.
    """
    tree = Tree(job.content)
    file = state.build_file(job.options.shard)
    with _writing(job, tree):
        last = state.load_build(job.content, file)
        run = _Run(job, tree, _stored(job), last, job.as_of())
        plan = run.plan()
        known = {name: image for name, image in run.stored.images.items() if _is_managed(job, name)}
        _check_accepted(job, run.stored.images)
        seen = collect(_collection(run, known), observer)
        verdict = judge(_rules(run), known, last, seen)
        plan.findings += verdict.findings
        _plan_images(run, plan, verdict.images)
        for name in sorted(verdict.gone):
            plan.remove(name)
        _note_unmanaged(run, plan)
        _note_unknown(job, plan, verdict)
        _check_only(job, plan)
        if not job.options.dry_run:
            plan.apply(tree)
            _write_build(run, file, _record(run, verdict, plan))
    return _report(run, plan, verdict.images)


def render(job: Job) -> Report:
    """Write the pages anew from the last known good, without a network."""
    tree = Tree(_existing_content(job))
    with _writing(job, tree):
        plan, report = _planned_from_state(job, tree)
        if not job.options.dry_run:
            plan.apply(tree)
    return report


def check(job: Job) -> tuple[list[Change], Report]:
    """What `render` would change; nothing is written."""
    plan, report = _planned_from_state(job, Tree(_existing_content(job)))
    return [change for changes in plan.changes.values() for change in changes], report


def _existing_content(job: Job) -> Path:
    if not job.content.is_dir():
        raise UsageError(f"there is no content folder {job.content}: run `tagpages build` first")
    return job.content


def _planned_from_state(job: Job, tree: Tree) -> tuple[Plan, Report]:
    last = state.last_as_of(job.content)
    run = _Run(job, tree, _stored(job), Build(last), job.as_of(last))
    images = {
        name: image
        for name, image in run.stored.images.items()
        if job.selected(name)
        and not job.catalog.images.excluded(name)
        and name not in job.catalog.retired
    }
    plan = run.plan()
    _plan_images(run, plan, images)
    _check_only(job, plan)
    return plan, _report(run, plan, images)


def _stored(job: Job) -> Known:
    return state.load(job.content, [kind.file for kind in job.kinds])


def _writing(job: Job, tree: Tree) -> AbstractContextManager[None]:
    return nullcontext() if job.options.dry_run else tree.lock()


def _is_managed(job: Job, image: str) -> bool:
    """Whether this run asks for the image's tags."""
    return (
        job.selected(image)
        and job.catalog.images.wanted(image)
        and image not in job.catalog.retired
    )


def _check_accepted(job: Job, known: Mapping[str, Image]) -> None:
    tables = {table.name for table in job.catalog.tables}
    for name in sorted(job.options.accepted - tables - known.keys()):
        raise UsageError(f"--accept-loss {name}: no table and no image with a page is named so")


def _collection(run: _Run, known: Mapping[str, Image]) -> Collection:
    job = run.job
    return Collection(
        sources={table.name: table.source for table in job.catalog.tables},
        images=job.catalog.images,
        known=known,
        as_of=run.as_of,
        root=job.root,
        selected=lambda name: (
            job.selected(name) and name not in job.catalog.retired and name not in run.stored.broken
        ),
        jobs=job.options.jobs,
    )


def _rules(run: _Run) -> Rules:
    job = run.job
    return Rules(
        as_of=run.as_of,
        window=job.window,
        order=job.catalog.tag_order,
        sources=tuple(
            SourceRules(table.name, table.source.time_kind, table.guard, table.source.is_immutable)
            for table in job.catalog.tables
        ),
        gone_after=job.catalog.gone_after,
        accepted=job.options.accepted,
        whole=not job.options.only,
    )


def _plan_images(run: _Run, plan: Plan, images: Mapping[str, Image]) -> None:
    """Plan the pages of `images`, and what becomes of images that must not have pages."""
    job, stored = run.job, run.stored
    retired = job.catalog.retired
    formerly: dict[str, list[str]] = {}
    for name, spec in retired.items():
        if spec.redirect:
            formerly.setdefault(spec.redirect, []).append(name)
    elsewhere = {name for name in stored.images if not job.selected(name)}
    taken = images.keys() | elsewhere | retired.keys()
    for name, image in images.items():
        plan.write(image, stored.images.get(name), formerly.get(name, ()), taken)
    paged = elsewhere.union(name for name in images if not plan.failed(name))
    says_so = {name for name in stored.strays if name in retired and not retired[name].redirect}
    there = stored.images.keys() | stored.broken.keys() | set(stored.strays)
    for name in sorted(filter(job.selected, there - says_so)):
        if job.catalog.images.excluded(name):
            plan.remove(name)
            plan.findings.append(Finding("excluded", name))
        elif name in retired:
            plan.retire(name, retired[name].redirect, paged)
        elif name in stored.broken:
            plan.fail(name, stored.broken[name].reason)


def _check_only(job: Job, plan: Plan) -> None:
    """Raise UsageError when `--only` names nothing that there is."""
    if job.options.only and not (plan.changes or plan.findings):
        names = " ".join(job.options.only)
        raise UsageError(f"--only {names}: no image of the catalog's sources is named so")


def _note_unmanaged(run: _Run, plan: Plan) -> None:
    """Tell of pages that no build keeps up to date."""
    job, images, retired = run.job, run.job.catalog.images, run.job.catalog.retired
    for name in sorted(filter(job.selected, run.stored.images.keys() - plan.changes.keys())):
        if not (images.wanted(name) or images.excluded(name) or name in retired):
            plan.findings.append(Finding("unmanaged", name))
    told = {finding.image for finding in plan.findings}
    for name in filter(job.selected, run.stored.strays):
        if name not in plan.changes.keys() | told | retired.keys():
            plan.findings.append(Finding("unmanaged", name, detail="no tags.json"))


def _note_unknown(job: Job, plan: Plan, verdict: Verdict) -> None:
    """Tell of images that the catalog names and that no source has, once all have answered."""
    told = {finding.image for finding in plan.findings}
    if None in told:
        return
    for name in filter(job.selected, job.catalog.images.exact()):
        if not (job.catalog.images.excluded(name) or name in verdict.images.keys() | told):
            plan.findings.append(Finding("missing", name, detail="named in images.include"))


def _write_build(run: _Run, file: str, build: Build) -> None:
    if change := run.tree.change(file, state.encode_build(build)):
        run.tree.apply(change)


def _record(run: _Run, verdict: Verdict, plan: Plan) -> Build:
    """What this build leaves to the next one; what a run with `only` is not about stays."""
    job, last = run.job, run.last
    removed = plan.changes.keys() - verdict.images.keys()
    missing = {name: streak for name, streak in verdict.missing.items() if name not in removed}
    if not job.options.only:
        images = run.stored.images | verdict.images
        totals = _totals(
            image for name, image in images.items() if job.selected(name) and name not in removed
        )
        return Build(run.as_of, totals, verdict.failed, verdict.held, missing)

    def others(streaks: Mapping[str, Streak]) -> dict[str, Streak]:
        """Those of sources, and of images that this run is not about."""
        split = {key: key.partition(":")[2] for key in streaks}
        return {
            key: streaks[key]
            for key, image in split.items()
            if not image or not job.selected(image)
        }

    gone = {name: streak for name, streak in last.gone.items() if not job.selected(name)}
    return Build(
        last.as_of,
        last.totals,
        others(last.failed) | verdict.failed,
        others(last.held) | verdict.held,
        gone | missing,
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


def _report(run: _Run, plan: Plan, images: Mapping[str, Image]) -> Report:
    job, before = run.job, run.last.as_of or run.as_of
    touched = plan.touched()
    span = Span(job.window, before, run.as_of)
    changes = [
        image_change(name, run.stored.images.get(name), images.get(name), span, files)
        for name, files in sorted(touched.items())
    ]
    return Report(
        VERSION,
        run.as_of,
        before,
        job.page,
        job.catalog.stale_after,
        tuple(changes),
        sum(plan.changes.get(name) == [] for name in images),
        tuple(plan.findings),
    )
