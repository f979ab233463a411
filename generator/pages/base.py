"""The protocol between `build` and the kinds of page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from generator.catalog.spec import Tab
from generator.grouping import TagOrder, Window
from generator.model import Image
from generator.sources.base import Address, SourceSpec


@dataclass(frozen=True)
class TableInfo:
    """What pages say of a table besides its tags; `title` and `text` are Markdown.

    `repositories` has, by image, those that differ from the source's rule.
    """

    title: str
    text: str
    source: SourceSpec
    repositories: Mapping[str, str]

    def address(self, image: str) -> Address:
        """Where an image is pulled from."""
        return self.source.address(image, self.repositories.get(image))


@dataclass(frozen=True)
class Site:
    """What all pages of a site share; `url` is from slash to slash, `as_of` in UTC."""

    url: str
    tabs: tuple[Tab, ...]
    tables: Mapping[str, TableInfo]
    window: Window
    tag_order: TagOrder
    as_of: datetime


class PageKind(Protocol):
    """One kind of page: a file beside `tags.json`, made from a template."""

    title: str
    """What its tab says."""
    file: str
    """The page's file in the image's folder."""
    path: str
    """Where Hugo publishes it, below the image's URL."""
    template: str
    """The name of its template."""

    def view(self, image: Image, site: Site) -> Mapping[str, object]:
        """What the template is given."""
