"""A pass over a listing that asks for what has changed only: when it is due, what it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

from generator.model import Table, Tag
from generator.sources.vendor import in_known_order


def quick_since(every: int, as_of: datetime, known: Iterable[Table | None]) -> datetime | None:
    """From when on a quick pass must list changes; None when it is the night of a full one.

    That is the full pass before the last one, so that a night that failed is made up for. When
    nothing known is as new as that, the last builds are too old to build on: a full pass, too.
    """
    age = as_of.date().toordinal() % every
    if age == 0:
        return None
    midnight = datetime.combine(as_of.date(), time(), UTC)
    since = midnight - timedelta(days=age + every)
    times = (group.last_changed for table in known if table for group in table.groups)
    return since if max(times, default=since - timedelta(days=1)) >= since else None


def with_changes(known: Table | None, changed: Sequence[Tag]) -> Sequence[Tag] | None:
    """The known tags with what changed; None where that cannot be told.

    Tags that were deleted stay: only a full pass can tell. State has one time for a group, its
    newest tag's: when some of a group's tags leave it, the time of the others is not known.
    """
    if known is None:
        return None
    fresh = {tag.name: tag for tag in changed}
    whole: dict[str, Tag] = {}
    for group in known.groups:
        left = [tag for tag in group.tags if tag in fresh and fresh[tag].digest != group.digest]
        if left and len(left) < len(group.tags):
            return None
        for tag in group.tags:
            whole[tag] = fresh.get(tag) or Tag(tag, group.digest, group.last_changed)
    return in_known_order([*(whole | fresh).values()], known)
