"""Two states of the content tree → the change report, without a network and without the build."""

from __future__ import annotations

from collections.abc import Iterable

from generator.content.snapshot import Snapshot, of_folder, take
from generator.guard.findings import Finding
from generator.jobs.job import Job
from generator.report.changes import VERSION, Report, Span, image_change, with_old_tags
from generator.report.text import needs_a_look


def compare(job: Job, before: str, after: str | None = None) -> Report:
    """What changed from one state to another: folders, git revisions, or the work tree (None).

    Raises UsageError when there is no such state, TagpagesError when one is unreadable.
    """
    old = take(before, job.content)
    new = of_folder(job.content) if after is None else take(after, job.content)
    return _report(job, old, new)


def lanes(job: Job, before: str) -> tuple[list[str], list[str]]:
    """The files that changed since a revision: those that need a look, and the routine ones.

    Paths are relative to the content folder; `build.json` is routine.
    Raises UsageError when there is no such revision, TagpagesError when a state is unreadable.
    """
    old, new = take(before, job.content), of_folder(job.content)
    report = _report(job, old, new)
    subjects = {entry.subject for section in needs_a_look(report) for entry in section.entries}
    look: list[str] = []
    routine: list[str] = []
    for image, files in old.changed_files(new).items():
        (look if image in subjects else routine).extend(files)
    return look, routine


def _report(job: Job, old: Snapshot, new: Snapshot) -> Report:
    images, now = (
        {name: image for name, image in snapshot.images().items() if job.selected(name)}
        for snapshot in (old, new)
    )
    last, build = old.build(), new.build()
    as_of = job.as_of(build.as_of)
    span = Span(job.window, last.as_of or as_of, as_of)
    noticed = [
        finding
        for finding in build.noticed_since(last)
        if finding.image is None or job.selected(finding.image)
    ]
    span = span._replace(complete=with_old_tags(images, now, span), removed=_removed(noticed))
    files = old.changed_files(new)
    changed = sorted(files.keys() & (images.keys() | now.keys()))
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
        len(now.keys() - set(changed)),
        tuple(finding for finding in noticed if finding.kind != "removed"),
    )


def _removed(noticed: Iterable[Finding]) -> dict[str, set[tuple[str, str]]]:
    """Table and tag of what builds on the way saw removed, by image."""
    removed: dict[str, set[tuple[str, str]]] = {}
    for finding in noticed:
        if finding.kind == "removed" and finding.image and finding.table:
            places = ((finding.table, tag) for tag in finding.tags)
            removed.setdefault(finding.image, set()).update(places)
    return removed
