"""A registry that breaks, restarts and refuses: nothing that it answered is lost or asked twice.

Whole builds of 40 images of 20 tags, in a time that passes at once.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from errno import ENOSPC
from pathlib import Path
from typing import BinaryIO
from unittest.mock import Mock
from zlib import crc32

import pytest

from generator.collect.answers import Answer as CollectedAnswer
from generator.collect.journal import Journal
from generator.registry.errors import Fault
from generator.registry.message import Reply, Request
from tests.collecting import HEADER
from tests.far_away import World, far_away
from tests.registry.server import Answer, Call
from tests.support import Run, tagpages, tree_of

IMAGES, DIGESTS, TAGS = 40, 4, 20
QUIET = 1 + IMAGES * (1 + TAGS)
"""The requests of a night without news: the catalog, each list, each tag's digest."""
NEW = DIGESTS * 2
"""What an image costs that is not known yet, beyond that: its manifests and configurations."""
FIRST = date(2026, 8, 1)

Break = Callable[[Call], Answer | None]


class Nights:
    """A site of that registry, built night after night; `answered` counts its proper answers."""

    def __init__(self, folder: Path, world: World) -> None:
        self.folder = folder
        self.world = world
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.keys: dict[str, str] = {}
        self._exchange = world.exchange
        world.exchange = self._counted  # type: ignore[method-assign] # counts

    async def _counted(self, request: Request) -> Reply:
        what = f"{request.method} {request.url}"
        self.asked[what] += 1
        reply = await self._exchange(request)
        self.answered[what] += reply.status == 200
        return reply

    def build(self, night: int, broken: Break = lambda _: None) -> Run:
        """Build for so many nights after the first one, of a registry that breaks so."""
        self.asked.clear()
        self.answered.clear()
        self.world.first = broken
        source = {"kind": "oci", "registry": "127.0.0.1", **self.keys}
        table = {"name": "public", "source": source}
        keys = {"content": "content", "url": "/images/", "window": "off", "tables": [table]}
        catalog = self.folder / "catalog.json"
        catalog.write_text(json.dumps(keys))
        time = f"{FIRST + timedelta(days=night)}T01:00:00Z"
        return tagpages("build", "--catalog", catalog, "--as-of", time)

    @property
    def requests(self) -> int:
        return sum(self.asked.values())

    @property
    def pages(self) -> set[str]:
        return {path.parent.name for path in self.folder.glob("content/*/tags_history.md")}

    @property
    def journal(self) -> Path:
        return self.folder / ".tagpages" / "answers.jsonl"


