"""Rules of a table: grouping, window, order, dates, padding; by example and by property."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.content.state import decode_image, encode_image
from generator.facts.base import Details
from generator.grouping import TagOrder, Window, arranged, group, visible
from generator.guard.merge import merge
from generator.model import Image, Table, Tag, TagGroup
from generator.pages import tags_history
from generator.pages.base import Site, Subject, TableInfo
from generator.pages.environment import Renderer, day, tags_table
from generator.sources.listing import Listing
from tests.support import digest

AS_OF = datetime(2024, 6, 3, 0, 46, 8, tzinfo=UTC)
NOON = "2024-06-01 12:00"
MONTH = Window(1, "month")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def tags(*entries: str) -> list[Tag]:
    """Tags from `name digest-sign [time]`; the time is the noon of 1 June if none is given."""
    parsed = []
    for entry in entries:
        name, sign, *time = entry.split(" ", 2)
        parsed.append(Tag(name, digest(sign), at(time[0] if time else NOON)))
    return parsed


def rows(groups: tuple[TagGroup, ...]) -> list[str]:
    return [f"{item.digest[7]}: {' '.join(item.tags)}" for item in groups]


def test_rows_and_tags_are_newest_first() -> None:
    listed = tags(
        "1.0 a 2024-05-01 10:00",
        "latest b 2024-06-01 10:00",
        "1.1 a 2024-05-31 10:00",
        "1 b 2024-06-02 10:00",
    )
    groups = group(listed, "recency")
    assert rows(groups) == ["b: 1 latest", "a: 1.1 1.0"]
    assert [item.last_changed for item in groups] == [
        at("2024-06-02 10:00"),
        at("2024-05-31 10:00"),
    ]


def test_equal_times_keep_the_order_of_the_source() -> None:
    listed = tags("z a", "y b", "x a", "w b")
    assert rows(group(listed, "recency")) == ["a: z x", "b: y w"]
    assert rows(group(listed[::-1], "recency")) == ["b: w y", "a: x z"]


VERSIONS = [
    "dev", "latest", "latest-dev", "0", "0-dev", "1.2", "1.2-dev", "1.2.3", "1.9", "v1.9", "1.10",
    "1.10-r1", "1.10-r10", "1.10.1", "2", "10", "20240601",
]  # fmt: skip


@given(st.permutations(VERSIONS))
def test_version_order_is_natural_and_floating_names_come_first(shuffled: list[str]) -> None:
    (row,) = group(tags(*(f"{name} a" for name in shuffled)), "version")
    assert list(row.tags) == VERSIONS


def test_version_order_puts_rows_by_their_first_tag_alone_whatever_their_day() -> None:
    listed = tags(
        "1.10 a 2024-06-01 01:00",
        "1.9 b 2024-06-01 23:00",
        "latest c 2024-06-01 12:00",
        "0.1 d 2024-06-02 00:00",
    )
    assert rows(group(listed, "version")) == ["c: latest", "d: 0.1", "b: 1.9", "a: 1.10"]


def test_a_stored_table_follows_a_changed_order() -> None:
    stored = group(tags("latest a", "1.10 a", "1.9 a"), "recency")
    assert rows(arranged(stored, "version")) == ["a: latest 1.9 1.10"]
    assert rows(arranged(stored, "recency")) == ["a: latest 1.10 1.9"]


@pytest.mark.parametrize(
    ("window", "as_of", "newest", "is_shown"),
    [
        (MONTH, "2024-05-30 00:47", "2024-04-30 00:47", False),
        (MONTH, "2024-05-30 00:47", "2024-04-30 00:48", True),
        (MONTH, "2024-05-30 00:46", "2024-04-30 00:47", True),
        (MONTH, "2024-05-31 00:00", "2024-04-30 23:59", False),
        (MONTH, "2024-05-31 00:00", "2024-05-01 00:00", True),
        (MONTH, "2024-02-29 12:00", "2024-01-31 00:00", True),
        (MONTH, "2024-02-29 12:00", "2024-01-29 12:00", False),
        (MONTH, "2024-03-01 00:00", "2024-01-31 00:00", False),
        (MONTH, "2024-03-01 00:00", "2024-02-01 00:00", False),
        (MONTH, "2024-03-01 00:00", "2024-02-01 00:01", True),
        (MONTH, "2023-03-31 00:00", "2023-02-28 23:59", False),
        (MONTH, "2024-01-01 00:00", "2023-12-01 00:00", False),
        (MONTH, "2024-01-01 00:00", "2023-12-01 00:01", True),
        # the predecessor looked at the months of a difference and forgot the years
        (MONTH, "2024-06-03 00:00", "2023-06-02 00:00", False),
        (MONTH, "2024-06-03 00:00", "2023-06-10 00:00", False),
        (Window(12, "month"), "2024-02-29 00:00", "2023-02-28 12:00", False),
        (Window(12, "month"), "2024-02-29 00:00", "2023-03-01 00:00", True),
        (Window(3, "month"), "2024-02-10 00:00", "2023-11-10 00:00", False),
        (Window(3, "month"), "2024-02-10 00:00", "2023-11-10 00:01", True),
        (Window(30, "day"), "2024-03-31 00:00", "2024-03-01 00:00", False),
        (Window(30, "day"), "2024-03-31 00:00", "2024-03-01 00:01", True),
        (Window(1, "day"), "2024-03-01 00:00", "2024-02-29 00:00", False),
        (Window(9999, "month"), "2024-03-01 00:00", "1300-01-01 00:00", True),
        (Window(9999, "day"), "1970-01-03 00:00", "1950-01-01 00:00", True),
        (Window(), "2024-03-01 00:00", "0001-01-01 00:00", True),
        (MONTH, "2024-03-01 00:00", "2024-03-02 00:00", True),
    ],
)
def test_a_group_leaves_after_whole_calendar_months(
    window: Window,
    as_of: str,
    newest: str,
    is_shown: bool,
) -> None:
    groups = group(tags(f"new a {newest}", "old a 0001-01-01 00:00"), "recency")
    assert bool(visible(groups, window, at(as_of))) == is_shown


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)),
    st.integers(0, 60 * 24 * 400),
    st.integers(1, 13),
)
def test_months_are_counted_as_a_calendar_shows_them(
    as_of: datetime, minutes: int, months: int
) -> None:
    as_of = as_of.replace(microsecond=0, tzinfo=UTC)
    newest = as_of - timedelta(minutes=minutes)
    passed = 0  # by walking: from the day of `newest`, month after month, that day at that time
    year, month = newest.year, newest.month
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        arrived = (year, month, newest.day, newest.time())
        if arrived > (as_of.year, as_of.month, as_of.day, as_of.time()):
            break
        passed += 1
    groups = (TagGroup(digest("a"), newest, ("1",)),)
    assert bool(visible(groups, Window(months, "month"), as_of)) == (passed < months)


def test_a_day_is_an_ordinal() -> None:
    days = [day(datetime(2024, 5, number, tzinfo=UTC), AS_OF) for number in range(1, 32)]
    assert " ".join(days) == (
        "May 1st May 2nd May 3rd May 4th May 5th May 6th May 7th May 8th May 9th May 10th"
        " May 11th May 12th May 13th May 14th May 15th May 16th May 17th May 18th May 19th"
        " May 20th May 21st May 22nd May 23rd May 24th May 25th May 26th May 27th May 28th"
        " May 29th May 30th May 31st"
    )


@pytest.mark.parametrize(
    ("time", "as_of", "text"),
    [
        ("2023-07-03 00:00", "2024-06-03 23:59", "July 3rd"),
        ("2023-07-02 23:59", "2024-06-03 00:00", "July 2nd, 2023"),
        ("2023-06-03 00:00", "2024-06-03 00:00", "June 3rd, 2023"),
        ("2013-06-30 00:00", "2014-05-30 00:00", "June 30th"),
        ("2013-06-30 00:00", "2014-05-31 00:00", "June 30th, 2013"),
        ("2023-12-31 23:59", "2024-01-01 00:00", "December 31st"),
        ("2024-12-31 00:00", "2024-06-03 00:00", "December 31st"),
        ("1970-01-01 00:00", "2024-06-03 00:00", "January 1st, 1970"),
    ],
)
def test_the_year_is_added_only_when_the_day_lies_more_than_eleven_months_back(
    time: str, as_of: str, text: str
) -> None:
    assert day(at(time), at(as_of)) == text


def test_cells_are_padded_to_the_widest_of_their_column() -> None:
    groups = group(tags("latest a", "1.2.3 a", "1 b 2023-01-02 00:00"), "recency")
    assert tags_table(groups, AS_OF) == (
        f"| Tag (s)           | Last Changed      | Digest{' ' * 67} |\n"
        f"|-------------------|-------------------|{'-' * 75}|\n"
        f"|  `latest` `1.2.3` | June 1st          | `{digest('a')}` |\n"
        f"|  `1`              | January 2nd, 2023 | `{digest('b')}` |\n"
    )


def test_cells_that_are_not_padded_are_as_wide_as_what_is_in_them() -> None:
    groups = group(tags("latest a", "1.2.3 a", "1 b 2023-01-02 00:00"), "recency")
    assert tags_table(groups, AS_OF, pad=False) == (
        "| Tag (s) | Last Changed | Digest |\n"
        "|-----|-----|-----|\n"
        f"|  `latest` `1.2.3` | June 1st | `{digest('a')}` |\n"
        f"|  `1` | January 2nd, 2023 | `{digest('b')}` |\n"
    )


def test_a_group_that_did_not_change_keeps_its_day() -> None:
    known = group(tags("1 a 2024-05-01 10:00", "2 a 2024-05-01 09:00"), "recency")
    later = tags("1 a 2024-05-02 10:00", "2 a 2024-05-02 09:00")
    groups, (finding,) = merge(known, later, "recency", lambda _: False)
    assert groups == known
    assert (finding.kind, finding.tags) == ("kept_day", ("1", "2"))
    assert finding.detail == "2024-05-01, not 2024-05-02"


@pytest.mark.parametrize(
    "fresh",
    [
        ("1 a 2024-05-01 23:00", "2 a 2024-05-01 09:00"),
        ("1 a 2024-04-30 23:00", "2 a 2024-04-30 09:00"),
        ("1 a 2024-05-02 10:00", "2 a 2024-05-02 09:00", "3 a 2024-05-02 09:00"),
        ("1 a 2024-05-02 10:00",),
        ("1 b 2024-05-02 10:00", "2 b 2024-05-02 09:00"),
    ],
    ids=["same-day", "earlier-day", "another-tag", "a-tag-less", "another-digest"],
)
def test_else_the_time_of_the_source_counts(fresh: tuple[str, ...]) -> None:
    known = group(tags("1 a 2024-05-01 10:00", "2 a 2024-05-01 09:00"), "recency")
    groups, _ = merge(known, tags(*fresh), "recency", lambda _: False)
    assert [item.last_changed for item in groups] == [
        item.last_changed for item in group(tags(*fresh), "recency")
    ]


# Properties of whole pages

TAG_NAMES = st.text("aZ09_.-", min_size=1, max_size=6).filter(lambda name: name[0] not in ".-")
DIGESTS = st.sampled_from(
    [*map(digest, "0a1b"), f"sha512:{'c' * 128}", "blake3+b64:Zm9v_-=", f"md5:{'d' * 32}"]
)
TIMES = st.integers(1, 60 * 24 * 25).map(lambda minutes: AS_OF - timedelta(minutes=minutes))
TAGS = st.lists(
    st.builds(Tag, TAG_NAMES, DIGESTS, TIMES), unique_by=lambda tag: tag.name, max_size=8
)
ORDERS = st.sampled_from(["recency", "version"])
RENDERER = Renderer()
TABLES = {
    name: TableInfo(f"The {name} one", "", Listing(path=""), {}) for name in ("public", "private")
}


def page(image: Image, order: TagOrder = "recency") -> str:
    site = Site("/ref/", (), TABLES, MONTH, order, AS_OF, 7)
    return RENDERER.render(
        tags_history.OUTPUT.template, tags_history.view(Subject(image, Details(image.name)), site)
    )


def parsed(page: str) -> dict[str, list[tuple[tuple[str, ...], str, str]]]:
    """What a reader of the page sees: by heading, the rows as tags, day and digest."""
    tables: dict[str, list[tuple[tuple[str, ...], str, str]]] = {}
    for line in page.splitlines():
        if line.startswith("## "):
            tables[line.removeprefix("## ")] = []
        elif match := re.fullmatch(r"\|  (`.*`) +\| (\w+ \d+\w\w) +\| `([^`]+)` *\|", line):
            names = tuple(re.findall(r"`([^`]+)`", match[1]))
            tables[list(tables)[-1]].append((names, match[2], match[3]))
    return tables


@given(TAGS, TAGS, ORDERS)
def test_a_page_read_back_gives_the_data(
    public: list[Tag], private: list[Tag], order: TagOrder
) -> None:
    tables = parsed(
        page(
            Image(
                "app",
                (
                    Table("public", group(public, order)),
                    Table("private", group(private, order)),
                ),
            ),
            order,
        )
    )
    assert list(tables) == ["The public one", "The private one"]
    for listed, table in zip((public, private), tables.values(), strict=True):
        assert {name: row[2] for row in table for name in row[0]} == {
            tag.name: tag.digest for tag in listed
        }
        for names, written, _ in table:
            newest = max(tag.last_changed for tag in listed if tag.name in names)
            assert written == day(newest, AS_OF)
        assert len(table) == len({tag.digest for tag in listed})


@given(TAGS.filter(bool), ORDERS)
def test_the_lines_of_a_table_have_equal_width(listed: list[Tag], order: TagOrder) -> None:
    lines = tags_table(group(listed, order), AS_OF).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == 2 + len({tag.digest for tag in listed})


@given(TAGS, ORDERS)
def test_the_same_values_give_the_same_page(listed: list[Tag], order: TagOrder) -> None:
    image = Image("app", (Table("public", group(listed, order)),))
    assert page(image, order) == page(image, order)


@given(TAGS.flatmap(lambda tags: st.tuples(st.just(tags), st.permutations(tags))))
def test_in_version_order_the_source_s_order_does_not_matter(
    listings: tuple[list[Tag], list[Tag]],
) -> None:
    listed, shuffled = listings
    assert group(listed, "version") == group(shuffled, "version")
    known = group(listed[::2], "version")
    assert merge(known, listed, "version", lambda _: False) == merge(
        known, shuffled, "version", lambda _: False
    )


@given(TAGS, TAGS)
def test_what_is_stored_is_read_back(public: list[Tag], private: list[Tag]) -> None:
    image = Image(
        "team/app",
        (
            Table("public", group(public, "recency"), "pushed"),
            Table("private", group(private, "version")),
        ),
    )
    assert decode_image(encode_image(image), "team/app") == image
