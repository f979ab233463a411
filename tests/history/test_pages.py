"""History pages: written from git when a site is built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from generator.content.details import encode_details
from generator.content.tree import Tree
from generator.facts.base import Details, Fact, Found
from generator.facts.image import ImageFacts, Platform
from generator.history import charts, page
from tests.history.repo import CONTENT, Repo, Tables
from tests.hugo import hugo, shown
from tests.hugo import read as html
from tests.support import Run, digest, tagpages

PAGE = """\
---
title: "app history"
description: "What happened to the tags of the app image, and when"
date: 2024-06-05T01:00:00Z
lastmod: 2024-06-05T01:00:00Z
draft: false
toc: true
---

[Tags History](/i/app/tags_history/)

What happened to the tags of this image in the last 90 days. A line is one change, under the day \
(UTC) on which these pages had it. They have told of this image since 2024-05-01.

## Moves a month

`▄█` 2024-05 to 2024-06

| Month | Moves |
| --- | --- |
| 2024-05 | 2 |
| 2024-06 | 4 |

## Changes

### 2024-06-05 {#2024-06-05}

- 01:00 public: `latest` `1` moved back from `cccccccccccc` to `aaaaaaaaaaaa`

### 2024-06-03 {#2024-06-03}

- 18:00 public: `latest` `1` moved from `bbbbbbbbbbbb` to `cccccccccccc`
- 18:00 public: `2` new, at `cccccccccccc`
- 01:00 public: `0.9` gone, was at `dddddddddddd`

### 2024-05-02 {#2024-05-02}

