"""The change report: what moved between two states of the content tree, for a reviewer.

These are the values, which are also the JSON form; `report_text` shows them to people. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from generator.content.tree import FileAction
from generator.grouping import Window, visible
from generator.guard.findings import Finding, FindingKind
from generator.model import Image, Table, TagGroup, short_digest

VERSION = 2

A_NIGHT = timedelta(days=4)
"""Builds that are less far apart, as over a weekend, are still those of two nights in a row."""

Kind = Literal["added", "rebuilt", "removed", "changed"]
"""What became of an image's pages; they are `rebuilt` where there was a page and no `tags.json`."""


class Roll(msgspec.Struct, frozen=True):
    """Tags that went from one digest to another (both in short form)."""

    tags: tuple[str, ...]
    before: str
    after: str


class TableChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What changed in one table.

    `removed` tags are gone from the registry, `aged_out` ones have left the window. `emptied`
    says that the table showed tags and shows none any more, `filled` that it had none and shows
    some.
    """

    table: str
    rolled: tuple[Roll, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    aged_out: tuple[str, ...] = ()
    emptied: bool = False
    filled: bool = False


class ImageChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What changed of one image; `files` says what happened to which, below the content folder."""

    image: str
    kind: Kind
    tables: tuple[TableChange, ...] = ()
    files: dict[str, FileAction] = {}

    def over_a_page(self) -> ImageChange:
        """The change, where there was a page already though nothing was known of the image."""
        return replace(self, kind="rebuilt") if self.kind == "added" else self


class SourceNight(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a night was for one source, of the answers that were believed.

    `tags` is how many its pages showed before, `lost` how many of them were removed, `usual` the
    share that is lost in a night (None where nights are not known, or more than one is told of),
    `name` the tag removed most often, of `name_images`. `rolled` tags came to another digest, `new`
    images have tags of it for the first time, `gone` ones have none any more. `quiet` images were
    not asked for, as its listing says that they have not changed.
    """

    table: str
    tags: int = 0
    lost: int = 0
    usual: float | None = None
    name: str = ""
    name_images: int = 0
    rolled: int = 0
    new: int = 0
    gone: int = 0
    quiet: int = 0


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
    sources: tuple[SourceNight, ...] = ()
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
    def is_of_a_night(self) -> bool:
        """Whether it tells of one night, and not of many that were left to be looked at."""
        return self.as_of - self.before < A_NIGHT

    @property
    def is_trouble(self) -> bool:
        """Whether something failed, was held back, or is named in the catalog and not found."""
        return bool(self.found("failed", "held", "unmatched"))


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
            shown = visible(table.groups, span.window, table.as_of or span.before)
            still = visible(shown, span.window, span.as_of)
            if len(still) < len(shown):
                listed = _by_tag(new.get(table.name, ()))
                for group in set(shown).difference(still):
                    kept[table.name] += sum(1 if tag in listed else -1 for tag in group.tags)
    return frozenset(table for table, count in kept.items() if count > 0)


def image_change(
    image: str,
    before: Image | None,
    after: Image | None,
    span: Span,
    files: Mapping[str, FileAction] | None = None,
) -> ImageChange:
    """What changed of an image from one time to another (UTC)."""
    kind: Kind = "changed" if before and after else "added" if after else "removed"
    old = {table.name: table for table in before.tables} if before else {}
    new = {table.name: table for table in after.tables} if after else {}
    changes = (
        _table_change(image, old.get(name), new.get(name, Table(name)), span) for name in new | old
    )
    return ImageChange(image, kind, tuple(filter(None, changes)), dict(files or {}))


def _table_change(image: str, known: Table | None, after: Table, span: Span) -> TableChange | None:
    before, is_known = known or Table(after.name), known is not None
    as_of = after.as_of or span.as_of
    shown_before = visible(before.groups, span.window, before.as_of or span.before)
    shown_after = visible(after.groups, span.window, as_of)
    if before.groups == after.groups and len(shown_before) == len(shown_after):
        return None
    old, new = _by_tag(before.groups), _by_tag(after.groups)
    was_shown, is_shown = _by_tag(shown_before), _by_tag(shown_after)
    rolls: dict[tuple[str, str], list[str]] = {}
    for tag, group in is_shown.items():
        if tag in old and old[tag].digest != group.digest:
            rolls.setdefault((old[tag].digest, group.digest), []).append(tag)
    lost = [tag for tag in was_shown if tag not in is_shown]
    still_shown = _by_tag(visible(before.groups, span.window, as_of)) if lost else {}
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
        filled=bool(is_shown) and not old and is_known,
    )
    return change if change != TableChange(after.name) else None


def _by_tag(groups: Iterable[TagGroup]) -> Mapping[str, TagGroup]:
    return {tag: group for group in groups for tag in group.tags}


def source_nights(
    changes: Iterable[ImageChange],
    shown: Mapping[str, int],
    usual: Mapping[str, float],
    quiet: Mapping[str, int],
) -> tuple[SourceNight, ...]:
    """What a night was for each source.

    `shown` counts the tags that its pages showed before, `quiet` the images not asked for.
    """
    by_table: dict[str, list[tuple[Kind, TableChange]]] = {table: [] for table in shown}
    for change in changes:
        for table in change.tables:
            by_table.setdefault(table.table, []).append((change.kind, table))
    return tuple(
        _source_night(table, found, shown.get(table, 0), usual.get(table), quiet.get(table, 0))
        for table, found in by_table.items()
    )


def _source_night(
    table: str,
    changes: Sequence[tuple[Kind, TableChange]],
    tags: int,
    usual: float | None,
    quiet: int,
) -> SourceNight:
    lost = Counter(tag for _, change in changes for tag in change.removed)
    name, images = min(lost.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
    return SourceNight(
        table,
        tags,
        lost.total(),
        usual,
        *((name, images) if images > 1 else ("", 0)),
        rolled=sum(len(roll.tags) for _, change in changes for roll in change.rolled),
        new=sum(
            change.filled or kind == "added" or not tags for kind, change in changes if change.added
        ),
        gone=sum(change.emptied for _, change in changes if change.removed),
        quiet=quiet,
    )
