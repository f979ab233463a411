"""Page kind `tags_history`: which tags an image has, which digest each points to, since when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from generator.facts.image import IMAGE
from generator.grouping import Window, arranged, visible
from generator.model import Table, TagGroup, TimeKind
from generator.pages.base import Page, Site, Subject
from generator.pages.tabs import page_values

PATH = "tags_history/"


class TableView(msgspec.Struct, frozen=True):
    """A table as of the night that was last believed: `groups` are its rows.

    `older` are rows to fold, and `hidden` counts the tags that `groups` leaves out as too old.
    `has_tags` is of all; `stale_since` (UTC) is set where it has not been up to date for long.
    `title` and `text` are Markdown; `registry` and `repository` say what to pull, and are empty
    where that is not known.
    """

    name: str
    title: str
    text: str
    registry: str
    repository: str
    time_kind: TimeKind
    groups: tuple[TagGroup, ...]
    older: tuple[TagGroup, ...]
    hidden: int
    has_tags: bool
    stale_since: datetime | None


def view(subject: Subject, site: Site) -> Mapping[str, object]:
    """What the template is given (`docs/templates.md`)."""
    image, details = subject
    return page_values(site, image.name, PATH) | {
        "tables": [_table(table, image.name, site) for table in image.tables],
        "facts": {
            digest: found
            for digest, facts in details.facts.items()
            if (found := IMAGE.found(facts))
        },
        "window": site.window,
        "older": site.older,
    }


def _table(table: Table, image: str, site: Site) -> TableView:
    info = site.tables[table.name]
    address = info.address(image)
    window = Window() if site.older == "show" else site.window
    shown = visible(table.groups, window, table.as_of or site.as_of)
    kept = {group.digest for group in shown}
    left = [group for group in table.groups if group.digest not in kept]
    return TableView(
        table.name,
        info.title,
        info.text,
        address.registry,
        address.repository,
        table.time_kind,
        arranged(shown, site.tag_order),
        arranged(left, site.tag_order) if site.older == "fold" else (),
        sum(len(group.tags) for group in left),
        bool(table.groups),
        _stale_since(table, site),
    )


def _stale_since(table: Table, site: Site) -> datetime | None:
    """When a table was last believed, if that is many nights ago."""
    if table.as_of and (site.as_of.date() - table.as_of.date()).days >= site.stale_after:
        return table.as_of
    return None


OUTPUT = Page(
    title="Tags History",
    file="tags_history.md",
    path=PATH,
    template="tags_history.md.j2",
    view=view,
)
