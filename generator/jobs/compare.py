"""Two states of the content tree → the change report, without a network and without the build."""

from __future__ import annotations

from collections.abc import Iterable

from generator.content.snapshot import Snapshot, of_folder, take
from generator.content.state import BUILD_FILE, load_build
from generator.guard.findings import Finding
from generator.jobs.job import Job
from generator.report.changes import VERSION, Report, Span, image_change, with_old_tags
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
    files = {name: paths for name, paths in old.changed_files(new).items() if job.selected(name)}
    site = tuple(path for path in files.pop("", ()) if path != BUILD_FILE)
    (images, were_broken), (now, broken) = old.images(files), new.images(files)
    unreadable = {
        **{name: f"{before}: {failure.reason}" for name, failure in were_broken.items()},
        **{name: failure.reason for name, failure in broken.items()},
    }
    build = new.build()
    as_of = job.as_of(recorded=build.as_of)
    last = old.build()
    noticed = [
        finding
        for finding in build.noticed_since(last)
        if job.selected(finding.image or "") and finding.image not in unreadable
    ]
    span = Span(job.window, last.as_of or as_of, as_of, removed=_removed(noticed))
    span = span._replace(complete=with_old_tags(images, now, span))
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
            *(finding for finding in noticed if finding.kind != "removed"),
        ),
        site,
    )


def _removed(noticed: Iterable[Finding]) -> dict[str, set[tuple[str, str]]]:
    """Table and tag of what builds on the way saw removed, by image."""
    removed: dict[str, set[tuple[str, str]]] = {}
    for finding in noticed:
        if finding.kind == "removed" and finding.image and finding.table:
            places = ((finding.table, tag) for tag in finding.tags)
            removed.setdefault(finding.image, set()).update(places)
    return removed
