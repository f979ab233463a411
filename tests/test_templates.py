"""A site's own templates, file by file, and what is said when one is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from generator.errors import UsageError
from generator.jobs.job import Job
from generator.pages.environment import Renderer
from tests.support import ROOT, Listing, Site, as_listing, digest

NIGHT: Listing = {"app": [("latest", "a", "2024-06-01T10:00:00Z")]}
PACKAGED = (ROOT / "generator" / "templates" / "tags_history.md.j2").read_text()


def own_template(
    site: Site, text: str, name: str = "tags_history.md.j2", **catalog: object
) -> Path:
    folder = site.root / "mine"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    site.catalog(templates="mine", **catalog)
    site.lists(NIGHT)
    return folder / name


def test_an_own_template_comes_before_the_packaged_one(site: Site) -> None:
    own_template(
        site,
        "---\ntitle: {{ image | yaml }}\nlastmod: {{ as_of | datetime }}\n---\n"
        "{{ url }} {{ tabs | length }} {{ window.span }}\n"
        "{% for table in tables %}\n"
        "{{ table.name }}:{% for group in table.groups %} {{ group.tags | join(',') }}"
        " {{ group.last_changed | day(as_of) }}{% endfor %}\n\n"
        "{% endfor %}\n",
    )
    site.build()
    assert site.page("app").read_text() == (
        '---\ntitle: "app"\nlastmod: 2024-06-03 00:46:08\n---\n'
        "/ref/app/ 1 month\npublic: latest June 1st\nprivate:\n"
    )


def test_a_template_may_use_its_own_and_packaged_ones(site: Site) -> None:
    own_template(site, "Written by us.\n", "footer.md.j2")
    own_template(site, PACKAGED + '{% include "footer.md.j2" %}\n')
    site.build()
    assert site.body("app").endswith("\nWritten by us.\n")


def test_an_own_tab_bar_is_that_of_all_pages_of_an_image(site: Site) -> None:
    pages = ["overview", "details", "tags_history", "provenance"]
    own_template(site, "Our tabs.\n", "tabs.md.j2", pages=pages)
    site.build()
    files = sorted((site.content / "app").glob("*.md"))
    assert [file.read_text().count("---\nOur tabs.\n") for file in files] == [1, 1, 1, 1]


def test_a_folder_of_templates_may_lack_what_is_packaged(site: Site) -> None:
    own_template(site, "unused", "index.md.j2")
    site.build()
    assert digest("a") in site.body("app")


def test_an_own_retired_template_is_used(site: Site) -> None:
    own_template(site, "---\ntitle: {{ image | yaml }}\n---\nGone.\n", "retired.md.j2")
    site.build()
    site.catalog(templates="mine", retired={"app": {}})
    site.build()
    assert site.body("app") == "Gone.\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\n{% for %}\n", ":2: Expected an expression, got 'end of statement block'"),
        ("---\n\n{{ imgae }}\n", ":3: 'imgae' is undefined"),
        ("---\na: 1\n---\n{{ 1 / 0 }}\n", ":4: division by zero"),
        ("---\n{{ tables[0].heading }}\n", ":2: "),
        ("---\n{{ image | shout }}\n", ":2: No filter named 'shout'."),
        ("---\n{{ image | tags_table(as_of) }}\n", ":2: "),
        ("---\n{% include 'nowhere.j2' %}\n", "there is no template `nowhere.j2`"),
        ("{% include 'tags_history.md.j2' %}\n", "it extends or includes itself"),
        (
            "{% extends 'tags_history.md.j2' %}\n",
            "the packaged template is named `tagpages/tags_history.md.j2`",
        ),
        ("{% extends 'tagpages/nowhere.j2' %}\n", "there is no template `tagpages/nowhere"),
        ("{% extends window.span %}\n", "there is no template `month`"),
        (
            "{# a comment #}\n---\na: 1\ntitle: [x\n---\nBody.\n",
            "template tags_history.md.j2: the front matter is not valid YAML, line 3, 'title: [x'",
        ),
        ("---\n- a\n---\nBody.\n", "the front matter is not a mapping of keys to values"),
        ("---\nlastmod:\n  - 1\n---\nBody.\n", "cannot set `lastmod` in the front matter"),
        ("---\ndate: {{ image }}: x\n---\nBody.\n", "line 2, 'date: app: x': mapping values"),
    ],
)
def test_a_wrong_template_is_named_with_its_line_and_nothing_is_written(
    site: Site, text: str, said: str
) -> None:
    site.lists(NIGHT)
    site.build()
    before = site.tree()
    path = own_template(site, text)
    run = site.run("build", "--as-of", "2024-06-04T00:00:00Z")
    assert (run.code, run.out) == (2, "")
    assert said in run.err
    if said.startswith(":"):
        assert run.err.startswith(f"tagpages: template {path}{said}")
    assert site.tree() == before


def test_front_matter_that_is_wrong_for_one_image_stops_all(site: Site) -> None:
    own_template(site, "---\n{{ 'a: [b' if image == 'tool' else 'a: b' }}\n---\nBody.\n")
    site.lists(dict.fromkeys(("app", "tool", "zoo"), NIGHT["app"]))
    run = site.run("build")
    assert run.code == 2
    assert "the front matter is not valid YAML, line 2, 'a: [b'" in run.err
    assert not site.content.exists()


def test_a_template_that_is_not_utf_8_is_named(site: Site) -> None:
    own_template(site, "").write_bytes(b"---\n\xff\n---\n")
    run = site.run("build")
    assert run.code == 2
    assert run.err.startswith("tagpages: template tags_history.md.j2: 'utf-8' codec")


def test_a_folder_of_templates_that_is_not_there_is_a_mistake(site: Site) -> None:
    site.catalog(templates="nowhere")
    run = site.run("build")
    assert run.code == 2
    assert run.err == (
        f"tagpages: {site.catalog_file}: `templates`: {site.root / 'nowhere'} is no folder\n"
    )


@pytest.mark.parametrize("text", ["Only text.\n", "---\ndate:\n  - 1\n---\n", "{{ nothing }}"])
def test_a_mistake_in_a_template_leaves_no_folder_behind(site: Site, text: str) -> None:
    own_template(site, text, front_matter={"date": "2023-06-22"}, content="deep/down")
    run = site.run("build")
    assert run.code == 2
    assert run.err.startswith("tagpages: template ")
    assert "tags_history.md.j2" in run.err
    assert not (site.root / "deep").exists()


def test_a_template_is_compiled_before_anything_is_asked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError

    own_template(site, "{% if %}", "retired.md.j2")
    monkeypatch.setattr("generator.jobs.build.collect", asked)
    assert site.run("build").code == 2


def test_windows_line_ends_of_a_template_do_not_reach_the_page(site: Site) -> None:
    own_template(site, "").write_bytes(PACKAGED.replace("\n", "\r\n").encode())
    site.build()
    assert b"\r" not in site.page("app").read_bytes()
    assert digest("a") in site.body("app")


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no template `nowhere`"):
        Renderer(tmp_path).render("nowhere", {"as_of": datetime(2024, 6, 3, tzinfo=UTC)})


def test_a_template_that_extends_the_packaged_one_replaces_blocks_of_it(site: Site) -> None:
    own_template(
        site,
        '{% extends "tagpages/tags_history.md.j2" %}\n'
        "{% block intro %}\nOur words.\n{% endblock %}\n"
        "{% block table %}\n### {{ table.name }}: {{ table.groups | length }}\n{% endblock %}\n",
    )
    site.build()
    assert site.page("app").read_text() == (
        "---\n"
        'title: "app tags history"\n'
        'description: "Tags of the app image: which digest each points to, and since when"\n'
        "date: 2024-06-03T00:46:08Z\n"
        "lastmod: 2024-06-03T00:46:08Z\n"
        "draft: false\n"
        "toc: true\n"
        "---\n"
        "\n"
        "Our words.\n"
        "\n"
        "### public: 1\n"
        "\n"
        "### private: 0\n"
    )


def test_every_block_of_the_packaged_template_can_be_replaced_alone(site: Site) -> None:
    blocks = re.findall(r"{% block (\w+)", PACKAGED)
    assert blocks == ["front_matter", "tabs", "intro", "table"]
    pages = set()
    for block in blocks:
        own = "{% block " + block + " %}\nours: yes\n{% endblock %}\n"
        own_template(site, '{% extends "tagpages/tags_history.md.j2" %}\n' + own)
        site.build("--content", site.root / block)
        pages.add((site.root / block / "app" / "tags_history.md").read_text())
    assert len(pages) == len(blocks)
    assert all("ours: yes\n" in page for page in pages)


def test_the_packaged_templates_cannot_be_hidden_by_a_folder_of_their_name(site: Site) -> None:
    own_template(site, '{% extends "tagpages/tags_history.md.j2" %}\n')
    (site.root / "mine" / "tagpages").mkdir()
    (site.root / "mine" / "tagpages" / "tags_history.md.j2").write_text("not this one")
    site.build()
    assert digest("a") in site.body("app")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% extends 'middle.md.j2' %}", "there is no template `tagpages/nowhere`"),
        ("{% extends 'broken.md.j2' %}", "broken.md.j2:1: "),
    ],
)
def test_what_a_template_extends_is_compiled_before_anything_is_asked(
    site: Site, text: str, said: str
) -> None:
    own_template(site, text)
    own_template(site, "{% extends 'tagpages/nowhere' %}", "middle.md.j2")
    own_template(site, "{% if %}", "broken.md.j2")
    site.raw_listing("public", "broken")
    run = site.run("build")
    assert run.code == 2
    assert said in run.err


def test_the_packaged_page_has_neutral_words_and_one_blank_line_between_its_parts(
    site: Site,
) -> None:
    tables = [
        {
            "name": "public",
            "title": "Public *registry*",
            "text": "Two paragraphs,\n\nthis is the second.\n",
            "source": {"kind": "listing", "path": "public.json"},
        },
        "private",
        {"name": "old_mirror", "source": {"kind": "listing", "path": "old.json"}},
    ]
    site.catalog(tables=tables, older="hide")
    site.lists(NIGHT)
    site.raw_listing("old", as_listing({"app": [("1", "b", "2024-01-01T00:00:00Z")]}))
    site.build()
    assert (
        site.body("app")
        == f"""
