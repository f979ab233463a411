"""How much a table lost since the last known good, and when that is too much to believe.

Calibrated on 80 real nights: a source normally lost 0 to 3.3 % of its visible tags in a night,
the real incidents took 18 to 31 %.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from generator.catalog.spec import Guard
from generator.grouping import Window, visible
from generator.model import Tag, TagGroup

AT_LEAST = 3
"""Fewer tags, or images, than this are never too much to lose."""
CUT_AT_LEAST = 10
"""A cut at an age is told from chance by this many lost tags, or more."""

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Loss:
    """What a table lost of the tags that its page would show.

    `visible` is how many tags the last known good would show; `gone` has the times (UTC) of those
    that the answer lacks, `hidden` counts those that it has with a time out of the window.
    `remaining` is how many the new page shows. `had_tags` and `has_tags` say whether there were any
    and are any, the old ones included.
    """

    visible: int
    gone: tuple[datetime, ...]
    hidden: int
    remaining: int
    had_tags: bool
    has_tags: bool


def loss_of(
    before: tuple[TagGroup, ...], after: tuple[TagGroup, ...], window: Window, as_of: datetime
) -> Loss:
    """What `after` lacks of what `before` would show at `as_of`: ageing out is no loss."""
    shown_after = visible(after, window, as_of)
    remaining = sum(len(group.tags) for group in shown_after)
    if before == after:
        return Loss(remaining, (), 0, remaining, bool(after), bool(after))
    shown_before = visible(before, window, as_of)
    listed = {tag for group in after for tag in group.tags}
    shown = {tag for group in shown_after for tag in group.tags}
    return Loss(
        visible=sum(len(group.tags) for group in shown_before),
        gone=tuple(
            group.last_changed for group in shown_before for tag in group.tags if tag not in listed
        ),
        hidden=sum(
            tag in listed and tag not in shown for group in shown_before for tag in group.tags
        ),
        remaining=remaining,
        had_tags=bool(before),
        has_tags=bool(after),
    )


def too_much_for_a_table(loss: Loss, limits: Guard) -> str | None:
    """Why one table's answer is not believed; None when it is."""
    gone = len(loss.gone) + (loss.hidden if loss.remaining == 0 else 0)
    if gone >= AT_LEAST and gone > limits.table_loss * loss.visible:
        return f"{gone} of {loss.visible} visible tags gone"
    return None


def too_much_for_a_source(
    losses: Collection[Loss], limits: Guard, moved_back: int, tags: int
) -> str | None:
    """Why a whole source's answer is not believed; None when it is.

    `losses` are those of all its tables, `moved_back` is how many of its `tags` (all that the
    last known good has) point again to a digest that they had left.
    """
    shown = sum(loss.visible for loss in losses)
    lost = sum(len(loss.gone) + loss.hidden for loss in losses)
    if lost >= AT_LEAST and lost > limits.source_loss * shown:
        return f"{lost:,} of {shown:,} visible tags gone ({lost / shown:.0%})"
    had = sum(loss.visible > 0 for loss in losses)
    emptied = sum(loss.visible > 0 and loss.remaining == 0 for loss in losses)
    if emptied >= AT_LEAST and emptied > limits.image_loss * had:
        return f"{emptied} of {had} images without a visible tag at once"
    had = sum(loss.had_tags for loss in losses)
    emptied = sum(loss.had_tags and not loss.has_tags for loss in losses)
    if emptied >= AT_LEAST and emptied > limits.image_loss * had:
        return f"{emptied} of {had} images without any tag at once"
    if moved_back >= AT_LEAST and moved_back > limits.moved_back * tags:
        return f"{moved_back:,} of {tags:,} tags point again to a digest that they had left"
    return None


def cut_at_an_age(
    losses: Iterable[Loss], answered: Iterable[Tag], window: Window, as_of: datetime
) -> str | None:
    """Why an answer looks cut: everything older than some age is gone at once; None if not so.

    `answered` are the source's tags with its own times: those that were kept of the last known
    good may lie before a cut.
    """
    gone = [time for loss in losses for time in loss.gone]
    if len(gone) < CUT_AT_LEAST:
        return None
    oldest = min((tag.last_changed for tag in visible(answered, window, as_of)), default=None)
    if oldest is None:
        return None
    older = [time for time in gone if time < oldest]
    if len(older) < max(CUT_AT_LEAST, len(gone) / 2) or oldest - min(older) < _DAY:
        return None
    days = -(-(as_of - oldest) // _DAY)
    return f"all {len(older)} tags older than {days} days gone at once"


def mark_of(before: tuple[TagGroup, ...], after: tuple[TagGroup, ...]) -> str:
    """A short mark of which tags `after` lacks.

    Two answers with the same mark are the same as far as the loss goes: that a tag moved, or a
    new one came, says nothing of it.
    """
    listed = {tag for group in after for tag in group.tags}
    gone = sorted(tag for group in before for tag in group.tags if tag not in listed)
    return sha256("\n".join(gone).encode()).hexdigest()[:12]
