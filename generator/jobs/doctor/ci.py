"""The nightly job, as far as the repository shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from generator.jobs.doctor.visit import Line, Visit, error, ok, output_of, warning
from generator.starting.texts import documents

_OURS = re.compile(r"uses:\s*(?:tagpages/tagpages|\./\s)|tagpages nightly|make nightly")
_WANTED = {"contents": "write", "pull-requests": "write"}


def github(visit: Visit) -> Iterator[Line]:
    """Whether a workflow runs the nightly job, and may do what that does."""
    top = output_of(visit.folder, "git", "rev-parse", "--show-toplevel")
    root = Path(top.strip()) if top else visit.folder
    gitlab = root / ".gitlab-ci.yml"
    if gitlab.is_file() and "tagpages" in gitlab.read_text(encoding="utf-8", errors="replace"):
        yield ok("ci", f"{gitlab.name} runs tagpages")
    ours = [file for file in sorted(root.glob(".github/workflows/*.y*ml")) if _is_ours(file)]
    for file in ours:
        yield from _permissions(file)
    if not ours and not gitlab.is_file():
        yield warning("ci", "no nightly job is found in this repository", f"{documents()}/ci.md")


def _is_ours(file: Path) -> bool:
    return bool(_OURS.search(file.read_text(encoding="utf-8", errors="replace")))


def _permissions(file: Path) -> Iterator[Line]:
    try:
        workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (ValueError, yaml.YAMLError):
        yield error("ci", f"{file.name} is no YAML", "mend it: GitHub does not run it")
        return
    jobs = list((workflow.get("jobs") or {}).values()) if isinstance(workflow, dict) else []
    granted: list[Any] = [workflow.get("permissions")] if isinstance(workflow, dict) else []
    granted += [job.get("permissions") for job in jobs if isinstance(job, dict)]
    if any(_enough(permissions) for permissions in granted):
        yield ok("ci", f"{file.name} may push its branch and open a pull request")
    else:
        yield error(
            "ci",
            f"{file.name} may not push its branch and open a pull request",
            "permissions: {contents: write, pull-requests: write}",
        )


def _enough(permissions: object) -> bool:
    if permissions == "write-all":
        return True
    return isinstance(permissions, dict) and _WANTED.items() <= permissions.items()
