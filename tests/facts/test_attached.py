"""What is attached to a digest, wherever it lies; and what it costs to look there."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from generator.errors import TagpagesError
from generator.facts import decode_facts
from generator.facts.attached import ATTACHED, MANIFESTS_LIMIT, Artifact
from generator.facts.base import Absent, CouldNotLook, Fact, Facts, Found
from tests.facts.asking import entry, facts
from tests.facts.attaching import (
    BUNDLE,
    CYCLONEDX,
    CYCLONEDX_JSON,
    DSSE,
    IN_TOTO,
    SIMPLE,
    SPDX,
    SPDX_JSON,
    Attacher,
)
from tests.registry.fake import FakeRegistry
from tests.registry.server import Answer, problem
from tests.support import digest


@pytest.fixture
def registry() -> FakeRegistry:
    return FakeRegistry()


@pytest.fixture
def attacher(registry: FakeRegistry) -> Attacher:
    return Attacher(registry)


def asked(registry: FakeRegistry, of: str, known: Facts | None = None) -> tuple[Facts, list[str]]:
    """The facts of a digest, those known included, and the targets of the requests."""
    kinds = ("attached",) if known else ("image", "attached")
    outcome = facts(registry, of, *kinds, known=known)
    return {**(known or {}), **outcome.facts}, outcome.targets


def attached(registry: FakeRegistry, of: str) -> tuple[Artifact, ...]:
    fact = ATTACHED.of(asked(registry, of)[0])
    assert isinstance(fact, Found), fact
    return fact.value


def reason(fact: Fact[Any] | None) -> str:
    assert isinstance(fact, CouldNotLook), fact
    return fact.reason


def places(artifacts: tuple[Artifact, ...]) -> list[tuple[str, str, str]]:
    return [(item.form, item.platform, item.manifest) for item in artifacts]


def test_every_place_is_looked_at_on_the_index_and_on_each_child(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    amd, arm = attacher.child(), attacher.child("linux/arm64")
    attestation = attacher.buildkit(arm, SPDX, {})
    index = registry.index(entry(amd), entry(arm, "linux/arm64"), attestation)
    on_index = attacher.refer(index, BUNDLE, {})
    on_amd = attacher.refer(amd, SPDX_JSON, {})
    sig = attacher.cosign(index, "sig", (SIMPLE, {}))
    att = attacher.cosign(arm, "att", (DSSE, {}), predicateType=CYCLONEDX)
    sbom = attacher.cosign(amd, "sbom", (CYCLONEDX_JSON, {}))

    found = attached(registry, index)

    assert places(found) == [
        ("buildkit", "linux/arm64", attestation["digest"]),
        ("fallback", "", on_index),
        ("sig", "", sig),
        ("fallback", "linux/amd64", on_amd),
        ("sbom", "linux/amd64", sbom),
        ("att", "linux/arm64", att),
    ]
    assert {item.platform: item.subject for item in found} == {
        "": index,
        "linux/amd64": amd,
        "linux/arm64": arm,
    }
    assert [item.predicate_type for item in found] == [SPDX, "", "", "", "", CYCLONEDX]


def test_an_artifact_says_what_it_is(registry: FakeRegistry, attacher: Attacher) -> None:
    app = attacher.child()
    annotations = {
        "org.opencontainers.image.created": "2026-07-01T00:00:00Z",
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": SPDX,
        "other": "x",
    }
    manifest = attacher.refer(app, BUNDLE, {"a": 1}, annotations)
    (blob,) = (name for name, (_, body) in registry.contents.items() if body == b'{"a": 1}')

    assert attached(registry, app) == (
        Artifact(
            form="fallback",
            subject=app,
            manifest=manifest,
            artifact_type=BUNDLE,
            predicate_type=SPDX,
            annotations={
                "org.opencontainers.image.created": "2026-07-01T00:00:00Z",
                "dev.sigstore.bundle.content": "dsse-envelope",
            },
            media_type=BUNDLE,
            blob=blob,
            size=8,
        ),
    )


def test_each_layer_is_an_artifact(registry: FakeRegistry, attacher: Attacher) -> None:
    app = attacher.child()
    attacher.cosign(app, "att", (DSSE, {"a": 1}), (DSSE, {"a": 2}), predicateType=SPDX)

    found = attached(registry, app)

    assert [item.predicate_type for item in found] == [SPDX, SPDX]
    assert len({item.blob for item in found}) == 2


def test_a_manifest_without_layers_is_an_artifact(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()
    name = "vnd.microsoft.artifact.lifecycle.end-of-life.date"
    kind = "application/vnd.microsoft.artifact.lifecycle"
    manifest = attacher.manifest([], kind, {name: "2026-01-01"}, subject=app)
    attacher.has_api = True
    attacher.referrers[app] = [{"digest": manifest}]

    (found,) = attached(registry, app)

    assert (found.artifact_type, found.blob, found.annotations) == (kind, "", {name: "2026-01-01"})


def test_all_pages_of_the_referrers_are_read(registry: FakeRegistry, attacher: Attacher) -> None:
    attacher.has_api = True
    app = attacher.child()
    manifests = [attacher.refer(app, SPDX_JSON, {"number": number}) for number in range(5)]

    assert places(attached(registry, app)) == [("referrer", "", item) for item in manifests]


def test_a_list_that_was_filtered_is_not_believed(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()
    filtered = (("OCI-Filters-Applied", "artifactType"),)
    registry.rules.insert(
        0, ("GET", "/referrers/", lambda _: Answer(200, b'{"manifests": []}', filtered))
    )

    assert "is filtered by 'artifactType'" in reason(ATTACHED.of(asked(registry, app)[0]))


def test_what_is_in_the_api_and_under_the_fallback_tag_is_found_once(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()
    manifest = attacher.refer(app, BUNDLE, {})
    attacher.has_api = True

    assert places(attached(registry, app)) == [("referrer", "", manifest)]


def test_the_fallback_tag_is_read_where_the_api_lists_nothing(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()
    manifest = attacher.refer(app, BUNDLE, {})
    attacher.has_api = True
    attacher.referrers.clear()

    assert places(attached(registry, app)) == [("fallback", "", manifest)]


def test_what_refers_to_another_subject_is_not_attached(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    app, other = attacher.child(), attacher.child("linux/arm64")
    attacher.has_api = True
    attacher.referrers[app] = [{"digest": attacher.refer(other, BUNDLE, {})}]

    assert ATTACHED.of(asked(registry, app)[0]) == Absent()


def test_nothing_is_attached_when_every_place_says_so(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()

    fact, targets = asked(registry, app)

    tag = app.replace(":", "-")
    assert ATTACHED.of(fact) == Absent()
    assert targets[2:] == [
        f"/v2/app/referrers/{app}",
        *(f"/v2/app/manifests/{tag}{suffix}" for suffix in ("", ".sig", ".att", ".sbom")),
    ]


@pytest.mark.parametrize("place", ["/referrers/", "manifests/sha256-", ".sig", ".att", ".sbom"])
@pytest.mark.parametrize("answer", [problem(403, "DENIED"), problem(401, "UNAUTHORIZED")])
def test_a_place_that_does_not_answer_leaves_it_open(
    place: str, answer: Answer, registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()
    attacher.cosign(app, "sig", (SIMPLE, {}))
    registry.rules.insert(0, ("GET", place, lambda _: answer))

    assert f"answered {answer.status}" in reason(ATTACHED.of(asked(registry, app)[0]))


def test_a_404_that_does_not_say_of_what_leaves_it_open(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()
    registry.when("GET", ".att", Answer(404, b"<html>"))

    assert "answered 404" in reason(ATTACHED.of(asked(registry, app)[0]))


def test_harbor_says_in_its_own_words_that_there_is_no_tag(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()
    registry.when("GET", "manifests/sha256-", problem(404, "NOT_FOUND"))

    assert ATTACHED.of(asked(registry, app)[0]) == Absent()


def test_the_next_night_the_lists_are_asked_for_and_nothing_else(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    attacher.has_api = True
    amd = attacher.child()
    index = registry.index(entry(amd), attacher.buildkit(amd, SPDX, {}))
    attacher.refer(index, BUNDLE, {"a": 1})
    attacher.refer(amd, BUNDLE, {"a": 2})
    first, _ = asked(registry, index)

    second, targets = asked(registry, index, first)

    assert second == first
    tags = [item.replace(":", "-") for item in (index, amd)]
    assert sorted(targets) == sorted(
        [
            *(f"/v2/app/referrers/{item}" for item in (index, amd)),
            *(
                f"/v2/app/manifests/{tag}{suffix}"
                for tag in tags
                for suffix in ("", ".sig", ".att", ".sbom")
            ),
        ]
    )


def test_what_is_attached_later_is_found_and_what_is_removed_is_gone(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    attacher.has_api = True
    app = attacher.child()
    attacher.refer(app, BUNDLE, {"a": 1})
    first, _ = asked(registry, app)

    del attacher.referrers[app]
    later = attacher.refer(app, BUNDLE, {"a": 2})
    fact = ATTACHED.of(asked(registry, app, first)[0])

    assert isinstance(fact, Found)
    assert places(fact.value) == [("referrer", "", later)]


def test_too_many_referrers_are_told_with_the_limit(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    attacher.has_api = True
    attacher.page = 100
    app = attacher.child()
    attacher.referrers[app] = [{"digest": f"sha256:{i:064}"} for i in range(MANIFESTS_LIMIT + 1)]

    assert "more than 200 referrers, which is the limit" in reason(
        ATTACHED.of(asked(registry, app)[0])
    )


def test_too_many_manifests_in_an_index_are_told_with_the_limit(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()
    attacher.cosign(app, "att", *[(DSSE, {})] * 1001)

    assert "more than 1,000 artifacts" in reason(ATTACHED.of(asked(registry, app)[0]))


@pytest.mark.parametrize("bad", ["", "sha256:x", "sha256:" + "a" * 63 + "/../../x", "latest"])
def test_a_digest_that_is_none_is_never_asked_for(
    bad: str, registry: FakeRegistry, attacher: Attacher
) -> None:
    attacher.has_api = True
    app = attacher.child()
    attacher.referrers[app] = [{"digest": bad}]

    fact, targets = asked(registry, app)

    assert "not a valid digest" in reason(ATTACHED.of(fact))
    assert targets[-1] == f"/v2/app/referrers/{app}"


def test_an_attestation_of_a_child_that_the_index_does_not_have_is_left_out(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    index = registry.index(
        entry(attacher.child()), attacher.buildkit(digest("e"), IN_TOTO, {"x": 1})
    )

    assert ATTACHED.of(asked(registry, index)[0]) == Absent()


def test_where_the_image_is_not_known_what_is_attached_is_neither(registry: FakeRegistry) -> None:
    fact, _ = asked(registry, digest("f"))

    assert "answered 404" in reason(ATTACHED.of(fact))


def test_what_is_written_is_checked_when_it_is_read() -> None:
    artifact = {"form": "sig", "subject": digest("a"), "manifest": "sha256:x"}
    text = msgspec.json.encode({"state": "found", "value": [artifact]})

    with pytest.raises(TagpagesError, match="not a valid digest"):
        decode_facts({"attached": msgspec.Raw(text)})
