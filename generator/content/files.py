"""Which files of a content tree are tagpages': all others are people's."""

from __future__ import annotations

from generator.content.state import TAGS_FILE, is_build_file
from generator.errors import TagpagesError
from generator.pages import KINDS

IMAGE_FILES = (*(kind.file for kind in KINDS.values()), TAGS_FILE)
"""All that tagpages ever writes into an image's folder, in the order of writing and removing."""


def is_own(file: str) -> bool:
    """Whether a file of that name is one that tagpages writes."""
    return file in IMAGE_FILES or is_build_file(file)


def check_folder(image: str) -> None:
    """Raise TagpagesError if the image's folder would lie where a file of ours may."""
    if own := next(filter(is_own, image.split("/")), None):
        raise TagpagesError(f"no folder can be named `{own}`, like a file of tagpages: exclude it")
