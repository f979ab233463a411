"""What is believed of a night, as values: the rules of `generator/guard.py` one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.catalog.tables import Guard
from generator.errors import Failure
from generator.grouping import Window
from generator.guard.findings import Finding
from generator.guard.judge import Verdict, judge
from generator.guard.memory import Build, Totals, week
from generator.guard.night import Accepted, Rules, SourceRules
from generator.model import Image, Seen, Table, Tag, TimeKind, short_digest

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GONE_AFTER = 3
ALIKE = Guard(name_loss=1, source_gone_after=0)
"""The made-up images all have the same tags: the rule about one name would hold most of them."""


def digest(number: int) -> str:
    return f"sha256:{number:012x}{'0' * 52}"


def tag(name: str, number: int = 1, days: float = 1) -> Tag:
    """A tag that moved to a numbered digest so many days before the first night."""
    return Tag(name, digest(number), NOON - days * DAY)


def tags(count: int, days: float = 1, start: int = 0) -> tuple[Tag, ...]:
    """Numbered tags, each with a digest of its own."""
    return tuple(tag(f"1.{number}", number, days) for number in range(start, start + count))


def images(count: int, each: int, days: float = 1) -> dict[str, tuple[Tag, ...]]:
    return {f"image-{number:03}": tags(each, days) for number in range(count)}


@dataclass
class Nights:
    """Builds night after night, each judged on what the one before left."""

    tables: Sequence[str] = ("public",)
    limits: Guard = field(default_factory=lambda: ALIKE)
    window: Window = field(default_factory=lambda: Window(1, "month"))
    immutable: str = r"(?!)"
    known: Mapping[str, Image] = field(default_factory=dict)
    last: Build = field(default_factory=Build)
    night: int = 0
    whole: bool = True
    time_kind: TimeKind = "listed"
    widened: bool = False
    wants: Callable[[str], bool] | None = None

    def build(
        self,
        *answers: Mapping[str, Collection[Tag]] | Seen,
        accepted: Mapping[str, Collection[str]] = {},
        anything: Collection[str] = (),
        again: bool = False,
    ) -> Verdict:
        """One more night (or the same `again`) with an answer for each table."""
        self.night += not again
        fixed = re.compile(self.immutable)
        rules = Rules(
            as_of=NOON + self.night * DAY,
            window=self.window,
            order="recency",
            sources=tuple(
                SourceRules(
                    table,
                    self.time_kind,
                    self.limits,
                    lambda name: fixed.fullmatch(name) is not None,
                    self.wants,
                )
                for table in self.tables
            ),
            gone_after=GONE_AFTER,
            accepted=Accepted(
                {name: frozenset(marks) for name, marks in accepted.items()}, frozenset(anything)
            ),
            whole=self.whole,
            widened=self.widened,
            stored=stored(self.known),
        )
        seen = {
            table: answer
            if isinstance(answer, Seen)
            else Seen({name: tuple(found) for name, found in answer.items()})
            for table, answer in zip(self.tables, answers, strict=True)
        }
        verdict = judge(rules, self.known, self.last, seen)
        self.known = verdict.images
        self.last = Build(
            rules.as_of,
            {table: Totals(tags=count) for table, count in stored(self.known).items()},
            verdict.failed,
            verdict.held,
            {k: v for k, v in verdict.missing.items() if k not in verdict.gone},
            week(self.last.week, rules.as_of.date(), verdict.volumes, verdict.anew),
            verdict.answers,
        )
        return verdict


def stored(known: Mapping[str, Image]) -> dict[str, int]:
    """How many tags each table has."""
    counted: dict[str, int] = {}
    for image in known.values():
        for table in image.tables:
            tags = sum(len(group.tags) for group in table.groups)
            counted[table.name] = counted.get(table.name, 0) + tags
    return counted


def plain(verdict: Verdict) -> list[Finding]:
    """The findings, but for what to do about them."""
    return [
        Finding(
            item.kind, item.image, item.table, item.detail.partition(";")[0], nights=item.nights
        )
        if item.kind in {"held", "missing", "released"}
        else item
        for item in verdict.findings
    ]


def without_time(verdict: Verdict) -> dict[str, Image]:
    """The images, without the times of tables that were not believed."""
    return {
        name: replace(image, tables=tuple(replace(table, as_of=None) for table in image.tables))
        for name, image in verdict.images.items()
    }


def kinds(verdict: Verdict) -> list[str]:
    return [finding.kind for finding in verdict.findings]


def shown(image: Image, table: int = 0) -> set[str]:
    return {name for group in image.tables[table].groups for name in group.tags}


def failed(reason: str = "no route to the registry") -> Seen:
    return Seen(failure=Failure(reason))


# Loss of one table


def test_a_table_that_loses_more_than_half_of_its_tags_is_held() -> None:
    nights = Nights()
    nights.build(images(20, 8))
    verdict = nights.build(images(20, 8) | {"image-003": tags(3)})
    assert plain(verdict) == [
        Finding("held", "image-003", "public", "5 of 8 visible tags gone", nights=1)
    ]
    assert shown(verdict.images["image-003"]) == {f"1.{number}" for number in range(8)}


@pytest.mark.parametrize(
    ("had", "kept"),
    [pytest.param(8, 4, id="just half"), pytest.param(2, 1, id="less than three tags")],
)
def test_a_smaller_loss_of_one_table_is_believed(had: int, kept: int) -> None:
    nights = Nights(tables=("public", "private"))
    others = images(20, 8)
    nights.build(others | {"small": tags(had)}, others | {"small": tags(had)})
    verdict = nights.build(others | {"small": tags(kept)}, others | {"small": tags(had)})
    assert verdict.findings == []
    assert len(shown(verdict.images["small"])) == kept


def test_tags_that_age_out_of_the_window_are_no_loss() -> None:
    nights = Nights(window=Window(7, "day"))
    nights.build(images(5, 8, days=6.5))
    verdict = nights.build(dict.fromkeys(images(5, 8), (tag("latest", days=-1),)))
    assert verdict.findings == []


def test_tags_whose_times_went_out_of_the_window_are_no_loss_of_a_table() -> None:
    """On the recorded night 2024-06-03 eleven of aws-cli's nineteen rows became a year older."""
    nights = Nights()
    nights.build(images(20, 8))
    older = tuple(tag(item.name, int(item.name[2:]), days=366) for item in tags(6))
    verdict = nights.build(images(20, 8) | {"image-003": (*older, *tags(2, start=6))})
    assert set(kinds(verdict)) == {"time_back"}
    assert verdict.held == {}


