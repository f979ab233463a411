"""The command line: parse, call, print, exit code. What the commands do is in `jobs`.

`options` and `telling` are what commands share; the other modules have one idea of commands each.
Imports of what does the work stand in the commands: `--help` needs neither httpx nor jinja2.
"""

from __future__ import annotations

import atexit
import gc
import signal
import sys
from typing import NoReturn

import click

from generator import __version__
from generator.cli.nights import build, collect, nightly
from generator.cli.options import INTERRUPTED, MISTAKE, TROUBLE, read_environment
from generator.cli.pages import check, lanes, render, report
from generator.cli.past import history
from generator.cli.sites import doctor, init, schema
from generator.errors import TagpagesError, UsageError

GARBAGE_THRESHOLD = 300_000
"""A build makes many small values that live to its end: looking for cycles among them so often as
Python does by default costs a quarter of its time."""


def main() -> NoReturn:
    """Run the command line, and exit."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    atexit.register(gc.freeze)  # what is left is not looked through for cycles once more
    for name in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(name) is not signal.SIG_IGN:  # as `nohup` leaves it
            signal.signal(name, signal.default_int_handler)
    try:
        code = cli.main(prog_name="tagpages", standalone_mode=False)
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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def cli() -> None:
    """Hugo pages of container image tags, from registry listings.

    Every option is also read from the environment, as TAGPAGES_<COMMAND>_<OPTION>, and what several
    commands share, such as the catalog, for all of them as TAGPAGES_<OPTION>. Several values of one
    are separated by spaces there.
    """


_COMMANDS = (build, check, collect, doctor, history, init, lanes, nightly, render, report, schema)
for _command in _COMMANDS:
    read_environment(_command)
    cli.add_command(_command)
