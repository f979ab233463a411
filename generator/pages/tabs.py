"""The tab bar of a page: links to the image's pages, and to what else the catalog names."""

from __future__ import annotations

import msgspec

from generator.pages.base import Site


class TabView(msgspec.Struct, frozen=True):
    """A tab with its whole URL; `active` is the one of the page that it stands on."""

    title: str
    active: bool
    url: str


def tab_bar(site: Site, image: str, path: str) -> list[TabView]:
    """The tabs of an image's page, which lies at `path` below the image's URL."""
    below = f"{site.url}{image}/"
    links = [(tab.title, tab.link(below, image)) for tab in site.tabs]
    return [TabView(title, url == below + path, url) for title, url in links]
