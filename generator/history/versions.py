"""The versions of images: which file says what an image's tags are, and what it says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple, Protocol

from generator.content.state import TAGS_FILE, decode_image
from generator.errors import TagpagesError
from generator.history.moves import Story
from generator.history.repository import Change, Repository
from generator.history.values import NO_PAGE, Moment, Page, Row
from generator.model import Image, check_name

OLD_PAGE = "tags_history.md"
"""The page of an image: importing its kind would bring in all that pages can show."""
FILES = (TAGS_FILE, OLD_PAGE)
"""Where the tags of an image stand, the better source first."""


class Known(Protocol):
    """What was read before, image by image."""

    def files(self) -> dict[str, dict[str, str]]:
        """The blobs, by image and path, of the files that were there at last."""

    def story(self, image: str) -> Story:
        """The image's story, perhaps without its earlier spans."""

    def complete(self, image: str, story: Story, digests: Collection[str]) -> None:
        """Give a story its earlier spans, if any of the digests may be in them."""


class Nothing:
    """Nothing was read before."""

    @staticmethod
    def files() -> dict[str, dict[str, str]]:
        """No file."""
        return {}

    @staticmethod
    def story(_image: str) -> Story:
        """A new story."""
        return Story()

    @staticmethod
    def complete(_image: str, _story: Story, _digests: Collection[str]) -> None:
        """A new story is complete."""


class Read(NamedTuple):
    """An image whose files changed: its story, and which of its files (blobs) are there now."""

    image: str
    story: Story
    files: dict[str, str]


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
    known: Known = Nothing(),  # noqa: B008 - it has no state
) -> Iterator[Read]:
    """Bring the stories of all images that changed up to date, one after another.

    `folders` are the content folders, today's first.
    """
    work = []
    there = known.files()
    for image, image_changes in by_image(changes, folders, FILES).items():
        files = there.get(image, {})
        work.append((image, files, list(_versions(image, image_changes, folders, files))))
    ids = [version.blob for *_, versions in work for version in versions if version.blob]
    blobs = repository.blobs(ids)
    for image, files, versions in work:
        pages = [_page(image, version, blobs) for version in versions]
        story = known.story(image)
        known.complete(image, story, _begun(story.page, pages))
        for version, page in zip(versions, pages, strict=True):
            if isinstance(page, str):
                story.pass_over(version.moment, page)
            else:
                story.add(version.moment, page)
        yield Read(image, story, files)


def by_image(
    changes: Iterable[Change], folders: Sequence[str], files: Collection[str]
) -> dict[str, list[Change]]:
    """The changes of files of these names, by image: the path below a content folder.

    A folder that no image can have, by its name, is none.
    """
    images: dict[str, list[Change]] = {}
    for change in changes:
        path, _, file = change.path.rpartition("/")
        if file in files:
            image = next(filter(None, (_below(folder, path) for folder in folders)), "")
            if _is_name(image):
                images.setdefault(image, []).append(change)
    return images


@lru_cache(maxsize=4096)
def _is_name(image: str) -> bool:
    with suppress(TagpagesError):
        return bool(check_name(image))
    return False


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


def _page(image: str, version: _Version, blobs: Iterator[bytes | None]) -> Page | str:
    """What a version lists, or why it cannot be read."""
    if version.blob is None:
        return NO_PAGE
    data = next(blobs)
    if data is None:
        return f"{version.path}: git does not have it"
    try:
        if version.path.endswith(TAGS_FILE):
            return state_page(decode_image(data, image))
        from generator.history import oldpage  # noqa: PLC0415 - what a newer site never needs

        return oldpage.read(data, version.moment.time.date())
    except TagpagesError as error:
        return f"{version.path}: {error}"


def _begun(page: Page, pages: Iterable[Page | str]) -> set[str]:
    """The digests that tags point to from page to page where they did not on the page before."""
    digests = set()
    for after in pages:
        if isinstance(after, Page):
            for key, row in after.rows.items():
                before = page.rows.get(key)
                if before is None or before.digest != row.digest:
                    digests.add(row.digest)
            page = after
    return digests


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
