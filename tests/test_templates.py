"""A site's own templates, file by file, and what is said when one is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from generator.errors import UsageError
from generator.pages.environment import Renderer
from tests.support import ROOT, Listing, Site, digest

NIGHT: Listing = {"app": [("latest", "a", "2024-06-01T10:00:00Z")]}
PACKAGED = (ROOT / "templates" / "tags_history.md.j2").read_text()


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
        "/ref/app/ 4 month\npublic: latest June 1st\nprivate:\n"
    )


def test_a_template_may_use_its_own_and_packaged_ones(site: Site) -> None:
    own_template(site, "Written by us.\n", "footer.md.j2")
    own_template(site, PACKAGED + '{% include "footer.md.j2" %}\n')
    site.build()
    assert site.body("app").endswith("\nWritten by us.\n")


def test_a_folder_of_templates_may_lack_what_is_packaged(site: Site) -> None:
    own_template(site, "unused", "other.md.j2")
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
        ("---\n{{ tables[0].title }}\n", ":2: "),
        ("---\n{{ image | shout }}\n", ":2: No filter named 'shout'."),
        ("---\n{{ image | tags_table(as_of) }}\n", ":2: "),
        ("---\n{% include 'nowhere.j2' %}\n", "there is no template `nowhere.j2`"),
        ("{% include 'tags_history.md.j2' %}\n", "maximum recursion depth exceeded"),
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


def test_a_template_is_compiled_before_anything_is_asked(site: Site) -> None:
    own_template(site, "{% if %}", "retired.md.j2")
    site.raw_listing("public", "broken")
    assert site.run("build").code == 2


def test_windows_line_ends_of_a_template_do_not_reach_the_page(site: Site) -> None:
    own_template(site, "").write_bytes(PACKAGED.replace("\n", "\r\n").encode())
    site.build()
    assert b"\r" not in site.page("app").read_bytes()
    assert digest("a") in site.body("app")


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no template `nowhere`"):
        Renderer(tmp_path).render("nowhere", {"as_of": datetime(2024, 6, 3, tzinfo=UTC)})


def test_the_tabs_of_the_catalog_are_shown_and_the_page_s_own_is_active(site: Site) -> None:
    site.catalog(
        tabs=[
            {"title": 'The "best"', "path": ""},
            {"title": "Tags", "path": "tags_history/"},
        ]
    )
    site.lists(NIGHT)
    site.build()
    assert site.body("app").startswith(
        "\n{{< tabs >}}\n"
        '{{< tab title="The \\"best\\"" active=false url="/ref/app/" >}}\n'
        '{{< tab title="Tags" active=true url="/ref/app/tags_history/" >}}\n'
        "{{</ tabs >}}\n"
    )


def test_a_table_of_another_name_has_a_heading_of_its_own(site: Site) -> None:
    site.catalog(tables=[{"name": "mirror", "source": {"kind": "listing", "path": "public.json"}}])
    site.lists({**NIGHT, "old": [("1", "a", "2024-01-01T00:00:00Z")]})
    site.build()
    assert "\n### Mirror Registry\n\n| Tag (s)   |" in site.body("app")
    assert site.body("old").endswith(
        "\nCurrently, no versions of this image have changed in the last month.\n"
    )