def test_tags_whose_times_went_out_of_the_window_are_a_loss_of_the_source() -> None:
    nights = Nights()
    nights.build(images(20, 8))
    verdict = nights.build(images(20, 8, days=366))
    assert plain(verdict) == [
        Finding("held", None, "public", "160 of 160 visible tags gone (100%)", nights=1)
    ]


def test_a_held_table_is_released_when_it_has_answered_the_same_for_three_nights() -> None:
    nights = Nights()
    full = images(20, 8)
    nights.build(full)
    cut = full | {"image-003": tags(3)}
    assert kinds(nights.build(cut)) == ["held"]
    assert nights.build(cut).findings[0].nights == 2
    verdict = nights.build(cut)
    assert plain(verdict) == [
        Finding(
            "released",
            "image-003",
            "public",
            "5 of 8 visible tags gone",
        )
    ]
    assert len(shown(verdict.images["image-003"])) == 3
    assert verdict.held == {}
    assert nights.build(cut).findings == []


def test_another_answer_starts_the_count_to_its_release_anew() -> None:
    nights = Nights()
    full = images(20, 8)
    nights.build(full)
    kind = [
        kinds(nights.build(full | {"image-003": answer}))
        for answer in (tags(3), tags(3), tags(2), tags(2), tags(2))
    ]
    assert kind == [["held"]] * 4 + [["released"]]


@pytest.mark.parametrize(
    "other", [tags(2, start=6), tags(8)], ids=["two cut answers", "a whole answer"]
)
def test_a_table_that_flips_between_two_answers_keeps_its_age(other: tuple[Tag, ...]) -> None:
    nights = Nights()
    full = images(20, 8)
    nights.build(full)
    for number in range(1, 6):
        verdict = nights.build(full | {"image-003": (*tags(3), tag("1.9", 9))})
        held = [item for item in verdict.findings if item.kind == "held"]
        flips = number if len(other) == 8 else 2 * number - 1
        assert [item.nights for item in held] == [flips]
        assert held[0].since == (NOON + 2 * DAY).date()
        nights.build(full | {"image-003": other})


