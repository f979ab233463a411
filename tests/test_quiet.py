"""Images that have not changed, by their namespace's listing: not asked for, and as they were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.collecting import leave_alone
from tests.registry.server import Answer, Server
from tests.sources import vendors
from tests.sources.asking import at, digest, serving
from tests.support import Run, tagpages, tree_of

IMAGES = [f"app-{number:02}" for number in range(35)]
TAGS = [f"1.{number}" for number in range(12)]
FIRST = date(2026, 8, 1)


class Nights:
    """A site of one Quay, built night after night."""

    def __init__(self, folder: Path, server: Server, quay: vendors.Quay) -> None:
        self.folder = folder
        self.quay = quay
        self.content = folder / "content"
        self._server = server
        self.keys: dict[str, Any] = {}

    def build(self, night: int, *options: str | Path, command: str = "build") -> Run:
        """Build for so many nights after the first one."""
        source = {"kind": "quay", "registry": self._server.url, "repository": "team/{image}"}
        table = {"name": "public", "source": source | self.keys}
        catalog = self.folder / "catalog.json"
        catalog.write_text(
            json.dumps(
                {"content": "content", "url": "/images/", "window": "off", "tables": [table]}
            )
        )
        self._server.calls.clear()
        time = f"{FIRST + timedelta(days=night)}T01:00:00Z"
        return tagpages(command, "--catalog", catalog, "--as-of", time, *options)

    def asked(self) -> set[str]:
        """The images that the last build asked for."""
        return {call.path.split("/")[5] for call in self._server.calls if "/tag/" in call.path}

    def push(self, image: str, tag: str, number: int) -> None:
        """Move a tag, or make one; the listing tells of it."""
        there = self.quay.repositories[f"team/{image}"]
        there[:] = [entry for entry in there if entry[0] != tag] + [(tag, digest(number), at(20))]
        self.quay.changed[f"team/{image}"] = at(20)

    def delete(self, image: str, *tags: str) -> None:
        """Delete tags, of which the listing does not tell."""
        there = self.quay.repositories[f"team/{image}"]
        there[:] = [entry for entry in there if entry[0] not in tags]

    def turn_of(self, image: str) -> int:
        """The first night after the first one in which an unchanged image is asked for."""
        for night in range(1, 8):
            self.build(night, "--dry-run")
            if image in self.asked():
                return night
        raise AssertionError(f"{image} is never asked for")

    def pages(self) -> dict[str, bytes]:
        return {name: text for name, text in tree_of(self.content).items() if "/" in name}


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    leave_alone(monkeypatch, tmp_path)
    entries = [(tag, digest(number), at(1)) for number, tag in enumerate(TAGS, 1)]
    quay = vendors.Quay(
        repositories={f"team/{image}": list(entries) for image in IMAGES},
        changed={f"team/{image}": at(1) for image in IMAGES},
    )
    with serving(quay) as server:
        site = Nights(tmp_path, server, quay)
        assert site.build(0).code == 0
        assert site.asked() == set(IMAGES)
        yield site


def test_in_seven_quiet_nights_each_image_is_asked_for_once_and_nothing_changes(
    nights: Nights,
) -> None:
    pages = nights.pages()
    turns = []
    for night in range(1, 8):
        run = nights.build(night)
        assert run.code == 0, run.err
        assert run.err.endswith(
            "0 added, 0 removed, 0 changed, 35 unchanged, 0 failed or held back\n"
        )
        turns.append(nights.asked())

    assert sorted(image for turn in turns for image in turn) == IMAGES
    assert max(map(len, turns)) < 12
    assert nights.pages() == pages


def test_the_report_counts_the_images_that_were_not_asked_for(nights: Nights) -> None:
    run = nights.build(1, "--report", nights.folder / "report.json")

    count = len(IMAGES) - len(nights.asked())
    assert f"; {count} images not asked for, as unchanged." in run.err
    [source] = json.loads((nights.folder / "report.json").read_text())["sources"]
    assert source == {"table": "public", "tags": 420, "usual": 0.0, "quiet": count}


def test_an_image_that_has_changed_is_asked_for(nights: Nights) -> None:
    for image in IMAGES:
        nights.push(image, "1.3", 99)

    run = nights.build(1)

    assert nights.asked() == set(IMAGES)
    assert "35 changed" in run.err
    assert digest(99) in (nights.content / "app-00/tags_history.md").read_text()
    nights.build(2)
    assert len(nights.asked()) < 12


def test_a_deletion_that_the_listing_does_not_tell_shows_in_the_images_turn(nights: Nights) -> None:
    turn = nights.turn_of("app-07")
    nights.delete("app-07", "1.11")

    for night in range(1, turn + 1):
        run = nights.build(night)
        assert ("`1.11`" in (nights.content / "app-07/tags_history.md").read_text()) == (
            night < turn
        )

    assert "1 removed" not in run.err
    assert "1 changed" in run.err


def test_an_image_that_is_held_back_is_asked_for_until_it_is_believed(nights: Nights) -> None:
    turn = nights.turn_of("app-07")
    nights.delete("app-07", *TAGS[2:])

    said = [nights.build(night).err for night in range(turn, turn + 3)]

    assert "Held back (1)\n  app-07: public: `10 of 12 visible tags gone" in said[0]
    assert "(night 2)" in said[1]
    assert "Believed after all (1)\n  app-07" in said[2]


def test_a_source_that_is_held_back_is_asked_for_all_its_images(nights: Nights) -> None:
    for image in IMAGES:
        nights.delete(image, *TAGS[1:])

    said = nights.build(1).err
    assert "`public` is held back" in said
    assert len(nights.asked()) < 12

    nights.build(2)
    assert nights.asked() == set(IMAGES)


def test_an_image_that_failed_is_asked_for_in_the_next_night(nights: Nights) -> None:
    turn = nights.turn_of("app-07")
    nights.quay.when("/app-07/tag/", Answer(404, b"<html>"))

    assert nights.build(turn).code == 1
    assert nights.build(turn + 1).code == 0
    assert "app-07" in nights.asked()
    nights.build(turn + 2)
    assert "app-07" not in nights.asked()


def test_a_source_that_could_not_be_asked_asks_for_no_more_in_the_next_night(
    nights: Nights,
) -> None:
    pages = nights.pages()
    nights.quay.when("/repository?", Answer(400))

    run = nights.build(1)
    assert run.code == 1
    assert "could not be asked" in run.err

    assert nights.build(2).code == 0
    assert len(nights.asked()) < 12
    assert nights.pages() == pages


@pytest.mark.parametrize("keys", [{"tags": {"exclude": ["1.0"]}}, {"unchanged_within": 1}])
def test_a_catalog_that_wants_other_tags_or_no_quiet_asks_for_all(
    nights: Nights, keys: dict[str, Any]
) -> None:
    nights.keys = keys

    nights.build(1)

    assert nights.asked() == set(IMAGES)


def test_answers_of_a_quiet_night_build_the_same_tree(nights: Nights) -> None:
    nights.push("app-03", "2.0", 50)
    answers = nights.folder / "answers.jsonl.gz"
    assert nights.build(1, "--out", answers, command="collect").code == 0
    assert len(nights.asked()) < 12

    run = nights.build(1, "--answers", answers)

    assert run.code == 0, run.err
    assert "1 changed, 34 unchanged, 0 failed" in run.err
    assert not nights.asked()


def test_answers_of_a_quiet_night_are_not_believed_over_another_state(nights: Nights) -> None:
    answers = nights.folder / "answers.jsonl.gz"
    nights.build(1, "--out", answers, command="collect")
    quiet = min(set(IMAGES) - nights.asked())
    nights.push(quiet, "1.3", 99)
    nights.build(1)
    pages = nights.pages()

    run = nights.build(1, "--answers", answers)

    assert run.code == 1
    assert "what is known of it is not what it was when the answers were collected" in run.err
    assert nights.pages().keys() == pages.keys()
    assert digest(99) in nights.pages()[f"{quiet}/tags_history.md"].decode()


def test_a_pull_that_is_gone_on_with_still_knows_what_the_listing_told(nights: Nights) -> None:
    for image in IMAGES:
        nights.push(image, "1.3", 99)
    for image in IMAGES[20:]:
        nights.quay.when(f"/{image}/tag/", Answer(429, b"", (("Retry-After", "3600"),)))
    assert nights.build(1).code == 1
    nights.quay.rules.clear()

    run = nights.build(1)
    assert "going on with the pull" in run.err
    assert run.code == 0, run.err
    assert nights.asked() <= set(IMAGES[10:])

    nights.build(2)
    assert len(nights.asked()) < 12
