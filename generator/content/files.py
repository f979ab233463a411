"""Which files of a content tree are tagpages': all others are people's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from itertools import chain
from typing import NamedTuple

from generator.content.details import DETAILS_FILE
from generator.content.state import BUILD_FILE, TAGS_FILE
from generator.errors import TagpagesError
from generator.pages import IMAGE_OUTPUTS, SITE_OUTPUTS
from generator.pages.base import Output, S

SITE = ""
"""Where images are told by name, the name of what is no image's: the files of the site."""
HISTORY_FILES = HISTORY_PAGE, MOVES_CHART, SIZES_CHART = (
    "history.md",
    "history-moves.svg",
    "history-size.svg",
)
"""What `history --write` makes in an image's folder when a site is built; no build touches it."""


class Owned(NamedTuple):
    """The names of our files in each image's folder, and in the root of the content folder.

    They are in the order of writing and removing: what is shown before what it is made from.
    """

    image: tuple[str, ...]
    site: tuple[str, ...]

    def has(self, path: str) -> bool:
        """Whether the file at a path below the content folder is ours."""
        image, _, name = path.rpartition("/")
        return name in (self.image if image else self.site) and is_text(path)


def is_text(path: str) -> bool:
    """Whether a path is UTF-8. One that is not is people's: no image can be named so."""
    try:
        path.encode()
    except UnicodeEncodeError:  # Python has a surrogate for each byte of it that is not
        return False
    return True


def owned(outputs: Collection[str]) -> Owned:
    """Our files, where outputs of these kinds are written or were once."""
    image = _files(IMAGE_OUTPUTS, outputs)
    site = _files(SITE_OUTPUTS, outputs)
    return Owned((*image, DETAILS_FILE, TAGS_FILE), (*site, BUILD_FILE))


def _files(kinds: Mapping[str, Output[S]], wanted: Collection[str]) -> Iterator[str]:
    return (file for name, output in kinds.items() if name in wanted for file in output.files)


@cache
def _names() -> frozenset[str]:
    """The names that any file of ours may have."""
    return frozenset(chain.from_iterable(owned([*IMAGE_OUTPUTS, *SITE_OUTPUTS])))


def check_folder(image: str) -> None:
    """Raise TagpagesError if the image's folder would lie where a file of ours may."""
    if own := next(filter(_names().__contains__, image.split("/")), None):
        raise TagpagesError(f"no folder can be named `{own}`, like a file of tagpages: exclude it")
