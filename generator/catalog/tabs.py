"""`tabs` in the catalog: the bar above the pages of an image."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta

from generator.catalog.base import IMAGE, Section

_TAB_TITLE = re.compile(r"[^`\r\n]+")
_LINK = re.compile(r"[^\s\"'`\\<>(){}\[\]]*")
_NO_LINK = "an address has no spaces, quotes, backslashes or brackets"


class Tab(Section, frozen=True, kw_only=True):
    """One tab of the bar above a page."""

    title: Annotated[str, Meta(description="What the tab says.")]
    path: Annotated[
        str | None, Meta(description="Where it leads, below the image's URL: `tags_history/`.")
    ] = None
    url: Annotated[
        str | None,
        Meta(description="Where it leads, in place of `path`; may have the image as `{image}`."),
    ] = None

    def __post_init__(self) -> None:
        """Refuse what neither a Markdown link nor a shortcode's parameter can hold."""
        if not _TAB_TITLE.fullmatch(self.title):
            raise ValueError("`title`: write it on one line, without backticks")
        if (self.path is None) == (self.url is None):
            raise ValueError("a tab has a `path` below the image's URL, or else a `url`")
        if not _LINK.fullmatch((self.url or "").replace(IMAGE, "")):
            raise ValueError(f"`url`: {_NO_LINK}")
        if not _LINK.fullmatch(self.path or ""):
            raise ValueError(f"`path`: {_NO_LINK}")

    def link(self, below: str, image: str) -> str:
        """Where it leads on the pages of an image, whose own URL is `below`."""
        return f"{below}{self.path}" if self.url is None else self.url.replace(IMAGE, image)
