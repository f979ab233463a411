"""What the parts of a catalog share: the forms of texts, and mappings without unknown keys."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from generator.errors import TagpagesError
from generator.model import check_name

PathText = Annotated[str, Meta(pattern=r"^[^\x00]+(?!\n)$", examples=["folder/name"])]
LineText = Annotated[str, Meta(pattern=r"^[^\r\n]+(?!\n)$", examples=["some words on one line"])]
IMAGE = "{image}"
"""What stands for the image's name in an address."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A mapping of the catalog: unknown keys are mistakes."""


def check_image(key: str, name: str) -> None:
    """Raise ValueError, which names the key, unless an image can have this name."""
    try:
        check_name(name)
    except TagpagesError as error:
        raise ValueError(f"`{key}`: {error}") from None