Each row is one digest, with the tags that point to it and the day when the newest of them last \
changed. Tags move to other digests over time: to get the very same image every time, pin its \
digest.

Digests whose tags have not changed in the last month are not listed.

## Public *registry*

Two paragraphs,

this is the second.

| Tag (s)   | Last Changed | {"Digest":<73} |
|-----------|--------------|{"-" * 75}|
|  `latest` | June 1st     | `{digest("a")}` |

## Private

There is no tag of this image.

## Old mirror

No tag of this image has changed in the last month.

1 older tag is not listed.
"""
    )


def test_a_page_without_a_window_says_nothing_of_one(site: Site) -> None:
    site.catalog(window="off")
    site.lists(NIGHT)
    site.build()
    assert "not listed" not in site.body("app")


def test_the_sample_s_page_of_a_retired_image_has_its_front_matter(site: Site) -> None:
    site.lists(NIGHT)
    site.build()
    site.page("app").unlink()
    site.catalog(templates=str(ROOT / "templates"), retired={"app": {}})
    site.build()
    assert site.page("app").read_text() == (
        "---\n"
        'title: "app is retired"\n'
        'type: "article"\n'
        "unlisted: true\n"
        'description: "The app image is retired"\n'
        "date: 2024-06-03 00:46:08\n"
        "lastmod: 2024-06-03 00:46:08\n"
        "draft: false\n"
        "retired: true\n"
        "---\n"
        "\n"
        "This image is retired since June 3rd, 2024: it gets no new tags, and its tags are not"
        " listed here any more.\n"
    )


def test_what_ships_names_no_vendor() -> None:
    packaged = [path.read_text() for path in (ROOT / "generator" / "templates").iterdir()]
    assert len(packaged) >= 5
    for text in packaged:
        words = re.sub(r"{{.*?}}|{%.*?%}", "", text)
        assert not re.search(r"chainguard|fips|wolfi|registry|https?:", words, re.IGNORECASE)


def bar(site: Site, **catalog: object) -> str:
    """The first line of a page's body that says anything."""
    site.catalog(**catalog)
    site.lists(NIGHT)
    site.build()
    return site.body("app").strip().partition("\n")[0]


