"""A source that has never been answered as a whole: what comes of it later is no gain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collecting import leave_alone
from tests.registry.fake import FakeRegistry
from tests.registry.server import Answer, Server
from tests.sources.asking import serving
from tests.support import Run, Site

IMAGES = 60
TOO_MANY = Answer(429, b"", (("Retry-After", "7200"),))
"""Ends the pull: what has been answered by then counts, and all other images have failed."""


class Nights:
    """A site of one registry, built night after night; each night is a pull of its own."""

    def __init__(self, folder: Path, server: Server, registry: FakeRegistry) -> None:
        self.site = Site(folder)
        self.registry = registry
        self.source: dict[str, object] = {
            "kind": "oci",
            "registry": server.address,
            "concurrency": 1,  # so that no image is under way when the pull ends
        }
        self.include = ["app-*"]
        self.night = 0

    def push(self, name: str, first: int, count: int = IMAGES) -> None:
        """Push so many more images."""
        digest = self.registry.image()
        for number in range(first, first + count):
            self.registry.tag(f"{name}-{number:03}", "1.0", digest)

    def cut_short(self, after: str) -> None:
        """Let the registry answer no image that comes after this one by its name."""
        self.registry.when(
            "GET", "/tags/list", lambda call: TOO_MANY if call.path.split("/")[2] > after else None
        )

    def run(self, *options: str | Path, command: str = "build") -> Run:
        table = {"name": "public", "source": self.source}
        self.site.catalog(
            tables=[table], as_of=None, window="off", images={"include": self.include}
        )
        return self.site.run(command, "--as-of", f"2026-08-{self.night:02}T01:00:00Z", *options)

    def build(self, *options: str | Path) -> Run:
        """The next night."""
        self.night += 1
        return self.run(*options)

    def pages(self) -> int:
        return len(list(self.site.content.glob("*/tags.json")))

    def filling(self) -> list[str]:
        """The tables of which `build.json` says that their sources have not answered as a whole."""
        build = json.loads((self.site.content / "build.json").read_bytes())
        found: list[str] = build.get("filling", [])
        return found


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    leave_alone(monkeypatch, tmp_path)
    registry = FakeRegistry()
    with serving(registry) as server:
        site = Nights(tmp_path, server, registry)
        site.push("app", 0)
        yield site


def test_what_a_first_night_that_was_cut_short_lacks_is_no_gain_in_the_next(nights: Nights) -> None:
    nights.cut_short(after="app-029")
    assert nights.build().code == 1
    assert nights.pages() == 30
    assert nights.filling() == ["public"]

    nights.registry.rules.clear()
    run = nights.build()

    assert (run.code, nights.pages()) == (0, IMAGES), run.err
    assert nights.filling() == []


def test_a_gain_is_held_once_the_source_has_been_answered_as_a_whole(nights: Nights) -> None:
    nights.cut_short(after="app-029")
    nights.build()
    nights.registry.rules.clear()
    nights.build()
    nights.push("app", 500, 20)

    run = nights.build()

    assert (run.code, nights.pages()) == (1, IMAGES)
    assert "20 more images than the 60 of before (33.3%); the limit is 25%" in run.err


def test_several_nights_that_are_cut_short_fill_the_site(nights: Nights) -> None:
    for after, pages in (("app-019", 20), ("app-039", 40), ("app-999", 60)):
        nights.registry.rules.clear()
        nights.cut_short(after)
        nights.build()
        assert nights.pages() == pages
    assert nights.filling() == []


def test_a_source_that_once_answered_as_a_whole_is_held_though_the_gain_failed_before(
    nights: Nights,
) -> None:
    assert nights.build().code == 0
    nights.push("app", 500)
    nights.cut_short(after="app-499")
    nights.build()
    assert nights.filling() == []
    nights.registry.rules.clear()

    run = nights.build()

    assert (run.code, nights.pages()) == (1, IMAGES)
    assert "60 more images than the 60 of before (100%)" in run.err


def test_a_shard_that_was_lost_in_the_first_night_is_no_gain_in_the_next(nights: Nights) -> None:
    answers = nights.site.root / "answers.jsonl.gz"
    nights.night = 1  # answers are of the night that is built from them
    nights.run("--shard", "1/2", "--out", answers, command="collect")
    nights.night = 0
    assert nights.build("--answers", answers).code == 1
    assert (nights.pages() < 40, nights.filling()) == (True, ["public"])

    run = nights.build()

    assert (run.code, nights.pages(), nights.filling()) == (0, IMAGES, []), run.err


@pytest.mark.parametrize("after", ["app-999", "lib-029"])
def test_what_a_wider_catalog_takes_is_no_gain_when_it_is_answered_later(
    after: str, nights: Nights
) -> None:
    assert nights.build().code == 0
    nights.push("lib", 0)
    nights.include.append("lib-*")
    nights.cut_short(after)
    assert nights.build().code == 1
    assert nights.pages() < 2 * IMAGES
    nights.registry.rules.clear()

    run = nights.build()

    assert (run.code, nights.pages(), nights.filling()) == (0, 2 * IMAGES, []), run.err


def test_an_image_that_never_answers_does_not_leave_its_source_open_for_ever(
    nights: Nights,
) -> None:
    nights.registry.when("GET", "/app-007/tags/list", Answer(400))
    assert nights.build().code == 1
    assert (nights.pages(), nights.filling()) == (IMAGES - 1, [])
    nights.push("app", 500, 20)

    run = nights.build()

    assert "20 more images than the 59 of before" in run.err
