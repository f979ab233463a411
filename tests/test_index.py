"""The page of all images, and the pages of people's in folders that are no image's."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from generator.content.details import encode_details
from generator.facts.base import Absent, CouldNotLook, Details, Fact, Found
from generator.facts.evidence import SIGNATURE_TYPE, Evidence, Evidences
from generator.facts.image import ImageFacts, Platform
from generator.facts.policy import NotVerified, Signer
from tests.support import Listing, Site, body_of, digest, tagpages

NIGHT: Listing = {
    image: [("latest", "a", "2024-06-01T10:00:00Z")] for image in ("app", "team/app", "tool")
}
PEOPLES = "---\ntitle: Team\n---\nPeople's.\n"


@pytest.fixture
def built(site: Site) -> Site:
    """A site of three images with an index."""
    site.catalog(pages=["index", "overview", "tags_history"])
    site.lists(NIGHT)
    site.build()
    return site


def index(site: Site) -> str:
    return body_of((site.content / "_index.md").read_text())


def rows(site: Site) -> list[str]:
    return [line for line in index(site).splitlines() if line.startswith("| [")]


def test_each_image_is_one_unpadded_line_in_the_order_of_their_names(site: Site) -> None:
    site.catalog(pages=["index", "overview"])
    site.lists(
        {
            "zoo": [("1.0", "c", "2022-01-01T10:00:00Z")],
            "app": [("latest", "a", "2024-06-01T10:00:00Z")],
        },
        {"app": [("1.1", "b", "2024-06-02T10:00:00Z")]},
    )
    site.build()
    linux = ImageFacts(platforms=(Platform("linux", "amd64"), Platform("linux", "arm64")))
    details = Details("app", {digest("a"): {"image": Found(linux)}})
    (site.content / "app" / "details.json").write_bytes(encode_details(details))
    assert site.run("render").code == 0
    assert (
        index(site)
        == """
| Image | Found in | Default tag | Last changed | Platforms | Signed |
| --- | --- | --- | --- | --- | --- |
| [app](/ref/app/) | Public, Private | `latest` | 2024-06-02 | `linux/amd64`, `linux/arm64` \
| not known |
| [zoo](/ref/zoo/) | Public | `1.0` | 2022-01-01 | not known | not known |
"""
    )


SIGNED = Evidence("bundle", "referrer", digest("a"), digest("1"), predicate_type=SIGNATURE_TYPE)


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (Found((SIGNED,)), "yes"),
        (Found((replace(SIGNED, wrong="it is about another digest"),)), "no"),
        (Found((replace(SIGNED, format="sbom"),)), "no"),
        (Found((replace(SIGNED, verdict=NotVerified(Signer(key="c"), "it is not")),)), "no"),
        (Absent(), "no"),
        (CouldNotLook("the registry sleeps"), "not known"),
    ],
)
def test_a_line_says_whether_the_default_tag_is_signed(
    site: Site, fact: Fact[Evidences], said: str
) -> None:
    site.catalog(pages=["index"])
    site.lists({"app": [("latest", "a", "2024-06-01T10:00:00Z")]})
    site.build()
    details = Details("app", tables={"public": {digest("a"): {"evidence": fact}}})
    (site.content / "app" / "details.json").write_bytes(encode_details(details))
    assert site.run("render").code == 0
    assert rows(site)[0].endswith(f" | {said} |")


def test_a_night_changes_the_lines_of_images_that_changed_and_no_others(built: Site) -> None:
    before = index(built)
    built.lists(NIGHT | {"tool": [("latest", "b", "2024-06-02T10:00:00Z")]})
    built.build("--as-of", "2024-06-20T00:00:00Z")
    after = index(built)
    changed = set(before.splitlines()) ^ set(after.splitlines())
    assert {line.split(" | ")[0] for line in changed} == {"| [tool](/ref/tool/)"}


def test_links_lead_to_the_first_page_that_there_is(built: Site) -> None:
    built.catalog(pages=["tags_history", "index"])
    built.build()
    assert "| [app](/ref/app/tags_history/) |" in index(built)


def test_retired_images_stand_apart_once_their_pages_say_so(built: Site) -> None:
    pages = ["index", "overview", "tags_history"]
    built.catalog(pages=pages, retired={"app": {"redirect": "tool"}, "team/app": {}, "never": {}})
    for _ in range(2):
        built.build()
        assert rows(built) == [
            "| [tool](/ref/tool/) | Public | `latest` | 2024-06-01 | not known | not known |"
        ]
        assert index(built).endswith(
            "not known |\n"
            "\n"
            "## Retired images\n"
            "\n"
            "- [app](/ref/app/): its successor is [tool](/ref/tool/)\n"
            "- [team/app](/ref/team/app/)\n"
        )
    assert built.run("check").code == 0


def test_the_index_has_the_images_whose_pages_stay_and_no_others(built: Site) -> None:
    """An image that failed, one that nobody manages, one that is excluded, one that is gone."""
    names = ("app", "team/app", "tool", "zoo")
    built.lists(dict.fromkeys((*names, "old"), NIGHT["app"]))
    built.build()
    (built.content / "zoo" / "_index.md").write_text("no front matter\n")
    built.catalog(
        pages=["index", "overview", "tags_history"],
        images={"include": ["app", "zoo", "old"], "exclude": ["tool"]},
        gone_after=1,
    )
    built.lists(dict.fromkeys(("app", "zoo"), NIGHT["app"]))
    assert built.run("build").code == 1
    assert [row.split("]")[0] for row in rows(built)] == ["| [app", "| [team/app", "| [zoo"]
    assert built.run("build", "--only", "app").code == 0
    assert [row.split("]")[0] for row in rows(built)] == ["| [app", "| [team/app", "| [zoo"]
    run = built.run("check")
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("tagpages: Failed: zoo: ")


def test_the_index_is_told_in_the_report(built: Site) -> None:
    built.lists(NIGHT | {"tool": [("latest", "b", "2024-06-02T10:00:00Z")]})
    report = built.root / "report.json"
    run = built.build("--report", report, "--report", report.with_suffix(".md"))
    assert json.loads(report.read_text())["site"] == ["_index.md"]
    assert "- `the site`: `_index.md`\n" in report.with_suffix(".md").read_text()
    assert "Other changes: 1\n" in run.err
    quiet = built.build("--report", report)
    assert json.loads(report.read_text())["site"] == []
    assert "Other changes" not in quiet.err


def test_an_index_that_cannot_be_written_is_told_and_costs_no_image(built: Site) -> None:
    (built.content / "_index.md").write_text("no front matter\n")
    built.lists(NIGHT | {"tool": [("latest", "b", "2024-06-02T10:00:00Z")]})
    run = built.run("build")
    assert run.code == 1
    assert "Failed (1)\n  the site: `" in run.err
    assert digest("b") in built.body("tool")
    assert built.run("check").err.startswith("tagpages: Failed: the site: ")


def test_an_index_that_the_catalog_drops_is_removed(built: Site) -> None:
    built.catalog(pages=["overview", "tags_history"])
    built.build()
    assert not (built.content / "_index.md").exists()


@pytest.fixture
def team(built: Site) -> Path:
    """A page of people's above an image, where an image could be."""
    page = built.content / "team" / "_index.md"
    page.write_text(PEOPLES)
    return page


