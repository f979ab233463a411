"""What a great namespace costs in a quiet night. A figure of `docs/sources.md`."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.catalog.images import Images
from generator.collect import ask, pull
from generator.collect.answers import seen
from generator.model import Image, Seen, Table, TagGroup
from generator.progress import Progress
from generator.sources.quay import Quay
from tests.collecting import AS_OF, HEADER
from tests.far_away import World, far_away
from tests.registry.server import Answer, Call, as_json

DIGEST = f"sha256:{'a' * 64}"
PAGE = 100


def quay_of(count: int, world: World) -> None:
    """Let it be a Quay of so many images, none of which changes."""
    names = [f"app-{number:06}" for number in range(count)]
    tag = {"name": "1.0", "manifest_digest": DIGEST, "start_ts": 1_700_000_000}
    tags = as_json({"tags": [tag], "has_additional": False})

    def answer(call: Call) -> Answer:
        if call.path != "/api/v1/repository":
            return tags
        start = int(call.query.get("next_page", ["0"])[0])
        rows: list[dict[str, object]] = [
            {"namespace": "team", "name": name, "last_modified": 1_700_000_000}
            for name in names[start : start + PAGE]
        ]
        more = {"next_page": str(start + PAGE)} if start + PAGE < count else {}
        return as_json({"repositories": rows, **more})

    world.handler = answer


def night(known: dict[str, Image]) -> Seen:
    """What is seen of all images."""
    collection = pull.Collection(
        sources={"public": Quay(registry="127.0.0.1", repository="team/{image}", deadline=1440)},
        images=Images(),
        known=known,
        as_of=AS_OF,
        root=Path(),
        selected=lambda _: True,
    )
    answers = ask.ask_all(collection, HEADER, Progress())
    return seen([answers], ["public"], known)["public"]


@pytest.mark.parametrize("count", [3_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_a_quiet_night_costs_the_listing_and_a_seventh_of_the_images(
    count: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world = far_away(monkeypatch, tmp_path)
    quay_of(count, world)

    first = night({})
    assert world.requests == count / PAGE + count
    assert len(first.images) == count

    world.requests = 0
    group = TagGroup(DIGEST, AS_OF, ("1.0",))
    known = {
        name: Image(name, (Table("public", (group,), changed=first.changed[name]),))
        for name in first.images
    }
    second = night(known)

    assert second.images.keys() == first.images.keys()
    assert (second.failed, second.failure) == ({}, None)
    assert world.requests == count / PAGE + count - len(second.quiet)
    assert world.requests == pytest.approx(count / PAGE + count / 7, rel=0.05)
