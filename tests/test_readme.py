"""What a README becomes on its page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.catalog.readmes import Readmes
from generator.pages.readme import readme_markdown
from generator.pages.readme_inline import PARSED_LIMIT

BASE = "https://git.example.com/team/{image}/blob/main/docs/"


def shown(text: str, image: str = "app", **rules: object) -> str:
    return readme_markdown(text, image, Readmes(**rules))  # type: ignore[arg-type] # any of them


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, and *some* **marked** ~~ones~~ with `code`.",
        "- one\n- two\n  1. deep\n  2. down",
        "- loose\n\n- list",
        "3. three\n4. four",
        "> said\n>\n> twice",
        "| a | b |\n| :-- | --: |\n| 1 | `x` |",
        "```sh\ndocker run app\n```",
        "[docs](https://docs.example.com/a?b=1#c) and <https://example.com>",
        "![logo](https://example.com/logo.png)",
        "[![state](https://example.com/state.svg)](https://example.com)",
        "one\\\ntwo",
        "___",
        "[mail](mailto:me@example.com)",
        '[titled](https://example.com "a title")',
    ],
)
def test_usual_markdown_stays_as_it_is(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{< x >}} {{% y %}}", r"\{\{\< x \>\}\} \{\{% y %\}\}"),
        ("{{</* x */>}}", r"\{\{\</\* x \*/\>\}\}"),
        ("`{{< x >}}`", r"\{`{< x >}}`"),
        ("`a {{% b` c", r"`a `\{`{% b` c"),
        ("`{{{< a`", r"`{`\{`{< a`"),
        ("```\n{{< a >}}\n  b\n```", "\\{`{< a >}}`\\\n`\u00a0\u00a0b`"),
        ("```go\n{{ .Values.x }}\n```", "```go\n{{ .Values.x }}\n```"),
        ("<!-- {{< c >}} -->", r"\<!\-- \{\{\< c \>\}\} \--\>"),
        ("a\n<!--more-->\nb", "a\n\n\\<!\\--more\\--\\>\n\nb"),
        ("`<!--more-->`", r"\<`!--more-->`"),
        (
            '[t](https://a.example "{{< t >}}")',
            r'[t](https://a.example "\{\{\< t \>\}\}")',
        ),
        (
            "[{{< t >}}](https://a.example/{{<x>}})",
            r"[\{\{\< t \>\}\}](https://a.example/%7B%7B%3Cx%3E%7D%7D)",
        ),
        (
            "| {{< a >}} |\n| --- |\n| `{{% b \\| c` |",
            "| \\{\\{\\< a \\>\\}\\} |\n| --- |\n| \\{`{% b `\\|` c` |",
        ),
        ("{{&lt; x", r"\{\{\< x"),
    ],
)
def test_hugo_s_delimiters_are_shown_as_they_are_written(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert "{{<" not in expected
    assert "{{%" not in expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Heading {#id .class}", r"Heading \{\#id .class\}"),
        ("Term\n: told", "Term\n\\: told"),
        ("note[^1]\n\n[^1]: told here", "note&#91;^1&#93;\n\n&#91;^1&#93;: told here"),
        ("a -- b ... c", r"a \-- b \... c"),
        (r"$$<b>$$ \[<b>\] \(<b>\) $<b>$", r"\$\$\<b\>\$\$ &#91;\<b\>&#93; (\<b\>) \$\<b\>\$"),
        ("ftp://example.com", r"ftp\://example.com"),
        ("see https://example.com/a_b.", "see <https://example.com/a_b>."),
        ("\\![x](https://a.example)", r"\![x](https://a.example)"),
        ("<b>bold</b> &amp; &lt;i&gt;", r"\<b\>bold\</b\> \& \<i\>"),
        ("<div>\n\n1. x\n\n</div>", "\\<div\\>\n\n1. x\n\n\\</div\\>"),
        ("&#32;&#32;&#32;&#32;&#35; no heading", r"\# no heading"),
        ("a&#10;- b", "a - b"),
        ("1986\\. A great year", "1986\\. A great year"),
        ("```goat\n+-+\n```", "```\n+-+\n```"),
        ("```go {hl_lines=[1]}\nx\n```", "```go\nx\n```"),
        ("a\u202eb\u0000c\u200bd\x1b[0m &#8238;", r"abcd&#91;0m "),
    ],
)
def test_what_the_two_parsers_could_read_differently_is_text(text: str, expected: str) -> None:
    assert shown(text) == expected.strip()


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#115;cript:alert(1)",
        "java&Tab;script:alert(1)",
        "&#1;javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "data:image/svg+xml,x",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.com",
        "//example.com",
        "http:/example.com",
        "docs/x.md",
        "#below",
        "",
    ],
)
def test_only_http_https_and_mailto_lead_anywhere(address: str) -> None:
    text = (
        f"[a]({address}) [b](<{address}>) ![c]({address}) <{address}> [d]\n\n"
        f'[d]: {address}\n[e]: <{address}> "t"\n\n[e][] [f][d]'
    )
    written = shown(text)
    assert "](" not in written
    assert not [at for at in range(len(written)) if written[at] == "<" and written[at - 1] != "\\"]


def test_relative_links_and_pictures_lead_to_where_the_readme_comes_from() -> None:
    text = "[a](x.md) [b](../y.md#z) ![c](p.png) [d](/root) [e](#f) [g](//cdn.example.com/h)"
    assert shown(text, links=BASE) == (
        "[a](https://git.example.com/team/app/blob/main/docs/x.md) "
        "[b](https://git.example.com/team/app/blob/main/y.md#z) "
        "![c](https://git.example.com/team/app/blob/main/docs/p.png) "
        "[d](https://git.example.com/root) "
        "[e](https://git.example.com/team/app/blob/main/docs/#f) g"
    )
    pictures = shown("![c](p.png)", links=BASE, images="https://raw.example.com/{image}/")
    assert pictures == "![c](https://raw.example.com/app/p.png)"


def test_relative_links_of_unknown_origin_are_text() -> None:
    assert shown("[the *docs*](docs/x.md) ![a picture](p.png)") == "the *docs* a picture"


@pytest.mark.parametrize(
    "front",
    [
        "---\ntitle: x\n---\n",
        "---\n# said\n\ntitle: {{< x >}}\nlist:\n  - a\n---\n",
        '---\n"quoted": 1\n---\n',
        "+++\ntitle = 'x'\n[menu]\n+++\n",
        '{"title": "x", "deep": {"a": [1]}}\n',
        "\ufeff---\ntitle: x\n---\n",
        "---\na: &a [x]\nb: &b [*a, *a]\nc: [*b, *b, *b]\n---\n",
    ],
)
def test_front_matter_at_the_beginning_is_removed(front: str) -> None:
    assert shown(f"{front}\nThe text.") == "The text."


@pytest.mark.parametrize(
    "text",
    ["---\n\nJust a rule.\n\n---\n", "---\ntitle: never ends\n", "+++\nwhat\n+++\n", "{not json}"],
)
def test_what_only_looks_like_front_matter_stays(text: str) -> None:
    assert [word for word in ("rule", "never", "what", "not") if word in shown(text)]


@pytest.mark.parametrize(
    "title", ["# App", "App\n===", "# The `app` Image", "## [app](https://x.example)", "# APP 🐳"]
)
def test_a_first_heading_that_repeats_the_title_is_removed(title: str) -> None:
    assert shown(f"Badge\n\n{title}\n\nText") == "Badge\n\nText"


@pytest.mark.parametrize("title", ["# App server", "# Usage\n\n# App"])
def test_any_other_first_heading_stays(title: str) -> None:
    assert shown(title).startswith("### ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# a\n\n## b\n\n###### c", "### a\n\n#### b\n\n###### c"),
        ("## a\n\nb\n---", "### a\n\n### b"),
        ("#### a", "#### a"),
        ("##### a\n\n# b", "###### a\n\n### b"),
        ("> # a\n\n- # b", "> ### a\n\n- ### b"),
        ("Two\nlines\n===", "### Two lines"),
    ],
)
def test_headings_lie_below_those_of_the_page(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_html_is_kept_where_the_catalog_says_so_but_for_shortcodes() -> None:
    text = '<p align="center">\n{{< x >}}\n</p>\n\na <kbd>b</kbd> c <!--more--> <!-- d -->'
    assert shown(text, html="keep") == (
        '<p align="center">\n&#123;{< x >}}\n</p>\n\na <kbd>b</kbd> c &#60;!--more--> <!-- d -->'
    )


def test_marked_sections_are_replaced_and_removed() -> None:
    text = (
        "# App\n\n<!--get:start-->\nOld {{< way >}}\n\n## More\n<!--get:end-->\n"
        "<!--ad:start-->\nBuy!\n<!--ad:end-->\n<!--body:start-->\nText\n<!--body:end-->\n"
    )
    sections = {"get": "## Get it\n\n{{% pull %}}\n", "ad": "", "other": "never"}
    assert shown(text, sections=sections) == "## Get it\n\n{{% pull %}}\n\nText"
    assert shown(text) == "Old \\{\\{\\< way \\>\\}\\}\n\n### More\n\nBuy!\n\nText"


def test_a_section_without_its_end_is_none() -> None:
    assert shown("<!--get:start-->\nText", sections={"get": "no"}) == "Text"
    assert shown("<!--get:end-->\n\na\n\n<!--get:start-->", sections={"get": "no"}) == "a"


def test_a_readme_without_text_is_none() -> None:
    assert (
        shown("# App\n\n<!--x:start-->\n<!--x:end-->\n\n```\n```\n\n[a]: https://b.example") == ""
    )


@pytest.mark.parametrize(
    "text",
    ["[" * 1_000_000, "![a](" * 200_000, "*a **b " * 140_000, "> " * 500_000, "- " * 500_000],
    ids=["brackets", "pictures", "stars", "quotes", "lists"],
)
def test_a_line_of_a_million_signs_is_text(text: str) -> None:
    written = shown(text)
    assert "](" not in written
    assert len(written) <= 5 * len(text)


def test_beyond_a_limit_the_rest_is_text() -> None:
    paragraphs = ["*word*" + " x" * 1_000] * (PARSED_LIMIT // 1_000)
    written = shown("\n\n".join(paragraphs)).split("\n\n")
    assert written[0].startswith("*word* x")
    assert written[-1].startswith(r"\*word\* x")


@given(st.text(alphabet=st.sampled_from("{<%/*>}`~_#-+=|[]()!\\:.1 \nab\t&;\"'"), max_size=60))
def test_nothing_that_hugo_reads_is_ever_written(text: str) -> None:
    for written in (shown(text), shown(text, html="keep")):
        assert not [sign for sign in ("{{<", "{{%", "<!--more-->") if sign in written]


@given(st.text(alphabet=st.sampled_from("*_`~#->|[]()!1. \nab"), max_size=60))
def test_what_is_written_reads_as_the_same_the_second_time(text: str) -> None:
    once = shown(text)
    assert shown(once) == once