def test_a_page_of_people_s_above_an_image_is_no_stray_page(built: Site, team: Path) -> None:
    run = built.build()
    assert "Pages that no build keeps up to date" not in run.err
    assert team.read_text() == PEOPLES


def test_a_page_of_people_s_stays_though_its_folder_s_name_is_excluded_or_retired(
    built: Site, team: Path
) -> None:
    pages = ["index", "overview", "tags_history"]
    built.catalog(pages=pages, images={"exclude": ["team"]}, retired={"team": {}})
    run = built.build()
    assert "retired" not in run.err
    assert team.read_text() == PEOPLES
    assert "Retired images" not in index(built)
    built.catalog(pages=["tags_history"])
    built.build()
    assert team.read_text() == PEOPLES


def test_a_page_of_people_s_is_in_no_lane_and_in_no_report(built: Site, team: Path) -> None:
    def git(*args: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *args],
            cwd=built.root,
            check=True,
            capture_output=True,
        )

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "before")
    team.write_text(PEOPLES + "More.\n")
    (built.content / "_index.md").write_text(PEOPLES)
    look, routine = (
        tagpages("lanes", "--catalog", built.catalog_file, lane).out.splitlines()
        for lane in ("look", "routine")
    )
    assert look == []
    assert [path.rpartition("content/")[2] for path in routine] == ["_index.md"]
    report = built.run("report", "--format", "json")
    assert json.loads(report.out)["changes"] == []
    assert json.loads(report.out)["site"] == ["_index.md"]


def test_a_retired_image_with_an_overview_alone_can_get_another_successor(site: Site) -> None:
    site.catalog(pages=["overview"])
    site.lists(NIGHT)
    site.build()
    page = site.content / "app" / "_index.md"
    for successor in ("tool", "team/app"):
        site.catalog(pages=["overview"], retired={"app": {"redirect": successor}})
        site.build()
        assert f'\nredirect: "/ref/{successor}/"\n' in page.read_text()
        assert not site.state("app").exists()
    site.catalog(pages=["overview"], images={"exclude": ["app"]})
    site.build()
    assert not page.exists()
