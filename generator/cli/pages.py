"""The commands that work on pages as they are: `render`, `check`, `report` and `lanes`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from generator.cli.options import (
    CATALOG,
    COMPARED,
    CONTENT,
    DONE,
    FORMAT,
    QUIET,
    TROUBLE,
    common,
    job_of,
    verbosity,
)
from generator.cli.telling import as_file, print_report, tell


@click.command()
@common
@verbosity("Name every file that changes.")
@QUIET
@click.option(
    "--front-matter",
    "renew",
    is_flag=True,
    help="Renew the front matter from the template, too; added keys, date and lastmod stay.",
)
def render(*, quiet: bool, verbose: int, renew: bool, **options: Any) -> int:
    """Write the pages anew from tags.json, without a network."""
    from generator.jobs import render as work

    return tell(work.render(job_of(**options), renew=renew), quiet=quiet, verbose=verbose)


@click.command()
@common
@QUIET
@click.option("--diff", is_flag=True, help="Show what would change.")
def check(*, quiet: bool, diff: bool, **options: Any) -> int:
    """Would render change anything? Exit code 0 is no, 1 is yes."""
    from generator.content.diff import unified
    from generator.jobs import render as work
    from generator.report.text import sentences

    changes, report = work.check(job_of(**options))
    for change in changes:
        if diff:
            click.echo(unified(change), nl=False)
        elif not quiet:
            click.echo(f"{change.action} {change.path}")
    for sentence in sentences(report):
        click.echo(f"tagpages: {sentence}", err=True)
    return TROUBLE if changes or report.is_trouble else DONE


@click.command()
@common
@COMPARED
@click.option(
    "--to", "after", metavar="STATE", help="Likewise; the content folder as it is by default."
)
@FORMAT
def report(*, before: str, after: str | None, form: str, **options: Any) -> int:
    """Print what changed between two states of the content tree, without a network."""
    from generator.jobs.compare import compare

    changes = compare(job_of(**options), before, after)
    if form == "text":
        print_report(changes, err=False)
    else:
        click.echo(as_file(changes, f".{form}"), nl=False)
    return DONE


@click.command()
@CATALOG
@CONTENT
@COMPARED
@click.option(
    "-z",
    "--null",
    is_flag=True,
    help="End each path with a NUL, for `git add --pathspec-file-nul`.",
)
@click.argument("lane", type=click.Choice(["look", "routine"]))
def lanes(*, catalog: Path, content: Path | None, before: str, null: bool, lane: str) -> int:
    """Print the changed files of one lane: those that need a look, or the routine ones."""
    from generator.jobs.compare import lanes as compared_lanes

    job = job_of(catalog=catalog, content=content)
    look, routine = compared_lanes(job, before)
    for path in look if lane == "look" else routine:
        click.echo(os.path.relpath(job.content / path), nl=False)
        click.echo("\0" if null else "\n", nl=False)
    return DONE