def test_an_empty_answer_is_held_though_all_that_it_lacks_has_aged_out() -> None:
    nights = Nights()
    nights.build(images(20, 8))
    for _ in range(40):
        verdict = nights.build({})
        assert kinds(verdict) == ["held"]
        assert verdict.missing == {}
    assert plain(verdict)[0].detail == "20 of 20 images without a visible tag at once"


def test_a_table_whose_times_all_left_the_window_is_held_and_comes_back_whole() -> None:
    nights = Nights()
    full = images(200, 8)
    nights.build(full)
    old = {"image-003": tags(8, days=366)}
    assert kinds(nights.build(full | old)) == ["held"]
    assert nights.build(full).findings == []


def test_an_image_that_fails_in_a_held_source_is_counted_on() -> None:
    nights = Nights()
    full = images(20, 8)
    nights.build(full)
    for night in (1, 2, 3):
        rest = {name: found for name, found in full.items() if name != "image-003"}
        answer = Seen({} if night == 2 else rest, {"image-003": Failure("no answer")})
        verdict = nights.build(answer)
        assert verdict.failed["public:image-003"].nights == night


def test_the_nights_of_a_held_table_stay_when_its_source_does_not_answer() -> None:
    nights = Nights()
    full = images(20, 8)
    nights.build(full)
    cut = full | {"image-003": tags(3)}
    for answer, kind in ((cut, "held"), (failed(), "failed"), (cut, "held"), (cut, "released")):
        assert kinds(nights.build(answer)) == [kind]


def test_a_choice_of_images_says_nothing_of_its_source() -> None:
    nights = Nights(whole=False)
    nights.build(images(1, 8))
    assert nights.build(images(1, 6)).findings == []
    assert kinds(nights.build({})) == ["missing"]


def test_an_accepted_image_is_believed_though_its_source_is_held() -> None:
    nights = Nights()
    nights.build(images(20, 8))
    verdict = nights.build(images(20, 4), anything={"image-003"})
    assert kinds(verdict) == ["held"]
    assert len(shown(verdict.images["image-003"])) == 4
    assert len(shown(verdict.images["image-004"])) == 8


def test_an_accepted_image_that_no_source_has_goes_at_once() -> None:
    nights = Nights()
    full = images(40, 4)
    nights.build(full)
    less = {name: found for name, found in full.items() if name != "image-003"}
    verdict = nights.build(less, anything={"image-003"})
    assert verdict.gone == {"image-003"}


def test_a_held_table_that_goes_on_changing_is_released_all_the_same() -> None:
    nights = Nights()
    full = images(20, 8)
    nights.build(full)
    for number, kind in enumerate(("held", "held", "released")):
        answer = (*tags(3), tag(f"new-{number}", 7))
        assert kinds(nights.build(full | {"image-003": answer})) == [kind]


def test_a_table_that_recovers_is_believed_and_after_some_nights_forgotten() -> None:
    nights = Nights()
    full = images(20, 8)
    nights.build(full)
    nights.build(full | {"image-003": tags(3)})
    for remembered in (1, 1, 0):
        verdict = nights.build(full)
        assert verdict.findings == []
        assert len(verdict.held) == remembered


def test_a_second_build_of_the_same_night_does_not_count_as_a_night() -> None:
    nights = Nights()
    full = images(20, 8)
    nights.build(full)
    cut = full | {"image-003": tags(3)}
    nights.build(cut)
    for _ in range(5):
        assert nights.build(cut, again=True).findings[0].nights == 1


def test_tags_that_the_catalog_leaves_out_are_no_loss_and_are_gone_at_once() -> None:
    nights = Nights(tables=("public", "private"))
    full = images(20, 8)
    nights.build(full, full)
    nights.wants = lambda name: int(name[2:]) < 2
    less = {name: found[:2] for name, found in full.items()}
    verdict = nights.build(less, failed())
    assert [item.kind for item in verdict.findings] == ["failed"]
    for image in verdict.images.values():
        assert shown(image, 0) == shown(image, 1) == {"1.0", "1.1"}


# Loss of a whole source


def test_a_source_that_loses_more_than_a_tenth_of_its_tags_is_held() -> None:
    nights = Nights(tables=("public", "private"))
    nights.build(images(20, 10), images(20, 10))
    less = {name: found[:8] for name, found in images(20, 10).items()}
    verdict = nights.build(less, images(20, 10))
    assert plain(verdict) == [
        Finding("held", None, "public", "40 of 200 visible tags gone (20%)", nights=1)
    ]
    assert all(len(shown(image)) == 10 for image in verdict.images.values())


