"""`details.json` from night to night, with what a listing's images contain recorded in a file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from tests.support import (
    AS_OF,
    Listing,
    Site,
    as_listing,
    digest,
    folder_of,
    night,
    recorded,
    tree_of,
)

TIME = "2024-06-01T10:00:00Z"
NIGHT: Listing = {
    "app": [("latest", "a", TIME), ("latest-dev", "b", TIME), ("1.0", "a", TIME)],
    "tool": [("latest", "c", TIME)],
    "old": [("1.0", "d", TIME)],
}
CONFIGS = {"app": {"latest": "nonroot", "latest-dev": "root"}, "tool": {"latest": "tool"}}

Configs = Mapping[str, Mapping[str, str]]


def record(site: Site, listing: Listing, users: Configs, **keys: object) -> None:
    """Record a listing, and of its tags' configurations the users."""
    site.raw_listing("public", as_listing(listing))
    details = [
        {
            "image": image,
            "variants": [
                {"tag": tag, "config": {"accounts": {"run-as": user}}} for tag, user in tags.items()
            ],
        }
        for image, tags in users.items()
    ]
    (site.root / "details.json").write_text(json.dumps(details))
    source = {"kind": "listing", "path": "public.json", "details": "details.json"}
    table = {"name": "public", "source": source}
    site.catalog(**{"tables": [table], "variants": ["latest*"], **keys})


@pytest.fixture
def documented(site: Site) -> Site:
    """A site after its first night: two of three images have documented tags."""
    record(site, NIGHT, CONFIGS)
    site.build()
    return site


def details(site: Site, image: str) -> Path:
    return site.content / image / "details.json"


def users(site: Site, image: str) -> dict[str, str]:
    """The user of each digest of an image, or the state of the fact."""
    digests = json.loads(details(site, image).read_bytes())["digests"]
    facts = {name: kinds["image"] for name, kinds in digests.items()}
    return {
        name: fact["value"]["config"]["user"] if fact["state"] == "found" else fact["state"]
        for name, fact in facts.items()
    }


def standing(site: Site) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = json.loads(site.tree()["build.json"])["standing"]
    return findings


def test_documented_digests_are_beside_the_page_in_the_order_of_their_tags(
    documented: Site,
) -> None:
    assert users(documented, "app") == {digest("a"): "nonroot", digest("b"): "root"}
    assert list(users(documented, "app")) == [digest("a"), digest("b")]
    assert users(documented, "tool") == {digest("c"): "tool"}
    assert not details(documented, "old").exists()
    assert documented.run("check") == (0, "", "")


def test_what_was_recorded_once_need_not_be_there_any_more(documented: Site) -> None:
    before = documented.tree()
    record(documented, NIGHT, {})

    documented.build()

    assert documented.tree() == before
    assert standing(documented) == []


def test_a_digest_that_nobody_recorded_is_told_each_night_and_the_others_stay(
    documented: Site,
) -> None:
    moved = NIGHT | {"app": [("latest", "e", TIME), *NIGHT["app"][1:]]}
    record(documented, moved, CONFIGS | {"app": {}})

    for _ in range(2):
        documented.build()
        assert users(documented, "app") == {digest("e"): "could not look", digest("b"): "root"}
        [told] = standing(documented)
        assert (told["kind"], told["image"], told["tags"]) == ("not_looked_up", "app", ["latest"])
        assert documented.run("check") == (0, "", "")

    record(documented, moved, CONFIGS | {"app": {"latest": "nobody"}})
    documented.build()
    assert users(documented, "app") == {digest("e"): "nobody", digest("b"): "root"}
    assert standing(documented) == []


def test_state_says_nothing_of_the_machine_that_it_was_made_on(documented: Site) -> None:
    record(documented, {"app": [("latest", "e", TIME)]}, {})

    documented.run("build")

    state = (data for path, data in documented.tree().items() if path.endswith(".json"))
    assert str(documented.root).encode() not in b"".join(state)


@pytest.mark.parametrize("keys", [{"images": {"exclude": ["app"]}}, {"retired": {"app": {}}}])
def test_an_image_that_is_excluded_or_retired_loses_its_details(
    documented: Site, keys: dict[str, object]
) -> None:
    record(documented, NIGHT, CONFIGS, **keys)

    documented.run("render")

    assert not details(documented, "app").exists()
    assert details(documented, "tool").exists()


def test_an_image_that_is_gone_loses_its_details(documented: Site) -> None:
    record(documented, {image: tags for image, tags in NIGHT.items() if image != "app"}, CONFIGS)

    documented.build("--accept-any-loss", "app")

    assert "app" not in {path.parent.name for path in documented.content.glob("*/*")}


