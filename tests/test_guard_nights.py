"""What one night leaves to the next: ages of holds, losses that are no news, volumes of a week."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from generator.grouping import Window
from generator.guard.extent import Extent
from generator.guard.findings import Finding
from generator.guard.memory import Build, Streak, Volume, held_again, week
from generator.guard.night import Night, Rules
from tests.test_guard import ALIKE, NOON, Nights, failed, images, kinds, shown, tag, tags

TODAY = date(2024, 6, 3)
DAY = timedelta(days=1)
PLACES = [("app", "1"), ("app", "2")]


def held(nights: int = 2, last: date = TODAY - DAY, same: int = 2) -> Streak:
    """A hold of both places since the first of June."""
    extent = Extent.of(PLACES)
    return Streak(nights, last, extent.mark, str(extent), date(2024, 6, 1), same)


# The age of a hold


def test_a_hold_that_ended_this_night_begins_in_it_once_more() -> None:
    again = held_again(held(same=0, last=TODAY), TODAY, PLACES, 0)
    assert again == replace(held(same=1, last=TODAY), nights=2)


def test_a_hold_of_a_part_is_counted_on_under_its_mark() -> None:
    assert held_again(held(), TODAY, PLACES[:1], 0) == held(3, TODAY, 3)


@pytest.mark.parametrize(("churn", "same"), [(0, 1), (1, 3)])
def test_a_hold_of_more_has_another_mark_and_is_counted_on_as_far_as_that_is_usual(
    churn: int, same: int
) -> None:
    again = held_again(held(), TODAY, [*PLACES, ("app", "3")], churn)
    assert (again.nights, again.same, again.first) == (3, same, date(2024, 6, 1))
    assert again.answer == Extent.of([*PLACES, ("app", "3")]).mark != held().answer


def test_a_source_that_loses_a_tag_more_each_night_is_released_all_the_same() -> None:
    nights = Nights(limits=replace(ALIKE, source_gone_after=3))
    full = images(50, 8)
    nights.build(full)
    told = []
    for more in range(3):
        left = {
            name: found[: 6 if number < 40 + more else 8]
            for number, (name, found) in enumerate(full.items())
        }
        told += kinds(nights.build(left))
    assert told == ["held", "held", "released"]


def test_a_night_on_which_a_held_source_fails_does_not_end_its_hold() -> None:
    nights, full = Nights(), images(20, 8)
    nights.build(full)
    half = images(20, 4)
    assert nights.build(half).held["public"].nights == 1
    assert nights.build(failed()).held["public"].nights == 1
    assert nights.build(half).held["public"].nights == 2


def test_a_choice_of_images_leaves_a_held_source_as_it_was_unless_it_is_accepted() -> None:
    nights, full, less = Nights(), images(20, 8), images(20, 6)
    nights.build(full)
    hold = nights.build(images(20, 4)).held
    nights.whole = False
    verdict = nights.build(less)
    assert (kinds(verdict), verdict.held) == (["held"], hold)
    assert len(shown(verdict.images["image-003"])) == 8
    verdict = nights.build(less, anything={"image-003"})
    assert {name: len(shown(image)) for name, image in verdict.images.items()} == {
        name: 6 if name == "image-003" else 8 for name in full
    }
    verdict = nights.build(less, anything={"public"})
    assert (kinds(verdict), len(shown(verdict.images["image-004"]))) == ([], 6)


def test_a_choice_of_images_is_believed_when_the_hold_of_its_source_has_ended() -> None:
    nights, full = Nights(), images(20, 8)
    nights.build(full)
    assert kinds(nights.build(images(20, 4))) == ["held"]
    assert kinds(nights.build(full)) == []
    nights.whole = False
    assert kinds(nights.build(images(20, 6))) == []


# What is news


def test_a_rerun_that_lacks_more_images_counts_all_that_this_night_lacks() -> None:
    nights, full = Nights(), images(60, 2)
    names = sorted(full)
    nights.build(full)
    assert "held" not in kinds(nights.build({name: full[name] for name in names[:57]}))
    more = {name: full[name] for name in names[:55]}
    assert kinds(nights.build(more, again=True)) == ["held"]


def test_a_hold_that_ended_is_news_when_it_comes_again() -> None:
    """Five of 160 tags are lost and come back; then twelve others go with them."""
    nights, full = Nights(), images(20, 8)
    less = full | {"image-003": tags(3)}
    nights.build(full)
    assert kinds(nights.build(less)) == ["held"]
    assert kinds(nights.build(full)) == []
    more = {f"image-{number:03}": tags(6) for number in range(4, 10)}
    (finding,) = nights.build(less | more).findings
    assert (finding.kind, finding.image) == ("held", None)


def test_what_was_missing_before_its_source_was_held_is_no_news_after_it() -> None:
    nights, full = Nights(("public", "private")), images(60, 2)
    names = sorted(full)
    nights.build(full, full)
    less = {name: full[name] for name in names[3:]}
    nights.build(less, less)
    half = {name: found[:1] for name, found in full.items()}
    verdict = nights.build(half, full)
    assert [(item.kind, item.image) for item in verdict.findings] == [("held", None)]
    verdict = nights.build({name: full[name] for name in names[4:]}, full)
    assert [(item.kind, item.image) for item in verdict.findings] == [
        ("held", name) for name in names[:4]
    ]


def test_a_table_is_held_since_the_night_that_its_image_was_missing() -> None:
    nights, full = Nights(("public", "private")), images(60, 2)
    nights.build(full, full)
    less = {name: full[name] for name in sorted(full)[1:]}
    nights.build(less, less)
    (finding,) = nights.build(less, full).findings
    assert (finding.kind, finding.image, finding.nights) == ("held", "image-000", 2)
    assert finding.since == (NOON + 2 * DAY).date()


def test_what_a_first_build_that_was_killed_had_not_written_is_no_gain() -> None:
    nights = Nights()
    nights.build(images(30, 20))
    nights.last = Build()
    assert kinds(nights.build(images(60, 20), again=True)) == []


# The time of the build


@pytest.mark.parametrize(
    ("fresh", "days", "untimely"), [(False, 40, True), (True, 40, False), (False, 5, False)]
)
def test_a_time_that_empties_all_sources_after_more_than_a_week_looks_wrong(
    days: int, *, fresh: bool, untimely: bool
) -> None:
    nights = Nights(("public", "private"), window=Window(min(days, 30) - 1, "day"))
    old = images(20, 2, days=-0.5)
    nights.build(old, old)
    nights.night += days - 1
    new = {name: (tag("1.0", 9, -nights.night), tag("1.1", 9, -nights.night)) for name in old}
    assert nights.build(new if fresh else old, old).is_untimely == untimely


# What is remembered of a week


def volumes(**nights: int) -> dict[date, dict[str, Volume]]:
    """How much `public` showed after some days of June: `d4=90`."""
    return {date(2024, 6, int(day[1:])): {"public": Volume(shown)} for day, shown in nights.items()}


def test_the_last_volume_before_the_week_is_remembered_however_old() -> None:
    before = volumes(d1=100, d2=90)
    assert week(before, date(2024, 6, 20), {}, ()) == volumes(d2=90)
    assert week(before, date(2024, 6, 8), {}, ()) == before
    assert week(before, date(2024, 6, 9), {}, ()) == volumes(d2=90)


def test_of_two_builds_of_a_night_the_one_that_lost_more_counts() -> None:
    first = {TODAY: {"public": Volume(80, 9)}}
    assert week(first, TODAY, {"public": Volume(84, 5)}, ()) == {
        TODAY: {"public": Volume(84, 9)},
    }


def test_a_night_in_which_nothing_moved_takes_no_room() -> None:
    before = volumes(d1=100)
    assert week(before, TODAY, {"public": Volume(100)}, ()) == before


def test_a_table_of_which_a_great_change_was_believed_begins_anew() -> None:
    before = {date(2024, 6, 1): {"public": Volume(100), "private": Volume(50)}}
    after = week(before, TODAY, {"public": Volume(60)}, {"public"})
    assert after == {date(2024, 6, 1): {"private": Volume(50)}, TODAY: {"public": Volume(60)}}


def test_the_week_of_a_night_begins_with_the_last_volume_before_it() -> None:
    """Its own does not count: this may be another build of the night."""
    last = Build(NOON, week=volumes(d1=97, d2=95, d3=90))

    def past(day: int, table: str = "public") -> tuple[Volume, ...]:
        rules = Rules(NOON.replace(day=day), Window(1, "month"), "recency", (), 3)
        return Night(rules, {}, last, frozenset()).past(table)

    assert past(3) == (Volume(97), Volume(95))
    assert past(9) == (Volume(95), Volume(90))
    assert past(30) == (Volume(90),)
    assert past(9, "private") == ()


def test_what_was_believed_after_all_counts_as_no_loss_of_the_week() -> None:
    nights, full = Nights(), images(50, 8)
    nights.build(full)
    less = {name: found[:6] for name, found in full.items()}
    verdict = nights.build(less, anything={"public"})
    assert verdict.volumes == {"public": Volume(300)}


def test_a_loss_that_is_held_of_a_table_counts_as_none_of_the_week() -> None:
    nights, full = Nights(), images(50, 8)
    nights.build(full)
    less = full | {"image-003": tags(3), "image-004": tags(6)}
    assert nights.build(less).volumes == {"public": Volume(393, 2)}


def test_what_an_earlier_report_told_is_not_told_again() -> None:
    gone, back = Finding("gone", "app", nights=3), Finding("moved_back", "tool", "public")
    earlier = Build(noticed={NOON: (gone,)})
    later = Build(noticed={NOON: (back, gone), NOON + DAY: (gone,)})
    assert later.noticed_since(earlier) == [back, gone]


def test_an_answer_that_changed_each_night_is_odd_when_it_is_the_same_for_five() -> None:
    nights = Nights()
    for number in range(1, 4):
        nights.build({"app": (tag("1", number),), "tool": (tag("2", 1),)})
    same = [kinds(nights.build({"app": (tag("1", 3),), "tool": (tag("2", 1),)})) for _ in range(5)]
    assert same == [[], [], [], [], ["unchanged"]]