def test_a_loss_of_a_tenth_is_believed() -> None:
    nights = Nights()
    nights.build(images(20, 10))
    verdict = nights.build({name: found[:9] for name, found in images(20, 10).items()})
    assert verdict.findings == []


def test_a_source_that_has_no_image_any_more_is_held_and_no_image_is_missing() -> None:
    nights = Nights()
    nights.build(images(20, 2))
    for night in range(1, 10):
        verdict = nights.build({})
        assert plain(verdict) == [
            Finding("held", None, "public", "40 of 40 visible tags gone (100%)", nights=night)
        ]
        assert verdict.missing == {}
        assert verdict.gone == set()
        assert len(verdict.images) == 20


@pytest.mark.parametrize("name", ["public", "image-003"])
def test_a_loss_that_is_accepted_by_its_table_or_its_image_is_believed(name: str) -> None:
    nights = Nights()
    full = images(20, 8)
    nights.build(full)
    verdict = nights.build(full | {"image-003": tags(3)}, anything=[name])
    assert verdict.findings == []
    assert len(shown(verdict.images["image-003"])) == 3


def test_a_held_source_is_released_by_its_table_s_name_only_that_night() -> None:
    nights = Nights()
    nights.build(images(20, 10))
    for size in (8, 6):
        less = {name: found[:size] for name, found in images(20, 10).items()}
        for _ in range(5):
            assert kinds(nights.build(less)) == ["held"]
        verdict = nights.build(less, anything=["public"])
        assert verdict.findings == []
        assert all(len(shown(image)) == size for image in verdict.images.values())


def test_a_source_held_for_one_large_image_is_released_by_the_image_s_name() -> None:
    nights = Nights()
    nights.build(images(10, 5) | {"large": tags(50)})
    less = images(10, 5) | {"large": tags(5)}
    assert kinds(nights.build(less)) == ["held"]
    verdict = nights.build(less, anything=["large"])
    assert verdict.findings == []
    assert len(shown(verdict.images["large"])) == 5


def test_an_accepted_image_does_not_excuse_the_others() -> None:
    nights = Nights()
    nights.build(images(10, 10) | {"large": tags(50)})
    less = {name: found[:5] for name, found in images(10, 10).items()}
    verdict = nights.build(less | {"large": tags(5)}, anything=["large"])
    assert [item.detail for item in plain(verdict)] == ["50 of 100 visible tags gone (50%)"]


def test_a_twentieth_of_the_images_may_lose_all_their_tags() -> None:
    nights = Nights(tables=("public", "private"))
    full = images(60, 10) | {f"small-{number}": tags(1) for number in range(4)}
    nights.build(full, full)
    three = dict(list(full.items())[:-3])
    assert [item.image for item in nights.build(three, full).findings] == [
        f"small-{number}" for number in (1, 2, 3)
    ]
    nights = Nights(tables=("public", "private"))
    nights.build(full, full)
    verdict = nights.build(dict(list(full.items())[:-4]), full)
    assert plain(verdict) == [
        Finding("held", None, "public", "4 of 64 images without a visible tag at once", nights=1)
    ]


def test_a_loss_that_began_on_an_earlier_night_is_not_counted_again() -> None:
    """Two images missing, then two more: never more than a twentieth at once."""
    nights = Nights()
    full = images(60, 2)
    nights.build(full)
    names = sorted(full)
    for left in (58, 56, 54):
        verdict = nights.build({name: full[name] for name in names[:left]})
        assert "held" not in kinds(verdict)
    assert verdict.gone == set(names[58:])


def test_the_loss_of_a_table_that_is_held_already_is_not_counted_against_its_source_again() -> None:
    """On every night 5 of 160 tags are gone that were gone before, and 12 others."""
    nights = Nights()
    answer = images(20, 8) | {"image-003": tags(3)}
    nights.build(images(20, 8))
    assert kinds(nights.build(answer)) == ["held"]
    for again, names in ((False, range(4, 10)), (True, range(10, 16))):
        answer |= {f"image-{number:03}": tags(6) for number in names}
        (finding,) = nights.build(answer, again=again).findings
        assert (finding.kind, finding.image, finding.nights) == ("held", "image-003", 2)
        assert len(shown(nights.known[f"image-{names[0]:03}"])) == 6


