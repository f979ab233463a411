"""How reports reach people: on the terminal, and as files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.options import DONE, TROUBLE
from generator.errors import TagpagesError

if TYPE_CHECKING:
    from generator.report.changes import Report


def tell(report: Report, *, quiet: bool, verbose: int) -> int:
    """Print the report's short form to standard error, and return the exit code."""
    if verbose:
        for change in report.changes:
            for file, action in change.files.items():
                click.echo(f"{action} {file}", err=True)
    if report.is_trouble or not quiet:
        print_report(report, err=True)
    return TROUBLE if report.is_trouble else DONE


def print_report(report: Report, *, err: bool) -> None:
    """Print the report's short form; NO_COLOR is honoured."""
    from generator.report.text import terminal

    color = False if os.environ.get("NO_COLOR") else None
    for line, is_heading in terminal(report):
        click.secho(line, err=err, bold=is_heading, color=color)


def as_file(report: Report, suffix: str) -> str:
    """The report as Markdown, or as JSON where the suffix is `.json`."""
    from generator.report.text import as_json, markdown

    return as_json(report) if suffix == ".json" else markdown(report)


def write(path: Path, text: str, *, append: bool = False) -> None:
    """Write a file that the user named; raises TagpagesError."""
    try:
        with path.open("a" if append else "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise TagpagesError(f"cannot write {path}: {error.strerror}") from None