- 01:00 public: `latest` `1` moved from `aaaaaaaaaaaa` to `bbbbbbbbbbbb`
"""


def night(repo: Repo, time: str, **tags: str) -> None:
    """Commit what `app` has in its only table."""
    tables: Tables = {"public": {tag.replace("_", "."): sign for tag, sign in tags.items()}}
    repo.night(time, app=tables)


@pytest.fixture
def repo(repo: Repo) -> Repo:
    night(repo, "2024-05-01T01:00:00Z", **{"1": "a", "latest": "a", "0_9": "d"})
    night(repo, "2024-05-02T01:00:00Z", **{"1": "b", "latest": "b", "0_9": "d"})
    night(repo, "2024-06-03T01:00:00Z", **{"1": "b", "latest": "b"})
    night(repo, "2024-06-03T18:00:00Z", **{"1": "c", "latest": "c", "2": "c"})
    night(repo, "2024-06-05T01:00:00Z", **{"1": "a", "latest": "a", "2": "c"})
    return repo


def write(repo: Repo, history: object, *args: str, **more: object) -> Run:
    source = {"kind": "listing", "path": "x.json"}
    tables = [{"name": "public", "source": source}]
    catalog = {"content": CONTENT, "url": "/i/", "tables": tables, "history": history, **more}
    file = repo.root / "catalog.yaml"
    file.write_text(json.dumps({key: value for key, value in catalog.items() if value}))
    environ = {"XDG_CACHE_HOME": str(repo.root.parent / "cache")}
    return tagpages("history", "--catalog", file, "--write", *args, **environ)


def elements(chart: str) -> list[ET.Element]:
    return list(ET.fromstring(chart).iter())  # noqa: S314 - our own text


def test_a_page_tells_of_each_change_in_a_line(repo: Repo) -> None:
    run = write(repo, {"days": 90})
    assert (run.code, run.err) == (0, "tagpages: 1 files of history pages changed\n")
    assert (repo.content / "app/history.md").read_text() == PAGE
    assert write(repo, {"days": 90}).err == "tagpages: 0 files of history pages changed\n"


def test_a_page_goes_back_only_so_far(repo: Repo) -> None:
    assert write(repo, {"days": 2}).code == 0
    text = (repo.content / "app/history.md").read_text()
    assert (text.count("### "), text.count("`0.9`")) == (2, 0)  # it went two days before
    assert write(repo, {"days": 1}).code == 0
    text = (repo.content / "app/history.md").read_text()
    assert text.count("### ") == 1


def test_a_quiet_image_says_so(repo: Repo) -> None:
    repo.commit("2024-09-09T00:00:00Z")
    assert write(repo, {"days": 30}).code == 0
    assert "\nNothing has changed.\n" in (repo.content / "app/history.md").read_text()


def test_a_tag_that_went_and_came_back_is_gone_and_new(repo: Repo) -> None:
    night(repo, "2024-06-06T01:00:00Z", **{"1": "a", "latest": "a"})
    night(repo, "2024-06-07T01:00:00Z", **{"1": "a", "latest": "a", "2": "d"})
    assert write(repo, {"days": 2}).code == 0
    text = (repo.content / "app/history.md").read_text()
    assert text.partition("## Changes\n\n")[2] == (
        "### 2024-06-07 {#2024-06-07}\n\n"
        "- 01:00 public: `2` new, at `dddddddddddd`\n\n"
        "### 2024-06-06 {#2024-06-06}\n\n"
        "- 01:00 public: `2` gone, was at `cccccccccccc`\n"
    )


def test_moves_are_counted_for_a_year(repo: Repo) -> None:
    repo.commit("2025-06-01T00:00:00Z")
    assert write(repo, {"days": 90}).code == 0
    text = (repo.content / "app/history.md").read_text()
    months = [line.split()[1] for line in text.splitlines() if line.startswith("| 20")]
    assert (len(months), months[0], months[-1]) == (12, "2024-07", "2025-06")


def test_details_that_cannot_be_read_draw_no_chart(repo: Repo) -> None:
    repo.write("app/details.json", "{")
    repo.commit("2024-06-06T01:00:00Z")
    assert write(repo, {"charts": True}).code == 0
    assert "Download size" not in (repo.content / "app/history.md").read_text()


def test_charts_show_what_the_table_says(repo: Repo) -> None:
    assert write(repo, {"charts": True}).code == 0
    assert (
        "![Moves a month](/i/app/history-moves.svg)"
        in (repo.content / "app/history.md").read_text()
    )
    chart = (repo.content / "app/history-moves.svg").read_text()
    titles = [item.text for item in elements(chart) if "title" in item.tag]
    assert titles == ["Moves a month", "2024-05: 2", "2024-06: 4"]
    assert "prefers-color-scheme:dark" in chart
    assert write(repo, {"charts": False}).code == 0
    assert not (repo.content / "app/history-moves.svg").exists()


def test_a_chart_of_sizes_shows_what_the_details_say(repo: Repo) -> None:
    def facts(size: int) -> dict[str, Fact[Any]]:
        platform = Platform("linux", "amd64", digest=digest("9"), size=size, layers=1)
        return {"image": Found(ImageFacts(platforms=(platform,)))}

    sizes = {"a": 10_000_000, "b": 12_345_678, "c": 11_000_000}
    commits = repo.git("rev-list", "--reverse", "HEAD").split()
    for number, (commit, sign) in enumerate(zip(commits, "abbca", strict=True)):
        known = {digest(sign): facts(sizes[sign])}
        repo.git("checkout", "--quiet", "--detach", commit)
        if number:
            repo.git("checkout", "--quiet", "--detach", "again")
            repo.git("checkout", commit, "--", "content")
        repo.write("app/details.json", encode_details(Details("app", known)))
        repo.commit(repo.git("show", "--no-patch", "--format=%cI", commit))
        repo.git("branch", "--force", "again", "HEAD")
    assert write(repo, {"charts": True}, "--rev", "again").code == 0
    text = (repo.content / "app/history.md").read_text()
    assert (
        "## Download size\n\n"
        "What `latest` of public is in compressed layers, for the usual platform.\n\n"
        "![Download size](/i/app/history-size.svg)\n\n"
        "| Since | Digest | MB |\n"
        "| --- | --- | --- |\n"
        "| 2024-05-01 | `aaaaaaaaaaaa` | 10.0 |\n"
        "| 2024-05-02 | `bbbbbbbbbbbb` | 12.3 |\n"
        "| 2024-06-03 | `cccccccccccc` | 11.0 |\n"
        "| 2024-06-05 | `aaaaaaaaaaaa` | 10.0 |\n\n"
        "## Changes\n"
    ) in text
    chart = elements((repo.content / "app/history-size.svg").read_text())
    assert [item.text for item in chart if "text" in item.tag] == [
        "2024-05-01",
        "2024-06-05",
        "0",
        "12.3 MB",
    ]
    assert write(repo, {"charts": True, "days": 2}, "--rev", "again").code == 0
    text = (repo.content / "app/history.md").read_text()
    assert text.count("| MB |") == 1
    assert "| 2024-05-01 |" not in text


def test_an_image_that_is_gone_loses_its_history_page(repo: Repo) -> None:
    assert write(repo, {"days": 90}).code == 0
    (repo.root / ".gitignore").write_text("history.md\n")
    repo.night("2024-06-06T01:00:00Z", app=None)
    assert write(repo, {"days": 90}).err == "tagpages: 1 files of history pages changed\n"
    assert not (repo.content / "app/history.md").exists()


def test_pages_are_never_written_of_half_a_history(repo: Repo) -> None:
    copy = Repo(repo.root.parent / "clone")
    repo.git("clone", "--quiet", "--depth=2", f"file://{repo.root}", copy.root)
    run = write(copy, {"days": 90})
    assert run.code == 2
    assert "fetch --unshallow` fetches the rest" in run.err
    assert not (copy.content / "app/history.md").exists()


def test_a_version_that_cannot_be_read_is_reported(repo: Repo) -> None:
    repo.write("tool/tags.json", b"{")
    repo.commit("2024-06-06T01:00:00Z")
    run = write(repo, {"days": 90})
    assert run.code == 0
    assert "tagpages: tool: passed over the version of 2024-06-06 01:00" in run.err
    repo.night("2024-06-09T01:00:00Z", tool={"public": {"1": "a"}})
    assert "passed over" in write(repo, {"days": 4}).err
    assert "passed over" not in write(repo, {"days": 3}).err


def test_pages_need_a_key_in_the_catalog_and_no_question(repo: Repo) -> None:
    run = write(repo, None)
    assert run.code == 2
    assert "add `history: {days: 90}`" in run.err
    run = write(repo, {"days": 90}, "app")
    assert run.code == 2
    assert "leave all out" in run.err


def test_people_can_write_their_own_template(repo: Repo) -> None:
    templates = repo.root / "templates"
    templates.mkdir()
    (templates / "history.md.j2").write_text("---\ntitle: x\n---\n{{ image }} {{ sparkline }}\n")
    source = {"kind": "listing", "path": "x.json"}
    catalog = {
        "content": CONTENT,
        "url": "/i/",
        "tables": [{"name": "public", "source": source}],
        "history": {"days": 3},
        "templates": "templates",
        "front_matter": {"weight": 7},
    }
    file = repo.root / "catalog.yaml"
    file.write_text(json.dumps(catalog))
    run = tagpages("history", "--catalog", file, "--write", XDG_CACHE_HOME=str(repo.root))
    assert run.code == 0, run.err
    text = (repo.content / "app/history.md").read_text()
    assert text == "---\ntitle: x\nweight: 7\n---\napp ▄█\n"


def test_the_tab_bar_of_a_site_is_also_that_of_its_history_pages(repo: Repo) -> None:
    templates = repo.root / "templates"
    templates.mkdir()
    (templates / "tabs.md.j2").write_text("Our {{ tabs | length }} tabs.\n")
    pages = ["overview", "tags_history"]
    assert write(repo, {"days": 3}, pages=pages, templates="templates").code == 0
    assert "\n---\nOur 2 tabs.\n" in (repo.content / "app/history.md").read_text()


@pytest.mark.parametrize(
    ("values", "bars"),
    [([], ""), ([0, 0], "▁▁"), ([1, 2, 4, 8], "▁▂▄█"), ([7], "█"), ([1, 1000], "▁█")],
)
def test_a_sparkline_has_a_bar_for_each_value(values: list[int], bars: str) -> None:
    assert page.sparkline(values) == bars


def test_a_chart_of_nothing_but_zeros_has_flat_bars() -> None:
    chart = elements(charts.bars("Moves", [("2024-05", 0), ("2024-06", 0)]))
    assert [item.get("height") for item in chart if item.get("class") == "v"] == ["0.0", "0.0"]
    assert [item.text for item in chart if "text" in item.tag] == ["2024-05", "2024-06", "0", "0"]


def test_pages_wait_for_no_other_run(repo: Repo) -> None:
    with Tree(repo.content).lock():
        run = write(repo, {"days": 90})
    assert run.code == 2
    assert "another tagpages is at work" in run.err
    assert not (repo.content / "app/history.md").exists()


def test_a_chart_of_steps_keeps_each_value_until_the_next() -> None:
    points = [charts.Point("a<b", 0, 10), charts.Point("c", 0.5, 5)]
    chart = elements(charts.steps("Size <of>", points, "z", "MB"))
    assert [item.text for item in chart if "title" in item.tag] == ["Size <of>"]
    (line,) = [item for item in chart if item.get("class") == "l"]
    assert line.get("d") == "M72.0 12.0H350.0V74.0H628"
    assert [item.text for item in chart if "text" in item.tag] == ["a<b", "z", "0", "10.0 MB"]


def test_the_repository_is_not_changed(repo: Repo, tmp_path: Path) -> None:
    (repo.root / ".gitignore").write_text("/catalog.yaml\nhistory.md\nhistory-*.svg\n")
    repo.commit("2024-06-05T02:00:00Z")
    assert write(repo, {"charts": True}).code == 0
    assert repo.git("status", "--short") == ""


def test_hugo_builds_the_page_with_an_anchor_a_day_and_the_charts(
    repo: Repo, tmp_path: Path
) -> None:
    assert write(repo, {"charts": True}).code == 0
    site = tmp_path / "site"
    done = hugo(repo.content.parent, site, "--clock", "2024-06-06T00:00:00Z")
    assert done.returncode == 0, done.stderr
    page = html(site, "images/app/history")
    days = [item.get("id") for item in page.iter("h3")]
    assert days == ["2024-06-05", "2024-06-03", "2024-05-02"]
    lines = [shown(item) for item in page.iter("li") if "public:" in shown(item)]
    assert lines[0] == "01:00 public: latest 1 moved back from cccccccccccc to aaaaaaaaaaaa"
    assert len(lines) == 5
    assert [item.get("src") for item in page.iter("img")] == ["/i/app/history-moves.svg"]
    assert (site / "images/app/history-moves.svg").exists()
