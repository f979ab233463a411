"""What documented tags contain, night after night, from Debian's registry to `details.json`."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.real.distribution import Distribution
from tests.real.pusher import Inside, Pusher
from tests.real.shelf import versions
from tests.real.site import Site

RUN = {"User": "65532", "Entrypoint": ["/usr/bin/app"], "Labels": {}}
FIRST, SECOND = "2026-07-30T08:00:00Z", "2026-08-01T09:00:00Z"
NOTHING_NEW = {"GET _catalog": 1, "GET tags/list": 2}


@pytest.fixture
def site(docker_registry: type[Distribution], disk: Path, tmp_path: Path) -> Site:
    """A site that documents `latest` and its like."""
    return Site(tmp_path, lambda: docker_registry(disk), catalog={"variants": ["latest*"]})


def app_and_tool(push: Pusher) -> None:
    """An image of three tags, one of them documented, and one that has none such."""
    versions(push, "team/app", 2, 1)
    latest(push, FIRST)
    versions(push, "team/tool", 1, 1)


def latest(push: Pusher, created: str, *tags: str, repository: str = "team/app") -> None:
    """Push an index of two platforms, the same in every repository, as `latest` and more."""
    platforms = {
        name: push.image(repository, created, inside=Inside(name, run=RUN))
        for name in ("linux/amd64", "linux/arm64")
    }
    push.tag(repository, push.index(repository, platforms), *(tags or ("latest",)))


def details(site: Site, image: str = "app") -> dict[str, dict[str, Any]]:
    """The facts of an image's digests."""
    digests: dict[str, dict[str, Any]] = json.loads(site.files()[f"{image}/details.json"])[
        "digests"
    ]
    return digests


def facts_asked(asked: Counter[str]) -> Counter[str]:
    """What was asked for beside lists and the digests of tags."""
    return Counter({what: asked[what] for what in ("GET manifests", "GET blobs") if asked[what]})


def findings(site: Site) -> list[dict[str, Any]]:
    standing: list[dict[str, Any]] = json.loads((site.folder / "content/build.json").read_bytes())[
        "standing"
    ]
    return standing


def test_a_documented_tag_has_its_platforms_and_its_configuration_beside_the_page(
    site: Site,
) -> None:
    site.night(app_and_tool)

    digest = site.pushed["team/app"]["latest"]
    image = details(site)[digest]["image"]
    assert list(details(site)) == [digest]
    assert image["state"] == "found"
    assert [
        (platform["os"], platform["architecture"], platform["layers"])
        for platform in image["value"]["platforms"]
    ] == [("linux", "amd64", 1), ("linux", "arm64", 1)]
    assert image["value"]["created"] == FIRST
    assert image["value"]["config"] == {"user": "65532", "entrypoint": "/usr/bin/app"}
    assert "tool/details.json" not in site.files()
    assert site.run("check") == (0, "", "")


def test_the_second_night_asks_for_nothing_more_of_a_digest_that_it_knows(site: Site) -> None:
    site.night(app_and_tool)
    before = site.files()

    asked = site.night()

    assert asked == NOTHING_NEW | {"HEAD manifests": 4}
    assert site.files() == before


def test_a_catalog_that_begins_to_document_asks_for_documented_digests_alone(site: Site) -> None:
    site.catalog = {}
    site.night(app_and_tool)
    assert "app/details.json" not in site.files()

    site.catalog = {"variants": ["latest*"]}
    asked = site.night()

    index_and_children, configuration = 3, 1
    assert facts_asked(asked) == {
        "GET manifests": index_and_children,
        "GET blobs": configuration,
    }
    assert list(details(site)) == [site.pushed["team/app"]["latest"]]
    assert site.run("check") == (0, "", "")


@pytest.mark.parametrize("tables", [("team",), ("team", "mirror")])
def test_a_digest_of_several_images_and_tables_is_looked_up_once(
    site: Site, tables: tuple[str, ...]
) -> None:
    site.tables = {table: f"{table}/{{image}}" for table in tables}
    site.catalog = {}

    def change(push: Pusher) -> None:
        for table in tables:
            for image in ("app", "tool"):
                latest(push, FIRST, "latest", "latest-dev", repository=f"{table}/{image}")

    site.night(change)

    site.catalog = {"variants": ["latest*"]}
    asked = site.night()

    assert facts_asked(asked) == {"GET manifests": 3, "GET blobs": 1}
    assert details(site, "app") == details(site, "tool")
    assert len(details(site)) == 1


def test_a_tag_that_moved_is_looked_up_once_and_what_it_left_is_forgotten(site: Site) -> None:
    site.night(app_and_tool)
    before = site.files()

    asked = site.night(lambda push: latest(push, SECOND))

    # The times of the tags and what the digest contains are told by the same documents.
    assert facts_asked(asked) == {"GET manifests": 3, "GET blobs": 1}
    digest = site.pushed["team/app"]["latest"]
    assert {name: facts["image"]["value"]["created"] for name, facts in details(site).items()} == {
        digest: SECOND
    }
    changed = {path for path, text in site.files().items() if text != before[path]}
    assert changed == {"app/details.json", "app/tags.json", "app/tags_history.md"}
    assert site.run("check") == (0, "", "")


def test_what_could_not_be_looked_up_is_told_and_what_was_known_stays(
    site: Site, disk: Path
) -> None:
    site.night(app_and_tool)
    known = details(site)
    [digest] = known
    lost: dict[str, Path] = {}

    def lose_a_configuration(push: Pusher) -> None:
        latest(push, SECOND, "latest-dev")
        blobs = disk / "storage/docker/registry/v2/blobs/sha256"
        for data in blobs.glob("*/*/data"):
            body = data.read_bytes()
            if SECOND.encode() in body:
                lost[body.decode()] = data
                data.rename(data.with_name("lost"))

    site.night(lose_a_configuration)
    assert len(lost) == 2
    new = site.pushed["team/app"]["latest-dev"]
    assert details(site)[digest] == known[digest]
    assert details(site)[new]["image"]["state"] == "could not look"
    reason = details(site)[new]["image"]["reason"]
    assert "answered 404" in reason
    assert [(item["kind"], item["image"], item["tags"]) for item in findings(site)] == [
        ("not_looked_up", "app", ["latest-dev"])
    ]
    assert site.run("check") == (0, "", "")

    before = site.files()
    site.night()
    assert site.files() == before
    assert [item["kind"] for item in findings(site)] == ["not_looked_up"]

    for data in lost.values():
        data.with_name("lost").rename(data)
    site.night()
    assert details(site)[new]["image"]["state"] == "found"
    assert findings(site) == []


@pytest.mark.parametrize("shards", [("1/1",), ("1/2", "2/2")])
def test_answers_written_by_collect_give_the_same_details(
    site: Site, shards: tuple[str, ...]
) -> None:
    with site.serving(app_and_tool):
        when = ("--as-of", site.as_of)
        files = [site.folder / f"part-{number}.jsonl.gz" for number in range(len(shards))]
        runs = [
            site.run("collect", "--shard", shard, "--out", file, *when)
            for shard, file in zip(shards, files, strict=True)
        ]
        runs.append(site.run("build", "--content", site.folder / "whole", *when))
    runs.append(site.run("build", *(word for file in files for word in ("--answers", file))))

    assert [run.code for run in runs] == [0] * len(runs), runs
    assert "app/details.json" in site.files()
    assert site.files() == site.files("whole")
