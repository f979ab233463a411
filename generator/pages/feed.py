"""Output `feed`: an Atom feed of each image, and one of the site: where tags moved lately.

Protocol: RFC 4287. An entry is a group of a table. Its id is made from the image, the table and the
digest, and its time is the group's, so that a feed changes only where a table does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from heapq import nlargest
from html import escape
from typing import NamedTuple
from uuid import UUID, uuid5

from generator.facts.base import Change, Move
from generator.model import TagGroup, first_of
from generator.pages.base import DataFile, Site, Subject
from generator.pages.links import Rows, image_url
from generator.pages.plain import one_line

FILE = "feed.xml"
ENTRIES_LIMIT = 100
"""The most entries of a feed; the newest are kept."""
NAMES_LIMIT = 10
"""How many tags, or changed packages, an entry names."""

_IDS = UUID("5f1d6ba0-6d0d-4b8f-9a0e-2f3f3c1e7a55")
"""The name space of our ids (RFC 9562, version 5)."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of a feed without entries: it must have one, and the clock is no answer."""


class _Entry(NamedTuple):
    image: str
    url: str
    table: str
    group: TagGroup
    moves: Sequence[Move]
    """What is known of how the group's tags came to its digest."""


def image_feed(subject: Subject, site: Site) -> str:
    """The feed of an image."""
    name = subject.image.name
    return _feed(f"{name}: tags", f"{image_url(site, name)}{FILE}", _entries(subject, site), site)


def site_feed(subjects: Sequence[Subject], site: Site) -> str:
    """The feed of all images."""
    found = (entry for subject in subjects for entry in _entries(subject, site))
    return _feed("Container images: tags", f"{site.base_url}{site.url}{FILE}", found, site)


def _entries(subject: Subject, site: Site) -> Iterator[_Entry]:
    """The groups of an image's tables, of whatever age, in the order of its pages."""
    image, details = subject
    rows = Rows(image, site)
    for table in image.tables:
        moves = details.moves.get(table.name, {})
        for group in table.groups:
            moved = [
                move for tag in group.tags for move in moves.get(tag, ())[:1]
                if move.digest == group.digest
            ]  # fmt: skip
            url = rows.url(table.name, group.tags[0])
            yield _Entry(image.name, url, table.name, group, moved)


def _feed(title: str, url: str, found: Iterable[_Entry], site: Site) -> str:
    """A feed that lies at `url`, with the newest entries; equal times stay in their order."""
    newest = nlargest(ENTRIES_LIMIT, found, key=lambda entry: entry.group.last_changed)
    updated = newest[0].group.last_changed if newest else _NEVER
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<id>{_id(url)}</id>",
        f"<title>{escape(title, quote=False)}</title>",
        f"<updated>{_time(updated)}</updated>",
        f'<link rel="self" type="application/atom+xml" href="{escape(url)}"/>',
        f'<link rel="alternate" type="text/html" href="{escape(url.removesuffix(FILE))}"/>',
        "<author><name>tagpages</name></author>",
        *(_line(entry, site) for entry in newest),
        "</feed>",
    ]
    return "\n".join(lines) + "\n"


def _line(entry: _Entry, site: Site) -> str:
    """An entry, in one line."""
    group = entry.group
    table = one_line(site.tables[entry.table].title)
    title = f"{entry.image}: {first_of(group.tags, NAMES_LIMIT)}"
    return (
        f"<entry><id>{_id(entry.image, entry.table, group.digest)}</id>"
        f"<title>{escape(title, quote=False)}</title><updated>{_time(group.last_changed)}</updated>"
        f'<link rel="alternate" type="text/html" href="{escape(entry.url)}"/>'
        f'<category term="{escape(entry.table)}" label="{escape(table)}"/>'
        f'<content type="text">{escape(_told(entry), quote=False)}</content></entry>'
    )


def _told(entry: _Entry) -> str:
    """What an entry says, in plain text."""
    group = entry.group
    sentences = [f"{first_of(group.tags, NAMES_LIMIT)} at {group.digest}."]
    if group.left:
        sentences.append(f"Before: {first_of(group.left, NAMES_LIMIT)}.")
    if move := next(iter(entry.moves), None):
        sentences += _changes(move)
    return " ".join(sentences)


def _changes(move: Move) -> Iterator[str]:
    kinds = [("Changed", move.changed), ("Added", move.added), ("Removed", move.removed)]
    for verb, changes in kinds:
        if changes:
            yield f"{verb}: {first_of([_change(change) for change in changes], NAMES_LIMIT)}."


def _change(change: Change) -> str:
    before, after = "/".join(change.before), "/".join(change.after)
    versions = f"{before} → {after}" if before and after else before or after
    return one_line(f"{change.name} {versions}")


def _id(*parts: str) -> str:
    return f"urn:uuid:{uuid5(_IDS, ' '.join(parts))}"


def _time(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


OUTPUT = DataFile(FILE, image_feed, links=frozenset({"tags_history"}))
SITE_OUTPUT = DataFile(FILE, site_feed, links=frozenset({"tags_history"}))
