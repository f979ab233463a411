"""The command that answers questions about the past: `history`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli.completion import complete_images, complete_tables
from generator.cli.options import CATALOG, CONTENT, DONE, FORMAT, job_of
from generator.errors import TagpagesError, UsageError

if TYPE_CHECKING:
    from generator.jobs.job import Job


@click.command(epilog="Exit codes: 0 answered, 1 known to be absent, 2 not known.")
@CATALOG
@CONTENT
@click.argument(
    "image",
    required=False,
    default="",
    metavar="[IMAGE[:TAG]]",
    shell_complete=complete_images,
)
@click.option("--digest", default="", help="Which tags pointed to it, in all images.")
@click.option("--at", default="", metavar="WHEN", help="A day (its end), a time (UTC), a revision.")
@click.option("--since", default="", metavar="WHEN", help="What stood then, and what came after.")
@click.option("--until", default="", metavar="WHEN", help="What stood by then.")
@click.option("--table", shell_complete=complete_tables, help="Only this table.")
@click.option("--rev", default="HEAD", show_default=True, help="The branch that is published.")
@click.option(
    "--was", multiple=True, metavar="FOLDER", help="Where the content lay before (repeatable)."
)
@click.option("--what-changed", is_flag=True, help="Compare packages and configuration of a tag.")
@click.option("--from", "before", default="", metavar="WHEN", help="Compare the digest of then …")
@click.option("--to", "after", default="", metavar="WHEN", help="… and of then.")
@click.option("--write", is_flag=True, help="Write the history page of every image instead.")
@FORMAT
def history(*, catalog: Path, content: Path | None, form: str, write: bool, **asked: Any) -> int:
    """Tell what a tag pointed to, and when, from git alone."""
    try:
        if write:
            return _write_history(job_of(catalog=catalog, content=content), **asked)
        return _tell_history(content or job_of(catalog=catalog).content, form, **asked)
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
    written = write(job, rev, was)
    for note in (*written.notes, f"{written.files} files of history pages changed"):
        click.echo(f"tagpages: {note}", err=True)
    return DONE
