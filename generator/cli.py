"""The command line: parse, call, print, exit code. What the commands do is in `build`."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from generator.errors import TagpagesError, UsageError

if TYPE_CHECKING:
    from generator.jobs.job import Job
    from generator.report.changes import Report

F = TypeVar("F", bound=Callable[..., Any])

DONE, TROUBLE, MISTAKE, INTERRUPTED = 0, 1, 2, 130
"""The exit codes: done; something failed, was held back, is not found or has drifted; a mistake of
the user's, with nothing written; interrupted, with nothing half written."""

GARBAGE_THRESHOLD = 100_000
"""A build makes many small values that live to its end: looking for cycles among them so often as
Python does by default costs a quarter of its time."""


def main() -> NoReturn:
    """Run the command line, and exit."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    for name in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(name) is not signal.SIG_IGN:  # as `nohup` leaves it
            signal.signal(name, signal.default_int_handler)
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = MISTAKE
    except UsageError as error:
        click.echo(f"tagpages: {error}", err=True)
        code = MISTAKE
    except TagpagesError as error:
        click.echo(f"tagpages: {error}", err=True)
        code = TROUBLE
    except (KeyboardInterrupt, click.Abort):
        click.echo("tagpages: interrupted; no file is half written", err=True)
        code = INTERRUPTED
    sys.exit(code)


class _Time(click.ParamType[datetime]):
    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise click.BadParameter(
                f"{value!r} is no time: write it as 2024-06-03T00:46:08Z", ctx, param
            ) from None


class _Shard(click.ParamType[tuple[int, int]]):
    name = "i/n"

    def convert(
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        number, _, of = value.partition("/")
        if number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
            return int(number), int(of)
        raise click.BadParameter(
            f"{value!r} is no shard: write 2/4 for the second of four", ctx, param
        )


_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


_CATALOG = click.option(
    "--catalog", type=_FILE, default="catalog.yaml", show_default=True, help="The catalog."
)
_CONTENT = click.option(
    "--content", type=_FOLDER, help="The content folder, in place of the catalog's."
)
_AS_OF = click.option(
    "--as-of", type=_Time(), help="Write the pages for this time (UTC), not for now."
)
_ONLY = click.option(
    "--only", multiple=True, metavar="GLOB", help="Only these images (repeatable)."
)


def _common(command: F) -> F:
    """The options of every command that works on pages."""
    return _CATALOG(_CONTENT(_AS_OF(_ONLY(command))))


class _Count(click.ParamType[int]):
    name = "count"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        text = str(value)
        return int(text) if text.isdecimal() else int(click.BOOL.convert(text, param, ctx))


TRACED = 2
"""So many -v are wanted to see requests."""


def _verbose(text: str) -> Callable[[F], F]:
    return click.option("--verbose", "-v", count=True, type=_Count(), help=text)


_QUIET = click.option("--quiet", "-q", is_flag=True, help="Say nothing unless there is trouble.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tagpages")
def cli() -> None:
    """Hugo pages of container image tags, from registry listings.

    Every option is also read from the environment, as TAGPAGES_<COMMAND>_<OPTION>; several values
    of one are separated by spaces there.
    """


_JOBS = click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    help="Images of a source asked for at once.",
)


@cli.command()
@_common
@_verbose("-vv: tell every request.")
@_QUIET
@_JOBS
@click.option(
    "--shard",
    type=_Shard(),
    default=(1, 1),
    help="Only the I-th of N parts of the images: all N together make a build.",
)
@click.option(
    "--out",
    type=_FILE,
    help="Where the answers go.  [default: answers.jsonl.gz, or answers.I-of-N.jsonl.gz]",
)
def collect(
    *,
    quiet: bool,
    verbose: int,
    jobs: int,
    shard: tuple[int, int],
    out: Path | None,
    **options: Any,
) -> int:
    """Ask the registries, and write the answers to a file for `build --answers`."""
    from generator.jobs import collect as work
    from generator.progress import progress

    job = _job(**options)
    with progress(shown=not quiet, traces=verbose >= TRACED) as observer:
        pull = work.Pull(jobs, shard)
        failed = work.collect_to_file(job, observer, pull, out or work.answers_file(shard))
    for line in failed:
        click.echo(f"tagpages: {line}", err=True)
    return TROUBLE if failed else DONE


@cli.command()
@_common
@_verbose("Name every file that changes; -vv: tell every request, too.")
@_QUIET
@_JOBS
@click.option(
    "--answers",
    multiple=True,
    type=_FILE,
    help="Build from what `collect` wrote, without a network (repeatable: all shards).",
)
@click.option("--dry-run", is_flag=True, help="Write nothing, report the same.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FILE",
    help="Write the change report to a .md or .json file (repeatable).",
)
@click.option(
    "--accept-loss",
    "accepted",
    multiple=True,
    metavar="NAME@MARK",
    help="Believe the loss or gain that has this mark in the report (repeatable).",
)
@click.option(
    "--accept-any-loss",
    "accepted_any",
    multiple=True,
    metavar="NAME",
    help="Believe whatever this table or image has lost or gained (repeatable).",
)
@click.option("--back", is_flag=True, help="Build for a time before that of the last build.")
def build(
    *,
    quiet: bool,
    verbose: int,
    jobs: int,
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
    from generator.jobs import build as work
    from generator.progress import progress

    job = _job(**options)
    night = work.Night(answers, accepted, accepted_any, jobs, dry_run=dry_run, back=back)
    with progress(shown=not quiet, traces=verbose >= TRACED) as observer:
        report = work.build(job, night, observer)
    code = _tell(report, quiet=quiet, verbose=verbose)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        _write(Path(summary), _as_file(report, ".md"), append=True)
    for path in files:
        _write(path, _as_file(report, path.suffix))
    return code


@cli.command()
@_common
@_verbose("Name every file that changes.")
@_QUIET
@click.option(
    "--front-matter",
    "renew",
    is_flag=True,
    help="Renew the front matter from the template, too; added keys, date and lastmod stay.",
)
def render(*, quiet: bool, verbose: int, renew: bool, **options: Any) -> int:
    """Write the pages anew from tags.json, without a network."""
    from generator.jobs import render as work

    return _tell(work.render(_job(**options), renew=renew), quiet=quiet, verbose=verbose)


@cli.command()
@_common
@_QUIET
@click.option("--diff", is_flag=True, help="Show what would change.")
def check(*, quiet: bool, diff: bool, **options: Any) -> int:
    """Would render change anything? Exit code 0 is no, 1 is yes."""
    from generator.content.diff import unified
    from generator.jobs import render as work
    from generator.report.text import sentences

    changes, report = work.check(_job(**options))
    for change in changes:
        if diff:
            click.echo(unified(change), nl=False)
        elif not quiet:
            click.echo(f"{change.action} {change.path}")
    for sentence in sentences(report):
        click.echo(f"tagpages: {sentence}", err=True)
    return TROUBLE if changes or report.is_trouble else DONE


_COMPARED = click.option(
    "--from",
    "before",
    default="HEAD",
    show_default=True,
    metavar="STATE",
    help="A git revision, or a folder.",
)


_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "md", "json"]),
    default="text",
    show_default=True,
    help="How to print it.",
)


@cli.command()
@_common
@_COMPARED
@click.option(
    "--to", "after", metavar="STATE", help="Likewise; the content folder as it is by default."
)
@_FORMAT
def report(*, before: str, after: str | None, form: str, **options: Any) -> int:
    """Print what changed between two states of the content tree, without a network."""
    from generator.jobs.compare import compare

    changes = compare(_job(**options), before, after)
    if form == "text":
        _print(changes, err=False)
    else:
        click.echo(_as_file(changes, f".{form}"), nl=False)
    return DONE


@cli.command()
@_CATALOG
@_CONTENT
@_COMPARED
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

    job = _job(catalog=catalog, content=content)
    look, routine = compared_lanes(job, before)
    for path in look if lane == "look" else routine:
        click.echo(os.path.relpath(job.content / path), nl=False)
        click.echo("\0" if null else "\n", nl=False)
    return DONE


@cli.command(epilog="Exit codes: 0 answered, 1 known to be absent, 2 not known.")
@_CATALOG
@_CONTENT
@click.argument("image", required=False, default="", metavar="[IMAGE[:TAG]]")
@click.option("--digest", default="", help="Which tags pointed to it, in all images.")
@click.option("--at", default="", metavar="WHEN", help="A day (its end), a time (UTC), a revision.")
@click.option("--since", default="", metavar="WHEN", help="What stood then, and what came after.")
@click.option("--until", default="", metavar="WHEN", help="What stood by then.")
@click.option("--table", help="Only this table.")
@click.option("--rev", default="HEAD", show_default=True, help="The branch that is published.")
@click.option(
    "--was", multiple=True, metavar="FOLDER", help="Where the content lay before (repeatable)."
)
@click.option("--what-changed", is_flag=True, help="Compare packages and configuration of a tag.")
@click.option("--from", "before", default="", metavar="WHEN", help="Compare the digest of then …")
@click.option("--to", "after", default="", metavar="WHEN", help="… and of then.")
@click.option("--write", is_flag=True, help="Write the history page of every image instead.")
@_FORMAT
def history(*, catalog: Path, content: Path | None, form: str, write: bool, **asked: Any) -> int:
    """Tell what a tag pointed to, and when, from git alone."""
    try:
        if write:
            return _write_history(_job(catalog=catalog, content=content), **asked)
        return _tell_history(content or _job(catalog=catalog).content, form, **asked)
    except TagpagesError as error:
        raise UsageError(str(error)) from None  # nothing is known: not that something is absent


def _tell_history(
    content: Path, form: str, *, what_changed: bool, before: str, after: str, **asked: Any
) -> int:
    from generator.jobs.history import EXIT_CODES, Asked, answer

    question = Asked(content, **asked)
    if what_changed:
        from generator.history import comparison
        from generator.jobs import history_changes

        compared = history_changes.what_changed(question, before, after)
        text, notes, verdict = comparison.FORMS[form](compared), compared.notes, compared.verdict
    else:
        from generator.history.text import FORMS

        if before or after:
            raise UsageError("--from and --to belong to --what-changed: write --since and --until")
        found = answer(question)
        text, notes, verdict = FORMS[form](found), found.notes, found.verdict
    click.echo(text, nl=False)
    for note in notes:
        click.echo(f"tagpages: {note}", err=True)
    return EXIT_CODES[verdict]


def _write_history(job: Job, *, rev: str, was: tuple[str, ...], **asked: Any) -> int:
    from generator.jobs.history_pages import write

    if any(asked.values()):
        raise UsageError("--write is about all images: of the questions, leave all out")
    click.echo(f"tagpages: {write(job, rev, was)} files of history pages changed", err=True)
    return DONE


@cli.command()
def schema() -> int:
    """Print the catalog's JSON Schema."""
    from generator.jobs.job import catalog_schema

    click.echo(catalog_schema(), nl=False)
    return DONE


