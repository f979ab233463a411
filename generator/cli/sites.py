"""The commands about a site and its catalog: `init` and `schema`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.options import DONE
from generator.errors import UsageError

if TYPE_CHECKING:
    from generator.jobs.init import Started


@click.command()
@click.option(
    "--registry", default="", metavar="HOST", help="The registry, as `registry.example.com`."
)
@click.option("--path", default="", metavar="TEXT", help="Where its images are, as `team/{image}`.")
@click.option("--kind", help="How to ask it; by default what fits the host, else `oci`.")
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab", "none"]),
    help="The CI to write the nightly job for.  [default: none]",
)
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
    from generator.starting.kinds import kind_of
    from generator.starting.wish import Wish

    registry = registry or _asked("--registry", "The registry, such as registry.example.com")
    path = path or _asked("--path", "Where its images are, such as team/{image}")
    ci = ci or _asked("--ci", "The CI to write the nightly job for: github, gitlab or none", "none")
    wish = Wish(registry, path, kind or kind_of(registry), ci, content)
    _tell_started(work(Path.cwd(), wish))
    return DONE


def _asked(option: str, question: str, default: str | None = None) -> str:
    """The answer of somebody at a terminal; raises UsageError where nobody is, and no default."""
    if sys.stdin.isatty():
        return str(click.prompt(question, default=default, err=True))
    if default is None:
        raise UsageError(f"{option} is missing, and there is no terminal to ask: {question}")
    return default


def _tell_started(started: Started) -> None:
    """Say what has been written, and what to do next."""
    for step in started.steps:
        what = "left as it is" if step.change is None else step.change.action
        click.echo(f"{what} {step.path}", err=True)
    start = started.start
    click.echo(
        f"""
Next:
  tagpages doctor     tells whether catalog, login and site are well
  tagpages build      asks {start.registry}, and writes pages below {start.content}
  hugo server         shows them: http://localhost:1313{start.url}""",
        err=True,
    )


@click.command()
@click.argument(
    "what", default="catalog", type=click.Choice(["catalog", "tags", "details", "report"])
)
def schema(*, what: str) -> int:
    """Print the JSON Schema of the catalog, of tags.json, details.json, or the report as JSON."""
    from generator.jobs.schemas import schema as work

    click.echo(work(what), nl=False)
    return DONE
