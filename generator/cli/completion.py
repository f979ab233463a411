"""Completion in shells: what a catalog and its content tree know, and nothing from a network."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.errors import TagpagesError

if TYPE_CHECKING:
    from generator.jobs.job import Job


def complete_images(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The images that have pages, by name."""
    job = _job(ctx)
    return _beginning(incomplete, job.known().with_files) if job else []


def complete_tables(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The tables of the catalog."""
    job = _job(ctx)
    return _beginning(incomplete, (table.name for table in job.catalog.tables)) if job else []


def _job(ctx: click.Context) -> Job | None:
    """The catalog that the line names so far; None where it cannot be read."""
    from generator.jobs.job import Job

    try:
        return Job(Path(ctx.params["catalog"]), os.environ, ctx.params.get("content"))
    except TagpagesError:
        return None


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
