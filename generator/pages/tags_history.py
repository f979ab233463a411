"""Page kind `tags_history`: which tags an image has, which digest each points to, since when."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from generator.grouping import arranged, visible
from generator.model import Image, TagGroup, TimeKind
from generator.pages.base import Page, Site

PATH = "tags_history/"


class TabView(msgspec.Struct, frozen=True):
    """A tab with its whole URL."""

    title: str
    active: bool
    url: str


class TableView(msgspec.Struct, frozen=True):
    """A table as of now: `groups` are within the window, `has_tags` is of all."""

    name: str
    time_kind: TimeKind
    groups: tuple[TagGroup, ...]
    has_tags: bool


def view(image: Image, site: Site) -> Mapping[str, object]:
    """What the template is given (`docs/templates.md`)."""
    url = f"{site.url}{image.name}/"
    return {
        "image": image.name,
        "url": url,
        "tabs": [TabView(tab.title, tab.path == PATH, url + tab.path) for tab in site.tabs],
        "tables": [
            TableView(
                table.name,
                table.time_kind,
                arranged(visible(table.groups, site.window, site.as_of), site.tag_order),
                has_tags=bool(table.groups),
            )
            for table in image.tables
        ],
        "window": site.window,
        "as_of": site.as_of,
    }


OUTPUT = Page(file="tags_history.md", path=PATH, template="tags_history.md.j2", view=view)
