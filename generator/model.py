"""Tags, groups, tables and images: values, no I/O.

Names, tags and digests are checked where they enter (`check_*`), once; everything after
relies on it. All times are UTC.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from generator.errors import Failure, TagpagesError

TimeKind = Literal["moved", "pushed", "uploaded", "built", "listed"]
"""What a source's `last_changed` means: the tag was moved, the tag or its manifest was pushed,
the manifest was uploaded, the image was built, or whatever a recorded listing says."""

# OCI Distribution Specification 1.1, "Pulling manifests": <name> and <reference> as a tag.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG_FORM = r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"
_TAG = re.compile(_TAG_FORM)
_TAG_LINES = re.compile(rf"(?:{_TAG_FORM}\n)*")
# OCI Image Specification 1.1, "Descriptors": digests. The registered algorithms have a fixed form.
_SHA256_LINES = re.compile(r"(?:sha256:[a-f0-9]{64}\n)*")
_DIGEST = re.compile(
    r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}"
    r"|(?!sha256:|sha512:)[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+"
)
NAME_LIMIT = 255
"""The longest image name, in characters: longer ones are refused by most registries."""
DIGEST_LIMIT = 255
"""The longest digest, in characters; sha512 has 135."""
SHOWN_LIMIT = 80
"""The most that a message shows of a foreign text, in characters."""
TAGS_LIMIT = 200_000
"""The most tags that one table may have."""


class Tag(msgspec.Struct, frozen=True, gc=False):
    """A tag as a source answers it: the digest that it points to, and since when (UTC)."""

    name: str
    digest: str
    last_changed: datetime


class TagGroup(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The tags of one digest, in the order of their page cell.

    `last_changed` (UTC) is the newest tag's. `left` remembers the digests (short form) that
    these tags pointed to before, latest first.
    """

    digest: str
    last_changed: datetime
    tags: tuple[str, ...]
    left: tuple[str, ...] = ()


class Table(msgspec.Struct, frozen=True):
    """One registry's view of one image: its groups, in the order of the page's rows.

    `as_of` (UTC) is the time of the build that last believed it, only while that is an older one.
    `changed` says when the image had last changed by the registry's listing, before this answer was
    asked for: a text that is compared only, empty where that is not told.
    """

    name: str
    groups: tuple[TagGroup, ...] = ()
    time_kind: TimeKind = "listed"
    as_of: datetime | None = None
    changed: str = ""


class Image(msgspec.Struct, frozen=True):
    """An image and its tables, in the catalog's order."""

    name: str
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table | None:
        """The table of that name; None if there is none."""
        return next((table for table in self.tables if table.name == name), None)


class Artifact(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is listed like an image and is none, such as a chart: its type.

    `tags` has the digests (short form) of its tags where each took a request to know as none of an
    image: who remembers them need not ask again.
    """

    kind: str
    tags: dict[str, str] = {}


class Seen(msgspec.Struct, frozen=True):
    """One source's answer of one night.

    `images` are the answers by image; an image that the source does not have is in neither
    mapping. With `failure` the source as a whole could not be asked; `lost` says why a part of its
    images is in neither mapping though the source may have them. `changed` is that of `Table`. The
    `quiet` images were not asked for, as they have not changed: their answer is what is known.
    """

    images: Mapping[str, tuple[Tag, ...]] = {}
    failed: Mapping[str, Failure] = {}
    failure: Failure | None = None
    lost: Failure | None = None
    changed: Mapping[str, str] = {}
    quiet: Collection[str] = ()


def tags_of(table: Table) -> tuple[Tag, ...]:
    """The tags of a table as an answer: each with the time of its group, which is its newest's."""
    return tuple(
        Tag(tag, group.digest, group.last_changed) for group in table.groups for tag in group.tags
    )


def short_digest(digest: str) -> str:
    """The first twelve characters of a digest's encoded part: enough to tell digests apart."""
    return digest.partition(":")[2][:12]


def check_name(name: str) -> str:
    """Return `name` if it is a repository name by the OCI grammar, else raise TagpagesError."""
    if len(name) > NAME_LIMIT or not _NAME.fullmatch(name):
        raise TagpagesError(f"not a valid image name: {shown(name)}")
    return name


def check_tag(tag: str) -> str:
    """Return `tag` if it is a tag by the OCI grammar, else raise TagpagesError."""
    if not _TAG.fullmatch(tag):
        raise TagpagesError(f"not a valid tag: {shown(tag)}")
    return tag


def check_digest(digest: str) -> str:
    """Return `digest` if it is a digest by the OCI grammar, else raise TagpagesError."""
    if len(digest) > DIGEST_LIMIT or not _DIGEST.fullmatch(digest):
        raise TagpagesError(f"not a valid digest: {shown(digest)}")
    return digest


def check_utc(time: datetime | None) -> None:
    """Raise ValueError unless the time is in UTC, or None; msgspec adds its place in the JSON."""
    if time is not None and time.tzinfo is not UTC:
        raise ValueError(f"the time {time} is not in UTC")


def check_tags(tags: Collection[str]) -> None:
    """Raise TagpagesError unless all tags are valid, none is there twice, and the limit is kept."""
    if not _all_match(_TAG_LINES, tags):
        for tag in tags:
            check_tag(tag)
    if len(set(tags)) < len(tags):
        twice = next(tag for tag, count in Counter(tags).items() if count > 1)
        raise TagpagesError(f"tag `{twice}` is there twice")
    if len(tags) > TAGS_LIMIT:
        raise TagpagesError(f"more than {TAGS_LIMIT:,} tags, the limit for one table")


def check_digests(digests: Collection[str]) -> None:
    """Raise TagpagesError unless all digests are valid."""
    if not _all_match(_SHA256_LINES, digests):
        for digest in digests:
            check_digest(digest)


def _all_match(lines: re.Pattern[str], texts: Collection[str]) -> bool:
    """Whether the texts, as lines, match: one match over all is much faster than one for each."""
    text = "\n".join([*texts, ""])
    return text.count("\n") == len(texts) and lines.fullmatch(text) is not None


def checked_tags(tags: Iterable[Tag]) -> tuple[Tag, ...]:
    """The tags, each checked, with their times in UTC.

    Raises TagpagesError for a bad tag or digest, a tag that comes twice, or too many tags.
    """
    checked = tuple([tag if tag.last_changed.tzinfo is UTC else _in_utc(tag) for tag in tags])
    check_tags([tag.name for tag in checked])
    check_digests({tag.digest for tag in checked})
    return checked


def _in_utc(tag: Tag) -> Tag:
    if tag.last_changed.tzinfo is None:
        raise TagpagesError(f"the time of tag `{tag.name}` has no offset from UTC")
    try:
        return msgspec.structs.replace(tag, last_changed=tag.last_changed.astimezone(UTC))
    except OverflowError:
        raise TagpagesError(f"the time of tag `{tag.name}` is out of range") from None


def first_of(names: Sequence[str], most: int) -> str:
    """The first of some names, so many at most, and how many there are besides."""
    left = len(names) - most
    return ", ".join(names[:most]) + (f" and {left:,} more" if left > 0 else "")


def shown(text: str) -> str:
    """Foreign text made safe to print: quoted, ASCII, cut at the limit."""
    return ascii(text if len(text) <= SHOWN_LIMIT else text[: SHOWN_LIMIT - 3] + "...")
