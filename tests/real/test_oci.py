"""The `oci` source against Debian's registry; skopeo, another client, is the witness."""

from __future__ import annotations

import pytest

from generator.errors import TagpagesError
from generator.model import Tag
from generator.registry import parse_time
from tests.real.client import Answers, Skopeo, pull
from tests.real.distribution import Distribution
from tests.real.shelf import BUILT, SIGNATURE, Shelf

pytestmark = pytest.mark.xdist_group("shelf")

SAMPLE = (
    *("many:0.0", "many:57.3", "many:99.9", "app-17:1.1"),
    *("oci:1.0", "docker:latest", "oci-index:1.0", "docker-list:latest", "attested:1.0"),
)
"""Tags whose images say in their configuration when they were built, as skopeo reads it."""


def answered(answers: Answers, reference: str) -> Tag:
    name, _, tag = reference.partition(":")
    tags = answers[name]
    assert tags
    return tags[tag]


@pytest.fixture(scope="module")
def answers(registry: Distribution) -> Answers:
    return pull(registry.address, concurrency=8, artifacts=True)


def test_a_chart_is_no_image(registry: Distribution) -> None:
    assert pull(registry.address, "chart") == {"chart": None}


def test_every_tag_of_thirty_images_has_the_digest_that_was_pushed(
    answers: Answers, shelf: Shelf
) -> None:
    found = {
        f"team/{name}": {tag.name: tag.digest for tag in (tags or {}).values()}
        for name, tags in answers.items()
    }

    pushed = {name: dict(tags) for name, tags in shelf.pushed.items() if name != "elsewhere/app"}
    del pushed["team/oci"][SIGNATURE]
    assert found == pushed
    assert len(found) == 30
    assert len(found["team/many"]) == 1010


@pytest.mark.parametrize("name", BUILT)
def test_a_tag_changed_when_its_image_was_built(name: str, answers: Answers) -> None:
    tags = answers[name]

    assert tags
    assert tags["1.0"].last_changed == tags["latest"].last_changed == BUILT[name]


@pytest.mark.parametrize("name", ["app-00", "docker-list", "many", "oci"])
def test_skopeo_lists_the_same_tags(
    name: str, answers: Answers, registry: Distribution, skopeo: Skopeo
) -> None:
    listed = skopeo("list-tags", f"docker://{registry.address}/team/{name}")["Tags"]

    assert set(answers[name] or ()) == set(listed) - {SIGNATURE}


@pytest.mark.parametrize("reference", [*SAMPLE, "annotated:1.0", "annotated-index:1.0"])
def test_skopeo_sees_the_same_digest(
    reference: str, answers: Answers, registry: Distribution, skopeo: Skopeo
) -> None:
    seen = skopeo("inspect", "--no-tags", f"docker://{registry.address}/team/{reference}")

    assert answered(answers, reference).digest == seen["Digest"]


@pytest.mark.parametrize("reference", SAMPLE)
def test_skopeo_sees_the_same_time(
    reference: str, answers: Answers, registry: Distribution, skopeo: Skopeo
) -> None:
    seen = skopeo("inspect", "--no-tags", f"docker://{registry.address}/team/{reference}")

    assert answered(answers, reference).last_changed == parse_time(seen["Created"])


def test_a_repository_that_the_registry_does_not_have_is_no_image(registry: Distribution) -> None:
    assert pull(registry.address, "nowhere") == {"nowhere": None}


def test_as_many_tags_as_a_page_holds_are_an_error_where_the_registry_has_no_pages(
    registry: Distribution,
) -> None:
    with pytest.raises(TagpagesError, match=r"exactly 1,000 entries.* repeats some of them"):
        pull(registry.address, "app", repository="elsewhere/{image}")