def test_without_tabs_in_the_catalog_one_page_has_no_tab_bar(site: Site) -> None:
    assert bar(site).startswith("Each row is one digest")


def test_the_tabs_of_the_catalog_are_the_whole_bar_of_plain_links(site: Site) -> None:
    tabs = [
        {"title": "The [b*st]", "path": ""},
        {"title": "Tags", "path": "tags_history/"},
        {"title": "Packages", "url": "/packages/#all"},
        {"title": "Scans", "url": "https://scans.example.com/{image}?q={image}"},
    ]
    assert bar(site, tabs=tabs) == (
        "[The &#91;b\\*st&#93;](/ref/app/) · **Tags** · [Packages](/packages/#all)"
        " · [Scans](https://scans.example.com/app?q=app)"
    )


def test_a_tab_whose_url_is_the_page_s_own_is_the_active_one(site: Site) -> None:
    tabs = [
        {"title": "Tags", "url": "/ref/{image}/tags_history/"},
        {"title": "Old site", "url": "https://old.example.com/ref/{image}/tags_history/"},
    ]
    assert bar(site, tabs=tabs) == (
        "**Tags** · [Old site](https://old.example.com/ref/app/tags_history/)"
    )


def test_by_default_the_bar_has_the_pages_that_the_catalog_names(site: Site) -> None:
    job = Job(site.catalog_file, {})
    assert [(tab.title, tab.path) for tab in job.tabs] == [("Tags History", "tags_history/")]


def test_an_empty_list_of_tabs_is_no_bar(site: Site) -> None:
    assert bar(site, tabs=[]).startswith("Each row is one digest")


def test_a_template_is_told_where_each_table_s_image_is_pulled_from(site: Site) -> None:
    listing = {"kind": "listing", "path": "public.json"}
    tables = [
        {"name": "unknown", "source": listing},
        {"name": "said", "source": listing | {"registry": "r.example.com:5000"}},
        {
            "name": "team",
            "source": listing | {"registry": "https://r.example.com", "repository": "a/{image}"},
        },
    ]
    overrides = {"tool": {name: {"repository": "other/tool"} for name in ("said", "team")}}
    pull = "{% for table in tables %}{{ table.registry }}/{{ table.repository }}\n{% endfor %}"
    own_template(site, f"---\na: 1\n---\n{pull}", tables=tables, images={"overrides": overrides})
    site.lists(NIGHT | {"other/tool": NIGHT["app"]})
    site.build()
    assert site.body("app") == "/\nr.example.com:5000/app\nr.example.com/a/app\n"
