"""`render` and `check`: the pages anew from the last known good, without a network."""

from __future__ import annotations

from msgspec.structs import replace

from generator.content.known import Known
from generator.content.plan import Plan
from generator.content.state import BUILD_FILE, encode_build
from generator.content.tree import Change, Tree
from generator.errors import UsageError
from generator.jobs.job import Job
from generator.jobs.planning import (
    check_only,
    plan_images,
    remaining_outputs,
    report_of,
    sparing,
    stored_subjects,
)
from generator.jobs.unmatched import still_unmatched, unused_templates
from generator.report.changes import Report


def render(job: Job, *, renew: bool = False) -> Report:
    """Write the pages anew, with `renew` the front matter of existing ones, too.

    Raises TagpagesError when the tree is locked or cannot be written.
    """
    tree = _existing_tree(job)
    with tree.lock():
        known = job.known()
        plan, report = _planned(job, tree, known, renew=renew)
        plan.apply(tree)
        outputs = remaining_outputs(job, known.last, known.files, plan)
        if outputs != known.last.outputs:
            text = encode_build(replace(known.last, outputs=outputs))
            tree.apply(Change(BUILD_FILE, tree.read(BUILD_FILE), text))
    return report


def check(job: Job) -> tuple[list[Change], Report]:
    """What `render` would change; nothing is written."""
    known = job.known()
    plan, report = _planned(job, _existing_tree(job), known)
    told = [*report.findings, *still_unmatched(job, known), *unused_templates(job)]
    report = replace(report, findings=tuple(told))
    return [change for changes in plan.changes.values() for change in changes], report


def _existing_tree(job: Job) -> Tree:
    if not job.content.is_dir():
        raise UsageError(f"there is no content folder {job.content}: run `tagpages build` first")
    return Tree(job.content)


def _planned(job: Job, tree: Tree, known: Known, *, renew: bool = False) -> tuple[Plan, Report]:
    known, findings = sparing(job, known, accepted=False)
    as_of = job.as_of(recorded=known.last.as_of)
    subjects = {
        name: subject
        for name, subject in stored_subjects(known).items()
        if job.selected(name)
        and not job.catalog.images.excluded(name)
        and name not in job.catalog.retired
    }
    publisher = job.publisher(tree, known.last, as_of, renew=renew)
    plan = plan_images(job, publisher, known, subjects)
    plan.findings += findings
    check_only(job, plan)
    images = {name: subject.image for name, subject in subjects.items()}
    return plan, replace(report_of(job, plan, known, images, as_of), sources=())
