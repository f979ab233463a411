"""Data file `addresses`: where the images of each table are pulled from, for the Hugo component."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from generator.catalog.base import IMAGE
from generator.pages.base import DataFile, Site, Subject, TableInfo

VERSION = 1
"""The format of the file."""


class Addresses(msgspec.Struct, frozen=True):
    """A table's images: `repository` has `{image}` in place of the image's name.

    `images` has the whole repositories of those that differ. `title` is Markdown, and what is not
    known is empty.
    """

    name: str
    title: str
    registry: str
    repository: str
    images: dict[str, str]


def text(_: Sequence[Subject], site: Site) -> str:
    """The file: it changes when the catalog does, whatever a night brings."""
    tables = [_addresses(name, info) for name, info in site.tables.items()]
    return json.dumps({"version": VERSION, "tables": msgspec.to_builtins(tables)}, indent=2) + "\n"


def _addresses(name: str, info: TableInfo) -> Addresses:
    return Addresses(
        name,
        info.title,
        *info.address(IMAGE),
        {image: info.address(image).repository for image in sorted(info.repositories)},
    )


OUTPUT = DataFile("addresses.json", text)
