"""A source's tags merged with the last known good: which days stand, what moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, zip_longest

from msgspec.structs import replace

from generator.grouping import TagOrder, arranged, group
from generator.guard.findings import Finding, FindingKind
from generator.model import Tag, TagGroup, short_digest

LEFT_LIMIT = 8
"""How many left digests a group remembers: the last four of each where two groups became one."""

Groups = tuple[TagGroup, ...]


def merge(
    known: Groups, tags: Iterable[Tag], order: TagOrder, is_immutable: Callable[[str], bool]
) -> tuple[Groups, list[Finding]]:
    """The groups to show and what there is to tell of them (without image and table).

    A group whose digest and tags are those of the last known good keeps its day (rule 8):
    a later day is not believed. Within the day, and for an earlier day, the source's time counts.
    """
    groups = group(tags, order)
    if not known:
        return groups, []
    if _are_same(known, groups):  # as most are, on most nights
        return known, []
    findings: list[Finding] = []
    by_digest = {old.digest: old for old in known}
    by_tag = {tag: old for old in known for tag in old.tags}
    result = []
    for new in groups:
        old = by_digest.get(new.digest)
        if old is not None and (old.tags == new.tags or set(old.tags) == set(new.tags)):
            result.append(_same_tags(old, new, findings))
        else:
            findings += _moves(new, by_tag, is_immutable)
            result.append(replace(new, left=_left(new, by_tag)))
    if any(item.kind == "kept_day" for item in findings):
        return arranged(result, order), findings
    return tuple(result), findings


def _are_same(known: Groups, groups: Groups) -> bool:
    """Whether an answer has just the known groups; what they left is not in an answer."""
    return len(known) == len(groups) and all(
        old.digest == new.digest and old.tags == new.tags and old.last_changed == new.last_changed
        for old, new in zip(known, groups, strict=True)
    )


def with_believable_times(
    known: Groups, tags: Sequence[Tag], as_of: datetime
) -> tuple[Sequence[Tag], list[Tag]]:
    """The tags, those that are later than the build by more than a day with the time that is known.

    A tag that is new, or has moved, gets the time of the build. The second value has the tags whose
    times are not believed.
    """
    latest = as_of + timedelta(days=1)
    ahead = [tag for tag in tags if tag.last_changed > latest]
    if not ahead:
        return tags, ahead
    times = {(group.digest, tag): group.last_changed for group in known for tag in group.tags}
    return [
        replace(tag, last_changed=times.get((tag.digest, tag.name), as_of))
        if tag.last_changed > latest
        else tag
        for tag in tags
    ], ahead


def _same_tags(old: TagGroup, new: TagGroup, findings: list[Finding]) -> TagGroup:
    if old.last_changed == new.last_changed and old.tags == new.tags:
        return old
    old_day, new_day = old.last_changed.date(), new.last_changed.date()
    if new_day > old_day:
        findings.append(_finding("kept_day", new.tags, f"{old_day}, not {new_day}"))
        return old
    if new_day < old_day:
        findings.append(_finding("time_back", new.tags, f"from {old_day} to {new_day}"))
    return replace(new, left=old.left)


def _moves(
    new: TagGroup, by_tag: dict[str, TagGroup], is_immutable: Callable[[str], bool]
) -> Iterator[Finding]:
    """What to tell of the tags that came to this digest from another one."""
    here = short_digest(new.digest)
    came: dict[str, list[str]] = {}
    for tag in new.tags:
        old = by_tag.get(tag)
        if old is not None and old.digest != new.digest:
            came.setdefault(old.digest, []).append(tag)
    for digest, tags in came.items():
        old = by_tag[tags[0]]
        move = f"{short_digest(digest)} → {here}"
        if here in old.left:
            yield _finding("moved_back", tags, move)
        elif new.last_changed.date() < old.last_changed.date():
            days = f"from {old.last_changed.date()} to {new.last_changed.date()}"
            yield _finding("time_back", tags, f"{move}, {days}")
        if fixed := [tag for tag in tags if is_immutable(tag)]:
            yield _finding("immutable_changed", fixed, move)


def _left(new: TagGroup, by_tag: dict[str, TagGroup]) -> tuple[str, ...]:
    """The digests that this group's tags left, latest first."""
    here = short_digest(new.digest)
    histories = {
        old.digest: old.left if old.digest == new.digest else (short_digest(old.digest), *old.left)
        for old in (by_tag.get(tag) for tag in new.tags)
        if old is not None
    }
    latest_first = chain.from_iterable(zip_longest(*histories.values()))
    unique = dict.fromkeys(left for left in latest_first if left is not None and left != here)
    return tuple(unique)[:LEFT_LIMIT]


def _finding(kind: FindingKind, tags: Iterable[str], detail: str) -> Finding:
    return Finding(kind, tags=tuple(tags), detail=detail)
