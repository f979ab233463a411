"""The commands about a site and its catalog: `init`, `doctor` and `schema`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from generator.cli.options import CATALOG, DONE, FILE, TROUBLE
from generator.errors import UsageError
from generator.starting.kinds import KINDS, kind_of

if TYPE_CHECKING:
    from generator.jobs.doctor.visit import Line
    from generator.jobs.init import Started

_CI = click.Choice(["github", "gitlab", "none"])
_COLORS = {"ok": "green", "warning": "yellow", "error": "red"}


@click.command()
@click.option(
    "--registry", default="", metavar="HOST", help="The registry, as `registry.example.com`."
)
@click.option("--path", default="", metavar="TEXT", help="Where its images are, as `team/{image}`.")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="How to ask it.  [default: what fits the host, else oci]",
)
@click.option("--ci", type=_CI, help="The CI to write the nightly job for.  [default: none]")
@click.option(
    "--content",
    default="",
    metavar="FOLDER",
    help="Where the pages go.  [default: `images` in the content folder of the site]",
)
def init(*, registry: str, path: str, kind: str | None, ci: str | None, content: str) -> int:
    """Start in an empty folder, or in a Hugo site: a catalog, templates, a nightly job.

    Nothing that is there is overwritten. On a terminal, what is not given is asked for.
    """
    from generator.jobs.init import init as work
    from generator.starting.wish import Wish

    registry = registry or _asked("--registry", "The registry, such as registry.example.com")
    path = path or _asked("--path", "Where its images are, such as team/{image}")
    if ci is None and sys.stdin.isatty():
        ci = click.prompt("The CI to write the nightly job for", type=_CI, default="none", err=True)
    wish = Wish(registry, path, kind or kind_of(registry), ci or "none", content)
    _tell_started(work(Path.cwd(), wish))
    return DONE


def _asked(option: str, question: str) -> str:
    """The answer of somebody at a terminal; raises UsageError where nobody is."""
    if not sys.stdin.isatty():
        raise UsageError(f"{option} is missing, and there is no terminal to ask: {question}")
    return str(click.prompt(question, err=True))


def _tell_started(started: Started) -> None:
    """Say what has been written, and what to do next."""
    from generator.starting import texts

    for step in started.steps:
        what = "left as it is" if step.change is None else step.change.action
        click.echo(f"{what} {step.path}", err=True)
        if step.change is None and step.path == texts.GITLAB:
            click.echo(f"  for the nightly job, add to it:\n\n{step.text}", err=True)
    start = started.start
    click.echo(
        f"""
Next:
  tagpages doctor     tells whether catalog, login and site are well
  tagpages build      asks {start.registry}, and writes pages below {start.content}
  hugo server         shows them: http://localhost:1313{start.url}""",
        err=True,
    )


@click.command(epilog="Exit codes: 0 no error, 1 an error, 2 a mistake on the command line.")
@CATALOG
@click.option("--json", "as_json", is_flag=True, help="Print the lines as JSON.")
def doctor(*, catalog: Path, as_json: bool) -> int:
    """Look whether catalog, sources, content, Hugo, git and CI are well; write nothing."""
    from generator.jobs.doctor import examine
    from generator.jobs.doctor.visit import Visit

    lines = examine(Visit(catalog, os.environ))
    if as_json:
        answer = msgspec.json.encode({"version": 1, "lines": lines})
        click.echo(msgspec.json.format(answer, indent=2).decode())
    else:
        for line in lines:
            _tell_line(line)
    return TROUBLE if any(line.state == "error" for line in lines) else DONE


def _tell_line(line: Line) -> None:
    color = False if os.environ.get("NO_COLOR") else None
    click.secho(f"{line.state:8}", fg=_COLORS[line.state], nl=False, color=color)
    click.echo(f"{line.check}: {line.text}")
    if line.todo:
        click.echo(f"{'':8}-> {line.todo}")


@click.command()
@click.argument("catalogs", nargs=-1, type=FILE, metavar="[CATALOG]...")
@click.option(
    "--of",
    type=click.Choice(["catalog", "tags", "details", "report"]),
    default="catalog",
    show_default=True,
    help="What to print the schema of: catalog.yaml, tags.json, details.json, the report as JSON.",
)
def schema(*, catalogs: tuple[Path, ...], of: str) -> int:
    """Print a JSON Schema; or tell the mistakes of these catalogs, all of them."""
    from generator.jobs.job import mistakes
    from generator.jobs.schemas import schema as work

    if not catalogs:
        click.echo(work(of), nl=False)
    elif found := mistakes(catalogs):
        raise UsageError("\n".join(found))
    return DONE
