"""`readmes` in the catalog: what becomes of the READMEs of images on their pages."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from generator.catalog.base import PathText, Section

_BASE = re.compile(r"https?://[^\s()<>\[\]\"'`\\]+")
_SECTION = re.compile(r"[\w.-]+")


class Readmes(Section, frozen=True, kw_only=True):
    """The READMEs of images: others wrote them, so nothing in them runs."""

    folder: Annotated[
        PathText | None,
        Meta(
            description=(
                "A folder, relative to this file, with READMEs of your own: `<image>.md`. One that "
                "is there is shown in place of what the registries have."
            )
        ),
    ] = None
    links: Annotated[
        str | None,
        Meta(
            description=(
                "Where relative links in READMEs lead: the address of their folder, with `{image}` "
                "in place of the image's name. Without it such links are shown as their text."
            )
        ),
    ] = None
    images: Annotated[
        str | None,
        Meta(
            description=(
                "The same for pictures, which some hosts have at another address; by default that "
                "of `links`."
            )
        ),
    ] = None
    html: Annotated[
        Literal["text", "keep"],
        Meta(
            description=(
                "What becomes of raw HTML: `text` shows it as it is written; `keep` leaves it to "
                "Hugo, which shows it only with `markup.goldmark.renderer.unsafe`. Keep that of "
                "people whom you trust."
            )
        ),
    ] = "text"
    sections: Annotated[
        dict[str, str],
        Meta(
            description=(
                "Markdown of your own, by name, in place of the marked sections "
                "`<!--name:start-->…<!--name:end-->`; an empty text removes them."
            )
        ),
    ] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the addresses, and the names of the sections."""
        for key, address in (("links", self.links), ("images", self.images)):
            if address is not None and not _BASE.fullmatch(address):
                raise ValueError(f"`{key}`: write an address, as `https://git.example.com/images/`")
        for name in self.sections:
            if not _SECTION.fullmatch(name):
                raise ValueError(f"`sections`: {name!r} is no name: letters, digits, `_.-`")
