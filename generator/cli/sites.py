"""The commands about a site and its catalog: `schema`."""

from __future__ import annotations

import click

from generator.cli.options import DONE


@click.command()
def schema() -> int:
    """Print the catalog's JSON Schema."""
    from generator.jobs.job import catalog_schema

    click.echo(catalog_schema(), nl=False)
    return DONE
