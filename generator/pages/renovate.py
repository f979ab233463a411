"""Output `renovate`: the tags of an image as a custom datasource of Renovate reads them.

Protocol: Renovate's documentation, "Custom Datasource". All live tags are listed, of whatever age:
one that is left out would look like one that cannot be pulled.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from generator.model import Table, TagGroup
from generator.pages.base import DataFile, Site, Subject, json_text
from generator.pages.links import Rows, image_url


class _Release(msgspec.Struct, rename="camel"):
    version: str
    digest: str
    release_timestamp: datetime
    changelog_url: str


def releases(subject: Subject, site: Site) -> str:
    """The first table that has tags as `releases`, and the others by their names.

    The tags of a group stand in one line, so that a group that changes changes one line.
    """
    image = subject.image
    filled = [table for table in image.tables if table.groups]
    parts = [f'  "homepage": {json_text(image_url(site, image.name))}']
    rows = Rows(image, site)
    parts += [f'  "releases": {_lines(table, rows, 2)}' for table in filled[:1]]
    others = ",\n".join(
        f'    {json_text(table.name)}: {{"releases": {_lines(table, rows, 4)}}}'
        for table in filled[1:]
    )
    if others:
        parts.append(f'  "tables": {{\n{others}\n  }}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(table: Table, rows: Rows, indent: int) -> str:
    space = " " * indent
    lines = ",\n".join(f"{space}  {_line(group, table.name, rows)}" for group in table.groups)
    return f"[\n{lines}\n{space}]"


def _line(group: TagGroup, table: str, rows: Rows) -> str:
    return ", ".join(
        json_text(_Release(tag, group.digest, group.last_changed, rows.url(table, tag)))
        for tag in group.tags
    )


OUTPUT = DataFile("renovate.json", releases, links=frozenset({"tags_history"}))
