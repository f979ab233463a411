"""The versions of images: which file says what an image's tags are, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec

from generator.content.state import TAGS_FILE, decode_image
from generator.errors import TagpagesError
from generator.history import oldpage
from generator.history.moves import Story
from generator.history.repository import Change, Repository
from generator.history.values import Moment, Page, Row
from generator.model import Image
from generator.pages import tags_history

FILES = (TAGS_FILE, tags_history.OUTPUT.file)
"""Where the tags of an image stand, the better source first."""


class Record(msgspec.Struct):
    """What is read of an image: its story, and which of its files (blobs by path) are there."""

    story: Story = msgspec.field(default_factory=Story)
    files: dict[str, str] = {}


class _Version(NamedTuple):
    moment: Moment
    path: str
    blob: str | None


def paths_of(image: str, folders: Sequence[str]) -> list[str]:
    """Where an image's tags may stand: the first of these that is there counts."""
    return [_joined(folder, f"{image}/{file}") for folder in folders for file in FILES]


def read(
    repository: Repository,
    changes: Iterable[Change],
    folders: Sequence[str],
    known: Callable[[str], Record] = lambda _image: Record(),
) -> Iterator[tuple[str, Record]]:
    """Bring the records of all images that changed up to date, one after another.

    `folders` are the content folders, today's first. `known` gives what was read before.
    """
    work = []
    for image, image_changes in _by_image(changes, folders).items():
        record = known(image)
        work.append((image, record, list(_versions(image, image_changes, folders, record.files))))
    ids = [version.blob for *_, versions in work for version in versions if version.blob]
    blobs = repository.blobs(ids)
    for image, record, versions in work:
        for version in versions:
            if version.blob is None:
                record.story.remove(version.moment)
            else:
                _take(record.story, image, version, next(blobs))
        yield image, record


def _by_image(changes: Iterable[Change], folders: Sequence[str]) -> dict[str, list[Change]]:
    """The changes of files that count, by image: the folder's path below a content folder."""
    images: dict[str, list[Change]] = {}
    for change in changes:
        path, _, file = change.path.rpartition("/")
        if file in FILES:
            image = next(filter(None, (_below(folder, path) for folder in folders)), None)
            if image:
                images.setdefault(image, []).append(change)
    return images


def _below(folder: str, path: str) -> str:
    """The path relative to a folder; "" where it is not below it."""
    start = f"{folder}/" if folder else ""
    return path.removeprefix(start) if path.startswith(start) else ""


def _joined(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path


def _versions(
    image: str, changes: Sequence[Change], folders: Sequence[str], files: dict[str, str]
) -> Iterator[_Version]:
    """What stood where after each commit, where that is something else than before."""
    paths = paths_of(image, folders)

    def standing() -> tuple[str, str | None]:
        return next(((path, files[path]) for path in paths if path in files), ("", None))

    for moment, together in groupby(changes, key=lambda change: change.moment):
        before = standing()[1]
        for change in together:
            if change.blob is None:
                files.pop(change.path, None)
            else:
                files[change.path] = change.blob
        path, blob = standing()
        if blob != before:
            yield _Version(moment, path, blob)


def _take(story: Story, image: str, version: _Version, data: bytes | None) -> None:
    try:
        story.add(version.moment, _page(image, version, data))
    except TagpagesError as error:
        story.pass_over(version.moment, f"{version.path}: {error}")


def _page(image: str, version: _Version, data: bytes | None) -> Page:
    if data is None:
        raise TagpagesError("git does not have it")
    if version.path.endswith(TAGS_FILE):
        return state_page(decode_image(data, image))
    return oldpage.read(data, version.moment.time.date())


def state_page(image: Image) -> Page:
    """What a `tags.json` lists."""
    rows = {
        (table.name, tag): row
        for table in image.tables
        for group in table.groups
        for row in [Row(group.digest, group.last_changed.date())]
        for tag in group.tags
    }
    names = tuple(table.name for table in image.tables)
    return Page(rows, names, frozenset(names), is_state=True)
