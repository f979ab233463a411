"""How large the download of each image was over time, from the history of `details.json`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

import msgspec

from generator.content.details import DETAILS_FILE, decode_details
from generator.errors import TagpagesError
from generator.facts.base import Found
from generator.facts.image import IMAGE
from generator.grouping import version_key
from generator.history.moves import Story
from generator.history.repository import Repository
from generator.history.values import Key, Span
from generator.history.versions import by_image
from generator.model import short_digest

MEGABYTE = 1_000_000


class Size(msgspec.Struct, frozen=True):
    """From a day (UTC) on, the digest (short) that a tag pointed to, and its compressed size."""

    day: date
    digest: str
    megabytes: float


class Series(msgspec.Struct, frozen=True):
    """The sizes of one tag of a table, the oldest first."""

    table: str
    tag: str
    sizes: tuple[Size, ...]


def series(
    repository: Repository, folders: Sequence[str], stories: Mapping[str, Story], since: datetime
) -> dict[str, Series]:
    """By image, the sizes since a time (UTC) of its first tag: `latest` where it has that.

    An image of which no size is recorded has none.
    """
    line = repository.line([folder or "." for folder in folders])
    changes = by_image(line.changes, folders, [DETAILS_FILE])
    wanted = []
    for image, story in stories.items():
        if image in changes and story.page.rows:
            key = _first(story)
            versions = [(change.moment.number, change.blob) for change in changes[image]]
            wanted += [
                (image, key, story.moments[span.first].time.date(), span.digest, blob)
                for span in story.lines[key]
                if (blob := _standing(versions, story, span, since))
            ]
    blobs = repository.blobs([blob for *_, blob in wanted])
    found: dict[str, Series] = {}
    for (image, key, day, digest, _), data in zip(wanted, blobs, strict=True):
        sizes = found[image].sizes if image in found else ()
        for size in _sizes(data, image, digest):
            new = Size(day, short_digest(digest), size / MEGABYTE)
            found[image] = Series(*key, (*sizes, new))
    return found


def _first(story: Story) -> Key:
    """The tag that is shown: the first one by version, in the first table that has it."""
    return min(story.page.rows, key=lambda key: version_key(key[1]))


def _standing(
    versions: Sequence[tuple[int, str | None]], story: Story, span: Span, since: datetime
) -> str | None:
    """The last `details.json` of the time of a span, if that reaches beyond `since`."""
    end = None if span.ended is None else story.moments[span.ended]
    if end and end.time <= since:
        return None
    count = bisect_left(versions, end.number, key=lambda item: item[0]) if end else len(versions)
    return versions[count - 1][1] if count else None


def _sizes(data: bytes | None, image: str, digest: str) -> Iterator[int]:
    """The size of a digest, if it is told."""
    try:
        facts = decode_details(data or b"", image).facts.get(digest, {})
    except TagpagesError:
        return
    found = IMAGE.of(facts)
    if isinstance(found, Found) and found.value.size is not None:
        yield found.value.size
