"""Two states of the content tree → the change report, without a network and without the build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from generator.content.snapshot import Snapshot, of_folder, take
from generator.content.state import load_build
from generator.guard.findings import Finding, FindingKind
from generator.guard.merge import merge
from generator.jobs.job import Job
from generator.model import Image, Streak, Tag
from generator.report.changes import VERSION, Report, Span, image_change
from generator.report.text import needs_a_look


def compare(job: Job, before: str, after: str | None = None) -> Report:
    """What changed from one state to another: folders, git revisions, or the work tree (None).

    An image of which a file is unreadable on either side has failed; the others are compared.
    Raises UsageError when there is no such state, TagpagesError when a `build.json` is unreadable.
    """
    ours = job.owned(load_build(job.content))
    old = take(before, job.content, ours)
    new = of_folder(job.content, ours, old) if after is None else take(after, job.content, ours)
    return _report(job, before, old, new)


def lanes(job: Job, before: str) -> tuple[list[str], list[str]]:
    """The files that changed since a revision: those that need a look, and the routine ones.

    Paths are relative to the content folder; `build.json` is routine.
    Raises UsageError when there is no such revision, TagpagesError when a `build.json` is
    unreadable.
    """
    ours = job.owned(load_build(job.content))
    old = take(before, job.content, ours)
    new = of_folder(job.content, ours, old)
    report = _report(job, before, old, new)
    subjects = {entry.subject for section in needs_a_look(report) for entry in section.entries}
    # a line shows printable text only: that may differ from the name of a folder that is no image's
    subjects |= {finding.image for finding in report.found("failed") if finding.image}
    look: list[str] = []
    routine: list[str] = []
    for image, files in old.changed_files(new).items():
        (look if image in subjects else routine).extend(files)
    return look, routine


def _report(job: Job, before: str, old: Snapshot, new: Snapshot) -> Report:
    files = {
        name: paths for name, paths in old.changed_files(new).items() if name and job.selected(name)
    }
    (images, were_broken), (now, broken) = old.images(files), new.images(files)
    unreadable = {
        **{name: f"{before}: {failure.reason}" for name, failure in were_broken.items()},
        **{name: failure.reason for name, failure in broken.items()},
    }
    build = new.build()
    as_of = job.as_of(recorded=build.as_of)
    span = Span(job.window, old.build().as_of or as_of, as_of)
    changed = sorted(files.keys() & (images.keys() | now.keys()) - unreadable.keys())
    there = set(filter(job.selected, new.with_state()))
    return Report(
        VERSION,
        span.as_of,
        span.before,
        job.page,
        job.catalog.stale_after,
        tuple(
            image_change(name, images.get(name), now.get(name), span, files[name])
            for name in changed
        ),
        len(there - files.keys()),
        (
            *(Finding("failed", name, detail=unreadable[name]) for name in sorted(unreadable)),
            *_streaks(job, "failed", build.failed),
            *_streaks(job, "held", build.held),
            *(
                Finding("missing", name, nights=item.nights)
                for name, item in build.gone.items()
                if job.selected(name)
            ),
            *_moves(job, images, now),
        ),
    )


def _streaks(job: Job, kind: FindingKind, streaks: Mapping[str, Streak]) -> Iterator[Finding]:
    for key, streak in streaks.items():
        table, _, image = key.partition(":")
        if not image or job.selected(image):
            yield Finding(kind, image or None, table, nights=streak.nights)


def _moves(job: Job, before: Mapping[str, Image], after: Mapping[str, Image]) -> Iterator[Finding]:
    """What a build would have noticed on the way from one last known good to the other."""
    specs = {table.name: table.source for table in job.catalog.tables}
    for name in sorted(before.keys() & after.keys()):
        old = {table.name: table.groups for table in before[name].tables}
        for table in after[name].tables:
            if table.name not in specs or old.get(table.name, ()) == table.groups:
                continue
            tags = [
                Tag(tag, group.digest, group.last_changed)
                for group in table.groups
                for tag in group.tags
            ]
            order, is_immutable = job.catalog.tag_order, specs[table.name].is_immutable
            for finding in merge(old.get(table.name, ()), tags, order, is_immutable)[1]:
                yield replace(finding, image=name, table=table.name)
