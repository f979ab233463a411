"""Whole addresses of pages, for files that are read away from the site."""

from __future__ import annotations

from generator.pages import tags_history
from generator.pages.base import Site


def image_url(site: Site, image: str) -> str:
    """The folder of an image on the site, with a slash at its end."""
    return f"{site.base_url}{site.url}{image}/"


def tag_url(site: Site, image: str, tag: str) -> str:
    """The row of a tag on the image's page of tags."""
    return f"{image_url(site, image)}{tags_history.PATH}#{anchor(tag)}"


def anchor(tag: str) -> str:
    """The anchor of a tag's row: its grammar has no sign that an address must escape."""
    return f"tag-{tag}"
