"""Versions → spans: what ends a span, how tables are followed, and what always holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.history.moves import Story
from generator.history.values import NO_PAGE, Moment, Page, Row, Span

Tables = Mapping[str, str]
"""By table: tags with their digests, as `latest=a 1.2=b`."""
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


def moment(number: int, day: int | None = None) -> Moment:
    time = EPOCH + timedelta(days=number if day is None else day)
    return Moment(number, f"{number:040x}", time)


def page(*, is_state: bool = False, claimed: date | None = None, **tables: str) -> Page:
    rows = {
        (table.strip("_"), tag): Row(sign, claimed)
        for table, tags in tables.items()
        for tag, _, sign in (part.partition("=") for part in tags.split())
    }
    names = tuple(table.strip("_") for table in tables)
    return Page(rows, names, frozenset(names), is_state)


def story(*pages: Page) -> Story:
    told = Story()
    for number, version in enumerate(pages):
        told.add(moment(number), version)
    return told


def lines(told: Story) -> dict[tuple[str, str], list[tuple[str, str, int, int | None, str | None]]]:
    """By the newest table and the tag: the spans as (table, digest, first, ended, why)."""
    return {
        key: [(span.table, span.digest, span.first, span.ended, span.why) for span in line]
        for key, line in told.lines.items()
    }


def test_a_tag_in_two_tables_is_told_for_both() -> None:
    told = story(page(public="latest=a", private="latest=b"), page(public="latest=a", private=""))
    assert lines(told) == {
        ("public", "latest"): [("public", "a", 0, None, None)],
        ("private", "latest"): [("private", "b", 0, 1, "gone")],
    }


def test_a_digest_that_a_tag_had_left_is_moved_back_to() -> None:
    told = story(*(page(t=f"x={sign}") for sign in "abab"))
    assert [(span.digest, span.why) for span in told.lines["t", "x"]] == [
        ("a", "moved"),
        ("b", "moved back"),
        ("a", "moved back"),
        ("b", None),
    ]


def test_a_tag_that_left_the_page_and_came_back_has_two_spans() -> None:
    told = story(page(t="x=a y=b"), page(t="y=b"), page(t="x=a y=b"), NO_PAGE)
    assert lines(told)["t", "x"] == [
        ("t", "a", 0, 1, "gone"),
        ("t", "a", 2, 3, "page removed"),
    ]
    assert told.removed == [3]


@pytest.mark.parametrize(
    ("claimed", "why"),
    [
        (date(2023, 12, 2), "aged out of an old page"),
        (date(2023, 12, 3), "gone"),
        (None, "gone"),
    ],
)
def test_a_row_that_vanishes_from_an_old_page_when_it_is_a_month_old_may_have_aged(
    claimed: date | None, why: str
) -> None:
    told = story(page(claimed=claimed, t="x=a y=b"), page(t="y=b"))  # 2 January
    assert told.lines["t", "x"][0].why == why


def test_a_row_whose_day_was_renewed_is_as_old_as_that_day() -> None:
    old, new = date(2023, 11, 1), date(2023, 12, 30)
    told = story(page(claimed=old, t="x=a"), page(claimed=new, t="x=a"), page(t=""))
    assert (told.lines["t", "x"][0].claimed, told.lines["t", "x"][0].why) == (old, "gone")


def test_a_row_without_a_day_is_as_old_as_what_was_seen_of_it() -> None:
    told = Story()
    told.add(moment(0, 0), page(t="x=a"))
    told.add(moment(1, 40), page(t=""))
    assert told.lines["t", "x"][0].why == "aged out of an old page"


def test_a_state_has_all_tags_so_none_ages() -> None:
    told = story(
        page(is_state=True, claimed=date(2020, 1, 1), t="x=a y=b"), page(is_state=True, t="y=b")
    )
    assert told.lines["t", "x"][0].why == "gone"


def test_one_table_that_becomes_two_is_followed_by_its_tags() -> None:
    told = story(
        page(_="latest=a dev=b 1=p 1.2=c gone=d"),
        page(Private="latest=y 1.2=c dev=z", Public="latest=a dev=x 1=p"),
    )
    assert lines(told) == {
        ("Public", "latest"): [("Public", "a", 0, None, None)],
        ("Public", "dev"): [("", "b", 0, 1, "moved"), ("Public", "x", 1, None, None)],
        ("Public", "1"): [("Public", "p", 0, None, None)],
        ("Private", "latest"): [("Private", "y", 1, None, None)],
        ("Private", "1.2"): [("Private", "c", 0, None, None)],
        ("Private", "dev"): [("Private", "z", 1, None, None)],
        ("", "gone"): [("", "d", 0, 1, "gone")],
    }


def test_a_span_knows_what_its_table_was_called_when() -> None:
    told = story(page(_="x=a"), page(P="x=a"), page(Q="x=a"), page(Q="x=b"))
    span = told.lines["Q", "x"][0]
    assert [span.table_at(index) for index in range(3)] == ["", "P", "Q"]


def test_two_tables_that_become_one_go_on_in_it() -> None:
    told = story(page(P="x=a y=b", Q="x=c z=d"), page(_="x=c y=b z=d"))
    assert lines(told) == {
        ("", "x"): [("", "c", 0, None, None)],
        ("", "y"): [("", "b", 0, None, None)],
        ("", "z"): [("", "d", 0, None, None)],
        ("P", "x"): [("P", "a", 0, 1, "gone")],
    }


def test_tables_that_get_other_names_are_matched_by_what_is_in_them() -> None:
    told = story(
        page(Private="latest=b 1=c", Public="latest=a"),
        page(is_state=True, public="latest=x", private="latest=b 1=c"),
    )
    assert lines(told)["private", "latest"] == [("private", "b", 0, None, None)]
    assert lines(told)["public", "latest"] == [
        ("Public", "a", 0, 1, "moved"),
        ("public", "x", 1, None, None),
    ]


def test_a_table_beside_another_that_stays_is_not_mistaken_for_it() -> None:
    empty = Page({("Q", "x"): Row("b", None)}, ("Q",), frozenset({"P", "Q"}))
    told = story(Page({("P", "x"): Row("a", None)}, ("P",), frozenset({"P", "Q"})), empty)
    assert lines(told) == {
        ("P", "x"): [("P", "a", 0, 1, "gone")],
        ("Q", "x"): [("Q", "b", 1, None, None)],
    }


def test_a_table_whose_heading_is_left_was_not_renamed() -> None:
    after = Page({("R", "x"): Row("a", None)}, ("R",), frozenset({"P", "R"}))
    told = story(page(P="x=a"), after)
    assert lines(told) == {
        ("P", "x"): [("P", "a", 0, 1, "gone")],
        ("R", "x"): [("R", "a", 1, None, None)],
    }


def test_a_page_without_tables_is_empty_only_where_their_headings_are_left() -> None:
    told = story(page(P="x=a"), Page({}, (), frozenset({"P", "Other"})), page(P="x=a"))
    assert [span.why for span in told.lines["P", "x"]] == ["gone", None]
    told = story(page(P="x=a"), Page({}, (), frozenset({"Other"})), page(P="x=a"))
    assert [span.why for span in told.lines["P", "x"]] == [None]
    assert [item.reason for item in told.passed] == ["the page has no table of tags"]
    told = story(page(_=""), Page({}, (), frozenset({"Public", "Private"})))
    assert (told.passed, len(told.moments)) == ([], 2)


def test_a_page_without_tables_after_a_state_is_that_of_a_retired_image() -> None:
    told = story(page(is_state=True, t="x=a"), Page({}, (), frozenset({"Retired"})))
    assert (told.lines["t", "x"][0].why, told.passed) == ("page removed", [])


TAGS = st.dictionaries(st.sampled_from("wxyz"), st.sampled_from("abc"), max_size=4)
PAGES = st.one_of(
    st.just(NO_PAGE),
    st.builds(
        lambda tables, is_state: Page(
            {
                (table, tag): Row(sign, date(2023, 11, 20))
                for table, tags in tables.items()
                for tag, sign in tags.items()
            },
            tuple(tables),
            frozenset(tables),
            is_state,
        ),
        st.dictionaries(st.sampled_from(["", "P", "Q", "R"]), TAGS, min_size=1, max_size=3),
        st.booleans(),
    ),
)


@given(st.lists(PAGES, max_size=8))
def test_spans_of_a_tag_in_a_table_never_overlap_and_cover_what_was_seen(
    pages: list[Page],
) -> None:
    told = story(*pages)
    spans: dict[tuple[str, str], list[Span]] = {}
    for line in told.lines.values():
        assert [span.first for span in line] == sorted(span.first for span in line)
        for span in line:
            spans.setdefault((span.table, span.tag), []).append(span)
    for several in spans.values():
        several.sort(key=lambda span: span.first)
        for earlier, later in pairwise(several):
            assert earlier.ended is not None
            assert earlier.ended <= later.first
    open_ends = [span for several in spans.values() for span in several if span.ended is None]
    assert {(s.table, s.tag, s.digest) for s in open_ends} == {
        (*key, row.digest) for key, row in told.page.rows.items()
    }
    for number, version in enumerate(pages):
        covering = sorted(
            (span.tag, span.digest)
            for several in spans.values()
            for span in several
            if span.first <= number and (span.ended is None or number < span.ended)
        )
        assert covering == sorted((tag, row.digest) for (_, tag), row in version.rows.items())


@given(st.lists(PAGES, max_size=8), st.integers(0, 8))
def test_a_story_that_was_kept_goes_on_as_if_it_had_not_been(pages: list[Page], cut: int) -> None:
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(story(*pages[:cut])), type=Story)
    for number, version in list(enumerate(pages))[cut:]:
        kept.add(moment(number), version)
    assert kept == story(*pages)


@given(st.lists(PAGES, max_size=8))
def test_a_story_is_its_tip_and_what_came_earlier(pages: list[Page]) -> None:
    whole = story(*pages)
    tip = whole.tip()
    assert all(len(line) == 1 for line in tip.lines.values())
    tip.complete(whole.earlier())
    assert tip == whole
