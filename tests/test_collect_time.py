"""An image may take ten minutes of its own work; what it waits behind others is not counted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from generator.model import Tag, TimeKind
from generator.sources.base import Ask, Source, SourceSpec
from generator.sources.oci import Oci
from tests.collecting import seen_of
from tests.far_away import World, far_away
from tests.registry.server import as_json

TOO_LONG = "no whole answer within 10 minutes"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    return far_away(monkeypatch, tmp_path)


def test_images_that_wait_behind_each_other_all_get_their_answers(world: World) -> None:
    world.images(8, tags=3000)

    seen = seen_of(Oci(registry="127.0.0.1", concurrency=4))

    assert seen.failed == {}
    assert {name: len(tags) for name, tags in seen.images.items()} == dict.fromkeys(
        (f"app-{n}" for n in range(8)), 3000
    )
    assert world.end > 600


@pytest.mark.parametrize(
    ("concurrency", "advice"), [(4, "4 requests"), (1, "1 request"), (2, "2 requests")]
)
def test_an_image_that_takes_longer_fails_and_says_what_to_turn(
    world: World, concurrency: int, advice: str
) -> None:
    world.images(1, tags=70 * concurrency)
    world.seconds = 10

    seen = seen_of(Oci(registry="127.0.0.1", concurrency=concurrency))

    assert seen.images == {}
    assert seen.failed["app-0"].reason == (
        f"{TOO_LONG}; `concurrency` of this source allows at most {advice} at a time"
    )
    assert world.end == pytest.approx(610, abs=10)


def test_an_image_that_takes_longer_fails_also_among_others(world: World) -> None:
    world.images(3, tags=200)
    world.images(1, tags=260)
    world.seconds = 10

    seen = seen_of(Oci(registry="127.0.0.1", concurrency=4))

    assert sorted(seen.images) == ["app-1", "app-2"]
    assert seen.failed["app-0"].reason.startswith(TOO_LONG)


def test_a_pause_that_a_host_wants_is_not_counted(world: World) -> None:
    world.images(2, tags=10)
    world.limited = 6

    seen = seen_of(Oci(registry="127.0.0.1"), include=("app-0", "app-1"))

    assert sorted(seen.images) == ["app-0", "app-1"]
    assert world.end > 600


def test_a_source_ends_at_its_deadline_and_what_it_answered_counts(world: World) -> None:
    world.images(40, tags=20)
    world.seconds = 30

    seen = seen_of(Oci(registry="127.0.0.1", concurrency=4))

    assert world.end <= 3600
    assert 0 < len(seen.images) < 40
    assert len(seen.images) + len(seen.failed) == 40
    assert {failure.reason for failure in seen.failed.values()} == {
        (
            "not asked to its end within 60 minutes: what it answered counts; "
            "`deadline` of this source allows no more"
        )
    }


def test_the_catalog_says_how_long_a_source_may_take(world: World) -> None:
    world.images(40, tags=20)
    world.seconds = 30

    seen = seen_of(Oci(registry="127.0.0.1", concurrency=4, deadline=240))

    assert seen.failed == {}
    assert world.end > 3600


def test_listing_the_names_ends_at_the_deadline_too(world: World) -> None:
    world.seconds = 100
    numbers = iter(range(10_000))
    world.registry.when(
        "GET",
        "/v2/_catalog",
        lambda _: as_json(
            {"repositories": ["app"]}, Link=f'</v2/_catalog?at={next(numbers)}>; rel="next"'
        ),
    )

    seen = seen_of(Oci(registry="127.0.0.1", deadline=5))

    assert seen.failure is not None
    assert seen.failure.reason.startswith("not asked to its end within 5 minutes")
    assert world.end <= 300


def test_a_host_that_images_wait_for_in_vain_is_given_up(world: World) -> None:
    world.images(40, tags=1)
    world.seconds = 3000

    seen = seen_of(
        Oci(registry="127.0.0.1", deadline=600), include=tuple(f"app-{n}" for n in range(40))
    )

    assert seen.failure is not None
    assert re.fullmatch(
        r"127\.0\.0\.1 is given up, 12 requests in a row failed: "
        r"http://127\.0\.0\.1/v2/app-\d+/tags/list had not answered when the time was over",
        seen.failure.reason,
    )
    assert world.requests == 12


def test_many_requests_of_one_image_that_runs_out_of_time_count_once(world: World) -> None:
    world.images(1, tags=1000)
    world.images(2, tags=10)
    world.registry.repositories["app-0"] = {
        f"1.{n}": world.registry.image(f"2026-01-01T00:00:{n:02}Z") for n in range(20)
    }
    world.slow = "/app-0/manifests"

    seen = seen_of(Oci(registry="127.0.0.1", concurrency=20), include=("app-0", "app-1"))

    assert sorted(seen.images) == ["app-1"]
    assert seen.failed["app-0"].reason.startswith(TOO_LONG)


class Silent(SourceSpec, frozen=True, kw_only=True, tag="silent"):
    """A source of which one image never comes, and another after nine minutes."""

    time_kind: ClassVar[TimeKind] = "listed"

    def open(self, ask: Ask) -> Silence:  # noqa: ARG002 - it needs nothing
        return Silence()


class Silence(Source):
    async def names(self) -> Collection[str]:
        return ["never", "late"]

    async def tags(self, name: str) -> Sequence[Tag]:
        await asyncio.sleep(540 if name == "late" else 10_000)
        return []


def test_an_image_that_waits_for_nobody_is_given_up_after_ten_minutes(world: World) -> None:
    seen = seen_of(Silent())

    assert seen.images == {"late": ()}
    assert {name: failure.reason for name, failure in seen.failed.items()} == {"never": TOO_LONG}
