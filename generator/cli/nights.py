"""The commands that ask registries: `collect`, `build` and `nightly`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli.options import (
    CATALOG,
    CONTENT,
    DONE,
    FILE,
    QUIET,
    TRACED,
    TROUBLE,
    Shard,
    common,
    job_of,
    verbosity,
)
from generator.cli.telling import as_file, tell, write
from generator.errors import UsageError

if TYPE_CHECKING:
    from generator.jobs.job import Job

_ANSWERS = click.option(
    "--answers",
    multiple=True,
    type=FILE,
    help="Build from what `collect` wrote, without a network (repeatable: all shards).",
)
_ACCEPT_LOSS = click.option(
    "--accept-loss",
    "accepted",
    multiple=True,
    metavar="NAME@MARK",
    help="Believe the loss or gain that has this mark in the report (repeatable).",
)
_ACCEPT_ANY_LOSS = click.option(
    "--accept-any-loss",
    "accepted_any",
    multiple=True,
    metavar="NAME",
    help="Believe whatever this table or image has lost or gained (repeatable).",
)


@click.command()
@common
@verbosity("-vv: tell every request.")
@QUIET
@click.option(
    "--shard",
    type=Shard(),
    default=(1, 1),
    help="Only the I-th of N parts of the images: all N together make a build.",
)
@click.option(
    "--out",
    type=FILE,
    help="Where the answers go.  [default: answers.jsonl.gz, or answers.I-of-N.jsonl.gz]",
)
def collect(
    *, quiet: bool, verbose: int, shard: tuple[int, int], out: Path | None, **options: Any
) -> int:
    """Ask the registries, and write the answers to a file for `build --answers`."""
    from generator.jobs import collect as work
    from generator.progress import progress

    job = job_of(**options)
    with progress(shown=not quiet, traces=verbose >= TRACED) as observer:
        pull = work.Pull(shard)
        failed = work.collect_to_file(job, observer, pull, out or work.answers_file(shard))
    for line in failed:
        click.echo(f"tagpages: {line}", err=True)
    return TROUBLE if failed else DONE


@click.command()
@common
@verbosity("Name every file that changes; -vv: tell every request, too.")
@QUIET
@_ANSWERS
@click.option("--dry-run", is_flag=True, help="Write nothing, report the same.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FILE",
    help="Write the change report to a .md or .json file (repeatable).",
)
@_ACCEPT_LOSS
@_ACCEPT_ANY_LOSS
@click.option("--back", is_flag=True, help="Build for a time before that of the last build.")
def build(
    *,
    quiet: bool,
    verbose: int,
    answers: tuple[Path, ...],
    dry_run: bool,
    reports: tuple[str, ...],
    accepted: tuple[str, ...],
    accepted_any: tuple[str, ...],
    back: bool,
    **options: Any,
) -> int:
    """Ask the registries and write the pages: the nightly job."""
    files = list(map(Path, reports))
    for path in files:
        if path.suffix not in {".md", ".json"}:
            raise UsageError(f"--report {path}: the name must end in .md or .json")
        if not path.parent.is_dir():
            raise UsageError(f"--report {path}: there is no folder {path.parent}")
    from generator.content.state import BUILD_FILE
    from generator.jobs import build as work
    from generator.progress import progress

    job = job_of(**options)
    is_first = not (job.content / BUILD_FILE).exists()
    night = work.Night(answers, accepted, accepted_any, dry_run=dry_run, back=back)
    with progress(shown=not quiet, traces=verbose >= TRACED) as observer:
        report = work.build(job, night, observer)
    code = tell(report, quiet=quiet, verbose=verbose)
    if not quiet:
        _tell_next(job, is_first=is_first and code == DONE, dry_run=dry_run)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        write(Path(summary), as_file(report, ".md"), append=True)
    for path in files:
        write(path, as_file(report, path.suffix))
    return code


def _tell_next(job: Job, *, is_first: bool, dry_run: bool) -> None:
    """Say what the report does not: where the first pages are, or that there are none."""
    if dry_run:
        click.echo("--dry-run: nothing has been written", err=True)
    elif is_first:
        click.echo(
            f"""
The first pages are below {job.content}. Next:
  hugo server                 shows them: http://localhost:1313{job.catalog.url}
  git add --all               and commit: the next build compares itself with this one
  tagpages build --dry-run    tells what another night would change""",
            err=True,
        )


@click.command()
@CATALOG
@CONTENT
@QUIET
@_ANSWERS
@_ACCEPT_LOSS
@_ACCEPT_ANY_LOSS
@click.option(
    "--forge",
    "forge_name",
    type=click.Choice(["github", "gitlab", "gitea", "none"]),
    required=True,
    help="Where the pull request is kept; none: commit to the branch that is checked out.",
)
@click.argument("steps", nargs=-1, type=click.Choice(["resume", "build", "publish"]))
def nightly(
    *,
    quiet: bool,
    answers: tuple[Path, ...],
    accepted: tuple[str, ...],
    accepted_any: tuple[str, ...],
    forge_name: str,
    steps: tuple[str, ...],
    catalog: Path,
    content: Path | None,
) -> int:
    """Build the pages, and keep one pull request with all that changed."""
    from generator.forge.ci import Ci
    from generator.jobs import nightly as work
    from generator.jobs.build import Night
    from generator.progress import progress

    ci = Ci(os.environ, lambda line: click.echo(line, err=True), quiet=quiet)
    night = work.Nightly(
        catalog.parent,
        lambda: job_of(catalog=catalog, content=content),
        Night(answers, accepted, accepted_any),
        forge_name,
        os.environ,
        ci,
    )
    with progress(shown=not quiet) as observer:
        night.run(steps, observer)
    return DONE
