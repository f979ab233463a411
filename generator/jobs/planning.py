"""What each image must look like in the content tree: one plan, whichever command makes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace as with_settings
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from generator.content.files import SITE, owned
from generator.content.known import Known
from generator.content.plan import Plan
from generator.content.publish import Publisher
from generator.content.retirement import plan_retired
from generator.content.tree import Change
from generator.errors import UsageError
from generator.facts.base import Details
from generator.guard.findings import Finding
from generator.guard.measured import percent
from generator.guard.memory import Build, with_flapping
from generator.jobs.job import Job
from generator.model import Image, first_of
from generator.pages.base import Subject
from generator.report.changes import (
    VERSION,
    Report,
    Span,
    image_change,
    source_nights,
    with_old_tags,
)

CATALOG = "catalog"
"""What `--accept-loss` calls the removal of many pages by the catalog itself."""
PAGES_LOSS, PAGES_AT_LEAST = 0.05, 10
"""The catalog may remove this share of the pages in one run, and always fewer than so many."""
_NAMED = 5


def sparing(job: Job, known: Known, *, accepted: bool) -> tuple[Known, list[Finding]]:
    """What is known, without the images that the catalog takes the pages of, if they are many.

    Then nothing becomes of their files, and the finding says so; unless that is `accepted`.
    """
    excluded, retired = job.catalog.images.excluded, job.catalog.retired
    pages = known.with_files
    leaving = {
        name
        for name in pages
        if excluded(name) or (name in retired and name in known.images.keys() | known.broken.keys())
    }
    if accepted or len(leaving) < PAGES_AT_LEAST or len(leaving) <= PAGES_LOSS * len(pages):
        return known, []
    detail = (
        f"`images.exclude` and `retired` would remove {len(leaving):,} of {len(pages):,} pages at"
        f" once: {first_of(sorted(leaving), _NAMED)}; the limit is {percent(PAGES_LOSS)}"
    )
    files = {name: own for name, own in known.files.items() if name not in leaving}
    return replace(known, files=files), [Finding("held", detail=detail, accept=CATALOG)]


def plan_images(
    job: Job,
    publisher: Publisher,
    known: Known,
    subjects: Mapping[str, Subject],
    gone: Collection[str] = (),
) -> Plan:
    """Plan the files of images (`subjects`), of the site, and of images that must have no pages.

    Those are the `gone`, the excluded and the retired ones. Any other image that has pages keeps
    them. Raises UsageError for a template that is wrong.
    """
    plan = Plan()
    stored = stored_subjects(known)
    for name, subject in subjects.items():
        plan.add(name, partial(publisher.image, subject, stored.get(name)))
    for name in sorted(gone):
        plan_removal(plan, publisher, name)
    excluded, retired = job.catalog.images.excluded, job.catalog.retired
    there = filter(job.selected, known.files)
    leaving = {*gone, *(name for name in there if excluded(name) or name in retired)}
    failed = set(filter(plan.failed, subjects))
    paged = {name: subject for name, subject in stored.items() if name not in leaving}
    paged |= {name: subject for name, subject in subjects.items() if name not in failed}
    _plan_others(job, plan, publisher, known, paged.keys() - failed)
    if publisher.site_outputs or len(publisher.owned.site) > 1:
        _plan_site(job, plan, publisher, known, paged)
    return plan


def _plan_site(
    job: Job, plan: Plan, publisher: Publisher, known: Known, paged: Mapping[str, Subject]
) -> None:
    """Plan the files of the site: they are about all images that have pages after this run.

    Those are the `paged` ones, and those whose pages stay as they are.
    """
    kept = {name: subject for name, subject in stored_subjects(known).items() if plan.failed(name)}
    shown = {
        name: subject
        for name, subject in sorted({**kept, **paged}.items())
        if publisher.has_tables(subject.image)
    }
    retired = {
        name: image.redirect
        for name, image in job.catalog.retired.items()
        if name in known.files and name not in shown and not job.catalog.images.excluded(name)
    }
    settings = with_settings(publisher.settings, retired=retired)
    publisher = with_settings(publisher, settings=settings)
    plan.add(SITE, partial(publisher.site, list(shown.values())))


def stored_subjects(known: Known) -> dict[str, Subject]:
    """The images of the last known good, with what is known of their digests."""
    return {
        name: Subject(image, known.details.get(name) or Details(name))
        for name, image in known.images.items()
    }


def plan_removal(plan: Plan, publisher: Publisher, image: str) -> None:
    """Plan to remove what tagpages wrote of an image; other files stay, and are told of."""
    others: list[str] = []

    def changes() -> list[Change]:
        others.extend(publisher.others(image))
        return publisher.removal(image)

    if plan.add(image, changes) and others:
        plan.tell("kept_folder", image, ", ".join(others))


def remaining_outputs(
    job: Job, last: Build, files: Mapping[str, Collection[str]], plan: Plan
) -> tuple[str, ...]:
    """The kinds of file that the tree has after the plan: those of the catalog, and dropped ones.

    A kind that `last` wrote and the catalog drops is ours until its last file is removed. `files`
    are the names of our files before the plan, by image.
    """
    removed = {
        change.path
        for changes in plan.changes.values()
        for change in changes
        if change.after is None
    }
    ours = owned(job.outputs)
    paths = (f"{image}/{name}" if image else name for image, own in files.items() for name in own)
    left = [path for path in paths if path not in removed and not ours.has(path)]
    dropped = (kind for kind in last.outputs if any(map(owned([kind]).has, left)))
    return (*job.outputs, *dropped)


def check_only(job: Job, plan: Plan) -> None:
    """Raise UsageError when `--only` names nothing that there is."""
    if job.only and not (plan.changes.keys() - {SITE} or plan.findings):
        names = " ".join(job.only)
        raise UsageError(f"--only {names}: no image of the catalog's sources is named so")


def report_of(
    job: Job, plan: Plan, known: Known, images: Mapping[str, Image], as_of: datetime
) -> Report:
    """What the plan changes, and what there is to tell."""
    before = known.last.as_of or as_of
    span = Span(job.window, before, as_of)
    span = span._replace(complete=with_old_tags(known.images, images, span))
    touched = plan.touched()
    site = tuple(touched.pop(SITE, ()))
    changes = tuple(
        change.over_a_page() if change.image in known.files else change
        for change in (
            image_change(name, known.images.get(name), images.get(name), span, files)
            for name, files in sorted(touched.items())
        )
    )
    earlier = {time: found for time, found in known.last.noticed.items() if time < as_of}
    return Report(
        VERSION,
        as_of,
        before,
        job.page,
        job.catalog.stale_after,
        changes,
        sum(plan.changes.get(name) == [] for name in images),
        tuple(with_flapping(plan.findings, earlier)),
        source_nights(
            changes,
            shown_before(job, known.last),
            known.last.usual_losses(as_of.date()),
            plan.quiet,
        ),
        site,
    )


def shown_before(job: Job, last: Build) -> dict[str, int]:
    """How many tags each source's pages showed after the last build, in the catalog's order."""
    shown = last.shown()
    return {table.name: shown.get(table.name, 0) for table in job.catalog.tables}


def _plan_others(
    job: Job, plan: Plan, publisher: Publisher, known: Known, successors: Collection[str]
) -> None:
    """Plan what becomes of excluded, retired and unreadable images.

    `successors` are the images whose pages may take the place of a retired one's.
    """
    excluded, retired = job.catalog.images.excluded, job.catalog.retired
    there = sorted(filter(job.selected, known.with_files))
    for name in there:
        if excluded(name):
            plan_removal(plan, publisher, name)
            plan.tell("excluded", name)
        elif name in known.broken and name not in retired:
            plan.fail(name, known.broken[name].reason)
    plan_retired(
        plan,
        publisher,
        [name for name in there if name in retired and not excluded(name)],
        retired,
        successors,
    )
