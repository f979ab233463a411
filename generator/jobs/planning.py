"""What each image must look like in the content tree: one plan, whichever command makes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from generator.content.known import Known
from generator.content.plan import SITE, Plan
from generator.content.publish import Publisher
from generator.content.retirement import plan_retired
from generator.content.tree import Change
from generator.errors import UsageError
from generator.facts.base import Details
from generator.jobs.job import Job
from generator.model import Image
from generator.pages.base import Subject
from generator.report.changes import VERSION, Report, Span, image_change, with_old_tags


def plan_images(
    job: Job,
    publisher: Publisher,
    known: Known,
    subjects: Mapping[str, Subject],
    gone: Iterable[str] = (),
) -> Plan:
    """Plan the files of images (`subjects`), of the site, and of images that must have no pages.

    The pages of `gone` images are removed. Raises UsageError for a template that is wrong.
    """
    plan = Plan()
    stored = stored_subjects(known)
    for name, subject in subjects.items():
        plan.add(name, partial(publisher.image, subject, stored.get(name)))
    paged = {name: subject for name, subject in subjects.items() if not plan.failed(name)}
    paged |= {name: subject for name, subject in stored.items() if not job.selected(name)}
    _plan_others(job, plan, publisher, known, paged)
    for name in sorted(gone):
        plan_removal(plan, publisher, name)
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
        if publisher.is_complete(subject.image)
    }
    retired = {
        name: image.redirect
        for name, image in job.catalog.retired.items()
        if name in known.files and name not in shown and not job.catalog.images.excluded(name)
    }
    publisher = replace(publisher, settings=replace(publisher.settings, retired=retired))
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
    site = touched.pop(SITE, ())
    return Report(
        VERSION,
        as_of,
        before,
        job.page,
        job.catalog.stale_after,
        tuple(
            image_change(name, known.images.get(name), images.get(name), span, files)
            for name, files in sorted(touched.items())
        ),
        sum(plan.changes.get(name) == [] for name in images),
        tuple(plan.findings),
        site,
    )


def _plan_others(
    job: Job, plan: Plan, publisher: Publisher, known: Known, paged: Mapping[str, Subject]
) -> None:
    """Plan what becomes of excluded, retired and unreadable images; `paged` ones have pages."""
    excluded, retired = job.catalog.images.excluded, job.catalog.retired
    there = sorted(name for name in known.files if name and job.selected(name))
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
        paged.__contains__,
    )
