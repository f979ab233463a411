"""When an image last changed, as the listing of its namespace has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from generator.sources.base import SourceSpec
from generator.sources.dockerhub import DockerHub
from generator.sources.ghcr import Ghcr
from generator.sources.google import Google
from generator.sources.harbor import Harbor
from generator.sources.oci import Oci
from generator.sources.quay import Quay
from generator.sources.remote import TagGlobs
from tests.registry.fake import NOW, FakeClock, asked, run, session_for
from tests.registry.server import Handler, Server
from tests.sources import vendors
from tests.sources.asking import at, digest

REPOSITORIES = {
    f"team/{name}": [("1.0", digest(1), at(1))] for name in ("app", "old", "tool", "unknown")
}
TIMES = {
    "team/app": at(1, 10),
    "team/old": datetime(1970, 1, 1, tzinfo=UTC),
    "team/tool": at(2, 11),
}
Case = Mapping[str, Any]
"""Keys of the source in the catalog; `repositories` are the images that lie elsewhere."""


def hub(url: str, keys: Case) -> SourceSpec:
    return DockerHub(**{"api": url, "repository": "team/{image}", **keys})


def quay(url: str, keys: Case) -> SourceSpec:
    return Quay(**{"registry": url, "repository": "team/{image}", **keys})


KINDS: dict[str, tuple[Callable[[str, Case], SourceSpec], Handler]] = {
    "dockerhub": (hub, vendors.Hub(repositories=REPOSITORIES, changed=TIMES)),
    "quay": (quay, vendors.Quay(repositories=REPOSITORIES, changed=TIMES)),
}
EACH = pytest.mark.parametrize("kind", KINDS)


def listed(kind: str, *cases: Case) -> list[dict[str, str]]:
    """What the listing tells with each of the catalogs, all of one server."""
    spec_of, handler = KINDS[kind]

    async def scenario() -> list[dict[str, str]]:
        told = []
        async with Server(handler).running() as server:
            for case in cases:
                keys = dict(case)
                elsewhere = keys.pop("repositories", {})
                session = session_for(FakeClock())
                async with asked(session, names=(), listed=True, repositories=elsewhere) as opened:
                    source = spec_of(server.url, keys).open(opened)
                    told.append(dict(source.changed(await source.names())))
        return told

    return run(scenario())


@EACH
def test_the_listing_tells_when_images_changed_if_it_is_believable(kind: str) -> None:
    [told] = listed(kind, {})

    assert {name: text.split()[0] for name, text in told.items()} == {
        "app": "2026-07-01T10:00:00+00:00",
        "tool": "2026-07-02T11:00:00+00:00",
    }


@EACH
def test_other_tags_of_an_image_count_as_a_change(kind: str) -> None:
    usual, other = listed(kind, {}, {"tags": TagGlobs(exclude=("*-rc",))})

    assert usual.keys() == other.keys()
    assert not set(usual.values()) & set(other.values())


@EACH
def test_another_place_of_an_image_counts_as_a_change_even_if_it_has_the_same_time(
    kind: str,
) -> None:
    there, here = listed(kind, {"repositories": {"app": "team/tool"}}, {})

    assert there["app"].split()[0] == here["tool"].split()[0]
    assert there["app"] != here["app"]
    assert there["tool"] == here["tool"]


@EACH
def test_keys_that_say_nothing_of_tags_are_no_change(kind: str) -> None:
    usual, other = listed(kind, {}, {"concurrency": 2, "deadline": 5, "unchanged_within": 3})

    assert usual == other


@pytest.mark.parametrize("nights", [1, 2, 7])
@pytest.mark.parametrize("kind", [DockerHub, Quay])
def test_each_image_is_asked_for_once_in_so_many_nights(kind: Any, nights: int) -> None:
    spec = kind(unchanged_within=nights)
    dates = [NOW + timedelta(days=day) for day in range(nights)]
    images = [f"app-{number}" for number in range(1000)]

    turns = [[name for name in images if spec.asks_again(name, date)] for date in dates]

    assert sorted(chain.from_iterable(turns)) == sorted(images)
    assert min(map(len, turns)) > 0.8 * 1000 / nights
    assert turns == [[name for name in images if spec.asks_again(name, date)] for date in dates]


@pytest.mark.parametrize(
    "spec",
    [
        Ghcr(repository="acme/{image}"),
        Google(registry="gcr.io", repository="acme/{image}"),
        Harbor(registry="harbor.example", repository="acme/{image}"),
        Oci(registry="registry.example"),
    ],
    ids=lambda spec: type(spec).__name__,
)
def test_kinds_that_do_not_tell_it_are_asked_for_all_images_every_night(spec: SourceSpec) -> None:
    assert all(spec.asks_again("app", NOW + timedelta(days=day)) for day in range(7))
