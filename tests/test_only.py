"""A run with `--only` is about some images: of the others it changes and tells nothing."""

from __future__ import annotations

import json

import pytest

from tests.support import Listing, Site, digest

NIGHT: Listing = {
    "app": [("latest", "a", "2024-06-01T10:00:00Z")],
    "tool": [("latest", "c", "2024-06-01T10:00:00Z")],
}
NEXT: Listing = {image: [("latest", "d", "2024-06-02T10:00:00Z")] for image in NIGHT}


@pytest.mark.parametrize("images", ["app", "*"])
def test_the_nights_of_a_source_stay(site: Site, images: str) -> None:
    site.lists(NIGHT)
    site.build()
    site.raw_listing("public", "broken")
    assert site.run("build").code == 1
    record = json.loads((site.content / "build.json").read_text())
    site.lists(NEXT)
    site.build("--only", images)
    again = json.loads((site.content / "build.json").read_text())
    assert again == record


def test_the_nights_of_other_images_stay_and_those_of_its_own_are_counted(
    site: Site,
) -> None:
    tags = [(f"1.{number}", "a", "2024-06-01T10:00:00Z") for number in range(8)]
    kinds, owners = ("cut", "failing", "gone"), ("mine", "theirs")
    images = [f"{kind}-{owner}" for kind in kinds for owner in owners]
    others: Listing = {f"other-{number:02}": tags for number in range(60)}
    site.lists(others | dict.fromkeys(images, tags))
    site.build()

    cut = {image: tags[:3] for image in images if image.startswith("cut-")}
    site.lists(others | cut)
    listing = json.loads((site.root / "public.json").read_text())
    failing = [image for image in images if image.startswith("failing-")]
    listing += [{"repo": {"name": image}, "tags": None} for image in failing]
    site.raw_listing("public", listing)

    def nights(as_of: str, *only: str) -> dict[str, dict[str, int]]:
        """What is counted after a build, by what it is and of what."""
        run = site.run("build", "--as-of", as_of, *only)
        assert run.code == 1, run.err
        record = json.loads((site.content / "build.json").read_text())
        return {
            kind: {key: streak["nights"] for key, streak in record[kind].items()}
            for kind in ("failed", "held", "gone")
        }

    assert nights("2024-06-04T00:00:00Z") == {
        "failed": {"public:failing-mine": 1, "public:failing-theirs": 1},
        "held": {"public:cut-mine": 1, "public:cut-theirs": 1},
        "gone": {"gone-mine": 1, "gone-theirs": 1},
    }
    assert nights("2024-06-05T00:00:00Z", "--only", "*-mine") == {
        "failed": {"public:failing-mine": 2, "public:failing-theirs": 1},
        "held": {"public:cut-mine": 2, "public:cut-theirs": 1},
        "gone": {"gone-mine": 2, "gone-theirs": 1},
    }

    site.lists(others | dict.fromkeys(images, tags))
    for day in (6, 7, 8, 9):  # a hold that ended is remembered for a night or two
        site.build("--as-of", f"2024-06-0{day}T00:00:00Z", "--only", "*-mine")
        held = json.loads((site.content / "build.json").read_text())["held"]
        assert [key for key in held if "same" in held[key]] == ["public:cut-theirs"]
    record = json.loads((site.content / "build.json").read_text())
    assert record["failed"].keys() == {"public:failing-theirs"}
    assert record["held"].keys() == {"public:cut-theirs"}
    assert record["gone"].keys() == {"gone-theirs"}


def test_the_record_of_the_last_whole_build_stays(site: Site) -> None:
    site.catalog(as_of=None)
    site.lists(NIGHT)
    site.build("--as-of", "2024-06-03T00:00:00Z")
    record = (site.content / "build.json").read_bytes()
    site.lists({"app": [*NEXT["app"], ("1.0", "e", "2024-06-02T10:00:00Z")]})
    site.build("--as-of", "2024-06-04T00:00:00Z", "--only", "app")
    assert digest("e") in site.body("app")
    assert (site.content / "build.json").read_bytes() == record


def test_before_the_first_whole_build_pages_are_for_the_time_of_the_answers(site: Site) -> None:
    site.catalog(as_of=None)
    site.lists(NIGHT)
    answers = site.root / "answers.jsonl.gz"
    site.run("collect", "--out", answers, "--as-of", "2024-06-02T10:00:00Z")
    site.build("--answers", answers, "--only", "app")
    assert "\ndate: 2024-06-02T10:00:00Z\n" in site.page("app").read_text()


def test_a_loss_of_its_image_says_nothing_of_the_source(site: Site) -> None:
    tags = [(f"1.{number}", "a", "2024-06-01T10:00:00Z") for number in range(8)]
    site.lists({"app": tags, "tool": tags})
    site.build()
    site.lists({"app": tags[:5]})
    site.build("--only", "app")
    assert "`1.5`" not in site.body("app")


def test_other_images_that_the_catalog_excludes_keep_their_pages_until_a_whole_build(
    site: Site,
) -> None:
    site.lists(NIGHT)
    site.build()
    site.catalog(images={"exclude": ["tool"]})
    assert "tool" not in site.build("--only", "app").err
    assert site.page("tool").exists()


def test_nothing_is_told_of_other_images(site: Site) -> None:
    site.lists(NIGHT)
    site.build()
    (site.content / "ghost").mkdir()
    site.page("ghost").write_text("---\ntitle: x\n---\nOld.\n")
    site.catalog(images={"include": ["app", "not-there"]})
    err = site.build("--only", "app").err
    assert err == (
        "`public`: none of 2 tags removed.\n"
        "0 added, 0 removed, 0 changed, 1 unchanged, 0 failed or held back\n"
    )
    err = site.run("build").err
    assert all(image in err for image in ("ghost", "tool", "not-there"))


@pytest.mark.parametrize("command", ["build", "render", "check"])
def test_images_that_are_nowhere_are_a_mistake(site: Site, command: str) -> None:
    site.lists(NIGHT)
    site.build()
    run = site.run(command, "--only", "ap", "--only", "tools*")
    assert run.code == 2
    assert "--only ap tools*: no image of the catalog's sources is named so\n" in run.err


@pytest.mark.parametrize("command", ["build", "render", "check"])
def test_an_image_that_has_failed_is_somewhere(site: Site, command: str) -> None:
    site.lists(NIGHT)
    site.build()
    site.state("app").write_text("{")
    run = site.run(command, "--only", "app")
    assert run.code == 1
    assert "app/tags.json: " in run.err