@pytest.fixture
def nights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Nights:
    world = far_away(monkeypatch, tmp_path)
    for number in range(IMAGES):
        digests = [
            world.registry.image(f"2026-0{month}-01T00:00:{number:02}Z")
            for month in range(1, DIGESTS + 1)
        ]
        world.registry.repositories[f"app-{number:02}"] = {
            f"{at}.{patch}": digest
            for at, digest in enumerate(digests)
            for patch in range(TAGS // DIGESTS)
        }
    return Nights(tmp_path, world)


def dropping(percent: int) -> Break:
    """So many of all connections break: which ones looks like chance, and is the same each time."""
    count = iter(range(10**9))

    def drop(_: Call) -> None:
        if crc32(b"%d" % next(count)) % 100 < percent:
            raise Fault("connection reset")

    return drop


def down_for(seconds: float, since: float = 2) -> Break:
    """No connection is taken for some time."""

    def refuse(_: Call) -> None:
        if since <= asyncio.get_running_loop().time() < since + seconds:
            raise Fault("connection refused")

    return refuse


def refusing_every(count: int, **headers: str) -> Break:
    """One request in so many is answered 429."""
    numbers = iter(range(1, 10**9))
    fields = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return lambda _: Answer(429, headers=fields) if next(numbers) % count == 0 else None


WEATHER: dict[str, Callable[[], Break]] = {
    "5 % of the connections dropped": lambda: dropping(5),
    "20 % of the connections dropped": lambda: dropping(20),
    "a restart of 5 s": lambda: down_for(5),
    "429 every 50 requests": lambda: refusing_every(50),
    "429 every 50 requests, to wait 2 s": lambda: refusing_every(50, Retry_After="2"),
}


@pytest.mark.parametrize("weather", WEATHER)
def test_bad_weather_costs_no_image_and_no_request_of_the_next_night(
    nights: Nights, weather: str
) -> None:
    run = nights.build(0, WEATHER[weather]())

    assert run.code == 0, run.err
    assert len(nights.pages) == IMAGES
    assert set(nights.answered.values()) == {1}
    assert sum(nights.answered.values()) == QUIET + IMAGES * NEW
    assert not nights.journal.exists()
    assert nights.build(1).code == 0
    assert nights.requests == QUIET
    assert nights.build(2, WEATHER[weather]()).code == 0
    assert sum(nights.answered.values()) == QUIET


def test_of_half_of_the_connections_dropped_each_image_is_there_that_was_answered(
    nights: Nights,
) -> None:
    run = nights.build(0, dropping(50))
    repositories = nights.world.registry.repositories
    whole = {
        name
        for name, tags in repositories.items()
        if all(nights.answered[f"HEAD http://127.0.0.1/v2/{name}/manifests/{tag}"] for tag in tags)
        and sum(count for what, count in nights.answered.items() if f"/{name}/blobs/" in what)
        == DIGESTS
    }

    assert run.code == 1
    assert 10 < len(whole) < IMAGES
    assert nights.pages == whole
    assert f"Failed ({IMAGES - len(whole)})" in run.err
    assert set(nights.answered.values()) <= {0, 1}

    assert nights.build(1).code == 0
    assert len(nights.pages) == IMAGES
    assert nights.requests == QUIET + (IMAGES - len(whole)) * NEW


def test_a_restart_of_90_s_ends_the_pull_and_the_next_run_asks_for_the_rest_only(
    nights: Nights,
) -> None:
    run = nights.build(0, down_for(90))
    assert run.code == 1
    assert "is given up, 10 requests in a row failed" in run.err
    assert "Traceback" not in run.err
    there, answered = nights.pages, set(+nights.answered)
    assert 0 < len(there) < IMAGES
    assert nights.journal.exists()

    run = nights.build(0)
    assert run.code == 0, run.err
    assert "going on with the pull" in run.err
    assert len(nights.pages) == IMAGES
    assert not answered & nights.asked.keys()
    assert nights.requests + len(answered) == QUIET + IMAGES * NEW

    assert nights.build(1).code == 0
    assert nights.requests == QUIET


def test_after_bad_weather_tags_that_never_move_are_asked_for_in_their_turn_only(
    nights: Nights,
) -> None:
    nights.keys = {"immutable": r"\d+\.\d+"}
    nights.build(0, dropping(20))
    pages = {name: text for name, text in tree_of(nights.folder).items() if name.endswith(".md")}

    turns = []
    for night in range(1, 8):
        assert nights.build(night).code == 0
        turns.append({what for what in nights.asked if what.startswith("HEAD")})
        assert nights.requests == 1 + IMAGES + len(turns[-1])

    assert sum(map(len, turns)) == len(set().union(*turns)) == IMAGES * TAGS
    assert max(map(len, turns)) < IMAGES * TAGS / 5
    assert pages == {
        name: text for name, text in tree_of(nights.folder).items() if name.endswith(".md")
    }


def test_a_journal_that_is_written_in_small_pieces_is_whole(tmp_path: Path) -> None:
    with Journal(tmp_path / "answers.jsonl", HEADER) as journal:
        file = vars(journal)["_file"]
        vars(journal)["_file"] = Mock(wraps=file, write=lambda text: file.write(text[:7]))
        journal.add(CollectedAnswer("public", image="app", tags=()))

    with Journal(tmp_path / "answers.jsonl", HEADER) as journal:
        assert journal.answers.of("public").images == {"app": ()}


def test_a_journal_that_cannot_be_written_ends_the_run_with_the_reason(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __init__(self, file: BinaryIO) -> None:
            self.close = file.close

        def write(self, _text: bytes) -> None:
            raise OSError(ENOSPC, "No space left on device")

    add = Journal.add

    def full_for_images(journal: Journal, answer: CollectedAnswer) -> None:
        if answer.image:
            monkeypatch.setattr(journal, "_file", Full(vars(journal)["_file"]))
        add(journal, answer)

    monkeypatch.setattr(Journal, "add", full_for_images)

    run = nights.build(0)

    assert run.code == 1
    last = run.err.splitlines()[-1]
    assert last == f"tagpages: cannot write {nights.journal}: No space left on device"
