"""The rules of the guard as values: what each measures, and its bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from generator.catalog.tables import Guard
from generator.grouping import Window
from generator.guard.extent import Extent
from generator.guard.gains import (
    gained_images,
    gained_tags,
    moved_back,
    shared_digest,
    times_ahead,
)
from generator.guard.losses import (
    cut_at_an_age,
    emptied_images,
    lost_in_a_week,
    lost_name,
    lost_state,
    lost_tags,
    still_lost,
)
from generator.guard.measure import Sight, SourceMove, TableMove, table_move
from generator.guard.measured import at_least, percent
from generator.guard.memory import Streak, Totals, Volume
from generator.guard.rules import SourceRule
from generator.guard.tables import emptied_table, grown_table, lost_of_a_table
from generator.model import Tag, TagGroup
from tests.support import digest

AS_OF = datetime(2024, 6, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = DAY / 1440
MONTH = Window(1, "month")
NIGHT = Sight(MONTH, AS_OF - DAY, AS_OF)


def group(sign: str, age: timedelta, *tags: str) -> TagGroup:
    return TagGroup(digest(sign), AS_OF - age, tags)


def table(image: str, *tags: str, age: timedelta = DAY) -> tuple[TagGroup, ...]:
    """A table with a digest for each tag, which are those of no other image."""
    return tuple(
        TagGroup(f"sha256:{sha256(f'{image}:{tag}'.encode()).hexdigest()}", AS_OF - age, (tag,))
        for tag in tags
    )


def moved(
    before: Mapping[str, Any], after: Mapping[str, Any], sight: Sight = NIGHT
) -> list[TableMove]:
    """What moved from the tables of one night to those of the next, by image."""
    return [
        table_move(image, before.get(image, ()), after.get(image, ()), sight)
        for image in sorted(before.keys() | after.keys())
    ]


def source(moves: Sequence[TableMove], limits: Guard | None = None, **more: Any) -> SourceMove:
    news = tuple(move for move in moves if move.before)
    return SourceMove(limits or Guard(), MONTH, AS_OF, {}, tuple(moves), news, **more)


def told(rule: SourceRule, move: SourceMove) -> str | None:
    """What the rule says, where its limit is passed."""
    found = rule(move)
    return found.sentence if found and found.is_too_much else None


def tables(count: int, *tags: str) -> dict[str, tuple[TagGroup, ...]]:
    return {f"image-{number:03}": table(f"image-{number:03}", *tags) for number in range(count)}


# What moved in a table


def test_a_move_counts_what_the_page_shows_and_tells_absent_tags_from_old_ones() -> None:
    before = (group("a", DAY, "1", "1.0"), group("b", 2 * DAY, "2"), group("c", 40 * DAY, "3"))
    after = (group("b", 2 * DAY, "4"), group("a", 41 * DAY, "1.0"), group("d", 42 * DAY, "5"))
    move = table_move("app", before, after, NIGHT)
    assert (move.had, move.has) == (3, 1)
    assert move.gone == (("1", AS_OF - DAY), ("2", AS_OF - 2 * DAY))
    assert (move.hidden, move.gained, move.by_window) == (("1.0",), ("4",), False)
    assert not move.is_emptied


def test_an_answer_like_the_last_one_has_moved_nothing() -> None:
    same = (group("a", DAY, "1", "1.0"), group("b", 40 * DAY, "2"))
    assert table_move("app", same, same, NIGHT) == TableMove("app", same, same, 2, 2)


@pytest.mark.parametrize("answered", [True, False])
def test_a_table_that_shows_nothing_more_as_time_has_passed_is_emptied_by_the_window(
    *, answered: bool
) -> None:
    before = (group("a", 30 * DAY, "1"),)
    after = before if answered else (group("a", 30 * DAY, "1", "2"),)
    move = table_move("app", before, after, Sight(MONTH, AS_OF - DAY, AS_OF + 3 * DAY))
    assert (move.had, move.has, move.gone, move.by_window) == (1, 0, (), True)
    assert move.is_emptied


def test_a_table_whose_times_went_back_is_not_emptied_by_the_window() -> None:
    """The time given now would have been in the window on the night before."""
    before, after = (group("a", DAY, "1"),), (group("a", 32 * DAY, "1"),)
    move = table_move("app", before, after, Sight(MONTH, AS_OF - 3 * DAY, AS_OF))
    assert (move.had, move.has, move.hidden, move.by_window) == (1, 0, ("1",), False)


def test_what_was_held_is_measured_against_what_was_believed() -> None:
    """Of ten tags six have left the window by now; of the four others three are gone."""
    before = tuple(group(f"{n}", (n + 1) * 4 * DAY, f"1.{n}") for n in range(7))
    move = table_move("app", before, before[:1], Sight(MONTH, AS_OF, AS_OF + 20 * DAY))
    assert (move.had, len(move.gone)) == (7, 1)


# What is needed to be told from chance


@pytest.mark.parametrize(("whole", "least"), [(0, 3), (36, 3), (64, 4), (400, 10), (10_000, 50)])
def test_what_tells_from_chance_grows_with_the_size(whole: int, least: int) -> None:
    assert at_least(whole) == least


@pytest.mark.parametrize(
    ("share", "text"), [(0.1, "10%"), (0.381, "38.1%"), (0.004, "0.4%"), (1, "100%")]
)
def test_a_share_is_told_in_percent(share: float, text: str) -> None:
    assert percent(share) == text


# A source


def test_a_source_may_lose_a_tenth_of_its_tags_old_ones_included() -> None:
    before = tables(4, *"0123456789")
    for lost, reason in ((4, None), (5, "5 of 40 visible tags gone (12.5%)")):
        after = before | {"image-000": before["image-000"][lost:]}
        assert told(lost_tags, source(moved(before, after))) == reason
        hidden = before | {
            "image-000": tuple(
                TagGroup(item.digest, AS_OF - 40 * DAY, item.tags) if at < lost else item
                for at, item in enumerate(before["image-000"])
            )
        }
        assert told(lost_tags, source(moved(before, hidden))) == reason


@pytest.mark.parametrize(("images", "held"), [(60, False), (59, True)])
def test_a_twentieth_of_the_images_that_have_tags_may_lose_them(images: int, *, held: bool) -> None:
    before = tables(images, "1", "2") | {"never": ()}
    after = dict(list(before.items())[4 if images == 59 else 3 :])
    reason = f"4 of {images} images without a visible tag at once"
    assert told(emptied_images, source(moved(before, after))) == (reason if held else None)


def test_images_that_had_old_tags_alone_may_not_lose_them_all_either() -> None:
    before = {name: table(name, "1", age=90 * DAY) for name in tables(10)}
    after = dict(list(before.items())[4:])
    reason = "4 of 10 images without a visible tag at once"
    assert told(emptied_images, source(moved(before, after))) == reason


def test_a_time_that_would_empty_many_pages_is_told_as_what_it_is() -> None:
    before = tables(10, "1")
    wrong = Sight(MONTH, AS_OF, AS_OF + 3650 * DAY)
    move = source(moved(before, before, wrong))
    assert str(told(emptied_images, move)).startswith(
        "10 of 10 images would show no tag any more only because time has passed: "
    )


def test_images_that_mostly_lost_their_tags_are_not_told_as_a_wrong_time() -> None:
    old = {"old": table("old", "1", age=30 * DAY), "older": table("older", "1", age=30 * DAY)}
    lost = tables(2, "1")
    later = Sight(MONTH, AS_OF - 2 * DAY, AS_OF + 2 * DAY)
    for before, after in ((old | lost, old), (old | tables(1, "1"), old)):
        found = emptied_images(source(moved(before, after, later)))
        assert found is not None
        assert found.is_untimely == (len(before) == 3)
        assert ("only because time has passed" in found.sentence) == found.is_untimely


def test_of_two_names_that_is_told_which_went_from_the_greater_share() -> None:
    """Ten of the images have both names, and the others `latest` alone."""
    before = tables(10, "rare", "latest") | {
        name: groups for name, groups in tables(200, "latest").items() if name >= "image-010"
    }
    after = {
        name: groups[1:] if number in {0, 1, 2, 3, 4, *range(100, 107)} else groups
        for number, (name, groups) in enumerate(before.items())
    }
    assert told(lost_name, source(moved(before, after))) == "`rare` gone from 5 of 10 images (50%)"


@pytest.mark.parametrize(
    ("had", "lost", "held"),
    [(10, 4, False), (10, 5, True), (124, 5, True), (125, 5, False), (125, 6, True)],
)
def test_one_name_may_go_from_a_twenty_fifth_of_the_images_that_had_it(
    had: int, lost: int, *, held: bool
) -> None:
    before = tables(had, "latest", *"123456789") | tables(0)
    after = {
        name: groups[1:] if number < lost else groups
        for number, (name, groups) in enumerate(before.items())
    }
    found = lost_name(source(moved(before, after)))
    assert (found is not None and found.is_too_much) == held
    if held and found:
        assert found.sentence.startswith(f"`latest` gone from {lost} of {had} images")
        assert list(found.places()) == [(name, "latest") for name in list(before)[:lost]]


@pytest.mark.parametrize(
    ("past", "held"),
    [
        ((Volume(100, 0),), False),
        ((Volume(100, 0), Volume(96, 4)), False),
        ((Volume(100, 0), Volume(91, 9)), True),
        ((Volume(100, 9), Volume(91, 4)), False),
        ((Volume(88, 0), Volume(91, 9)), False),
        ((), False),
    ],
    ids=["tonight-alone", "little", "much", "before-the-week", "made-up-for", "no-past"],
)
def test_what_is_lost_within_a_week_adds_up(past: tuple[Volume, ...], *, held: bool) -> None:
    """Seven tags are lost tonight, and 84 are shown then."""
    before = tables(7, *map(str, range(13)))
    after = {name: groups[1:] for name, groups in before.items()}
    assert (told(lost_in_a_week, source(moved(before, after), past=past)) is not None) == held


def test_tags_that_age_out_in_a_week_are_no_loss() -> None:
    before = tables(7, *map(str, range(13)))
    later = Sight(MONTH, AS_OF, AS_OF + 40 * DAY)
    after = {name: groups[1:] for name, groups in before.items()}
    past = (Volume(91, 0), Volume(91, 0))
    assert told(lost_in_a_week, source(moved(before, after, later), past=past)) is None


@pytest.mark.parametrize(("count", "held"), [(2, False), (3, False), (4, True)])
def test_a_twentieth_of_the_tags_may_move_back_and_two_in_any_case(
    count: int, *, held: bool
) -> None:
    back = tuple(("app", f"1.{number}") for number in range(count))
    move = source([], moved_back=back, known=60)
    reason = f"{count} of 60 tags point again to a digest that they had left"
    assert told(moved_back, move) == (reason if held else None)
    assert told(moved_back, source([], moved_back=back[:2], known=3)) is None


def test_a_quarter_more_images_and_ten_is_believed_and_more_is_not() -> None:
    before = tables(40, "1")
    assert told(gained_images, source(moved(before, tables(50, "1")))) is None
    more = source(moved(before, tables(51, "1")))
    assert told(gained_images, more) == "11 more images than the 40 of before (27.5%)"
    wider = source(moved(before, tables(51, "1")), widened=True)
    assert told(gained_images, wider) is None
    assert told(gained_images, source(moved({}, tables(51, "1")))) is None


def test_what_a_state_that_was_lost_in_part_had_is_no_gain() -> None:
    """The tree has 40 of the 50 images that the last build left."""
    before = tables(40, "1")
    for images, reason in ((62, None), (63, "13 more images than the 50 of before (26%)")):
        after = moved(before, tables(images, "1"))
        move = source(after, stored=40, left=Totals(50, 50, 50))
        assert told(gained_images, move) == reason
    many, more = tables(40, *map(str, range(20))), tables(63, *map(str, range(20)))
    move = source(moved(many, more), stored=800, left=Totals(50, 1000, 1000))
    assert told(gained_tags, move) == "260 more visible tags than the 1,000 of before (26%)"
    move = source(moved(many, many), stored=800, left=Totals(1, 1, 400))
    assert told(gained_tags, move) is None


def test_a_quarter_more_tags_and_two_hundred_is_believed_and_more_is_not() -> None:
    before = tables(30, *map(str, range(40)))
    for each, held in ((50, False), (51, True)):
        after = tables(30, *map(str, range(each)))
        assert (told(gained_tags, source(moved(before, after))) is not None) == held
    few = tables(30, "1")
    assert told(gained_tags, source(moved(few, tables(30, *map(str, range(7)))))) is None


def test_a_source_of_a_few_images_is_being_filled_and_may_gain_others() -> None:
    small = moved(tables(19, "1"), tables(99, "1"))
    assert told(gained_images, source(small)) is None


def alike(images: int, sign: str) -> dict[str, tuple[TagGroup, ...]]:
    """Images that all have one digest."""
    return {f"image-{number:03}": (group(sign, DAY, "latest"),) for number in range(images)}


def test_images_that_have_nothing_in_common_do_not_come_to_one_digest() -> None:
    before = tables(300, "latest")
    for images, held in ((6, False), (7, True)):
        move = source(moved(before, before | alike(images, "a")))
        assert (told(shared_digest, move) is not None) == held
    few = source(moved(tables(20, "latest"), tables(20, "latest") | alike(4, "a")))
    assert told(shared_digest, few) is None


def test_images_without_the_table_do_not_count_among_those_that_share_a_digest() -> None:
    before = tables(250, "latest")
    reason = f"6 of 250 images came to the same digest `{digest('a')[:19]}`"
    bare: dict[str, tuple[TagGroup, ...]] = {f"bare-{number}": () for number in range(100)}
    move = source(moved(before | bare, before | bare | alike(6, "a")))
    assert told(shared_digest, move) == reason


def test_images_that_shared_a_digest_may_come_to_another_one() -> None:
    assert told(shared_digest, source(moved(alike(50, "a"), alike(50, "b")))) is None


def test_a_twentieth_of_the_tags_may_be_of_a_time_after_the_build() -> None:
    answer = {"app": [Tag(f"1.{number}", digest("a"), AS_OF) for number in range(100)]}
    for count, held in ((5, False), (6, True)):
        ahead = tuple(("app", f"1.{number}") for number in range(count))
        move = SourceMove(Guard(), MONTH, AS_OF, answer, (), (), ahead=ahead)
        assert (told(times_ahead, move) is not None) == held


@pytest.mark.parametrize(
    ("stored", "answered", "held"), [(0, 90, False), (0, 89, True), (90, 50, False), (89, 89, True)]
)
def test_a_state_that_was_lost_is_made_up_by_a_whole_answer_only(
    stored: int, answered: int, *, held: bool
) -> None:
    after = {"app": table("app", *map(str, range(answered)))}
    move = source(moved({}, after), stored=stored, left=Totals(1, 100, 100))
    assert (told(lost_state, move) is not None) == held


def test_a_hold_lasts_while_most_of_it_is_missing_and_nothing_took_its_place() -> None:
    """The ten tags that are held have all left the window, so that no other rule sees them."""
    lost = table("app", *map(str, range(10)), age=25 * DAY)
    before = {"app": lost + table("app", *map(str, range(10, 20)))}
    held = Streak(
        9, AS_OF.date(), extent=str(Extent.of([("app", f"{n}") for n in range(10)])), same=9
    )
    later = Sight(MONTH, AS_OF, AS_OF + 10 * DAY)

    def rule(answer: tuple[TagGroup, ...], streak: Streak = held) -> str | None:
        return told(still_lost, source(moved(before, {"app": answer}, later), held=streak))

    left = before["app"][10:]
    assert rule(left) == "10 of 10 tags that were held are still missing"
    assert told(lost_tags, source(moved(before, {"app": left}, later))) is None
    assert rule(left + lost[:4])
    assert rule(left + lost[:5]) is None
    assert rule(left + table("app", *map(str, range(30, 34))))
    assert rule(left + table("app", *map(str, range(30, 35)))) is None
    assert rule(left, Streak(9, AS_OF.date(), extent=held.extent)) is None


# A table

Answer = tuple[int, int, int]
"""How many tags a table had, how many are gone, and how many are hidden."""


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((5, 3, 0), "3 of 5 visible tags gone"),
        ((2, 2, 0), None),
        ((6, 3, 0), None),
        ((6, 4, 0), "4 of 6 visible tags gone"),
        ((4, 1, 2), None),
        ((3, 1, 2), "3 of 3 visible tags gone"),
    ],
)
def test_a_table_may_lose_two_tags_and_half_of_them(answer: Answer, reason: str | None) -> None:
    had, gone, hidden = answer
    move = TableMove(
        "app",
        (group("a", DAY, "1"),),
        (group("a", DAY, "1"),),
        had,
        had - gone - hidden,
        tuple((f"1.{number}", AS_OF) for number in range(gone)),
        tuple(f"2.{number}" for number in range(hidden)),
    )
    found = lost_of_a_table(move, Guard(), None)
    assert (found.sentence if found and found.is_too_much else None) == reason


@pytest.mark.parametrize(
    ("tags", "reason"), [("1", "its only visible tag gone"), ("12", "all its 2 visible tags gone")]
)
def test_a_table_may_not_lose_all_its_tags_however_few(tags: str, reason: str) -> None:
    before = table("app", *tags)
    found = emptied_table(table_move("app", before, (), NIGHT), Guard(), None)
    assert found is not None
    assert found.is_too_much
    assert found.sentence == reason
    some = table_move("app", before, table("app", "3"), NIGHT)
    assert emptied_table(some, Guard(), None) is None
    old = table_move("app", table("app", "1", age=90 * DAY), (), NIGHT)
    assert emptied_table(old, Guard(), None) is None


@pytest.mark.parametrize(
    ("had", "has", "held"),
    [(100, 600, True), (125, 625, False), (100, 599, True), (99, 598, False)],
)
def test_a_table_may_grow_fivefold_and_by_fewer_than_five_hundred_tags(
    had: int, has: int, *, held: bool
) -> None:
    found = grown_table(TableMove("app", (), (), had, has), Guard(), None)
    assert (found is not None and found.is_too_much) == (held and has - had >= 500)


def test_a_table_that_had_no_tag_may_be_filled() -> None:
    assert grown_table(TableMove("app", (), (), 0, 900), Guard(), None) is None


def cut(gone: Sequence[timedelta], answered: Sequence[timedelta]) -> str | None:
    """What the rule of the age says of lost and of answered tags of so many days."""
    lost = tuple((f"0.{index}", AS_OF - age) for index, age in enumerate(gone))
    move = TableMove("app", (), (), len(gone) + len(answered), len(answered), lost)
    tags = [Tag(f"1.{index}", digest("a"), AS_OF - age) for index, age in enumerate(answered)]
    return told(cut_at_an_age, SourceMove(Guard(), MONTH, AS_OF, {"app": tags}, (move,), (move,)))


# A listing that was cut at an age

TEN_OLD = [20 * DAY] * 10
"""As few lost tags as make a cut, all much older than a tag of ten days."""


def test_ten_lost_tags_older_than_all_that_is_answered_are_a_cut() -> None:
    assert cut(TEN_OLD, [DAY, 10 * DAY]) == "all 10 tags older than 20 days gone at once"


def test_nine_such_tags_are_chance() -> None:
    assert cut(TEN_OLD[1:], [10 * DAY]) is None
    assert cut([*TEN_OLD[1:], DAY], [10 * DAY]) is None


def test_a_cut_may_come_with_as_many_younger_losses_and_no_more() -> None:
    assert cut(TEN_OLD + [DAY] * 10, [10 * DAY])
    assert cut(TEN_OLD + [DAY] * 11, [10 * DAY]) is None


@pytest.mark.parametrize(("lost", "held"), [(10, False), (11, True)])
def test_tags_of_a_night_on_which_all_were_built_anew_are_not_cut_off(
    lost: int, *, held: bool
) -> None:
    """All are of this day now, so that whatever is lost is older than all that is answered."""
    before = {"app": table("app", *map(str, range(20)), age=9 * DAY)}
    after = {"app": (group("a", DAY / 24, *map(str, range(lost, 20))),)}
    tags = [Tag(str(number), digest("a"), AS_OF - DAY / 24) for number in range(lost, 20)]
    moves = tuple(moved(before, after))
    sentence = f"all {lost} tags older than 9 days gone at once"
    move = SourceMove(Guard(), MONTH, AS_OF, {"app": tags}, moves, moves)
    assert told(cut_at_an_age, move) == (sentence if held else None)
    for same, told_again in ((0, sentence if held else None), (1, sentence)):
        streak = Streak(9, AS_OF.date(), same=same)
        later = SourceMove(Guard(), MONTH, AS_OF, {"app": tags}, moves, moves, held=streak)
        assert told(cut_at_an_age, later) == told_again


def test_an_age_of_one_day_is_one_day() -> None:
    assert cut([DAY + MINUTE] * 10, [MINUTE]) == "all 10 tags older than 1 day gone at once"


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
    ("youngest", "days"), [(20 * DAY, 20), (21 * DAY - MINUTE, 20), (21 * DAY, 21)]
)
def test_the_age_of_a_cut_is_that_of_the_youngest_tag_that_was_cut_off(
    youngest: timedelta, days: int
) -> None:
    lost = [*[25 * DAY] * 9, youngest]
    assert cut(lost, [10 * DAY]) == f"all 10 tags older than {days} days gone at once"
