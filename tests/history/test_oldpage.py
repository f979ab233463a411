"""Pages of other tools and other days: every layout gives the same values."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import TagpagesError
from generator.history.days import day_of
from generator.history.oldpage import read
from generator.history.values import Row
from generator.history.versions import OLD_PAGE
from generator.pages import tags_history
from tests.support import DATA, digest

WRITTEN = date(2024, 6, 3)
A, B, C = (digest(sign) for sign in "abc")


def rows(text: str) -> dict[tuple[str, str], str]:
    return {key: row.digest for key, row in read(text.encode(), WRITTEN).rows.items()}


def test_the_reference_page_is_read_whole() -> None:
    page = read((DATA / "reference-page.md").read_bytes(), WRITTEN)
    public, private = "Public Registry", "Private/Dedicated Registry"
    assert page.tables == (public, private)
    assert not page.is_state
    assert len(page.rows) == 15
    assert page.rows[public, "latest"] == Row(
        "sha256:83f965abcaacd722722bc1a4685f48dc678efca6d219382f483b5c551a1355df",
        date(2024, 5, 31),
    )
    assert page.rows[private, "3-dev"] == Row(
        "sha256:98e288fda05d77efddd471dd341c263d7d58390f51274b3c83d81610b1f1ab7e",
        date(2024, 6, 1),
    )


def test_the_page_that_is_read_is_the_one_that_is_written() -> None:
    assert tags_history.OUTPUT.file == OLD_PAGE


ONE = {("", "latest"): A, ("", "1.2"): A, ("", "1"): B}


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            f"| Tag | Last Updated | Digest |\n|--|--|--|\n| `latest` | July 12th | `{A}` |\n"
            f"| `1.2` | July 12th | `{A}` |\n| `1` | July 11th | `{B}` |\n",
            id="one tag a row",
        ),
        pytest.param(
            f"| Tag (s) | Last Changed | Digest |\n|---|---|---|\n|  `latest` `1.2` | x | `{A}` |\n"
            f"|  `1` | y | `{B}` |\n",
            id="many tags a row",
        ),
        pytest.param(
            f"Digest | Tags\n:--- | ---:\n{A} | latest, 1.2\n{B} | 1\n",
            id="no backticks, no outer bars, other columns",
        ),
        pytest.param(
            f"|Tags|Size|Digest|\n|:-:|---|---|\n|`latest, 1.2`|3 \\| 4|`{A}`|\n|`1`||{B}|\n\nEnd",
            id="several tags in one code span, an escaped bar",
        ),
        pytest.param(
            f"| **Tag** | Digest |\n|---|---|\n| [latest](/)<br>**[1.2](/)** | <code>{A}</code> |\n"
            f"| *1* | {B} |\n",
            id="links and HTML",
        ),
        pytest.param(
            f"| Tag | Digest |\n|---|---|\n| ![new](/n.png) [latest][1] <!-- x --> 1.2 | {A} |\n"
            f"| 1 ![](/1.svg) | [{B}](/b) |\n\n[1]: /latest\n",
            id="images, a link by reference, a comment",
        ),
        pytest.param(
            f"<!--\n| Tag | Digest |\n|---|---|\n| old | {C} |\n-->\n\n"
            f"| Tag | Digest |\n|---|---|\n| latest 1\\.2 | {A} |\n| 1 | {B} |\n",
            id="a table in a comment, an escaped sign",
        ),
        pytest.param(
            '\ufeff---\ntitle: "# no | heading"\n---\r\n\r\n{{< tabs >}}\r\n'
            '{{< tab title="Overview" active=false url="/x/" >}}\r\n'
            '{{< tab title="Tags" active=true url="/y/" >}}\r\n{{</ tabs >}}\r\n\r\n'
            f"| Tag | Digest |\r\n|---|---|\r\n| latest 1.2 | {A} |\r\n| 1 | {B} |\r\n",
            id="a bar of tabs above, CRLF, a byte order mark",
        ),
        pytest.param(
            f"```\n# no heading\n| Tag | Digest |\n|---|---|\n| code | {C} |\n```\n\n"
            f"| Tag | Digest |\n|---|---|\n| latest 1.2 | {A} |\n| 1 | {B} |\n| | |\n\n"
            "| Platform | Size |\n|---|---|\n| amd64 | 3 |\n",
            id="code, an empty row, and a table of something else",
        ),
    ],
)
def test_a_table_is_read_in_whatever_layout(page: str) -> None:
    assert rows(page) == ONE


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("# First", "# Second #"),
        ("### First {#anchor}", "### *Second*"),
        ("First\n=====", "Second\n------"),
        ("<h2>First</h2>", '<h3 id="x">Second</h3>'),
        ('{{< tabs >}}\n{{% tab title="First" %}}', "{{% /tab %}}\n{{< tab name=`Second` >}}"),
        ('{{< tabpane >}}\n{{< tab header="**First**" >}}', '{{< /tab >}}\n{{< tab "Second" >}}'),
    ],
)
def test_a_table_is_named_by_the_nearest_heading(first: str, second: str) -> None:
    table = f"\n\n| Tag | Digest |\n|---|---|\n| latest | {A} |\n\n"
    page = read((f"# Page\n\n{first}{table}{second}{table}").encode(), WRITTEN)
    assert page.tables == ("First", "Second")
    assert {"First", "Second"} <= page.names


def test_a_heading_has_no_sign_that_a_terminal_would_obey() -> None:
    page = f"# \x1b[31mRed\n\n| Tag | Digest |\n|---|---|\n| latest | {A} |\n"
    assert read(page.encode(), WRITTEN).tables == ("31mRed",)


def test_a_tab_heads_nothing_beyond_its_bar() -> None:
    table = f"| Tag | Digest |\n|---|---|\n| latest | {A} |\n\n"
    page = f'# All\n{{{{< tabs >}}}}\n{{{{< tab "One" >}}}}\n{table}{{{{< /tabs >}}}}\n{table}'
    assert read(page.encode(), WRITTEN).tables == ("One", "All")


def test_two_tables_below_one_heading_are_told_apart() -> None:
    table = "| Tag | Digest |\n|---|---|\n| latest | {} |\n\n"
    assert rows(table.format(A) + "Words.\n\n" + table.format(B)) == {
        ("", "latest"): A,
        ("(2)", "latest"): B,
    }


def test_line_ends_of_windows_change_nothing() -> None:
    page = (
        "---\ntitle: |\n  # no heading\n---\n"
        f"First\n=====\n\n{TABLE}| latest | {A} |\n\n```\n# code\n```\n{TABLE}| latest | {B} |\n"
    )
    windows = read(page.replace("\n", "\r\n").encode(), WRITTEN)
    assert windows == read(page.encode(), WRITTEN)
    assert windows.tables == ("First", "First (2)")


def test_a_heading_that_begins_like_another_is_another() -> None:
    table = f"| Tag | Digest |\n|---|---|\n| latest | {A} |\n\n"
    page = f"# Tags of old\n{table}# Tags\n{table}{table}{table}# Tags of old\n{table}"
    assert read(page.encode(), WRITTEN).tables == (
        "Tags of old",
        "Tags",
        "Tags (2)",
        "Tags (3)",
        "Tags of old (2)",
    )


def test_a_table_without_rows_is_an_empty_one() -> None:
    page = read(b"### Public\n\n| Tag (s) | Last Changed | Digest |\n|---|---|---|\n\n", WRITTEN)
    assert (page.rows, page.tables) == ({}, ("Public",))


def test_a_heading_without_a_table_is_a_name_all_the_same() -> None:
    page = read(b"### Public\n\nThere are none.\n", WRITTEN)
    assert (page.tables, page.names) == ((), frozenset({"Public"}))


TABLE = "| Tag | Digest |\n|---|---|\n"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (b"\xff\xfe| Tag", "not UTF-8"),
        (f"{TABLE}| latest | {A} |\n<<<<<<< HEAD\n| 1 | {A} |\n".encode(), "merge conflict"),
        (f"{TABLE}| latest |\n".encode(), "has no digest"),
        (f"{TABLE}| latest | sha256:abc |\n".encode(), "has no digest"),
        (f"{TABLE}| | {A} |\n".encode(), "has no tag"),
        (f"{TABLE}| latest (new) | {A} |\n".encode(), "not a valid tag: '(new)'"),
        (f"{TABLE}| latest | {A} |\n| latest | {B} |\n".encode(), "`latest` is there twice"),
        (f"| Name | Hash |\n|---|---|\n| latest | {A} |\n".encode(), "no column that is headed"),
        (f"| latest | {A} |\n".encode(), "no column that is headed"),
    ],
)
def test_what_cannot_be_read_whole_is_no_page(page: bytes, words: str) -> None:
    with pytest.raises(TagpagesError) as error:
        read(page, WRITTEN)
    assert words in str(error.value)


def test_a_row_that_is_there_twice_alike_counts_once() -> None:
    assert rows(f"{TABLE}| latest | {A} |\n| latest | {A} |\n") == {("", "latest"): A}


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with suppress(TagpagesError):
        read(data, WRITTEN)


@given(st.lists(st.sampled_from([*TABLE.splitlines(), f"| a | {A} |", "# H", "```", "", "a|b"])))
def test_no_order_of_lines_raises_anything_else(lines: list[str]) -> None:
    try:
        page = read("\n".join(lines).encode(), WRITTEN)
    except TagpagesError:
        return
    assert {table for table, _ in page.rows} <= set(page.tables) <= page.names


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("May 31st", date(2024, 5, 31)),
        ("June 3rd", date(2024, 6, 3)),
        ("June 4th", date(2024, 6, 4)),  # the clocks of two time zones
        ("June 5th", date(2023, 6, 5)),
        ("December 31st", date(2023, 12, 31)),
        ("Dec. 31", date(2023, 12, 31)),
        ("May 31st, 2023", date(2023, 5, 31)),
        ("31 May", date(2024, 5, 31)),
        ("1st of May 2022", date(2022, 5, 1)),
        ("2024-05-31", date(2024, 5, 31)),
        ("2024/05/31", date(2024, 5, 31)),
        ("2024-05-31T23:59:59Z", date(2024, 5, 31)),
        ("`2024-05-31 01:02`", date(2024, 5, 31)),
        ("today", date(2024, 6, 3)),
        ("just now", date(2024, 6, 3)),
        ("Yesterday", date(2024, 6, 2)),
        ("5 minutes ago", date(2024, 6, 3)),
        ("an hour ago", date(2024, 6, 3)),
        ("about 3 days ago", date(2024, 5, 31)),
        ("a week ago", date(2024, 5, 27)),
        ("4 months ago", date(2024, 2, 3)),
        ("2 years ago", date(2022, 6, 3)),
        ("February 30th", None),
        ("2024-13-01", None),
        ("9999 years ago", None),
        ("some day", None),
        ("", None),
    ],
)
def test_a_day_is_found_in_its_text(text: str, day: date | None) -> None:
    assert day_of(text, WRITTEN) == day


def test_a_day_without_a_year_is_the_last_one_of_its_name() -> None:
    assert day_of("February 29th", date(2023, 3, 1)) == date(2020, 2, 29)
    assert day_of("February 29th", date(1903, 3, 1)) == date(1896, 2, 29)
    assert day_of("December 31st", date(2024, 1, 1)) == date(2023, 12, 31)
    assert day_of("January 1st", date(2023, 12, 31)) == date(2024, 1, 1)
    assert day_of("31st of May", date(2024, 5, 30)) == date(2024, 5, 31)
    assert day_of("2 months ago", date(2024, 4, 30)) == date(2024, 2, 29)
