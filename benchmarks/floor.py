"""The floor that `build.py` measures against: decode, group, render, write, and nothing else.

No validation, no state, no guard, no front matter of people, no atomic writes, no report.
Arguments: the public listing, the private listing, the content folder.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import jinja2
import msgspec

AS_OF = datetime(2024, 6, 3, 0, 46, 8, tzinfo=UTC)
OLDEST = datetime(2024, 5, 3, 0, 46, 8, tzinfo=UTC)
TEMPLATE = """\
---
title: "{{ image }} Image Tags History"
type: "article"
unlisted: true
description: "Image Tags and History for the {{ image }} Chainguard Image"
date: 2023-06-22T11:07:52+02:00
lastmod: 2024-06-03 00:46:08
draft: false
tags: ["Reference", "Chainguard Images", "Product"]
images: []
weight: 700
toc: true
---

{% raw %}{{< tabs >}}{% endraw %}
{% for title, path in tabs -%}
{{ "{{<" }} tab title="{{ title }}" url="{{ url }}{{ image }}/{{ path }}" {{ ">}}" }}
{% endfor -%}
{% raw %}{{</ tabs >}}{% endraw %}
{% for name, table in tables %}
### {{ name }}

{{ table }}
{% endfor -%}
"""
TABS = [
    ("Overview", ""),
    ("Details", "image_specs/"),
    ("Tags History", "tags_history/"),
    ("Provenance", "provenance_info/"),
]


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


def table(tags: list[Tag]) -> str:
    """The tags as a padded Markdown table."""
    groups: dict[str, list[Tag]] = {}
    for tag in sorted(tags, key=lambda tag: tag.lastUpdated, reverse=True):
        groups.setdefault(tag.digest, []).append(tag)
    rows = [("Tag (s)", "Last Changed", "Digest")]
    rows += [
        (
            "".join(f" `{tag.name}`" for tag in members),
            f"{members[0].lastUpdated:%B} {members[0].lastUpdated.day}",
            f"`{digest}`",
        )
        for digest, members in groups.items()
        if members[0].lastUpdated > OLDEST
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    )


def main() -> None:
    """Write a page for each image, unless it is there already."""
    images: dict[str, dict[str, list[Tag]]] = {}
    for name, path in zip(("public", "private"), sys.argv[1:3], strict=True):
        for entry in msgspec.json.decode(Path(path).read_bytes(), type=list[Entry]):
            images.setdefault(entry.repo.name, {})[name] = entry.tags
    template = jinja2.Template(TEMPLATE, keep_trailing_newline=True)
    for image, tables in images.items():
        text = template.render(
            image=image,
            url="/images/",
            tabs=TABS,
            tables=[(name, table(tables.get(name, []))) for name in ("public", "private")],
        ).encode()
        page = Path(sys.argv[3], image, "tags_history.md")
        try:
            if page.read_bytes() == text:
                continue
        except FileNotFoundError:
            page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(text)


if __name__ == "__main__":
    main()
