"""What an image contains, by a registry that tells it well, and by ones that do not."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from generator.errors import SourceError
from generator.facts import Location, look, needed, unanswered
from generator.facts.base import Absent, CouldNotLook, Found
from generator.facts.image import PLATFORMS_LIMIT, Config, ImageFacts, Platform
from generator.model import Tag
from generator.registry import Limits
from generator.sources.base import Source
from tests.facts.asking import entry, facts, image, layer, nested
from tests.registry.fake import CONFIG, INDEX, MANIFEST, FakeRegistry, describe, run
from tests.registry.server import Answer, problem

DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
HELM = "application/vnd.cncf.helm.config.v1+json"
D = f"sha256:{'d' * 64}"
CREATED = "2026-07-01T10:00:00.5+02:00"
RUN: dict[str, Any] = {
    "User": "65532:65532",
    "ExposedPorts": {"80/tcp": {}, "443/tcp": {}},
    "Env": ["PATH=/bin", "OPTS=-a=b", "EMPTY=", "BARE"],
    "Entrypoint": ["/bin/sh", "-c", "exec app | tee 'log'"],
    "Cmd": ["--name", ""],
    "Volumes": {"/data": {}},
    "WorkingDir": "/srv",
    "Labels": {"org.opencontainers.image.title": "App"},
    "StopSignal": "SIGTERM",
}


@pytest.fixture
def registry() -> FakeRegistry:
    return FakeRegistry(repositories={"app": {}})


def test_a_single_image_has_the_platform_that_its_configuration_tells(
    registry: FakeRegistry,
) -> None:
    digest = image(registry, 10, 20, 3, platform="linux/arm", variant="v7", created=CREATED)

    outcome = facts(registry, digest)

    assert outcome.image == ImageFacts(
        is_index=False,
        platforms=(Platform("linux", "arm", "v7", "", digest, size=33, layers=3),),
        created=datetime(2026, 7, 1, 8, 0, 0, 500000, tzinfo=UTC),
        config=Config(),
    )
    assert len(outcome.targets) == 2


def test_every_key_of_the_configuration_is_told(registry: FakeRegistry) -> None:
    digest = image(registry, config=RUN)

    assert facts(registry, digest).image.config == Config(
        user="65532:65532",
        entrypoint="""/bin/sh -c 'exec app | tee '"'"'log'"'"''""",
        cmd="--name ''",
        working_dir="/srv",
        env={"PATH": "/bin", "OPTS": "-a=b", "EMPTY": "", "BARE": ""},
        exposed_ports=("80/tcp", "443/tcp"),
        volumes=("/data",),
        stop_signal="SIGTERM",
        labels={"org.opencontainers.image.title": "App"},
    )


@pytest.mark.parametrize("config", [None, {}, dict.fromkeys(RUN)])
def test_a_configuration_may_say_nothing(registry: FakeRegistry, config: object) -> None:
    assert facts(registry, image(registry, config=config)).image.config == Config()


def test_an_index_has_its_children_as_platforms_and_the_configuration_of_linux_amd64(
    registry: FakeRegistry,
) -> None:
    arm = image(registry, 5, platform="linux/arm64", config={"User": "arm"})
    amd = image(registry, 7, 8, config={"User": "amd"})
    index = registry.index(entry(arm, "linux/arm64/v8"), entry(amd))

    outcome = facts(registry, index)

    assert outcome.image.is_index
    assert [
        (item.name, item.digest, item.size, item.layers) for item in outcome.image.platforms
    ] == [
        ("linux/arm64/v8", arm, 5, 1),
        ("linux/amd64", amd, 15, 2),
    ]
    assert outcome.image.config.user == "amd"
    assert len(outcome.targets) == 4


def test_an_index_without_linux_amd64_is_configured_as_its_first_platform(
    registry: FakeRegistry,
) -> None:
    windows = image(registry, platform="windows/amd64", config={"User": "ContainerUser"})
    arm = image(registry, platform="linux/arm64", config={"User": "arm"})
    index = registry.index(entry(windows, "windows/amd64"), entry(arm, "linux/arm64"))

    assert facts(registry, index).image.config.user == "ContainerUser"


def test_versions_of_windows_are_told_apart(registry: FakeRegistry) -> None:
    platforms = [
        {"os": "windows", "architecture": "amd64", "os.version": version}
        for version in ("10.0.17763.5936", "10.0.20348.2527")
    ]
    digests = [image(registry, n, platform="windows/amd64") for n in (1, 2)]
    index = registry.index(
        *(
            describe(digest) | {"platform": platform}
            for digest, platform in zip(digests, platforms, strict=True)
        )
    )

    found = facts(registry, index).image.platforms

    assert [platform.os_version for platform in found] == ["10.0.17763.5936", "10.0.20348.2527"]


def test_docker_s_media_types_are_read_alike(registry: FakeRegistry) -> None:
    config = registry.put(DOCKER_CONFIG, {"os": "linux", "architecture": "s390x", "config": RUN})
    manifest = registry.put(
        DOCKER_MANIFEST,
        {
            "schemaVersion": 2,
            "config": {"mediaType": DOCKER_CONFIG, "digest": config, "size": 1},
            "layers": [layer(4)],
        },
    )
    child = describe(manifest, media_type=DOCKER_MANIFEST) | {
        "platform": {"os": "linux", "architecture": "s390x"}
    }
    index = registry.put(DOCKER_LIST, {"schemaVersion": 2, "manifests": [child]})

    found = facts(registry, index).image

    assert [(platform.name, platform.size) for platform in found.platforms] == [("linux/s390x", 4)]
    assert found.config.working_dir == "/srv"


def test_an_attestation_is_no_platform_by_its_platform_or_by_its_annotation(
    registry: FakeRegistry,
) -> None:
    digest = image(registry, 1)
    annotations = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": digest,
    }
    index = registry.index(
        entry(D, "unknown/unknown"),
        entry(D, annotations=annotations),
        entry(digest),
        entry(D, mediaType="application/vnd.in-toto+json"),
    )

    outcome = facts(registry, index)

    assert [platform.digest for platform in outcome.image.platforms] == [digest]
    assert not any(D in target for target in outcome.targets)


def test_an_entry_without_a_platform_has_that_of_its_configuration(registry: FakeRegistry) -> None:
    bare = entry(image(registry, platform="linux/riscv64"))
    del bare["platform"]
    empty = entry(image(registry, platform="linux/ppc64le"), "linux")

    found = facts(registry, registry.index(bare, empty)).image

    assert [platform.name for platform in found.platforms] == ["linux/riscv64", "linux/ppc64le"]


def test_images_of_an_index_within_an_index_are_platforms(registry: FakeRegistry) -> None:
    digest = image(registry, 6)

    found = facts(registry, nested(registry, digest, 2)).image

    assert [(platform.name, platform.size) for platform in found.platforms] == [("linux/amd64", 6)]


def test_an_index_that_is_nested_deeper_is_not_followed(registry: FakeRegistry) -> None:
    outcome = facts(registry, nested(registry, image(registry), 3))

    assert outcome.reason.endswith(" is an index in an index, and has another one in it")
    assert len(outcome.targets) == 3


@pytest.mark.parametrize(
    "created", ["", "yesterday", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"]
)
def test_a_time_that_is_none_is_not_told(registry: FakeRegistry, created: str) -> None:
    assert facts(registry, image(registry, created=created)).image.created is None


def test_a_chart_is_no_image(registry: FakeRegistry) -> None:
    assert facts(registry, image(registry, 1, config_type=HELM)).absent


def test_an_index_without_an_image_is_none(registry: FakeRegistry) -> None:
    chart = image(registry, config_type=HELM)

    assert facts(registry, registry.index(entry(chart), entry(D, "unknown/unknown"))).absent
    assert facts(registry, registry.put(INDEX, {"schemaVersion": 2, "manifests": None})).absent


def test_a_document_is_what_its_media_type_says_whatever_else_is_in_it(
    registry: FakeRegistry,
) -> None:
    """CVE-2021-41190: index and manifest in one document."""
    config = registry.put(CONFIG, {"os": "linux", "architecture": "amd64"})
    both = {
        "schemaVersion": 2,
        "manifests": [entry(D)],
        "config": {"mediaType": CONFIG, "digest": config, "size": 1},
        "layers": [layer(3)],
    }

    outcome = facts(registry, registry.put(MANIFEST, both))

    assert not outcome.image.is_index
    assert not any(D in target for target in outcome.targets)


# What misbehaves: could not look, with the reason, and nothing asked that must not be.


@pytest.mark.parametrize(
    ("media_type", "value", "reason"),
    [
        (SCHEMA_1, {"schemaVersion": 1}, "which is not supported"),
        ("text/html", {"schemaVersion": 2}, "is of the type 'text/html', which is not supported"),
        (INDEX, {"schemaVersion": 2, "manifests": {}}, "is not as it should be"),
        (MANIFEST, {"schemaVersion": 2, "config": []}, "is not as it should be"),
        (
            MANIFEST,
            {"schemaVersion": 2, "layers": [{"digest": D}]},
            "missing required field `size`",
        ),
        (MANIFEST, {"schemaVersion": 2, "layers": [layer(-1)]}, "Expected `int` >= 0"),
        (MANIFEST, {"schemaVersion": 2, "layers": [layer(10**30)]}, "is not as it should be"),
        (MANIFEST, {"schemaVersion": 2, "layers": [layer("3")]}, "Expected `int`, got `str`"),
    ],
)
def test_a_document_that_is_not_as_it_should_be_is_not_believed(
    registry: FakeRegistry, media_type: str, value: object, reason: str
) -> None:
    assert reason in facts(registry, registry.put(media_type, value)).reason


@pytest.mark.parametrize(
    "config",
    [
        {"os": 1},
        {"config": []},
        {"config": {"Env": "PATH=/bin"}},
        {"config": {"Entrypoint": [1]}},
        {"config": {"Labels": {"a": 1}}},
    ],
)
def test_a_configuration_that_is_not_as_it_should_be_is_not_believed(
    registry: FakeRegistry, config: dict[str, Any]
) -> None:
    assert "is not as it should be" in facts(registry, image(registry, **config)).reason


TRAVERSALS = [
    "../../../v2/other/manifests/latest",
    f"{D}/../../../secret",
    f"{D}?x=y",
    "latest",
    "",
    "sha256:abc",
]


@pytest.mark.parametrize("digest", TRAVERSALS)
@pytest.mark.parametrize("kind", [MANIFEST, INDEX])
def test_a_child_whose_digest_is_none_is_not_asked_for(
    registry: FakeRegistry, digest: str, kind: str
) -> None:
    index = registry.index(entry(digest, mediaType=kind))

    outcome = facts(registry, index)

    assert "not a valid digest" in outcome.reason
    assert outcome.targets == [f"/v2/app/manifests/{index}"]


@pytest.mark.parametrize("digest", TRAVERSALS)
def test_a_configuration_whose_digest_is_none_is_not_asked_for(
    registry: FakeRegistry, digest: str
) -> None:
    config = {"mediaType": CONFIG, "digest": digest, "size": 1}
    manifest = registry.put(MANIFEST, {"schemaVersion": 2, "config": config})

    outcome = facts(registry, manifest)

    assert "not a valid digest" in outcome.reason
    assert outcome.targets == [f"/v2/app/manifests/{manifest}"]


@pytest.mark.parametrize("missing", ["index", "child", "config"])
def test_a_document_that_is_missing_leaves_the_image_unknown(
    registry: FakeRegistry, missing: str
) -> None:
    child = image(registry)
    config = next(digest for digest, (kind, _) in registry.contents.items() if kind == CONFIG)
    index = registry.index(entry(child))
    registry.when("GET", {"index": index, "child": child, "config": config}[missing], Answer(404))

    assert "answered 404" in facts(registry, index).reason


def test_a_configuration_of_another_content_is_not_believed(registry: FakeRegistry) -> None:
    digest = image(registry)
    registry.when("GET", "/blobs/", Answer(200, json.dumps({"os": "linux"}).encode()))

    assert "has another content than its digest says" in facts(registry, digest).reason


@pytest.mark.parametrize("part", ["/manifests/", "/blobs/"])
def test_a_document_over_the_limit_is_not_read(registry: FakeRegistry, part: str) -> None:
    digest = image(registry)
    registry.when("GET", part, Answer(200, b"x" * 2000))

    assert "2000 bytes" not in facts(registry, digest, limits=Limits(manifest=2000)).reason
    assert "1999 bytes" in facts(registry, digest, limits=Limits(manifest=1999)).reason


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"schemaVersion":2,"x":' + b"[" * 100_000])
def test_deep_nesting_is_no_document(registry: FakeRegistry, body: bytes) -> None:
    registry.when("GET", "/manifests/", Answer(200, body, (("Content-Type", MANIFEST),)))

    assert "did not answer what it should" in facts(registry, D).reason


def test_as_many_platforms_as_the_limit_are_looked_at_and_not_one_more(
    registry: FakeRegistry,
) -> None:
    most = [entry(image(registry, size)) for size in range(PLATFORMS_LIMIT)]

    assert len(facts(registry, registry.index(*most)).image.platforms) == PLATFORMS_LIMIT
    outcome = facts(registry, registry.index(*most, entry(image(registry))))
    assert outcome.reason.endswith(f" has more than {PLATFORMS_LIMIT} entries, which is the limit")
    assert len(outcome.targets) == PLATFORMS_LIMIT + 1


def test_the_limit_counts_over_nested_indexes(registry: FakeRegistry) -> None:
    digest = image(registry)
    half = registry.index(*[entry(digest)] * (PLATFORMS_LIMIT // 2))
    inner = describe(half, media_type=INDEX)

    assert "which is the limit" in facts(registry, registry.index(inner, inner)).reason


# What every kind of fact has in common.


def test_what_a_registry_never_has_is_not_asked_for(registry: FakeRegistry) -> None:
    assert set(facts(registry, image(registry)).facts) == {"image"}


class Nowhere(Source):
    """A source as the protocol has it where a kind says nothing else."""

    async def names(self) -> Collection[str]:
        return ("app",)

    async def tags(self, name: str) -> Sequence[Tag] | None:
        return () if name == "app" else None


def test_a_source_without_a_place_for_facts_has_none() -> None:
    assert run(look(Location(Nowhere(), "app"), D)) == {}


def test_a_source_that_has_given_up_is_not_a_fact() -> None:
    class Down(Nowhere):
        async def repository(self, name: str) -> None:
            raise SourceError(f"{name} is down")

    with pytest.raises(SourceError, match="app is down"):
        run(look(Location(Down(), "app"), D))


def test_a_refusal_is_told_with_its_reason(registry: FakeRegistry) -> None:
    registry.when("GET", "/manifests/", problem(403, "DENIED"))

    assert "answered 403 DENIED" in facts(registry, D).reason


def test_what_was_found_or_is_not_there_is_not_asked_for_again() -> None:
    assert unanswered({}) == {"image", "attached", "evidence", "packages"}
    assert unanswered({"image": Found(ImageFacts()), "packages": CouldNotLook("down")}) == {
        "attached",
        "evidence",
        "packages",
    }
    assert "image" not in unanswered({"image": Absent()})
    assert "packages" not in unanswered({"packages": Found(())})


def test_what_may_be_attached_later_is_asked_for_again() -> None:
    assert unanswered({"image": Absent(), "attached": Found(()), "packages": Absent()}) == {
        "attached",
        "evidence",
        "packages",
    }


def test_a_kind_is_asked_for_with_those_that_it_needs() -> None:
    assert needed(["packages"]) == {"image", "attached", "packages"}
    assert needed(["image"]) == {"image"}
    assert needed([]) == frozenset()
