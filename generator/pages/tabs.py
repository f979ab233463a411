"""The tab bar of a page, and what else all pages of an image are given."""

from __future__ import annotations

import msgspec

from generator.pages.base import Site


class TabView(msgspec.Struct, frozen=True):
    """A tab with its whole URL; `active` is the one of the page that it stands on."""

    title: str
    active: bool
    url: str


def page_values(site: Site, image: str, path: str) -> dict[str, object]:
    """What every page of an image is given; it lies at `path` below the image's URL."""
    below = f"{site.url}{image}/"
    links = [(tab.title, tab.link(below, image)) for tab in site.tabs]
    tabs = [TabView(title, url == below + path, url) for title, url in links]
    return {"image": image, "url": below, "tabs": tabs, "as_of": site.as_of}
