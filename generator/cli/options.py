"""What commands share: kinds of values, options, and exit codes."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from generator.cli.completion import complete_images

if TYPE_CHECKING:
    from generator.jobs.job import Job

F = TypeVar("F", bound=Callable[..., Any])

DONE, TROUBLE, MISTAKE, INTERRUPTED = 0, 1, 2, 130
"""The exit codes: done; something failed, was held back, is not found or has drifted; a mistake of
the user's, with nothing written; interrupted, with nothing half written."""


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

CATALOG_NAME = "catalog.yaml"


def nearest_catalog() -> Path:
    """The catalog of this folder, or of the nearest one above it within the git repository.

    Where there is none, the name that it would have here: who reads it tells that it is missing.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / CATALOG_NAME).is_file():
            return Path(os.path.relpath(folder / CATALOG_NAME))
        if (folder / ".git").exists():
            break
    return Path(CATALOG_NAME)


CATALOG = click.option(
    "--catalog",
    type=FILE,
    default=nearest_catalog,
    show_default="catalog.yaml, here or above",
    help="The catalog.",
)
CONTENT = click.option(
    "--content", type=FOLDER, help="The content folder, in place of the catalog's."
)
AS_OF = click.option(
    "--as-of", type=Time(), help="Write the pages for this time (UTC), not for now."
)
ONLY = click.option(
    "--only",
    multiple=True,
    metavar="GLOB",
    shell_complete=complete_images,
    help="Only these images (repeatable).",
)
TRACED = 2
"""So many -v are wanted to see requests."""


class _Count(click.ParamType[int]):
    """How often `-v` is given; in the environment a number, or true."""

    name = "count"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read it; raises BadParameter."""
        text = str(value)
        return int(text) if text.isdecimal() else int(click.BOOL.convert(text, param, ctx))


def verbosity(text: str) -> Callable[[F], F]:
    """Add the option `-v`, which does what the text says."""
    return click.option("--verbose", "-v", count=True, type=_Count(), help=text)


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


SHARED = frozenset({"as-of", "catalog", "content", "only", "quiet", "verbose"})
"""The options that mean the same in all commands that have them."""


def read_environment(command: click.Command) -> None:
    """Let each option be given in the environment as it is written, too.

    As TAGPAGES_<COMMAND>_<OPTION>, or else, if it is shared, for all commands as TAGPAGES_<OPTION>.
    """
    for option in command.params:
        names = [name.removeprefix("--") for name in option.opts if name.startswith("--")]
        if names:
            words = [f"tagpages_{command.name}_{names[0]}"]
            words += [f"tagpages_{names[0]}"] if names[0] in SHARED else []
            option.envvar = [word.replace("-", "_").upper() for word in words]