def test_a_rerun_of_the_night_counts_the_loss_as_new() -> None:
    nights = Nights()
    nights.build(images(60, 2))
    missing = dict(list(images(60, 2).items())[:50])
    assert kinds(nights.build(missing)) == ["held"]
    assert kinds(nights.build(missing, again=True)) == ["held"]


def spread(days: int) -> dict[str, tuple[Tag, ...]]:
    """Images whose tags are 0 to 27 days old: forty for each day up to `days`."""
    return {
        f"image-{number:02}": tuple(
            tag(f"1.{age}", 100 * number + age, days=age - 0.25) for age in range(days)
        )
        for number in range(40)
    }


def test_a_listing_cut_at_a_round_age_is_held_though_it_loses_less_than_a_tenth() -> None:
    nights = Nights()
    nights.build(spread(28))
    verdict = nights.build(spread(26))
    assert plain(verdict) == [
        Finding("held", None, "public", "all 80 tags older than 27 days gone at once", nights=1)
    ]


def test_a_cut_listing_is_noticed_though_older_days_were_kept_of_some_groups() -> None:
    nights = Nights()
    nights.build(spread(28))
    fresh = {
        name: tuple(
            Tag(item.name, item.digest, NOON) if item.name == "1.27" else item for item in found
        )
        for name, found in list(spread(28).items())[:10]
    }
    kept = nights.build(spread(28) | fresh)
    assert set(kinds(kept)) == {"kept_day"}
    cut = {
        name: tuple(item for item in found if item.last_changed > NOON - 25.5 * DAY)
        for name, found in (spread(28) | fresh).items()
    }
    assert [item.detail for item in plain(nights.build(cut)) if item.kind == "held"] == [
        "all 70 tags older than 28 days gone at once"
    ]


def test_old_tags_removed_here_and_there_do_not_look_like_a_cut() -> None:
    nights = Nights()
    nights.build(spread(28))
    some = {
        name: found[:26] if number % 2 else found
        for number, (name, found) in enumerate(spread(28).items())
    }
    assert nights.build(some).findings == []


def test_each_source_has_its_own_limits() -> None:
    strict = Nights(
        limits=Guard(
            table_loss=0.1, source_loss=1, week_loss=1, image_loss=1, moved_back=0, name_loss=1
        )
    )
    strict.build(images(20, 20))
    assert kinds(strict.build(images(20, 20) | {"image-001": tags(17)})) == ["held"]
    lax = Nights(limits=Guard(table_loss=1, source_loss=1, week_loss=1, image_loss=1, name_loss=1))
    lax.build(images(20, 20))
    assert kinds(lax.build({name: tags(1) for name in images(20, 20)})) == []


# Failure


def test_a_failed_source_leaves_everything_as_it_was_and_its_nights_are_counted() -> None:
    nights = Nights(tables=("public", "private"))
    nights.build(images(3, 4), images(3, 4))
    before = nights.known
    for night in (1, 2, 3, 4):
        verdict = nights.build(failed("no route"), images(3, 4))
        assert verdict.findings == [Finding("failed", None, "public", "no route", nights=night)]
        assert without_time(verdict) == before
        assert {image.tables[0].as_of for image in verdict.images.values()} == {NOON + DAY}
    verdict = nights.build(images(3, 4), images(3, 4))
    assert verdict.failed == {}
    assert verdict.images == before


def test_a_failed_image_leaves_its_table_as_it_was_and_the_others_go_on() -> None:
    nights = Nights()
    nights.build(images(3, 4))
    answer = Seen(
        {"image-001": tags(5), "image-002": tags(5)}, {"image-000": Failure("status 500")}
    )
    verdict = nights.build(answer)
    assert verdict.findings == [Finding("failed", "image-000", "public", "status 500", nights=1)]
    assert len(shown(verdict.images["image-000"])) == 4
    assert len(shown(verdict.images["image-001"])) == 5


def test_a_failed_source_keeps_the_nights_of_its_own_images_and_of_no_other_source_s() -> None:
    nights = Nights(tables=("private", "private-old"))
    full = images(3, 4)
    nights.build(full, full)
    rest = {name: found for name, found in full.items() if name != "image-000"}
    partly = Seen(rest, {"image-000": Failure("status 500")})
    nights.build(partly, partly)
    verdict = nights.build(failed(), full)
    assert {key: streak.nights for key, streak in verdict.failed.items()} == {
        "private": 1,
        "private:image-000": 1,
    }


