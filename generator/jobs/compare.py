"""Two states of the content tree → the change report, without a network and without the build."""

from __future__ import annotations

from collections.abc import Iterable

from generator.content.files import SITE
from generator.content.snapshot import Snapshot, of_folder, take
from generator.content.state import BUILD_FILE
from generator.content.tree import FileAction
from generator.guard.findings import Finding
from generator.guard.memory import with_flapping
from generator.jobs.job import Job
from generator.jobs.planning import shown_before
from generator.report.changes import (
    VERSION,
    Report,
    Span,
    image_change,
    source_nights,
    with_old_tags,
)
from generator.report.sections import needs_a_look


def compare(job: Job, before: str, after: str | None = None) -> Report:
    """What changed from one state to another: folders, git revisions, or the work tree (None).

    An image of which a file is unreadable on either side has failed; the others are compared.
    Raises UsageError when there is no such state, TagpagesError when a `build.json` is unreadable.
    """
    old = take(before, job.content, job.owned)
    if after is None:
        return _report(job, before, old, of_folder(job.content, job.owned, old))
    return _report(job, before, old, take(after, job.content, job.owned))


def lanes(job: Job, before: str) -> tuple[list[str], list[str]]:
    """The files that changed since a revision: those that need a look, and the routine ones.

    Paths are relative to the content folder; `build.json` is routine.
    Raises UsageError when there is no such revision, TagpagesError when a `build.json` is
    unreadable.
    """
    old = take(before, job.content, job.owned)
    new = of_folder(job.content, job.owned, old)
    report = _report(job, before, old, new)
    subjects = {
        entry.subject
        for part in needs_a_look(report)
        for line in part.lines
        for entry in line.entries
    }
    # a line shows printable text only: that may differ from the name of a folder that is no image's
    subjects |= {finding.image for finding in report.found("failed") if finding.image}
    look: list[str] = []
    routine: list[str] = []
    for image, files in old.changed_files(new).items():
        (look if image in subjects else routine).extend(files)
    return look, routine


def _report(job: Job, before: str, old: Snapshot, new: Snapshot) -> Report:
    differing = {
        name: paths for name, paths in old.changed_files(new).items() if job.selected(name)
    }
    site = tuple(path for path in differing.pop(SITE, ()) if path != BUILD_FILE)
    files = {
        name: {path: _action(path, old, new) for path in paths} for name, paths in differing.items()
    }
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
    changes = tuple(
        change.over_a_page() if old.ids.keys() & change.files.keys() else change
        for change in (
            image_change(name, images.get(name), now.get(name), span, files[name])
            for name in changed
        )
    )
    there = set(filter(job.selected, new.with_state()))
    told = [item for item in noticed if item.kind != "removed"]
    return Report(
        VERSION,
        span.as_of,
        span.before,
        job.page,
        job.catalog.stale_after,
        changes,
        len(there - files.keys()),
        (
            *(Finding("failed", name, detail=unreadable[name]) for name in sorted(unreadable)),
            *with_flapping(told, last.noticed),
        ),
        source_nights(changes, shown_before(job, last), {}, {}),
        site,
    )


def _action(path: str, old: Snapshot, new: Snapshot) -> FileAction:
    """What happened to a file that differs between the two."""
    if path not in old.ids:
        return "added"
    return "changed" if path in new.ids else "removed"


def _removed(noticed: Iterable[Finding]) -> dict[str, set[tuple[str, str]]]:
    """Table and tag of what builds on the way saw removed, by image."""
    removed: dict[str, set[tuple[str, str]]] = {}
    for finding in noticed:
        if finding.kind == "removed" and finding.image and finding.table:
            places = ((finding.table, tag) for tag in finding.tags)
            removed.setdefault(finding.image, set()).update(places)
    return removed
