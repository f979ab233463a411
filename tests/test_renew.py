"""`render --front-matter`: the template's front matter again, with what people added to it."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.content.renew import renewed
from generator.errors import TagpagesError
from tests.support import Listing, Site, digest, stamps_of

NIGHT: Listing = {
    "app": [("latest", "a", "2024-06-01T10:00:00Z")],
    "tool": [("latest", "a", "2024-06-01T10:00:00Z")],
}
RENDERED = """---
# the template's
title: "app"
date: 2024-06-04T01:02:03Z
lastmod: 2024-06-04T01:02:03Z
tags: ["a", "b"]
---
"""


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("title: mine\ntags: []\n", 'title: "app"\ndate: 2024-06-04T01:02:03Z\nlastmod: 2024'),
        ("date: 2023-01-01\n", "date: 2023-01-01\n"),
        ("lastmod:   '2024-06-03'  # ours\n", "lastmod:   '2024-06-03'  # ours\n"),
        ("weight: 7\n", "weight: 7\n"),
        ("params:\n  a:\n    - 1\n  # b\ntitle: x\n", "params:\n  a:\n    - 1\n  # b\n"),
        ("text: |\n  # in it\n\n  b\nlast: >-\n  c\n", "text: |\n  # in it\n\n  b\nlast: >-\n"),
        ("title: x\n\n# a\n\n# of b\nb: 1 # b\n# end\n", "\n# a\n\n# of b\nb: 1 # b\n# end\n"),
        ("# of the title\ntitle: x\nb: 1\n", "b: 1\n"),
        ("größe: 'Ä 😀'\ntitle: 'Ö 😀'\nß: \"ü\"\n", "größe: 'Ä 😀'\nß: \"ü\"\n"),
        ("'quoted key': 1\n? asked\n: 2\n", "'quoted key': 1\n? asked\n: 2\n"),
        ("title: [x,\n  y]\ntags:\n- a\n- b\nmore:\n- c\n", "more:\n- c\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_the_template_s_keys_are_renewed_and_added_ones_stay_as_they_are(
    page: str, expected: str, newline: str
) -> None:
    text = renewed(f"\ufeff---\n{page}---  \n".replace("\n", newline), RENDERED)
    assert text.startswith(f"\ufeff---{newline}")
    assert text.endswith(f"---  {newline}")
    assert text.count("\n") == text.count(newline)
    lines = text.replace("\r\n", "\n")
    assert expected in lines
    assert '# the template\'s\ntitle: "app"\n' in lines
    assert '\ntags: ["a", "b"]\n' in lines
    kept = yaml.safe_load(page)
    assert yaml.safe_load(lines.strip("\ufeff -\n")) == {
        **kept,
        **yaml.safe_load(RENDERED.strip("-\n")),
        **{key: kept[key] for key in ("date", "lastmod") if key in kept},
    }


def test_the_order_is_the_template_s_and_added_keys_follow() -> None:
    page = "---\nz: 1\nlastmod: 2024-06-03\n# of the date\ndate: 2023-01-01\na: 2\n---\n"
    assert renewed(page, RENDERED) == (
        '---\n# the template\'s\ntitle: "app"\n'
        "# of the date\ndate: 2023-01-01\nlastmod: 2024-06-03\n"
        'tags: ["a", "b"]\nz: 1\na: 2\n---\n'
    )


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("{title: x, mine: 1}\n", "cannot renew the front matter"),
        ("  title: x\n  mine: 1\n", "cannot renew the front matter"),
        ("title: &x y\nmine: *x\n", "cannot renew the front matter"),
        ("title: [\n", "not valid YAML"),
        ("- title\n", "not a mapping"),
    ],
)
def test_front_matter_that_cannot_be_renewed_is_an_error(page: str, said: str) -> None:
    with pytest.raises(TagpagesError, match=said):
        renewed(f"---\n{page}---\n", RENDERED)


KEYS = st.sampled_from(["title", "date", "lastmod", "tags", "mine", "größe", "q q"])
VALUES = st.sampled_from([1, "a: b", "two\nlines\n", ["a", {"b": None}], {"c": ["d"]}, "", "# x"])
STYLES = st.sampled_from(["|", ">", '"', "'", None])


@given(st.dictionaries(KEYS, VALUES, min_size=1), STYLES, st.booleans(), st.integers(1, 4))
def test_renewed_front_matter_stays_so(
    values: dict[str, object], style: str | None, flow: bool, indent: int
) -> None:
    page = yaml.safe_dump(
        json.loads(json.dumps(values)),  # no object twice: it would be an alias
        default_style=style,
        default_flow_style=flow,
        indent=indent,
        allow_unicode=True,
        sort_keys=False,
    )
    try:
        once = renewed(f"---\n{page}---\n", RENDERED)
    except TagpagesError:
        assert flow
        return
    assert renewed(once, RENDERED) == once


def edit(site: Site, image: str, old: str, new: str) -> str:
    page = site.page(image)
    text = page.read_text()
    assert old in text
    page.write_text(text.replace(old, new))
    return page.read_text()


def own_front_matter(site: Site, lines: str) -> None:
    (site.root / "mine").mkdir(exist_ok=True)
    block = "{% block front_matter %}\n" + lines + "{% endblock %}\n"
    extends = '{% extends "tagpages/tags_history.md.j2" %}\n'
    (site.root / "mine" / "tags_history.md.j2").write_text(extends + block)
    site.catalog(templates="mine", front_matter={"weight": 7})


TIMES = "date: {{ as_of | yaml }}\nlastmod: {{ as_of | yaml }}\n"


def test_on_request_the_front_matter_of_existing_pages_is_renewed(site: Site) -> None:
    site.lists(NIGHT)
    site.build()
    before = edit(site, "app", "draft: false\n", "draft: true\n# mine\nauthor: me\n")
    own_front_matter(site, 'title: {{ ("Tags of " ~ image) | yaml }}\n' + TIMES + "draft: false\n")
    assert site.run("render").code == 0
    assert site.page("app").read_text() == before
    run = site.run("render", "--front-matter", "--as-of", "2024-06-04T00:00:00Z")
    assert (run.code, run.out) == (0, "")
    assert "2 changed" in run.err
    assert site.page("app").read_text() == (
        '---\ntitle: "Tags of app"\ndate: 2024-06-03T00:46:08Z\nlastmod: 2024-06-03T00:46:08Z\n'
        "draft: false\nweight: 7\n"
        # what the first template had is as good as added: nobody knows who wrote it
        'description: "Tags of the app image: which digest each points to, and since when"\n'
        "# mine\nauthor: me\ntoc: true\n---\n" + site.body("app")
    )
    assert site.body("app") == before.split("\n---\n", 1)[1]
    stamps = stamps_of(site.content)
    assert site.run("render", "--front-matter").code == 0
    assert stamps_of(site.content) == stamps
    assert site.run("check").code == 0


def test_renewed_front_matter_moves_lastmod_only_with_the_body(site: Site) -> None:
    site.lists(NIGHT)
    site.build()
    own_front_matter(site, "title: new\n" + TIMES)
    edit(site, "app", digest("a"), digest("b"))
    site.run("render", "--front-matter", "--as-of", "2024-06-04T00:00:00Z")
    for image, lastmod in {"app": "2024-06-04T00:00:00Z", "tool": "2024-06-03T00:46:08Z"}.items():
        text = site.page(image).read_text()
        assert text.startswith(f"---\ntitle: new\ndate: 2024-06-03T00:46:08Z\nlastmod: {lastmod}\n")
        assert digest("a") in text


def test_a_page_whose_front_matter_cannot_be_renewed_fails_alone(site: Site) -> None:
    site.lists(NIGHT)
    site.build()
    site.page("app").write_text(before := "---\n{title: app, mine: 1}\n---\n" + site.body("app"))
    own_front_matter(site, "title: new\n" + TIMES)
    assert site.run("render").code == 0
    run = site.run("render", "--front-matter")
    assert run.code == 1
    assert "cannot renew the front matter: write each key plainly, on lines of its own" in run.err
    assert site.page("app").read_text() == before
    assert site.page("tool").read_text().startswith("---\ntitle: new\n")