def test_an_image_is_not_gone_while_one_of_its_sources_fails_or_is_held() -> None:
    nights = Nights(tables=("public", "private"))
    full = images(40, 4)
    nights.build(full, full)
    less = dict(list(full.items())[1:])
    for answer in (failed(), Seen(less, {"image-000": Failure("status 500")}), Seen()):
        for _ in range(GONE_AFTER + 1):
            verdict = nights.build(less, answer)
            assert "image-000" in verdict.images
            assert "missing" not in kinds(verdict)
            assert verdict.gone == set()


def test_a_night_without_an_answer_neither_counts_nor_ends_the_nights_of_a_missing_image() -> None:
    nights = Nights()
    full = images(40, 4)
    nights.build(full)
    less = dict(list(full.items())[1:])
    assert nights.build(less).missing["image-000"].nights == 1
    assert nights.build(failed()).missing["image-000"].nights == 1
    assert nights.build(less).missing["image-000"].nights == 2
    assert nights.build(less).gone == {"image-000"}


def test_a_new_image_waits_until_every_source_has_answered() -> None:
    nights = Nights(tables=("public", "private"))
    nights.build(images(2, 4), images(2, 4))
    new = images(2, 4) | {"new": tags(2)}
    verdict = nights.build(new, failed("no route"))
    assert Finding("waiting", "new", detail="no answer of private") in verdict.findings
    assert "new" not in verdict.images
    assert "new" in nights.build(new, images(2, 4)).images


def test_a_new_image_waits_for_each_source_that_did_not_answer() -> None:
    nights = Nights(tables=("public", "private", "archive"))
    nights.build(images(2, 4), images(2, 4), images(2, 4))
    verdict = nights.build(images(2, 4) | {"new": tags(2)}, failed(), failed())
    assert Finding("waiting", "new", detail="no answer of private, archive") in verdict.findings


def test_a_table_says_what_its_source_s_times_mean_though_the_image_has_no_tag_there() -> None:
    nights = Nights(tables=("public", "private"), time_kind="pushed")
    verdict = nights.build({"new": tags(2)}, {"other": tags(2)})
    tables = [table for image in verdict.images.values() for table in image.tables]
    assert [table.time_kind for table in tables] == ["pushed"] * 4


# Gone


def test_an_image_that_no_source_has_is_removed_on_the_third_night() -> None:
    nights = Nights(tables=("public", "private"))
    full = images(40, 4)
    nights.build(full, full)
    less = dict(list(full.items())[1:])
    for night in (1, 2):
        verdict = nights.build(less, less)
        assert plain(verdict) == [Finding("missing", "image-000", nights=night)]
        assert "image-000" in verdict.images
    verdict = nights.build(less, less)
    assert verdict.findings == [Finding("gone", "image-000", nights=3)]
    assert verdict.gone == {"image-000"}
    assert "image-000" not in verdict.images
    assert nights.last.gone == {}


def test_an_image_that_comes_back_is_counted_from_the_start_next_time() -> None:
    nights = Nights()
    full = images(40, 4)
    nights.build(full)
    less = dict(list(full.items())[1:])
    nights.build(less)
    nights.build(less)
    assert nights.build(full).findings == []
    assert nights.build(less).missing["image-000"].nights == 1


def test_an_image_without_a_tag_in_any_source_is_missing_too() -> None:
    nights = Nights(tables=("public", "private"))
    full = images(40, 4)
    nights.build(full, full)
    empty = full | {"image-000": ()}
    assert plain(nights.build(empty, empty)) == [Finding("missing", "image-000", nights=1)]


# Moved back


def moves(*numbers: int, immutable: str = r"(?!)") -> list[list[Finding]]:
    """What each night says of one image whose `latest` points to these digests, one a night."""
    nights = Nights(immutable=immutable)
    found = []
    for night, number in enumerate(numbers):
        answer: dict[str, tuple[Tag, ...]] = {
            "image": (tag("latest", number, days=-night), tag("1.0", 99))
        }
        found.append(nights.build(images(20, 8) | answer).findings)
    return found


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_tag_that_points_again_to_one_of_the_last_three_digests_it_left_is_reported(
    steps: int,
) -> None:
    *before, last = moves(*range(1, steps + 2), 1)
    assert before == [[]] * (steps + 1)
    move = f"{short_digest(digest(steps + 1))} → {short_digest(digest(1))}"
    assert last == [Finding("moved_back", "image", "public", move, ("latest",))]


