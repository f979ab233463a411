"""How much was lost, and when it is too much to believe: the bounds of each rule as values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from generator.catalog.spec import Guard
from generator.grouping import Window
from generator.guard.losses import (
    Loss,
    cut_at_an_age,
    loss_of,
    mark_of,
    too_much_for_a_source,
    too_much_for_a_table,
)
from generator.model import Tag, TagGroup
from tests.support import digest

AS_OF = datetime(2024, 6, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = DAY / 1440
MONTH = Window(1, "month")


def lost(
    gone: int, of: int, *, hidden: int = 0, remaining: int | None = None, has_tags: bool = True
) -> Loss:
    """A loss of so many of so many visible tags; the others are on the new page."""
    left = of - gone - hidden if remaining is None else remaining
    return Loss(of, (AS_OF - DAY,) * gone, hidden, left, had_tags=True, has_tags=has_tags)


KEPT = lost(0, 10)
AGED = lost(0, 0)
"""A table that showed nothing before, and shows nothing now: all of its tags are old."""
NEVER = Loss(0, (), 0, 0, had_tags=False, has_tags=False)
"""A table that had no tag and has none."""


def group(sign: str, age: timedelta, *tags: str) -> TagGroup:
    return TagGroup(digest(sign), AS_OF - age, tags)


# What a table lost


def test_a_loss_counts_what_the_page_would_show_and_tells_absent_tags_from_old_ones() -> None:
    before = (group("a", DAY, "1", "1.0"), group("b", 2 * DAY, "2"), group("c", 40 * DAY, "3"))
    after = (group("b", 2 * DAY, "4"), group("a", 41 * DAY, "1.0"), group("d", 42 * DAY, "5"))
    assert loss_of(before, after, MONTH, AS_OF) == Loss(
        visible=3,
        gone=(AS_OF - DAY, AS_OF - 2 * DAY),
        hidden=1,
        remaining=1,
        had_tags=True,
        has_tags=True,
    )


def test_an_answer_like_the_last_one_counts_among_those_that_showed_tags() -> None:
    table = (group("a", DAY, "1", "1.0"), group("b", 40 * DAY, "2"))
    assert loss_of(table, table, MONTH, AS_OF) == lost(0, 2)
    assert loss_of((), (), MONTH, AS_OF) == NEVER


# Too much for a table


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (lost(3, 5), "3 of 5 visible tags gone"),
        (lost(2, 2), None),
        (lost(3, 6), None),
        (lost(4, 6), "4 of 6 visible tags gone"),
        (lost(1, 4, hidden=2), None),
        (lost(1, 3, hidden=2), "3 of 3 visible tags gone"),
    ],
)
def test_a_table_may_lose_two_tags_and_half_of_them(loss: Loss, reason: str | None) -> None:
    assert too_much_for_a_table(loss, Guard()) == reason


# Too much for a source


@pytest.mark.parametrize(
    ("losses", "reason"),
    [
        ([lost(2, 10), KEPT], None),
        ([lost(2, 10), lost(1, 10), KEPT], "3 of 30 visible tags gone (10%)"),
    ],
)
def test_a_source_may_lose_two_tags(losses: list[Loss], reason: str | None) -> None:
    assert too_much_for_a_source(losses, Guard(source_loss=0.09), 0, 0) == reason


def test_a_source_may_lose_a_tenth_of_its_tags_old_ones_included() -> None:
    assert too_much_for_a_source([lost(2, 20, hidden=1), KEPT], Guard(), 0, 0) is None
    assert (
        too_much_for_a_source([lost(2, 20, hidden=2), KEPT], Guard(), 0, 0)
        == "4 of 30 visible tags gone (13%)"
    )


BIG = lost(0, 1000)
"""Enough tags that the loss of some says nothing."""
EMPTIED = lost(1, 1)
EMPTY = lost(0, 0, has_tags=False)
"""A table of old tags alone, of which no tag is left."""


@pytest.mark.parametrize(
    ("losses", "reason"),
    [
        ([EMPTIED] * 2 + [BIG], None),
        ([EMPTIED] * 3 + [BIG] * 57 + [AGED, NEVER] * 9, None),
        ([EMPTIED] * 3 + [BIG] * 56 + [AGED, NEVER] * 9, "3 of 59 images without a visible tag"),
        ([EMPTY] * 2 + [BIG], None),
        ([EMPTY] * 3 + [BIG] * 57 + [NEVER] * 9, None),
        ([EMPTY] * 3 + [BIG] * 56 + [NEVER] * 9, "3 of 59 images without any tag"),
    ],
)
def test_a_twentieth_of_the_images_that_have_tags_may_lose_them_and_two_in_any_case(
    losses: list[Loss], reason: str | None
) -> None:
    expected = reason and f"{reason} at once"
    assert too_much_for_a_source(losses, Guard(), 0, 0) == expected


@pytest.mark.parametrize(
    ("moved_back", "tags", "held"), [(2, 3, False), (3, 60, False), (3, 59, True)]
)
def test_a_twentieth_of_the_tags_may_move_back_and_two_in_any_case(
    moved_back: int, tags: int, *, held: bool
) -> None:
    reason = f"{moved_back} of {tags} tags point again to a digest that they had left"
    assert too_much_for_a_source([BIG], Guard(), moved_back, tags) == (reason if held else None)


# The same loss on another night


def test_the_mark_of_a_loss_is_of_the_tags_that_are_gone_alone() -> None:
    a, b, c = group("a", DAY, "1", "1.0"), group("b", DAY, "2"), group("c", DAY, "3")
    mark = mark_of((a, b, c), (c,))
    assert mark == mark_of((b, a), (group("d", 2 * DAY, "4"),))
    assert mark != mark_of((a, b, c), (b,))
    assert mark != mark_of((a, b, c), ())


def cut(gone: Sequence[timedelta], answered: Sequence[timedelta]) -> str | None:
    """What the rule of the age says of lost and of answered tags of so many days."""
    loss = Loss(
        visible=len(gone) + len(answered),
        gone=tuple(AS_OF - age for age in gone),
        hidden=0,
        remaining=len(answered),
        had_tags=True,
        has_tags=True,
    )
    tags = [Tag(f"1.{index}", digest("a"), AS_OF - age) for index, age in enumerate(answered)]
    return cut_at_an_age([loss], tags, MONTH, AS_OF)


# A listing that was cut at an age

TEN_OLD = [20 * DAY] * 10
"""As few lost tags as make a cut, all much older than a tag of ten days."""


def test_ten_lost_tags_older_than_all_that_is_answered_are_a_cut() -> None:
    assert cut(TEN_OLD, [DAY, 10 * DAY]) == "all 10 tags older than 10 days gone at once"


def test_nine_such_tags_are_chance() -> None:
    assert cut(TEN_OLD[1:], [10 * DAY]) is None
    assert cut([*TEN_OLD[1:], DAY], [10 * DAY]) is None


def test_a_cut_may_come_with_as_many_younger_losses_and_no_more() -> None:
    assert cut(TEN_OLD + [DAY] * 10, [10 * DAY])
    assert cut(TEN_OLD + [DAY] * 11, [10 * DAY]) is None


def test_a_lost_tag_as_old_as_the_oldest_one_answered_is_not_older() -> None:
    assert cut([*TEN_OLD[1:], 10 * DAY], [10 * DAY]) is None


def test_lost_tags_that_reach_back_less_than_a_day_behind_the_answer_are_no_cut() -> None:
    assert cut([11 * DAY] * 10, [10 * DAY])
    assert cut([11 * DAY - MINUTE] * 10, [10 * DAY]) is None


def test_an_answered_tag_out_of_the_window_says_nothing_of_a_cut() -> None:
    assert cut(TEN_OLD, [10 * DAY, 40 * DAY]) == cut(TEN_OLD, [10 * DAY])


def test_an_answer_with_no_tag_in_the_window_has_no_age_to_be_cut_at() -> None:
    assert cut(TEN_OLD, [40 * DAY]) is None


@pytest.mark.parametrize(
    ("oldest", "days"), [(10 * DAY, 10), (10 * DAY + MINUTE, 11), (11 * DAY - MINUTE, 11)]
)
def test_the_age_of_a_cut_is_told_in_whole_days_that_nothing_answered_exceeds(
    oldest: timedelta, days: int
) -> None:
    assert cut(TEN_OLD, [oldest]) == f"all 10 tags older than {days} days gone at once"
