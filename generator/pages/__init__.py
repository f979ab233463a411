"""Outputs: one module per kind of page or data file; pure, values in and text out.

A new kind is one new module here, its template if it is a page, and its line below. A kind may
have files of each image and of the site.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from generator.pages import (
    addresses,
    badges,
    details,
    feed,
    index,
    llms,
    overview,
    package_index,
    provenance,
    renovate,
    tags_history,
)
from generator.pages.base import Output, Subject

IMAGE_OUTPUTS: dict[str, Output[Subject]] = {
    "overview": overview.OUTPUT,
    "details": details.OUTPUT,
    "tags_history": tags_history.OUTPUT,
    "provenance": provenance.OUTPUT,
    "badges": badges.OUTPUT,
    "feed": feed.OUTPUT,
    "llms": llms.OUTPUT,
    "renovate": renovate.OUTPUT,
}
"""The outputs that each image has."""

SITE_OUTPUTS: dict[str, Output[Sequence[Subject]]] = {
    "addresses": addresses.OUTPUT,
    "index": index.OUTPUT,
    "package_index": package_index.PAGE,
    "feed": feed.SITE_OUTPUT,
    "llms": llms.SITE_OUTPUT,
    "packages": package_index.OUTPUT,
}
"""The outputs that the site has once, in the root of the content folder."""

if TYPE_CHECKING:
    Name = str
else:
    Name = Literal[tuple(IMAGE_OUTPUTS | SITE_OUTPUTS)]
"""The names of all outputs, as the catalog knows them."""
