"""The floor that `build.py` measures against: decode, group, render, write, and nothing else.

It writes the same pages and the same `tags.json` into an empty tree, byte for byte. It has no
validation, no memory of the last night, no guard, no front matter of people, no atomic writes and
no report.
Arguments: the public listing, the private listing, the content folder, the time of the build, and
the newest time that pages do not show.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import jinja2
import msgspec

TABLES = ("public", "private")
TEMPLATE = """\
---
title: "{{ image }} tags history"
description: "Tags of the {{ image }} image: which digest each points to, and since when"
date: {{ as_of }}
lastmod: {{ as_of }}
draft: false
toc: true
---

Each row is one digest, with the tags that point to it and the day when the newest of them last \
changed. Tags move to other digests over time: to get the very same image every time, pin its \
digest.

Digests whose tags have not changed in the last month are not listed.
{% for name, table, has_tags in tables %}

## {{ name.title() }}

{% if table -%}
{{ table }}
{% elif has_tags -%}
No tag of this image has changed in the last month.
{% else -%}
There is no tag of this image.
{% endif %}
{%- endfor -%}
"""


class Tag(msgspec.Struct):
    """A tag of a listing."""

    name: str
    digest: str
    lastUpdated: datetime  # noqa: N815 - the listing's word


class Repo(msgspec.Struct):
    """The name of an image."""

    name: str


class Entry(msgspec.Struct):
    """An image of a listing."""

    repo: Repo
    tags: list[Tag]


class Group(msgspec.Struct):
    """The tags of a digest, as `tags.json` has them."""

    digest: str
    last_changed: datetime
    tags: list[str]


def grouped(tags: list[Tag]) -> list[Group]:
    """The tags by digest, newest first."""
    groups: dict[str, Group] = {}
    for tag in sorted(tags, key=lambda tag: tag.lastUpdated, reverse=True):
        if tag.digest not in groups:
            groups[tag.digest] = Group(tag.digest, tag.lastUpdated, [])
        groups[tag.digest].tags.append(tag.name)
    return list(groups.values())


def table_of(groups: list[Group], oldest: datetime) -> str:
    """The groups that are newer than that as a padded Markdown table."""
    rows = [
        (
            "".join(f" `{tag}`" for tag in group.tags),
            f"{group.last_changed:%B} {ordinal(group.last_changed.day)}",
            f"`{group.digest}`",
        )
        for group in groups
        if group.last_changed > oldest
    ]
    if not rows:
        return ""
    head = ("Tag (s)", "Last Changed", "Digest")
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (head, *rows)
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def ordinal(day: int) -> str:
    """A day of a month: `1st`."""
    ending = "th" if day in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def state_of(image: str, tables: list[list[Group]]) -> bytes:
    """The text of a `tags.json`."""
    lines = ",\n".join(
        f'    {{"name": "{name}", "time_kind": "listed", "groups": ['
        + ("\n      " if groups else "")
        + ",\n      ".join(msgspec.json.encode(group).decode() for group in groups)
        + ("\n    ]}" if groups else "]}")
        for name, groups in zip(TABLES, tables, strict=True)
    )
    text = f'{{\n  "version": 1,\n  "image": "{image}",\n  "tables": [\n{lines}\n  ]\n}}\n'
    return text.encode()


def write(file: Path, text: bytes) -> None:
    """Write a file, unless it is there already."""
    try:
        if file.read_bytes() == text:
            return
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text)


def main() -> None:
    """Write the files of each image."""
    *listings, content, as_of, oldest = sys.argv[1:]
    hidden = datetime.fromisoformat(oldest)
    images: dict[str, dict[str, list[Tag]]] = {}
    for name, path in zip(TABLES, listings, strict=True):
        for entry in msgspec.json.decode(Path(path).read_bytes(), type=list[Entry]):
            images.setdefault(entry.repo.name, {})[name] = entry.tags
    template = jinja2.Template(TEMPLATE, keep_trailing_newline=True, trim_blocks=True)
    for image, tags in images.items():
        tables = [grouped(tags.get(name, [])) for name in TABLES]
        shown = [table_of(groups, hidden) for groups in tables]
        page = template.render(
            image=image, as_of=as_of, tables=list(zip(TABLES, shown, tables, strict=True))
        )
        write(Path(content, image, "tags_history.md"), page.encode())
        write(Path(content, image, "tags.json"), state_of(image, tables))


if __name__ == "__main__":
    main()
