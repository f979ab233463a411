"""The last known good of a whole content tree, read at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from generator.content.details import DETAILS_FILE, decode_details
from generator.content.files import SITE, Owned, is_text
from generator.content.page import FOLDER_PAGE, is_retired
from generator.content.state import TAGS_FILE, decode_image, load_build, read_bytes
from generator.errors import Failure, TagpagesError
from generator.facts.base import Details
from generator.guard.memory import Build
from generator.model import Image


class Known(msgspec.Struct, frozen=True):
    """The last known good of a content tree.

    `broken` are the images whose state is unreadable. `details` are of the images that have any.
    `files` has the names of our files in each image's folder, and under `SITE` those of the site.
    `last` is what the last build left.
    """

    images: dict[str, Image]
    broken: dict[str, Failure]
    details: dict[str, Details]
    files: dict[str, frozenset[str]]
    last: Build

    @property
    def with_files(self) -> set[str]:
        """The images that have files of ours."""
        return self.files.keys() - {SITE}

    def strays(self) -> list[str]:
        """The images that have a page and no state: retired, or not written by tagpages."""
        return sorted(self.with_files - self.images.keys() - self.broken.keys())


def load(content: Path, ours: Callable[[Build], Owned]) -> Known:
    """The last known good of every image of a content tree, and what the last build left.

    `ours` says which files are ours after a build. Raises TagpagesError when the tree cannot be
    read.
    """
    last = load_build(content)
    known = Known({}, {}, {}, dict(sorted(_own_files(str(content), ours(last)))), last)
    for name, own in known.files.items():
        if TAGS_FILE in own:
            _read_image(known, f"{content}/{name}", name)
    return known


def _read_image(known: Known, folder: str, name: str) -> None:
    """Read an image's state, and all that is known of its digests."""
    path = f"{folder}/{TAGS_FILE}"
    try:
        image = decode_image(read_bytes(path), name)
        if DETAILS_FILE in known.files[name]:
            path = f"{folder}/{DETAILS_FILE}"
            known.details[name] = decode_details(read_bytes(path), name)
    except TagpagesError as error:
        known.broken[name] = Failure(f"{error}; restore it from git or delete it to start anew")
    except OSError as error:
        known.broken[name] = Failure(f"cannot read {path}: {error.strerror}")
    else:
        known.images[name] = image


def _own_files(content: str, owned: Owned) -> Iterator[tuple[str, frozenset[str]]]:
    """Image names (`SITE` for the site) and the names of our files there; links are not followed.

    A folder with nothing but the page of a folder is no image's, unless that is a retired one's.
    """
    folders = [(SITE, content)]
    while folders:
        image, folder = folders.pop()
        ours = owned.image if image else owned.site
        own = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        name = f"{image}/{entry.name}" if image else entry.name
                        if is_text(name):
                            folders.append((name, entry.path))
                    elif entry.name in ours and not entry.is_symlink():
                        own.append(entry.name)
        except FileNotFoundError:  # not there yet, or removed by another run since it was listed
            continue
        except OSError as error:
            raise TagpagesError(f"cannot read the folder {folder}: {error.strerror}") from None
        if own and not (image and own == [FOLDER_PAGE] and _is_peoples(folder)):
            yield image, frozenset(own)


def _is_peoples(folder: str) -> bool:
    """Whether the page of a folder that has nothing else of ours is people's."""
    try:
        page = read_bytes(f"{folder}/{FOLDER_PAGE}")
    except OSError:
        return True
    return not is_retired(page.decode(errors="replace"))
