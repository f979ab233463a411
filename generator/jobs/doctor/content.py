"""The catalog, the templates, and the content tree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice

from generator.content.tree import Tree
from generator.jobs.doctor.visit import Line, Visit, error, ok, warning
from generator.model import first_of

_MOST = 5
"""So many images are named, the rest is counted."""


def catalog(visit: Visit) -> Iterator[Line]:
    """Whether it can be read, and what it asks for that is not installed."""
    job = visit.job
    tables = ", ".join(f"`{table.name}`" for table in job.catalog.tables)
    yield ok("catalog", f"{visit.file}: tables {tables}; pages {', '.join(job.catalog.pages)}")
    if job.policies and not find_spec("sigstore"):
        yield warning(
            "catalog",
            "`verify` is named, and nothing here can verify: signatures are listed only",
            "pip install 'tagpages[verify]'",
        )


def templates(visit: Visit) -> Iterator[Line]:
    """Whether they can be read."""
    if job := visit.well_read:
        _ = job.renderer
        folder = job.catalog.templates
        yield ok("templates", f"those of {folder}, and the packaged ones" if folder else "packaged")


def folder(visit: Visit) -> Iterator[Line]:
    """Whether pages can be written."""
    job = visit.well_read
    if not job:
        return
    there = next(path for path in (job.content, *job.content.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield error("content", f"{there} cannot be written to", "make it a folder of yours")
    elif Tree(job.content).is_locked():
        yield warning("content", "another tagpages is at work there", "wait until it has ended")
    elif there != job.content:
        yield ok("content", f"{job.content} is not there yet: the first build makes it")
    else:
        yield ok("content", f"{job.content} can be written to")


def state(visit: Visit) -> Iterator[Line]:
    """Whether what builds left behind can be read, and is of the catalog's images."""
    job = visit.well_read
    if not job or not job.content.is_dir():
        return
    known = job.known()
    for image, failure in islice(known.broken.items(), _MOST):
        yield error("state", f"{image}: {failure.reason}")
    if len(known.broken) > _MOST:
        yield error("state", f"{len(known.broken) - _MOST} more images cannot be read")
    if strays := [name for name in known.strays() if name not in job.catalog.retired]:
        yield warning(
            "state",
            f"{first_of(strays, _MOST)}: pages without tags.json, which no build keeps up to date",
            "restore tags.json from git, or remove the pages",
        )
    if not known.broken:
        last = f"{known.last.as_of:%Y-%m-%d %H:%M} UTC" if known.last.as_of else "not known"
        yield ok("state", f"{len(known.images)} images, last build {last}")
