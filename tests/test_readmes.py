"""READMEs from night to night: where they come from, what is kept of them, what is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.sources.base import README_LIMIT
from tests.support import Listing, Site, as_listing, body_of

NIGHT: Listing = {"app": [("latest", "a", "2024-06-01T10:00:00Z")]}
README = "# App\n\nIt runs *fast*.\n\n## Use\n\nJust run it."
SHOWN = "\n## About this image\n\nIt runs *fast*.\n\n### Use\n\nJust run it.\n"


def lists(site: Site, readme: str | None, table: str = "public", image: str = "app") -> None:
    """A listing in which the image has that README, and another one has one too."""
    entries: list[dict[str, Any]] = as_listing({image: NIGHT["app"], "web": NIGHT["app"]})
    if readme is not None:
        entries[0]["repo"]["readme"] = readme
    entries[1]["repo"]["readme"] = "The web."
    site.raw_listing(table, entries)


def overview(site: Site, image: str = "app") -> str:
    return body_of((site.content / image / "_index.md").read_text())


def state(site: Site) -> Any:
    file = site.content / "app" / "details.json"
    return json.loads(file.read_text()).get("readme") if file.exists() else None


@pytest.fixture
def told(site: Site) -> Site:
    """A site whose first night had a README."""
    site.catalog(pages=["overview", "tags_history"], tables=["public"])
    lists(site, README)
    site.build()
    return site


def on(site: Site, night: int, *args: str) -> tuple[int, str]:
    """A build in a later night; what it said."""
    report = site.root / "report.md"
    run = site.run("build", "--as-of", f"2024-06-{night:02}T00:46:08Z", "--report", report, *args)
    return run.code, report.read_text() + run.err


def test_a_readme_ends_the_first_page_and_is_kept_line_by_line(told: Site) -> None:
    assert overview(told).endswith(SHOWN)
    assert state(told) == {"table": "public", "text": README.split("\n")}
    lines = (told.content / "app" / "details.json").read_text().splitlines()
    assert '      "It runs *fast*.",' in lines


def test_render_and_check_need_no_source(told: Site) -> None:
    (told.root / "public.json").unlink()
    assert told.run("check").code == 0
    (told.content / "app" / "_index.md").unlink()
    assert told.run("render").code == 0
    assert overview(told).endswith(SHOWN)


def test_a_readme_travels_in_the_answers(site: Site) -> None:
    site.catalog(pages=["overview"], tables=["public"])
    lists(site, README)
    answers = site.root / "night.jsonl.gz"
    assert site.run("collect", "--out", answers).code == 0
    (site.root / "public.json").unlink()
    site.build("--answers", answers)
    assert overview(site).endswith(SHOWN)


def test_a_readme_that_nobody_shows_is_not_asked_for(site: Site) -> None:
    site.catalog(pages=["tags_history"], tables=["public"])
    lists(site, README)
    site.build()
    assert state(site) is None


def test_the_first_table_with_a_readme_has_the_word(site: Site) -> None:
    site.catalog(pages=["overview"])
    lists(site, "")
    lists(site, "Private words.", "private")
    site.build()
    assert overview(site).endswith("\n## About this image\n\nPrivate words.\n")
    lists(site, "Public words.")
    site.build()
    assert overview(site).endswith("\n## About this image\n\nPublic words.\n")


def test_a_readme_in_the_catalog_s_folder_wins(told: Site) -> None:
    told.catalog(pages=["overview"], tables=["public"], readmes={"folder": "own"})
    (told.root / "own").mkdir()
    (told.root / "own" / "app.md").write_text("Our own words: {{< x >}}")
    assert told.run("render").code == 0
    assert overview(told).endswith("\nOur own words: \\{\\{\\< x \\>\\}\\}\n")
    assert overview(told, "web").endswith("\nThe web.\n")
    assert state(told)["text"] == README.split("\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\xff", "not UTF-8"),
        (b"x" * (README_LIMIT + 1), "the README has 1,048,577 bytes, and the limit is 1,048,576"),
    ],
)
def test_a_readme_of_one_s_own_that_cannot_be_shown_costs_its_image_alone(
    told: Site, text: bytes, said: str
) -> None:
    told.catalog(pages=["overview"], tables=["public"], readmes={"folder": "own"})
    (told.root / "own").mkdir()
    (told.root / "own" / "app.md").write_bytes(text)
    (told.root / "own" / "web.md").write_text("Ours.")
    code, report = on(told, 3)
    assert code == 1
    assert f"own/app.md: {said}" in report
    assert overview(told).endswith(SHOWN)
    assert overview(told, "web").endswith("\nOurs.\n")


def test_a_folder_that_is_not_there_is_a_mistake(told: Site) -> None:
    told.catalog(pages=["overview"], tables=["public"], readmes={"folder": "own"})
    run = told.run("build")
    assert run.code == 2
    assert "`readmes.folder`" in run.err


def test_a_readme_beyond_the_limit_is_told_and_the_known_one_stands(told: Site) -> None:
    lists(told, "x" * (README_LIMIT + 1))
    code, said = on(told, 4)
    assert code == 0
    assert "the README could not be had: the README has 1,048,577 bytes" in said
    assert overview(told).endswith(SHOWN)


def test_an_empty_readme_is_held_like_a_table_until_it_is_believed(told: Site) -> None:
    lists(told, "")
    for night in (4, 5):
        code, said = on(told, night)
        assert code == 1
        assert (
            f"`app`: README: `the README is empty, or gone`; since 2024-06-04 (night {night - 3})"
            in said
        )
        assert "believed on 2024-06-06 if it stays so" in said
        assert overview(told).endswith(SHOWN)
    code, said = on(told, 6)
    assert code == 0
    assert "`app`: README: `the README is empty, or gone; the same 3 nights in a row`" in said
    assert "About this image" not in overview(told)
    assert state(told) is None


@pytest.mark.parametrize("readme", ["", None], ids=["empty", "left out"])
def test_a_held_readme_is_believed_when_a_person_says_so(told: Site, readme: str | None) -> None:
    lists(told, readme)
    _, said = on(told, 4)
    mark = said.partition("--accept-loss app@")[2][:6]
    assert on(told, 4, "--accept-loss", "app@000000")[0] == 1
    assert on(told, 4, "--accept-loss", f"app@{mark}")[0] == 0
    assert "About this image" not in overview(told)


def test_any_loss_of_an_image_may_be_believed(told: Site) -> None:
    lists(told, "")
    assert on(told, 4, "--accept-any-loss", "app")[0] == 0
    assert state(told) is None


def test_a_readme_that_comes_back_ends_its_hold(told: Site) -> None:
    lists(told, "")
    assert on(told, 4)[0] == 1
    lists(told, "Back again.")
    assert on(told, 5)[0] == 0
    assert overview(told).endswith("\nBack again.\n")
    assert "README" not in (told.content / "build.json").read_text().partition('"standing"')[0]


def test_a_listing_that_has_lost_all_readmes_is_held_for_each_image(told: Site) -> None:
    told.raw_listing("public", as_listing({"app": NIGHT["app"], "web": NIGHT["app"]}))
    code, said = on(told, 4)
    assert code == 1
    assert said.count("README: `the README is empty, or gone`") == 4
    assert overview(told).endswith(SHOWN)


def test_a_hold_waits_while_the_source_says_nothing(told: Site) -> None:
    lists(told, "")
    assert on(told, 4)[0] == 1
    (told.root / "public.json").write_text("[")
    assert on(told, 5)[0] == 1
    assert overview(told).endswith(SHOWN)
    lists(told, "")
    code, said = on(told, 6)
    assert code == 1
    assert "(night 2)" in said


def test_a_run_about_another_image_keeps_a_hold(told: Site) -> None:
    lists(told, "")
    on(told, 4)
    assert on(told, 4, "--only", "web")[0] == 0
    assert '"README:app"' in (told.content / "build.json").read_text()


def test_what_the_catalog_says_of_readmes_is_done(told: Site) -> None:
    rules = {"sections": {"use": "## Ours"}, "links": "https://git.example.com/{image}/"}
    told.catalog(pages=["overview"], tables=["public"], readmes=rules)
    lists(told, "[a](b.md)\n\n<!--use:start-->\nTheirs\n<!--use:end-->")
    told.build()
    assert overview(told).endswith("\n[a](https://git.example.com/app/b.md)\n\n## Ours\n")


@pytest.mark.parametrize(
    "readmes",
    [{"html": "yes"}, {"links": "docs/"}, {"links": "https://x.example/)"}, {"sections": {"": ""}}],
)
def test_a_mistake_in_the_rules_of_readmes_is_one(site: Site, readmes: object) -> None:
    site.catalog(pages=["overview"], readmes=readmes)
    run = site.run("build")
    assert run.code == 2
    assert "`readmes" in run.err


def test_a_folder_that_is_none_is_told_with_an_example(site: Site) -> None:
    site.catalog(pages=["overview"], readmes={"folder": ""})
    assert "`readmes.folder`: write it like `folder/name`, not ''" in site.run("build").err