def _job(*, catalog: Path, **options: Any) -> Job:
    from generator.jobs.job import Job

    return Job(catalog, os.environ, **options)


def _as_file(report: Report, suffix: str) -> str:
    from generator.report.text import as_json, markdown

    return as_json(report) if suffix == ".json" else markdown(report)


def _write(path: Path, text: str, *, append: bool = False) -> None:
    try:
        with path.open("a" if append else "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise TagpagesError(f"cannot write {path}: {error.strerror}") from None


def _tell(report: Report, *, quiet: bool, verbose: int) -> int:
    """Print the report's short form to standard error."""
    if verbose:
        for change in report.changes:
            for file, action in change.files.items():
                click.echo(f"{action} {file}", err=True)
    if report.is_trouble or not quiet:
        _print(report, err=True)
    return TROUBLE if report.is_trouble else DONE


def _print(report: Report, *, err: bool) -> None:
    from generator.report.text import terminal

    color = False if os.environ.get("NO_COLOR") else None
    for line, is_heading in terminal(report):
        click.secho(line, err=err, bold=is_heading, color=color)


def _read_environment(command: click.Command) -> None:
    """Let each option be given as TAGPAGES_<COMMAND>_<OPTION>, as it is written, too."""
    for option in command.params:
        long = [name for name in option.opts if name.startswith("--")]
        if long:
            words = f"tagpages_{command.name}_{long[0].removeprefix('--')}"
            option.envvar = words.replace("-", "_").upper()


for _command in cli.commands.values():
    _read_environment(_command)
