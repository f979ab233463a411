"""`tagpages build`, night after night, against Debian's registry: its log counts the requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.distribution import Distribution
from tests.real.pusher import Pusher, pusher
from tests.real.shelf import Shelf, versions
from tests.real.site import Site
from tests.real.token_server import SERVICE, TokenServer


def two_images(push: Pusher) -> None:
    versions(push, "team/app", 4, 2)
    versions(push, "team/tool", 1, 1)
    push.tag("team/app", push.image("team/app", "2026-07-30T08:00:00Z"), "latest", "2.0")


def table(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("|")]


def test_the_page_of_an_image_has_the_rows_that_were_pushed(site: Site) -> None:
    digests: dict[str, str] = {}

    def change(push: Pusher) -> None:
        two_images(push)
        digests.update(push.pushed["team/app"])

    site.night(change)

    files = site.files()
    assert sorted(files) == [
        "app/tags.json",
        "app/tags_history.md",
        "tool/tags.json",
        "tool/tags_history.md",
    ]
    assert [line.split() for line in table(files["app/tags_history.md"])[2:]] == [
        f"| `2.0` `latest` | July 30th | `{digests['latest']}` |".split(),
        f"| `1.0` `1.1` | January 1st | `{digests['1.0']}` |".split(),
        f"| `0.0` `0.1` | January 1st | `{digests['0.0']}` |".split(),
    ]


@pytest.mark.xdist_group("shelf")
def test_a_night_without_changes_asks_for_lists_and_each_tags_digest_and_nothing_else(
    docker_registry: type[Distribution], shelf: Shelf, tmp_path: Path
) -> None:
    site = Site(tmp_path, lambda: docker_registry(shelf.folder), {"concurrency": 8})

    first, before = site.night(), site.files()
    second = site.night()

    lists = {"GET _catalog": 1, "GET tags/list": 30, "HEAD manifests": 1010 + 18 * 4 + 11 * 2}
    # 148 distinct digests, but the chart's configuration is no image's; four are indexes.
    assert first == lists | {"GET manifests": 148 + 4, "GET blobs": 147}
    assert second == lists  # nor is the chart's manifest asked for again
    assert site.files() == before


def test_a_tag_that_moved_costs_its_manifest_and_its_configuration(site: Site) -> None:
    site.night(two_images)
    before = site.files()

    def move(push: Pusher) -> None:
        push.tag("team/app", push.image("team/app", "2026-08-01T09:00:00Z"), "latest")

    asked = site.night(move)

    assert asked == {
        "GET _catalog": 1,
        "GET tags/list": 2,
        "HEAD manifests": 7,
        "GET manifests": 1,
        "GET blobs": 1,
    }
    changed = {path for path, text in site.files().items() if text != before[path]}
    assert changed == {"app/tags.json", "app/tags_history.md"}


def test_a_known_tag_that_is_immutable_is_not_asked_for_again(site: Site) -> None:
    site.keys = {"immutable": r"\d+\.\d+", "immutable_within": 366}
    first = site.night(two_images)

    second = site.night(lambda push: push.tag("team/tool", push.image("team/tool", None), "1.0"))

    assert first["HEAD manifests"] == 7
    assert second["HEAD manifests"] == 2, "app:latest, and tool:1.0, which is new"


def test_a_night_needs_one_token_for_each_scope(
    docker_registry: type[Distribution], disk: Path, tmp_path: Path
) -> None:
    with docker_registry(disk) as registry, pusher(registry.address) as push:
        two_images(push)
    with TokenServer({"reader": "secret"}).running() as server:
        auth = server.configuration(tmp_path)
        login = {"username": "reader", "password": "${REGISTRY_PASSWORD}"}
        env = {"REGISTRY_PASSWORD": "secret"}
        site = Site(tmp_path, lambda: docker_registry(disk, auth), login, env)
        site.night()
        server.asked.clear()

        asked = site.night()

    # Once more than without a login: the first request earns the challenge.
    assert asked == {"GET _catalog": 2, "GET tags/list": 2, "HEAD manifests": 7}
    assert sorted(server.asked) == [
        ("reader", SERVICE, "registry:catalog:*"),
        ("reader", SERVICE, "repository:team/app:pull"),
        ("reader", SERVICE, "repository:team/tool:pull"),
    ]
    assert "secret" not in "".join(site.files().values())