def test_going_to_and_fro_is_reported_each_time() -> None:
    assert [len(found) for found in moves(1, 2, 1, 2, 1)] == [0, 0, 1, 1, 1]


def test_the_memory_of_digests_left_stays_small() -> None:
    nights = Nights()
    for number in range(1, 60):
        nights.build({"image": (tag("latest", number, days=-number),)})
    (group,) = nights.known["image"].tables[0].groups
    assert group.left == tuple(short_digest(digest(number)) for number in range(58, 50, -1))


def test_tags_that_went_to_a_digest_that_others_of_the_image_have_are_not_moved_back() -> None:
    nights = Nights()
    nights.build({"image": (tag("latest", 1), tag("1.0", 1), tag("1.1", 2))})
    verdict = nights.build({"image": (tag("1.0", 1), tag("latest", 2), tag("1.1", 2))})
    assert verdict.findings == []


def test_a_twentieth_of_a_source_s_tags_may_move_back_and_more_is_held() -> None:
    nights = Nights()
    first = {f"image-{number}": (tag("latest", 1), *tags(9, start=10)) for number in range(20)}
    second = {name: (tag("latest", 2, days=0), *found[1:]) for name, found in first.items()}
    nights.build(first)
    nights.build(second)
    back = dict(list(first.items())[:10])
    verdict = nights.build(second | back)
    assert kinds(verdict) == ["moved_back"] * 10
    assert verdict.held == {}
    verdict = nights.build(first)
    assert kinds(verdict) == ["moved_back"] * 10
    nights = Nights()
    nights.build(first)
    nights.build(second)
    verdict = nights.build(second | dict(list(first.items())[:11]))
    assert plain(verdict) == [
        Finding(
            "held",
            None,
            "public",
            "11 of 200 tags point again to a digest that they had left",
            nights=1,
        )
    ]


def test_what_moved_back_is_held_against_the_tags_of_its_own_source() -> None:
    nights = Nights(tables=("public", "private"))
    first = {f"image-{number:02}": (tag("latest", 1), *tags(9, start=10)) for number in range(20)}
    second = {name: (tag("latest", 2, days=0), *found[1:]) for name, found in first.items()}
    nights.build(first, first)
    nights.build(second, first)
    verdict = nights.build(second | dict(list(first.items())[:11]), first)
    assert [finding.detail for finding in plain(verdict)] == [
        "11 of 200 tags point again to a digest that they had left"
    ]


def test_tags_of_accepted_images_do_not_count_among_those_that_moved_back() -> None:
    nights = Nights()
    first = {f"image-{number:02}": (tag("latest", 1), *tags(9, start=10)) for number in range(20)}
    second = {name: (tag("latest", 2, days=0), *found[1:]) for name, found in first.items()}
    nights.build(first)
    nights.build(second)
    eleven = second | dict(list(first.items())[:11])
    verdict = nights.build(eleven, anything={"image-00"})
    assert kinds(verdict) == ["moved_back"] * 11
    assert verdict.held == {}


@pytest.mark.parametrize("days", [0.75, 1.25, 3, 0], ids=["later", "earlier", "back", "next-day"])
def test_a_tag_that_moves_back_is_reported_though_the_time_of_its_group_changed_before(
    days: float,
) -> None:
    nights = Nights()
    nights.build({"image": (tag("latest", 1, days=2),)})
    nights.build({"image": (tag("latest", 2, days=1),)})
    nights.build({"image": (tag("latest", 2, days=days),)})
    verdict = nights.build({"image": (tag("latest", 1, days=-1),)})
    assert kinds(verdict) == ["moved_back"]


def test_an_immutable_tag_that_moved_is_reported() -> None:
    nights = Nights(immutable=r"v?\d+\.\d+")
    nights.build({"image": (tag("latest", 1), tag("1.0", 1))})
    verdict = nights.build({"image": (tag("latest", 2, 0), tag("1.0", 2, 0))})
    move = f"{short_digest(digest(1))} → {short_digest(digest(2))}"
    assert verdict.findings == [Finding("immutable_changed", "image", "public", move, ("1.0",))]


