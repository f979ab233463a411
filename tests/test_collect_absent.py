"""What a registry does not show: absent, or hidden; each says it in its way."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.model import Seen
from generator.sources.oci import Oci
from tests.collecting import leave_alone, seen_of
from tests.registry.fake import FakeRegistry
from tests.registry.server import Answer, problem
from tests.sources.asking import serving

SHAPES = [
    problem(404, "NAME_UNKNOWN"),
    problem(404, "MANIFEST_UNKNOWN", "not found"),
    Answer(404, b"page not found"),
    problem(401, "UNAUTHORIZED", "authentication required"),
    problem(403, "DENIED", "requested access to the resource is denied"),
]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    leave_alone(monkeypatch, tmp_path)


def seen_with(shape: Answer, *images: str, known: tuple[str, ...] = ()) -> Seen:
    """What is seen of a registry that has `app`, and says so of what it does not have."""
    fake = FakeRegistry()
    fake.tag("app", "1.0", fake.image())
    fake.when("GET", "/typo/", shape)
    with serving(fake) as server:
        return seen_of(Oci(registry=server.address), include=images, known=known)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("images", [("app", "typo"), ("typo", "app")])
def test_an_image_that_never_was_is_absent_where_others_are_shown(
    shape: Answer, images: tuple[str, ...]
) -> None:
    seen = seen_with(shape, *images)

    assert sorted(seen.images) == ["app"]
    assert seen.failed == {}


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_a_known_image_that_is_not_shown_has_failed_for_one_of_two_causes(shape: Answer) -> None:
    seen = seen_with(shape, "app", "typo", known=("typo",))

    reason = seen.failed["typo"].reason
    assert f" answered {shape.status}" in reason
    assert reason.endswith(": it does not exist any more, or this login may not see it")


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_where_nothing_is_shown_nothing_is_absent(shape: Answer) -> None:
    seen = seen_with(shape, "typo")

    assert f" answered {shape.status}" in seen.failed["typo"].reason


def test_a_known_image_that_the_registry_says_it_does_not_have_is_absent() -> None:
    assert seen_with(SHAPES[0], "app", "typo", known=("typo",)).failed == {}
