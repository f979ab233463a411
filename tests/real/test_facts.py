"""What images contain, by Debian's registry; skopeo, another client, is the witness."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from generator.facts import Location, look
from generator.facts.base import Absent, CouldNotLook, Fact, Facts, Found
from generator.facts.image import IMAGE, ImageFacts
from generator.registry import Keychain, Session
from generator.sources.base import Ask
from generator.sources.oci import Oci
from tests.real.client import NOBODY, Skopeo
from tests.real.distribution import Distribution, storage
from tests.real.pusher import DOCKER, HELM, OCI, Content, Inside, Kind, Pusher, pusher
from tests.real.shelf import AS_OF

pytestmark = pytest.mark.xdist_group("facts")

CREATED = "2026-05-01T12:00:00.5+02:00"
RUN = {
    "User": "65532",
    "Entrypoint": ["/usr/bin/app", "--name=a b"],
    "Cmd": ["serve"],
    "Env": ["PATH=/usr/bin", "SSL_CERT_FILE=/etc/ssl/cert.pem"],
    "ExposedPorts": {"8080/tcp": {}},
    "Volumes": {"/data": {}},
    "WorkingDir": "/srv",
    "StopSignal": "SIGTERM",
}
PLATFORMS = ("linux/arm64/v8", "linux/amd64", "linux/arm/v7")
LAYERS = {"linux/arm64/v8": (5000, 200), "linux/amd64": (7000, 300, 10), "linux/arm/v7": (90,)}
"""Bytes that no compression makes smaller."""


@dataclass(frozen=True)
class Filled:
    """A running registry and the digests of the repository `team/app`, by tag."""

    registry: Distribution
    digests: dict[str, str]

    @property
    def facts(self) -> dict[str, Facts]:
        return asyncio.run(self._facts())

    async def _facts(self) -> dict[str, Facts]:
        async with Session(keychain=Keychain(NOBODY)) as session:
            ask = Ask(
                root=Path(),
                as_of=AS_OF,
                names=("app",),
                listed=False,
                wanted=lambda _: True,
                known=lambda _: None,
                repositories={},
                session=lambda: session,
            )
            source = Oci(registry=self.registry.address, repository="team/{image}").open(ask)
            where = Location(source, "app")
            return {tag: await look(where, digest) for tag, digest in self.digests.items()}


def children(push: Pusher, kind: Kind) -> dict[str, Content]:
    """Images by platform, each with layers of its own."""
    random = Random(1)
    return {
        platform: push.image(
            "team/app",
            CREATED,
            kind,
            inside=Inside(
                platform,
                [random.randbytes(size) for size in LAYERS[platform]],
                RUN | {"Labels": {"platform": platform}},
            ),
        )
        for platform in PLATFORMS
    }


def attested(push: Pusher) -> dict[str, Content]:
    """As BuildKit writes an index: after the images an attestation of each of them."""
    images = children(push, OCI)
    return images | {
        f"unknown/unknown@{content.digest}": push.image(
            "team/app", None, inside=Inside("unknown/unknown", [content.digest.encode()])
        )
        for content in images.values()
    }


@pytest.fixture(scope="module")
def filled(docker_registry: type[Distribution]) -> Iterator[Filled]:
    with storage() as folder, docker_registry(folder) as registry:
        with pusher(registry.address) as push:
            for tag, kind in (("oci", OCI), ("docker", DOCKER)):
                push.tag("team/app", push.index("team/app", children(push, kind), kind), tag)
            push.tag("team/app", push.index("team/app", attested(push)), "attested")
            inner = push.index("team/app", children(push, OCI))
            push.tag("team/app", push.index("team/app", {"linux": inner}), "nested")
            push.tag("team/app", push.image("team/app", CREATED, inside=Inside(run=RUN)), "single")
            push.tag("team/app", push.image("team/app", None, HELM), "chart")
        yield Filled(registry, push.pushed["team/app"])


@pytest.fixture(scope="module")
def facts(filled: Filled) -> dict[str, Fact[ImageFacts] | None]:
    return {tag: IMAGE.of(found) for tag, found in filled.facts.items()}


def image(fact: Fact[ImageFacts] | None) -> ImageFacts:
    assert isinstance(fact, Found), fact
    return fact.value


@pytest.mark.parametrize("tag", ["oci", "docker", "attested", "nested"])
def test_an_index_has_its_images_as_platforms_and_no_attestation(
    tag: str, facts: dict[str, Fact[ImageFacts] | None]
) -> None:
    found = image(facts[tag])

    assert found.is_index
    assert [platform.name for platform in found.platforms] == list(PLATFORMS)
    assert found.created == datetime(2026, 5, 1, 10, 0, 0, 500000, tzinfo=UTC)
    assert found.config.labels == {"platform": "linux/amd64"}


@pytest.mark.parametrize("tag", ["oci", "docker", "attested"])
def test_skopeo_sees_the_same_layers_and_sizes_of_each_platform(
    tag: str, facts: dict[str, Fact[ImageFacts] | None], filled: Filled, skopeo: Skopeo
) -> None:
    place = f"docker://{filled.registry.address}/team/app"
    raw = skopeo("inspect", "--raw", f"{place}:{tag}")

    seen = {}
    for entry in raw["manifests"]:
        if entry["platform"]["os"] != "unknown":
            layers = skopeo("inspect", "--raw", f"{place}@{entry['digest']}")["layers"]
            seen[entry["digest"]] = (sum(layer["size"] for layer in layers), len(layers))
    platforms = image(facts[tag]).platforms
    assert {item.digest: (item.size, item.layers) for item in platforms} == seen
    assert all(item.size and item.size >= sum(LAYERS[item.name]) for item in platforms)


@pytest.mark.parametrize("tag", ["oci", "docker", "attested", "single"])
def test_skopeo_sees_the_same_configuration(
    tag: str, facts: dict[str, Fact[ImageFacts] | None], filled: Filled, skopeo: Skopeo
) -> None:
    place = f"docker://{filled.registry.address}/team/app:{tag}"
    seen: dict[str, Any] = skopeo("inspect", "--config", place)["config"]

    found = image(facts[tag]).config
    assert found.user == seen["User"]
    assert found.entrypoint == "/usr/bin/app '--name=a b'"
    assert found.cmd == "serve"
    assert [f"{name}={value}" for name, value in found.env.items()] == seen["Env"]
    assert found.exposed_ports == tuple(seen["ExposedPorts"])
    assert found.volumes == tuple(seen["Volumes"])
    assert found.working_dir == seen["WorkingDir"]
    assert found.stop_signal == seen["StopSignal"]
    assert found.labels == seen["Labels"]


def test_a_single_image_is_its_own_platform(
    facts: dict[str, Fact[ImageFacts] | None], filled: Filled
) -> None:
    found = image(facts["single"])

    (platform,) = found.platforms
    assert not found.is_index
    assert (platform.name, platform.digest) == ("linux/amd64", filled.digests["single"])


def test_a_chart_is_no_image(facts: dict[str, Fact[ImageFacts] | None]) -> None:
    assert facts["chart"] == Absent()


def test_a_digest_that_the_registry_does_not_have_is_told(filled: Filled) -> None:
    missing = f"sha256:{'0' * 64}"

    fact = IMAGE.of(Filled(filled.registry, {"x": missing}).facts["x"])

    assert isinstance(fact, CouldNotLook)
    assert f"/v2/team/app/manifests/{missing} answered 404 MANIFEST_UNKNOWN" in fact.reason