def test_an_earlier_day_is_believed_and_reported() -> None:
    nights = Nights()
    nights.build({"image": (tag("1.0", 1, days=2),)})
    verdict = nights.build({"image": (tag("1.0", 1, days=4),)})
    assert verdict.findings == [
        Finding("time_back", "image", "public", "from 2024-06-01 to 2024-05-30", ("1.0",))
    ]
    (group,) = verdict.images["image"].tables[0].groups
    assert group.last_changed == NOON - 4 * DAY


def test_a_later_day_of_the_same_digest_and_tags_is_reported_and_not_believed() -> None:
    nights = Nights()
    nights.build({"image": (tag("1.0", 1, days=4), tag("1", 1, days=4))})
    for _ in range(2):
        verdict = nights.build({"image": (tag("1", 1, days=1), tag("1.0", 1, days=1))})
        assert verdict.findings == [
            Finding("kept_day", "image", "public", "2024-05-30, not 2024-06-02", ("1", "1.0"))
        ]
        (group,) = verdict.images["image"].tables[0].groups
        assert group.last_changed == NOON - 4 * DAY


def test_another_time_within_the_day_is_believed_silently() -> None:
    nights = Nights()
    nights.build({"image": (tag("1.0", 1, days=4),)})
    verdict = nights.build({"image": (tag("1.0", 1, days=3.75),)})
    assert verdict.findings == []
    (group,) = verdict.images["image"].tables[0].groups
    assert group.last_changed == NOON - 3.75 * DAY


# Properties

_TAGS = st.dictionaries(
    st.sampled_from(["latest", "1", "1.0", "dev"]),
    st.tuples(st.integers(1, 3), st.sampled_from([0, 1, 5, 29, 40])),
).map(lambda found: tuple(tag(name, number, days) for name, (number, days) in found.items()))
_ANSWER = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), _TAGS)
_REASON = st.builds(Failure, st.just("status 500"))


@st.composite
def _seen(draw: st.DrawFn) -> Seen:
    if draw(st.integers(0, 5)) == 0:
        return failed()
    answer = draw(_ANSWER)
    broken = draw(st.lists(st.sampled_from(sorted(answer)), unique=True)) if answer else []
    return Seen(
        {name: found for name, found in answer.items() if name not in broken},
        {name: draw(_REASON) for name in broken},
    )


_NIGHTS = st.lists(st.tuples(_seen(), _seen()), min_size=1, max_size=4)


def _after(answers: Sequence[tuple[Seen, Seen]]) -> Nights:
    nights = Nights(tables=("public", "private"))
    for answer in answers:
        nights.build(*answer)
    return nights


@given(_NIGHTS)
def test_judging_the_same_answer_twice_in_a_night_changes_nothing(
    answers: list[tuple[Seen, Seen]],
) -> None:
    nights = _after(answers)
    first = (nights.known, nights.last)
    again = nights.build(*answers[-1], again=True)
    assert (nights.known, nights.last) == first
    assert not {"moved_back", "released"} & set(kinds(again))


@given(_ANSWER, _ANSWER)
def test_the_same_answer_on_the_next_night_is_nothing_to_tell(
    public: dict[str, tuple[Tag, ...]], private: dict[str, tuple[Tag, ...]]
) -> None:
    nights = Nights(tables=("public", "private"), window=Window())
    nights.build(public, private)
    known = nights.known
    verdict = nights.build(public, private)
    assert verdict.findings == []
    assert verdict.images == known


@given(_NIGHTS, _seen())
def test_a_source_that_fails_neither_changes_nor_removes_anything(
    answers: list[tuple[Seen, Seen]], other: Seen
) -> None:
    nights = _after(answers)
    before = nights.known
    for _ in range(GONE_AFTER + 1):
        verdict = nights.build(other, failed())
        assert before.keys() <= verdict.images.keys()
        assert verdict.gone == set()
        assert [private(image) for _, image in sorted(before.items())] == [
            private(verdict.images[name]) for name in sorted(before)
        ]


def private(image: Image) -> list[Table]:
    """An image's private table, if it has one, without the time that it was last believed."""
    return [replace(table, as_of=None) for table in image.tables if table.name == "private"]


@given(_NIGHTS)
def test_an_image_is_removed_only_when_every_source_answered_and_none_has_it(
    answers: list[tuple[Seen, Seen]],
) -> None:
    nights = Nights(tables=("public", "private"))
    for answer in answers:
        verdict = nights.build(*answer)
        for name in verdict.gone:
            for seen in answer:
                assert seen.failure is None
                assert name not in seen.failed
                assert not seen.images.get(name)
