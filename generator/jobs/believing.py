"""Between the catalog, the guard and `build.json`: the rules of a night, and what it leaves."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from hashlib import sha256

from msgspec.structs import replace

from generator.catalog.globs import meant, nearest
from generator.content.known import Known
from generator.errors import UsageError
from generator.guard.findings import Finding
from generator.guard.judge import Verdict
from generator.guard.memory import Build, Streak, Totals, noticed, standing, streak_key, week
from generator.guard.night import Accepted, Rules, SourceRules
from generator.jobs.job import Job
from generator.jobs.planning import CATALOG
from generator.model import Artifact, Image
from generator.report.changes import Report

_MOST = 0.5
"""A choice of images with more than this share of all tags says something of their sources."""


def accepted(job: Job, names: Collection[str], anything: Collection[str], known: Known) -> Accepted:
    """What the command line says of losses that are believed.

    Raises UsageError for a name that is none of a table or an image, and for one without the mark
    of the loss that was reviewed.
    """
    there = {table.name for table in job.catalog.tables} | known.images.keys()
    marks: dict[str, set[str]] = {}
    for text in names:
        name, at, mark = text.rpartition("@")
        if text == CATALOG:
            continue
        name = name if at else text
        _check_name("--accept-loss", name, there)
        if not mark or not at:
            raise UsageError(_without_mark(name, known.last))
        marks.setdefault(name, set()).add(mark)
    for name in anything:
        _check_name("--accept-any-loss", name, there)
    return Accepted({name: frozenset(found) for name, found in marks.items()}, frozenset(anything))


def _check_name(option: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        near = meant([nearest(name, known)])
        raise UsageError(f"{option} {name}: no table and no image with a page is named so{near}")


def _without_mark(name: str, last: Build) -> str:
    """What to say of a bare name: which mark to use."""
    held = sorted(
        streak.answer
        for key, streak in last.held.items()
        if name in {key, _image_of(key)} and streak.same
    )
    use = (
        " or ".join(f"--accept-loss {name}@{mark}" for mark in held)
        if held
        else "the mark that the report of its hold gives (nothing of it is held)"
    )
    return (
        f"--accept-loss {name}: say which loss was reviewed: {use};"
        f" --accept-any-loss {name} believes whatever is missing"
    )


def rules(job: Job, as_of: datetime, accepted: Accepted, known: Known) -> Rules:
    """How this build judges."""
    last = known.last
    stored = _totals(known.images.values())
    return Rules(
        as_of=as_of,
        window=job.window,
        order=job.catalog.tag_order,
        sources=tuple(
            SourceRules(
                table.name,
                table.source.time_kind,
                table.guard,
                table.source.is_immutable,
                table.source.wanted_tags(),
            )
            for table in job.catalog.tables
        ),
        gone_after=job.catalog.gone_after,
        accepted=accepted,
        whole=not job.only or _is_most(job, known, stored),
        widened=last.scope not in {"", scope(job)},
        stored=_stored_tags(known, stored),
    )


def _is_most(job: Job, known: Known, stored: Mapping[str, Totals]) -> bool:
    """Whether the images of this run have most of all tags."""
    selected = _totals(image for name, image in known.images.items() if job.selected(name))
    return _tags(selected) > _MOST * _tags(stored)


def _stored_tags(known: Known, there: Mapping[str, Totals]) -> dict[str, int]:
    """How many tags the tree has, by table.

    A state that cannot be read fails its image and is not lost: the tree then has what the last
    build left.
    """
    left = {table: totals.tags for table, totals in known.last.totals.items()}
    if known.broken:
        return left
    tables = {table.name for image in known.images.values() for table in image.tables}
    return {table: there.get(table, Totals()).tags for table in left.keys() | tables}


def scope(job: Job) -> str:
    """A short hash of what the catalog says of which images it takes."""
    images = job.catalog.images
    return sha256(json.dumps([images.include, images.exclude]).encode()).hexdigest()[:12]


def record(job: Job, known: Known, verdict: Verdict, report: Report) -> Build:
    """What this build leaves to the next one; what a run with `only` is not about stays."""
    removed = {change.image for change in report.changes if change.kind == "removed"}
    missing = {name: streak for name, streak in verdict.missing.items() if name not in removed}
    build = replace(
        happened(job, known.last, verdict, report),
        standing=standing(known.last.standing, _findings(report), job.selected),
    )
    if job.only:
        return _only(job, build, verdict, missing)
    images = (known.images | verdict.images).items()
    totals = _totals(image for name, image in images if name not in removed)
    silent = verdict.silent & build.totals.keys()
    return replace(
        build,
        as_of=report.as_of,
        totals=totals | {table: build.totals[table] for table in silent},
        failed=verdict.failed,
        held=verdict.held,
        gone=missing,
        scope=scope(job),
        filling=tuple(sorted(verdict.filling & totals.keys())),
    )


def remembered_artifacts(
    job: Job, last: Build, verdict: Verdict, told: Iterable[tuple[str, str, Artifact]]
) -> dict[str, Artifact]:
    """The artifacts that are listed like images, with those of before that nobody answered for."""
    kept = {
        key: artifact
        for key, artifact in last.artifacts.items()
        if {key, key.partition(":")[0]} & verdict.failed.keys() or not job.selected(_image_of(key))
    }
    return kept | {streak_key(table, image): found for table, image, found in told if found.tags}


def happened(job: Job, last: Build, verdict: Verdict, report: Report) -> Build:
    """What the last build left, with what happens in this night, and not yet how things stand."""
    time = (last.as_of if job.only else None) or report.as_of
    build = replace(last, noticed=noticed(last.noticed, time, _findings(report)))
    if job.only:
        return build
    nights = week(last.week, report.as_of.date(), verdict.volumes, verdict.anew)
    return replace(build, week=nights, answers=verdict.answers)


def _findings(report: Report) -> list[Finding]:
    """What builds remember of a report, tags that only moved back once more as such."""
    told = (
        replace(item, kind="moved_back") if item.kind == "flapping" else item
        for item in report.findings
    )
    return [*told, *report.removals()]


def _only(job: Job, last: Build, verdict: Verdict, missing: Mapping[str, Streak]) -> Build:
    def others(streaks: Mapping[str, Streak]) -> dict[str, Streak]:
        """Those of sources, and of images that this run is not about."""
        return {key: streaks[key] for key in streaks if not job.selected(_image_of(key))}

    gone = {name: streak for name, streak in last.gone.items() if not job.selected(name)}
    return replace(
        last,
        failed=others(last.failed) | verdict.failed,
        held=others(last.held) | verdict.held,
        gone={**gone, **missing},
    )


def _image_of(key: str) -> str:
    """The image that the key of a streak, or of an artifact, is about; empty for a source."""
    return key.partition(":")[2]


def _tags(totals: Mapping[str, Totals]) -> int:
    return sum(item.tags for item in totals.values())


def _totals(images: Iterable[Image]) -> dict[str, Totals]:
    """How many images, groups and tags each table has."""
    counts: dict[str, list[int]] = {}
    for image in images:
        for table in image.tables:
            if table.groups:
                count = counts.setdefault(table.name, [0, 0, 0])
                count[0] += 1
                count[1] += len(table.groups)
                count[2] += sum([len(group.tags) for group in table.groups])
    return {table: Totals(*count) for table, count in counts.items()}