def test_a_catalog_that_documents_nothing_any_more_leaves_no_details(documented: Site) -> None:
    record(documented, NIGHT, CONFIGS, variants=[])

    documented.build()

    assert list(documented.content.glob("*/details.json")) == []
    assert documented.run("check") == (0, "", "")


@pytest.mark.parametrize("text", ["", "{", '{"version": 1, "image": "tool", "digests": {}}'])
def test_details_that_are_broken_cost_one_image(documented: Site, text: str) -> None:
    before = documented.tree()
    details(documented, "app").write_text(text)
    moved = {"app": [("latest", "f", TIME), *NIGHT["app"][1:]]}
    moved |= {"tool": [("latest", "f", TIME)], "old": [("1.0", "f", TIME)]}
    record(documented, moved, {})

    run = documented.run("build")

    assert run.code == 1
    assert "app/details.json: " in run.err
    assert "restore it from git or delete it to start anew" in run.err
    after = documented.tree()
    assert after.pop("app/details.json") == text.encode()
    assert {path for path in after if after[path] == before.get(path)} == {
        "app/tags.json",
        "app/tags_history.md",
    }

    details(documented, "app").unlink()
    assert documented.run("build").code == 0
    assert users(documented, "app") == dict.fromkeys(map(digest, "fb"), "could not look")


def test_a_night_that_cannot_list_an_image_keeps_what_it_contains(documented: Site) -> None:
    before = documented.tree()
    listing = as_listing(NIGHT)
    listing[0]["tags"].append({"name": "latest-x"})
    record(documented, NIGHT, CONFIGS)
    documented.raw_listing("public", listing)

    run = documented.run("build")

    assert run.code == 1
    assert {path: text for path, text in documented.tree().items() if path != "build.json"} == {
        path: text for path, text in before.items() if path != "build.json"
    }


def test_a_run_about_one_image_leaves_the_details_of_the_others(documented: Site) -> None:
    before = documented.tree()
    moved = {image: [("latest", "f", TIME)] for image in NIGHT}
    record(documented, moved, {image: {"latest": "new"} for image in NIGHT})

    documented.build("--only", "old")

    after = documented.tree()
    assert users(documented, "old") == {digest("f"): "new"}
    assert after["app/details.json"] == before["app/details.json"]
    assert documented.run("check") == (0, "", "")


def test_every_documented_tag_of_a_recorded_night_has_what_was_recorded_of_it(site: Site) -> None:
    date = "2024-06-03"
    folder = folder_of(date)
    recorded(site, date, as_of=AS_OF, variants=["latest*"])
    catalog = json.loads(site.catalog_file.read_bytes())
    for table in catalog["tables"]:
        table["source"]["details"] = str(folder / "details.json.gz")
    site.catalog_file.write_text(json.dumps(catalog))

    site.build()

    expected = expectations(folder)
    found = {path.parent.name: path for path in site.content.glob("*/details.json")}
    states = {}
    for image, path in found.items():
        digests = json.loads(path.read_bytes())["digests"]
        states[image] = {name: facts["image"]["state"] for name, facts in digests.items()}
    assert states == expected
    assert len(states) == 739
    told = {finding["image"] for finding in standing(site)}
    assert told == {
        image for image, facts in expected.items() if "could not look" in facts.values()
    }
    assert site.run("check") == (0, "", "")

    answers = site.root / "answers.jsonl.gz"
    whole = site.tree()
    collected = site.run("collect", "--out", answers, "--content", site.root / "nothing")
    assert collected == (0, "", "")
    site.build("--answers", answers, "--content", site.root / "again")
    assert tree_of(site.root / "again") == whole


def expectations(folder: Path) -> dict[str, dict[str, str]]:
    """By image, then by digest of its `latest` tags: whether one of them was recorded."""
    details = json.loads(gzip.decompress((folder / "details.json.gz").read_bytes()))
    configured = {
        entry["image"]: {variant["tag"] for variant in entry["variants"]} for entry in details
    }
    expected: dict[str, dict[str, str]] = {}
    for entry in chain.from_iterable(night(folder.name).listings.values()):
        image, names = entry["repo"]["name"], tags_by_digest(entry["tags"])
        for value in {tag["digest"] for tag in entry["tags"] if tag["name"].startswith("latest")}:
            states = expected.setdefault(image, {})
            if names[value] & configured.get(image, set()):
                states[value] = "found"
            states.setdefault(value, "could not look")
    return expected


def tags_by_digest(tags: list[dict[str, str]]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for tag in tags:
        names.setdefault(tag["digest"], set()).add(tag["name"])
    return names
