"""The git repository that keeps the pages."""

from __future__ import annotations

from collections.abc import Iterator

from generator.jobs.doctor.visit import Line, Visit, error, ok, output_of, warning


def repository(visit: Visit) -> Iterator[Line]:
    """Whether there is one, with all its commits, on a branch, and the pages are kept in it."""
    shallow = output_of(visit.folder, "git", "rev-parse", "--is-shallow-repository")
    if shallow is None:
        yield warning(
            "git", "this is no git repository", "git init: history and the nightly job need it"
        )
        return
    branch = (output_of(visit.folder, "git", "branch", "--show-current") or "").strip()
    if shallow.strip() == "true":
        yield warning(
            "git",
            "the repository is shallow: history and the nightly job need all commits",
            "git fetch --unshallow; in a workflow, `fetch-depth: 0`",
        )
    if branch:
        yield ok("git", f"on the branch {branch}")
    else:
        yield warning("git", "HEAD is on no branch", "git switch BRANCH, or name the base branch")
    if job := visit.well_read:
        page = f"{job.content.absolute()}/app/tags.json"
        if output_of(visit.folder, "git", "check-ignore", page) is not None:
            yield error("git", f"{job.content} is ignored by git", "take it out of .gitignore")
