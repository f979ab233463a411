"""What commands share: kinds of values, options, and exit codes."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from generator.jobs.job import Job

F = TypeVar("F", bound=Callable[..., Any])

DONE, TROUBLE, MISTAKE, INTERRUPTED = 0, 1, 2, 130
"""The exit codes: done; something failed, was held back or has drifted; a mistake of the user's,
with nothing written; interrupted, with nothing half written."""


class Time(click.ParamType[datetime]):
    """A time in ISO 8601, such as 2024-06-03T00:46:08Z."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read it; raises BadParameter."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise click.BadParameter(
                f"{value!r} is no time: write it as 2024-06-03T00:46:08Z", ctx, param
            ) from None


class Shard(click.ParamType[tuple[int, int]]):
    """A part of the images: 2/4 is the second of four."""

    name = "i/n"

    def convert(
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read it; raises BadParameter."""
        if isinstance(value, tuple):
            return value
        number, _, of = value.partition("/")
        if number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
            return int(number), int(of)
        raise click.BadParameter(
            f"{value!r} is no shard: write 2/4 for the second of four", ctx, param
        )


FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)

CATALOG = click.option(
    "--catalog", type=FILE, default="catalog.yaml", show_default=True, help="The catalog."
)
CONTENT = click.option(
    "--content", type=FOLDER, help="The content folder, in place of the catalog's."
)
AS_OF = click.option(
    "--as-of", type=Time(), help="Write the pages for this time (UTC), not for now."
)
ONLY = click.option("--only", multiple=True, metavar="GLOB", help="Only these images (repeatable).")
VERBOSE = click.option("--verbose", "-v", is_flag=True, help="Name every file that changes.")
QUIET = click.option("--quiet", "-q", is_flag=True, help="Say nothing unless there is trouble.")


COMPARED = click.option(
    "--from",
    "before",
    default="HEAD",
    show_default=True,
    metavar="STATE",
    help="A git revision, or a folder.",
)
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "md", "json"]),
    default="text",
    show_default=True,
    help="How to print it.",
)


def common(command: F) -> F:
    """Add the options of every command that works on pages."""
    return CATALOG(CONTENT(AS_OF(ONLY(command))))


def job_of(*, catalog: Path, **options: Any) -> Job:
    """The catalog, with what these options change of it; raises UsageError."""
    from generator.jobs.job import Job

    return Job(catalog, os.environ, **options)


def read_environment(command: click.Command) -> None:
    """Let each option be given as TAGPAGES_<COMMAND>_<OPTION>, as it is written, too."""
    for option in command.params:
        long = [name for name in option.opts if name.startswith("--")]
        if long:
            words = f"tagpages_{command.name}_{long[0].removeprefix('--')}"
            option.envvar = words.replace("-", "_").upper()
