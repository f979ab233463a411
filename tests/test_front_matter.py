"""People edit front matter: what they wrote survives every night byte for byte."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import frontmatter
import pytest
import yaml
from frontmatter.default_handlers import YAMLHandler
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from generator.content.front_matter import split, with_lastmod, with_values
from generator.content.page import Draft
from generator.errors import TagpagesError
from generator.pages.environment import quoted, yaml_value
from tests.support import Listing, Site

FIRST: Listing = {"app": [("latest", "a", "2024-06-01T10:00:00Z")]}
SECOND: Listing = {"app": [("latest", "b", "2024-06-02T10:00:00Z")]}
AS_OF = datetime(2024, 6, 4, 1, 2, 3, tzinfo=UTC)


def two_nights(site: Site, front: bytes) -> bytes:
    """The front matter after a night that changes the body of a page that people edited."""
    site.lists(FIRST)
    site.build()
    page = site.page("app")
    body = page.read_bytes().split(b"\n---\n", 1)[1]
    page.write_bytes(front + (body.replace(b"\n", b"\r\n") if b"\r\n" in front else body))
    site.lists(SECOND)
    site.build("--as-of", "2024-06-04T01:02:03Z")
    text = page.read_bytes()
    new_front, _, new_body = text.partition(b"---\r\n\r\n" if b"\r\n" in front else b"---\n\n")
    assert (b"\r\n" in front) == (b"\r\n" in new_body)
    assert new_body.count(b"\n") == new_body.count(b"\r\n") or b"\r" not in new_body
    assert b"sha256:bbbb" in new_body
    return new_front + text[len(new_front) :].partition(b"\n")[0] + b"\n"


PLAIN = b"""---
title: app
lastmod: 2024-06-03 00:46:08
---
"""
CHANGED = b"""---
title: app
lastmod: 2024-06-04 01:02:03
---
"""


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        (b"weight: 7\n", b"weight: 7\n"),
        (b"# ours\nmine: [a, b]   # kept\n", b"# ours\nmine: [a, b]   # kept\n"),
        (b"'quoted':   \"as it is\"\n", b"'quoted':   \"as it is\"\n"),
        (b"text: |\n  lastmod: 1\n\n  more\n", b"text: |\n  lastmod: 1\n\n  more\n"),
        (b"params:\n  lastmod: 1\n", b"params:\n  lastmod: 1\n"),
        (b"draft : false\t\n", b"draft : false\t\n"),
        ("title_de: Größe 😀\n".encode(), "title_de: Größe 😀\n".encode()),
        (b"lastmods: 1\n", b"lastmods: 1\n"),
    ],
)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_edits_survive_a_night_byte_for_byte(
    site: Site, edited: bytes, expected: bytes, newline: bytes
) -> None:
    before = PLAIN.replace(b"title: app\n", b"title: app\n" + edited).replace(b"\n", newline)
    after = CHANGED.replace(b"title: app\n", b"title: app\n" + expected).replace(b"\n", newline)
    assert two_nights(site, before) == after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"lastmod: 2024-06-03 00:46:08", b"lastmod: 2024-06-04 01:02:03"),
        (b'lastmod: "2024-06-03"', b'lastmod: "2024-06-04 01:02:03"'),
        (b"lastmod: '2024-06-03'  # set nightly", b"lastmod: '2024-06-04 01:02:03'  # set nightly"),
        (b"lastmod: 2024-06-03T00:46:08Z # a # b", b"lastmod: 2024-06-04T01:02:03Z # a # b"),
        (b"lastmod: 2024-06-03 00:46:08Z", b"lastmod: 2024-06-04 01:02:03Z"),
        (b"lastmod: '2024-06-03T00:46:08.5Z'", b"lastmod: '2024-06-04T01:02:03Z'"),
        (b"lastmod: 2024-06-03T00:46:08+00:00", b"lastmod: 2024-06-04T01:02:03+00:00"),
        (b"lastmod: 2024-06-03T06:16:08+05:30", b"lastmod: 2024-06-04T06:32:03+05:30"),
        (b"lastmod: 2024-06-02 16:46:08-08:00", b"lastmod: 2024-06-03 17:02:03-08:00"),
        (b"lastmod: 2024-06-03T00:46:08", b"lastmod: 2024-06-04 01:02:03"),
        (b"lastmod: 2024-06-03 00:46:08 -8", b"lastmod: 2024-06-04T01:02:03Z"),
        (b"lastmod: 20240603T004608Z", b"lastmod: 2024-06-04T01:02:03Z"),
        (b"lastmod: yesterday", b"lastmod: 2024-06-04T01:02:03Z"),
        (b"lastmod :2024", None),
        (b"lastmod:", b"lastmod: 2024-06-04T01:02:03Z"),
        (b"lastmod:    2024-06-03   ", b"lastmod: 2024-06-04 01:02:03   "),
        (b"other: 1", b"other: 1\nlastmod: 2024-06-04T01:02:03Z"),
    ],
)
def test_lastmod_is_replaced_in_whatever_form_it_has(
    site: Site, old: bytes, new: bytes | None
) -> None:
    before = PLAIN.replace(b"lastmod: 2024-06-03 00:46:08", old)
    if new is not None:
        after = PLAIN.replace(b"lastmod: 2024-06-03 00:46:08", new)
        assert two_nights(site, before) == after


NEW_FRONT = "---\ntitle: app\nlastmod: 2024-06-04 01:02:03\n---\n"
NEW_BODY = "New body.\n"


def with_body(page: str, body: str, as_of: datetime) -> str:
    """What a page becomes when the template gives another body."""
    return Draft(f"{NEW_FRONT}{body}", {}).over(page, as_of)


@pytest.mark.parametrize(
    "front",
    [
        '"lastmod": 2024-06-03',
        "lastmod: |\n  2024-06-03",
        "lastmod: 2024-06-03\n  00:46:08",
        "lastmod: [2024-06-03,\n  2024-06-03]",
        "lastmod: &when 2024-06-03\nother: *when",
        "? lastmod\n: 2024-06-03",
        "{lastmod: 2024-06-03}",
        "lastmod: 2024-06-03\nlastmod: 2024-06-04",
        "text: 'a\nlastmod: 1\n\n  b'\nlastmod: 2024-06-03",
    ],
)
def test_a_lastmod_that_cannot_be_replaced_safely_is_an_error(front: str) -> None:
    page = f"---\n{front}\n---\nOld body.\n"
    try:
        text = with_body(page, NEW_BODY, AS_OF)
    except TagpagesError as error:
        assert str(error).startswith(("cannot set `lastmod`", "the front matter is not valid"))  # noqa: PT017 - or none
    else:  # where it can be, nothing else has changed and no key is there twice
        before, after = frontmatter.parse(page)[0], frontmatter.parse(text)[0]
        assert after == before | {"lastmod": datetime(2024, 6, 4, 1, 2, 3)}
        assert len(re.findall("lastmod", text)) == len(re.findall("lastmod", page))


@pytest.mark.parametrize(
    "front",
    [
        "title: [",
        "- a list",
        "just text",
        "when: !!timestamp never",
        "truth: !!bool maybe",
        "number: !!int ''",
        "when: 2024-13-45",
        "a: *nowhere",
        "lastmod: 1\n\ttab: 2",
        "[a, b]: c\n[a]: {[a]: b}",
        "a: " + "[" * 5000,
        "a: " + "[" * 500_000,
        "- " * 500_000,
    ],
)
def test_front_matter_that_cannot_be_read_is_an_error(front: str) -> None:
    with pytest.raises(TagpagesError, match=r"the front matter is (not|longer)"):
        with_body(f"---\n{front}\n---\nOld body.\n", NEW_BODY, AS_OF)


@pytest.mark.parametrize(
    "page", ["", "No front matter.\n", "+++\na = 1\n+++\n", "---\ntitle: app\n", " ---\n---\n"]
)
def test_a_page_without_yaml_front_matter_is_an_error(page: str) -> None:
    with pytest.raises(TagpagesError, match="no YAML front matter between two lines of `---`"):
        split(page)


@pytest.mark.parametrize(
    ("page", "front", "body"),
    [
        ("---\na: 1\n---\nbody\n", "---\na: 1\n---\n", "body\n"),
        ("---  \r\na: 1\r\n---\t\r\nbody", "---  \r\na: 1\r\n---\t\r\n", "body"),
        ("\ufeff---\na: 1\n---\n", "\ufeff---\na: 1\n---\n", ""),
        ("---\na: 1\n---", "---\na: 1\n---", ""),
        ("---\n---\nbody\n", "---\n---\n", "body\n"),
        ("---\na: |\n  ---\n---\n---\n", "---\na: |\n  ---\n---\n", "---\n"),
        ("---\na: 1\n----\n--- no\n---\nb", "---\na: 1\n----\n--- no\n---\n", "b"),
    ],
)
def test_a_page_is_split_behind_the_second_line_of_dashes(page: str, front: str, body: str) -> None:
    assert split(page) == (front, body)


def test_a_time_that_its_offset_would_take_out_of_range_is_written_in_utc() -> None:
    latest = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    page = "---\nlastmod: 2024-06-03T02:46:08+02:00\n---\nOld body.\n"
    assert "lastmod: 9999-12-31T23:59:59Z\n" in with_body(page, NEW_BODY, latest)


def test_a_page_whose_body_is_the_same_stays_as_it_is() -> None:
    page = "---\nwhatever: [\n---\r\nNew body.\r\n"
    assert with_body(page, NEW_BODY, AS_OF) == page


def test_a_page_that_begins_with_a_byte_order_mark_keeps_it() -> None:
    page = "\ufeff---\nlastmod: 1\n---\nOld body.\n"
    assert with_body(page, NEW_BODY, AS_OF) == (
        "\ufeff---\nlastmod: 2024-06-04T01:02:03Z\n---\nNew body.\n"
    )


def test_a_page_that_ends_with_its_front_matter_gets_a_body() -> None:
    assert with_body("---\nlastmod: 1\n---", NEW_BODY, AS_OF) == (
        "---\nlastmod: 2024-06-04T01:02:03Z\n---\nNew body.\n"
    )


def test_a_key_that_is_new_has_the_line_end_of_the_others() -> None:
    assert with_lastmod("---\r\ntitle: app\r\n---\r\n", AS_OF) == (
        "---\r\ntitle: app\r\nlastmod: 2024-06-04T01:02:03Z\r\n---\r\n"
    )


def test_fixed_values_replace_or_follow_those_of_the_template() -> None:
    values = {"title": 'a "b": c', "date": date(2023, 6, 22), "menu": {"main": [1, None, True]}}
    assert with_values(NEW_FRONT, values) == (
        '---\ntitle: "a \\"b\\": c"\nlastmod: 2024-06-04 01:02:03\n'
        'date: 2023-06-22\nmenu: {"main": [1, null, true]}\n---\n'
    )


@pytest.mark.parametrize("value", ["\n  - a\n  - b", " |\n  a", "\n- a\n- b", " [a,\n  b]"])
def test_a_template_s_value_over_several_lines_cannot_be_replaced(value: str) -> None:
    with pytest.raises(TagpagesError, match="cannot set `tags`"):
        with_values(f"---\ntags:{value}\ntoc: true\n---\n", {"tags": ["c"]})


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda values: st.lists(values) | st.dictionaries(TEXTS, values),
    max_leaves=6,
)


@given(VALUES)
def test_a_value_is_read_back_from_its_line(value: object) -> None:
    line = yaml_value(value)
    assert "\n" not in line
    assert "{{" not in line.replace("{{}", "")
    assert yaml.safe_load(line) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", '"plain"'),
        ("😀\nnext\x7f\x85", '"😀\\nnext\\U0000007f\\U00000085"'),
        ("{{< tabs >}}", '"{\\u007b< tabs >}}"'),
        (datetime(2024, 6, 3, 0, 46, 8, tzinfo=UTC), "2024-06-03T00:46:08Z"),
        (datetime(2024, 6, 3, 0, 46, 8), "2024-06-03 00:46:08"),
        (
            datetime(2023, 6, 22, 11, 7, 52, tzinfo=timezone(timedelta(hours=2))),
            "2023-06-22T11:07:52+02:00",
        ),
        (2.5, "2.5"),
    ],
)
def test_a_value_is_written_as_yaml(value: object, text: str) -> None:
    assert yaml_value(value) == text


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("Overview", '"Overview"'),
        ('the "best"', '"the \\"best\\""'),
        ("back\\slash", "`back\\slash`"),
        ("two\nlines", "`two\nlines`"),
    ],
)
def test_a_shortcode_parameter_is_quoted_as_hugo_reads_it(text: str, parameter: str) -> None:
    assert quoted(text) == parameter


RENDERED = """---
title: "app"
date: 2023-06-22T11:07:52+02:00
lastmod: 2024-06-04T01:02:03Z
quoted: ""
date: '2024-06-04'
draft: false
---
"""
NEW_TIMES = st.sampled_from(
    [
        "2024-06-03T00:46:08Z", "2024-06-03 00:46:08", "2024-06-03", "'2024-06-03'",
        '"2024-06-03 00:46:08"', "2024-06-03T06:16:08+05:30", "2024-13-45", "2024-06-03T24:00:00Z",
        "0000-01-01", "yesterday", "[", "", "2024-06-03 # a", "2024-06-03T00:46:08+24:00",
    ]
)  # fmt: skip
PARTS = st.sampled_from(
    ["\n", " ", "lastmod: 1\n", "text: 'a\n", "text: |\n  a\n", "'", "# b\n", "---\n", "[", "\r"]
)


@st.composite
def edited(draw: st.DrawFn, front: str) -> str:
    """The front matter with other times, and perhaps with an edit anywhere."""
    for old in re.findall(r"(?<=: ).*[0-9]{2}.*", front):
        front = front.replace(old, draw(st.just(old) | NEW_TIMES))
    if draw(st.booleans()):
        at = draw(st.integers(4, len(front) - 4))
        front = front[:at] + draw(PARTS) + front[at + draw(st.integers(0, 2)) :]
    return front


def outcome(front: str, rendered: str) -> str:
    try:
        return with_lastmod(front, AS_OF, rendered)
    except TagpagesError as error:
        return f"error: {error}"


@settings(max_examples=1000)
@given(st.data())
def test_front_matter_that_nobody_edited_is_changed_as_if_it_were_parsed(
    data: st.DataObject,
) -> None:
    rendered = data.draw(st.just(RENDERED) | edited(RENDERED))
    assume(not outcome(rendered, "").startswith("error: "))  # the template's is checked to be YAML
    front = data.draw(edited(rendered))
    assert outcome(front, rendered) == outcome(front, "")


def test_a_time_within_a_text_of_the_template_is_no_time_to_change() -> None:
    rendered = "---\ntext: 'a\ndate: 2024-06-03\nb'\nlastmod: 2024-06-03\n---\n"
    front = rendered.replace("date: 2024-06-03", "date: '2024-06-03'")
    assert outcome(rendered, rendered) == rendered.replace(
        "lastmod: 2024-06-03", "lastmod: 2024-06-04 01:02:03"
    )
    assert outcome(front, rendered).startswith("error: the front matter is not valid YAML")


def test_only_front_matter_that_people_edited_is_parsed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = []
    real = YAMLHandler.load

    def load(handler: YAMLHandler, text: str) -> object:
        parsed.append(text)
        return real(handler, text)

    monkeypatch.setattr(YAMLHandler, "load", load)
    names = [f"app-{number}" for number in range(9)]
    site.lists(dict.fromkeys(names, FIRST["app"]))
    site.build()
    assert len(parsed) == 2  # the template's, before and after setting its `lastmod`
    page = site.page("app-4")
    page.write_text(page.read_text().replace("draft: false", "draft: true"))
    site.lists(dict.fromkeys(names, SECOND["app"]))
    parsed.clear()
    site.build("--as-of", "2024-06-04T01:02:03Z")
    assert ["draft: true" in text for text in parsed] == [False, False, True, True]
    assert all("\nlastmod: 2024-06-04T01:02:03Z\n" in site.page(name).read_text() for name in names)


def test_the_front_matter_of_a_new_page_is_what_hugo_wants(site: Site) -> None:
    site.catalog(front_matter={"weight": 5, "layout": "tags"})
    site.lists(FIRST)
    site.build()
    front = frontmatter.load(str(site.page("app"))).metadata
    assert front == {
        "title": "app tags history",
        "description": "Tags of the app image: which digest each points to, and since when",
        "date": datetime(2024, 6, 3, 0, 46, 8, tzinfo=UTC),
        "lastmod": datetime(2024, 6, 3, 0, 46, 8, tzinfo=UTC),
        "draft": False,
        "toc": True,
        "weight": 5,
        "layout": "tags",
    }


def test_a_page_that_cannot_be_changed_fails_alone(site: Site) -> None:
    site.lists(FIRST | {"tool": FIRST["app"]})
    site.build()
    broken = {"app": b"no front matter\n", "tool": b"---\na: \xff\n---\n"}
    for image, text in broken.items():
        site.page(image).write_bytes(text)
    site.lists(SECOND | {"tool": SECOND["app"], "new": FIRST["app"]})
    run = site.run("build")
    assert run.code == 1
    assert f"{site.page('tool')}: not UTF-8" in run.err
    assert f"{site.page('app')}: the page has no YAML front matter" in run.err
    assert {image: site.page(image).read_bytes() for image in broken} == broken
    assert Path(site.page("new")).is_file()
