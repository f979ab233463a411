"""The change report: what moved between two states of the content tree, for a reviewer.

These are the values, which are also the JSON form; `report_text` shows them to people. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from generator.grouping import Window, visible
from generator.guard.findings import Finding, FindingKind
from generator.model import Image, Table, TagGroup, short_digest

VERSION = 1

Kind = Literal["added", "removed", "changed"]


class Roll(msgspec.Struct, frozen=True):
    """Tags that went from one digest to another (both in short form)."""

    tags: tuple[str, ...]
    before: str
    after: str


class TableChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What changed in one table.

    `removed` tags are gone from the registry, `aged_out` ones have left the window. `emptied`
    says that the table showed tags and shows none any more.
    """

    table: str
    rolled: tuple[Roll, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    aged_out: tuple[str, ...] = ()
    emptied: bool = False


class ImageChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What changed of one image; `files` are those written or removed, below the content folder."""

    image: str
    kind: Kind
    tables: tuple[TableChange, ...] = ()
    files: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """A build's result: what changed, and what there is to tell beyond that.

    `before` is the time of the build that this is compared with, `as_of` that of this one (UTC).
    `unchanged` counts the images that are as they were. `page` is the URL of an image's page,
    with `{image}` for its name. A failure of `stale_after` nights is one to look at first. `site`
    has the pages and data files that are no image's, if they were written or removed.
    """

    version: int
    as_of: datetime
    before: datetime
    page: str
    stale_after: int
    changes: tuple[ImageChange, ...]
    unchanged: int
    findings: tuple[Finding, ...]
    site: tuple[str, ...] = ()

    def count(self, kind: Kind) -> int:
        """How many images were added, removed or changed."""
        return sum(change.kind == kind for change in self.changes)

    def found(self, *kinds: FindingKind) -> list[Finding]:
        """The findings of some kinds, as they came."""
        return [item for item in self.findings if item.kind in kinds]

    def removals(self) -> Iterator[Finding]:
        """The tags that the changed images lost, as findings: what a build remembers of them."""
        for change in self.changes:
            for table in change.tables:
                if change.kind == "changed" and table.removed:
                    yield Finding("removed", change.image, table.table, tags=table.removed)

    @property
    def is_trouble(self) -> bool:
        """Whether something failed or was held back."""
        return bool(self.found("failed", "held"))


class Span(NamedTuple):
    """From when to when (UTC) something is compared, and what of it the pages show.

    A tag that is absent and would have left the window has aged out; it is `removed` in the tables
    named in `complete`, whose sources list old tags too, and where a build on the way saw it go:
    `removed` has those, table and tag, by image.
    """

    window: Window
    before: datetime
    as_of: datetime
    complete: frozenset[str] = frozenset()
    removed: Mapping[str, Collection[tuple[str, str]]] = {}


def with_old_tags(
    before: Mapping[str, Image], after: Mapping[str, Image], span: Span
) -> frozenset[str]:
    """The tables whose sources list tags that have left the window, as most registries do.

    Those are the tables of which `after` has most of the tags that left it since `before`.
    """
    kept: Counter[str] = Counter()
    for name in before.keys() & after.keys():
        new = {table.name: table.groups for table in after[name].tables}
        for table in before[name].tables:
            shown = visible(table.groups, span.window, span.before)
            still = set(visible(shown, span.window, span.as_of))
            listed = _by_tag(new.get(table.name, ())) if len(still) < len(shown) else {}
            for group in shown:
                if group not in still:
                    kept[table.name] += sum(1 if tag in listed else -1 for tag in group.tags)
    return frozenset(table for table, count in kept.items() if count > 0)


def image_change(
    image: str,
    before: Image | None,
    after: Image | None,
    span: Span,
    files: Iterable[str] = (),
) -> ImageChange:
    """What changed of an image from one time to another (UTC)."""
    kind: Kind = "changed" if before and after else "added" if after else "removed"
    old = {table.name: table for table in before.tables} if before else {}
    new = {table.name: table for table in after.tables} if after else {}
    changes = (
        _table_change(image, old.get(name, Table(name)), new.get(name, Table(name)), span)
        for name in new | old
    )
    return ImageChange(image, kind, tuple(filter(None, changes)), tuple(sorted(files)))


def _table_change(image: str, before: Table, after: Table, span: Span) -> TableChange | None:
    old, new = _by_tag(before.groups), _by_tag(after.groups)
    was_shown = _by_tag(visible(before.groups, span.window, span.before))
    still_shown = _by_tag(visible(before.groups, span.window, span.as_of))
    is_shown = _by_tag(visible(after.groups, span.window, span.as_of))
    rolls: dict[tuple[str, str], list[str]] = {}
    for tag, group in is_shown.items():
        if tag in old and old[tag].digest != group.digest:
            rolls.setdefault((old[tag].digest, group.digest), []).append(tag)
    lost = [tag for tag in was_shown if tag not in is_shown]
    seen_going = span.removed.get(image, ())
    removed = tuple(
        tag
        for tag in lost
        if tag not in new
        and (tag in still_shown or after.name in span.complete or (after.name, tag) in seen_going)
    )
    change = TableChange(
        after.name,
        rolled=tuple(
            Roll(tuple(tags), short_digest(start), short_digest(end))
            for (start, end), tags in rolls.items()
        ),
        added=tuple(tag for tag in is_shown if tag not in old),
        removed=removed,
        aged_out=tuple(tag for tag in lost if tag not in removed),
        emptied=bool(was_shown) and not is_shown,
    )
    return change if change != TableChange(after.name) else None


def _by_tag(groups: Iterable[TagGroup]) -> Mapping[str, TagGroup]:
    return {tag: group for group in groups for tag in group.tags}
