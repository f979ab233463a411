"""How much was lost, and when it is too much to believe: the bounds of each rule as values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from generator.grouping import Window
from generator.guard.losses import Loss, cut_at_an_age
from generator.model import Tag
from tests.support import digest

AS_OF = datetime(2024, 6, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = DAY / 1440
MONTH = Window(1, "month")


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
