"""Tables that changed their names, from one version of a page to the next. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from generator.history.values import Key, Page


def renamed(before: Page, after: Page) -> Iterator[tuple[Key, Key]]:
    """What a tag of a table may be now, where its table has vanished and others have appeared.

    One table may have become two, or two have become one, so the tags tell. The best come first: a
    tag goes where its digest is, else to the table that is most like its own.
    """
    vanished = [table for table in before.tables if table not in after.names]
    appeared = [table for table in after.tables if table not in before.names]
    if not (vanished and appeared):
        return
    pairs = [(old, new) for old in vanished for new in appeared]
    likeness = {pair: list(_common(before, after, *pair)) for pair in pairs}
    pairs.sort(
        key=lambda pair: (sum(same for *_, same in likeness[pair]), len(likeness[pair])),
        reverse=True,
    )
    for wanted in (True, False):
        for pair in pairs:
            yield from ((old, new) for old, new, same in likeness[pair] if same == wanted)


def _common(before: Page, after: Page, old: str, new: str) -> Iterator[tuple[Key, Key, bool]]:
    """The tags that are in both tables, and whether they have the same digest in both."""
    for (table, tag), row in before.rows.items():
        found = after.rows.get((new, tag))
        if table == old and found:
            yield (table, tag), (new, tag), found.digest == row.digest
