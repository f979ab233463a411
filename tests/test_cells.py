"""Foreign text in a cell of a table: it shows as it is, and breaks no row."""

from __future__ import annotations

import pytest

from generator.pages.cells import code, codes, table


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("", ""),
        ("/bin/sh -c", "`/bin/sh -c`"),
        ("a | b-c", r"a \| b\-c"),
        ("a `b` c", "`` a `b` c ``"),
        ("``", "``` `` ```"),
        (" a ", "`  a  `"),
        ("  ", "`  `"),
        ("a\nb\tc\x1b", "`a\\nb\\tc\\x1b`"),
        ("a\u202eb\u2028c\U000e0041", "`a\\u202eb\\u2028c\\U000e0041`"),
        ("é 日本", "`é 日本`"),
        ("{{< x >}}", r"\{\{\< x \>\}\}"),
        ("{{% x %}}", r"\{\{\% x \%\}\}"),
        ("<!--more-->", r"\<\!\-\-more\-\-\>"),
        ("a\\|b", r"a\\\|b"),
        ("<b>&amp;", "`<b>&amp;`"),
    ],
)
def test_a_text_is_code_and_plain_text_where_code_cannot_show_it(text: str, markdown: str) -> None:
    assert code(text) == markdown


def test_a_long_text_is_cut() -> None:
    assert code("a" * 1001) == "`" + "a" * 1000 + "…`"
    assert code("a" * 1000) == "`" + "a" * 1000 + "`"


def test_a_list_of_many_texts_is_cut() -> None:
    assert codes(["a", "b|"]) == "`a`, b\\|"
    assert codes(map(str, range(102))).endswith("`98`, `99` and 2 more")
    assert codes([]) == ""


def test_a_table_is_padded_to_the_widest_cell_of_each_column() -> None:
    assert table([["", "ab"], ["abc", ""]]) == "|     | ab |\n|-----|----|\n| abc |    |\n"
