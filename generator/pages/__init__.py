"""Pages of an image: one module per kind, one small protocol.

A new kind is one new module here, one template, and its name and module below.
"""

from __future__ import annotations

from typing import Literal

from generator.pages import tags_history
from generator.pages.base import PageKind
from generator.state import TAGS_FILE, is_build_file

Name = Literal["tags_history"]
KINDS: dict[Name, PageKind] = {"tags_history": tags_history}
IMAGE_FILES = (*(kind.file for kind in KINDS.values()), TAGS_FILE)
"""All that tagpages ever writes into an image's folder, in the order of writing and removing."""


def is_own(file: str) -> bool:
    """Whether a file of that name is one that tagpages writes."""
    return file in IMAGE_FILES or is_build_file(file)
