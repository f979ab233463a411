"""Whole addresses of pages, for files that are read away from the site."""

from __future__ import annotations

from generator.model import Image
from generator.pages import tags_history
from generator.pages.base import Site


def image_url(site: Site, image: str) -> str:
    """The folder of an image on the site, with a slash at its end."""
    return f"{site.base_url}{site.url}{image}/"


class Rows:
    """Where the tags of an image stand on its page of tags.

    The component in `hugo/` gives each row its anchor: that of a tag which an earlier table has too
    ends in the table's name. No sign in one must be escaped in an address (RFC 3986, 3.5).
    """

    def __init__(self, image: Image, site: Site) -> None:
        self._page = f"{image_url(site, image.name)}{tags_history.PATH}"
        self._first: dict[str, str] = {}
        for table in image.tables:
            for group in table.groups:
                for tag in group.tags:
                    self._first.setdefault(tag, table.name)

    def url(self, table: str, tag: str) -> str:
        """The row of a tag in one of the image's tables."""
        place = "" if self._first[tag] == table else f"@{table}"
        return f"{self._page}#tag-{tag}{place}"
