"""What one build leaves to the next: holds, volumes of a week, what happened in the last nights."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from generator.guard.extent import Extent
from generator.guard.findings import Finding
from generator.guard.memory import (
    Answers,
    Build,
    Streak,
    Volume,
    held_again,
    noticed,
    standing,
    week,
    with_flapping,
)

NIGHT = date(2024, 6, 3)
TIME = datetime(2024, 6, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def places(*tags: str) -> list[tuple[str, str]]:
    return [("app", tag) for tag in tags]


# The extent of a hold


def test_an_extent_is_read_back_and_knows_its_places() -> None:
    extent = Extent(str(Extent.of(places("1", "2"))))
    assert [place in extent for place in places("1", "2", "3")] == [True, True, False]
    assert len(extent) == 2


def test_an_image_as_a_whole_has_all_its_tags() -> None:
    extent = Extent.of([("app", "")])
    assert ("app", "1") in extent
    assert ("tool", "1") not in extent


def test_the_mark_is_the_same_for_the_same_places_in_any_order() -> None:
    assert Extent.of(places("1", "2")).mark == Extent.of(places("2", "1")).mark
    assert Extent.of(places("1", "2")).mark != Extent.of(places("1")).mark


# The age of a hold


@pytest.mark.parametrize(
    ("tonight", "churn", "same", "keeps_mark"),
    [
        (places("1", "2", "3"), 0, 2, True),
        (places("1"), 0, 2, True),
        (places("1", "2", "3", "4"), 0, 1, False),
        (places("1", "2", "3", "4"), 1, 2, False),
        (places("4", "5"), 1, 1, False),
    ],
    ids=["the same", "a part", "more", "a little more", "others"],
)
def test_a_hold_of_the_same_or_of_less_keeps_its_mark_and_counts_on(
    tonight: list[tuple[str, str]], churn: int, same: int, *, keeps_mark: bool
) -> None:
    first = held_again(None, NIGHT, places("1", "2", "3"), churn)
    assert (first.nights, first.same, first.first) == (1, 1, NIGHT)
    again = held_again(first, NIGHT + DAY, tonight, churn)
    assert (again.nights, again.same, again.first) == (2, same, NIGHT)
    assert (again.answer == first.answer) == keeps_mark


def test_a_second_build_of_a_night_counts_once() -> None:
    first = held_again(None, NIGHT, places("1"), 0)
    assert held_again(first, NIGHT, places("1"), 0) == first


def test_a_hold_that_had_ended_keeps_its_age_and_begins_to_stand_anew() -> None:
    ended = Streak(4, NIGHT, "a1b2c3", "AAAA", NIGHT - 3 * DAY, 0)
    again = held_again(ended, NIGHT + 2 * DAY, places("1"), 0)
    assert (again.nights, again.same, again.first) == (5, 1, NIGHT - 3 * DAY)


# Volumes


def test_nights_in_which_nothing_moved_leave_no_entry() -> None:
    before = {NIGHT: {"public": Volume(90)}}
    assert week(before, NIGHT + DAY, {"public": Volume(90)}, ()) == before
    moved = week(before, NIGHT + DAY, {"public": Volume(88, 3)}, ())
    assert moved == before | {NIGHT + DAY: {"public": Volume(88, 3)}}


def test_the_volumes_of_seven_nights_ago_are_kept_and_older_ones_are_not() -> None:
    nights: dict[date, dict[str, Volume]] = {}
    for number in range(12):
        nights = week(nights, NIGHT + number * DAY, {"public": Volume(90 + number)}, ())
    assert list(nights) == [NIGHT + number * DAY for number in range(4, 12)]
    late = week(nights, NIGHT + 40 * DAY, {"public": Volume(7)}, ())
    assert list(late) == [NIGHT + 11 * DAY, NIGHT + 40 * DAY]


def test_what_is_accepted_leaves_nothing_of_before() -> None:
    before = {NIGHT: {"public": Volume(90), "private": Volume(800)}}
    assert week(before, NIGHT + DAY, {"public": Volume(50)}, {"public"}) == {
        NIGHT: {"private": Volume(800)},
        NIGHT + DAY: {"public": Volume(50)},
    }


def test_what_is_usually_lost_is_that_of_a_middle_night() -> None:
    shares = {
        NIGHT + number * DAY: Volume(90, lost) for number, lost in enumerate((0, 10, 0, 0, 10))
    }
    build = Build(week={day: {"public": volume} for day, volume in shares.items()})
    assert build.usual_losses(NIGHT + 5 * DAY) == {"public": 0.0}
    often = Build(week={NIGHT + n * DAY: {"public": Volume(90, 10)} for n in range(3)})
    assert often.usual_losses(NIGHT + 3 * DAY) == {"public": 0.1}
    assert often.usual_losses(NIGHT + 9 * DAY) == {"public": 0.0}


# Answers


def test_the_nights_between_two_changes_are_averaged() -> None:
    answers = Answers(NIGHT)
    assert answers.again(NIGHT + DAY, is_same=True) == answers
    first = answers.again(NIGHT + 4 * DAY, is_same=False)
    assert first == Answers(NIGHT + 4 * DAY, 4)
    assert first.again(NIGHT + 4 * DAY, is_same=False) == first
    assert first.again(NIGHT + 12 * DAY, is_same=False) == Answers(NIGHT + 12 * DAY, 5)


# What happened


def back(tag: str, image: str = "app") -> Finding:
    return Finding("moved_back", image, "public", "a → b", (tag,))


def test_a_tag_that_moves_back_for_the_fourth_time_flaps() -> None:
    nights = {TIME - number * DAY: (back("latest"),) for number in (1, 2, 3)}
    told = with_flapping([back("latest"), back("1.0")], nights)
    assert told == [back("1.0"), Finding("flapping", "app", "public", tags=("latest",))]
    del nights[TIME - DAY]
    assert with_flapping([back("latest")], nights) == [back("latest")]


def test_what_happened_is_remembered_for_a_month_once_there_is_more() -> None:
    nights = noticed({}, TIME, [back("1"), Finding("missing", "tool", nights=1)])
    assert nights == {TIME: (back("1"),)}
    assert noticed(nights, TIME + 40 * DAY, []) == nights
    assert list(noticed(nights, TIME + 40 * DAY, [back("2")])) == [TIME + 40 * DAY]


def test_a_second_build_of_a_time_adds_to_what_the_first_one_told() -> None:
    nights = noticed({TIME: (back("2"),)}, TIME, [back("1"), back("2")])
    assert nights == {TIME: (back("1"), back("2"))}


def test_of_each_kind_two_hundred_are_remembered() -> None:
    many = [back("1", f"image-{number:03}") for number in range(300)]
    (found,) = noticed({}, TIME, many).values()
    assert found == tuple(many[:200])


def test_how_things_stand_is_told_anew_of_the_images_of_the_build() -> None:
    before = [Finding("missing", name, nights=1) for name in ("app", "tool")]
    before.append(Finding("failed", None, "public", "no route"))
    now = standing(before, [Finding("missing", "app", nights=2), back("1")], {"app"}.__contains__)
    assert now == (before[2], Finding("missing", "app", nights=2), before[1])


def test_what_an_older_build_knows_is_not_told_again() -> None:
    older = Build(noticed={TIME: (back("1"),)})
    newer = Build(
        noticed={TIME: (back("1"), back("2")), TIME + DAY: (back("1"),)},
        standing=(Finding("failed", "app"),),
    )
    assert newer.noticed_since(older) == [Finding("failed", "app"), back("2"), back("1")]
