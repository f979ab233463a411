"""Signatures, attestations and SBOMs among what is attached, and what it costs to know them."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import msgspec
import pytest

from generator.errors import TagpagesError
from generator.facts import decode_facts, needed
from generator.facts.base import Absent, CouldNotLook, Fact, Facts, Found
from generator.facts.evidence import EVIDENCE, READ_LIMIT, SIGNATURE_TYPE, Evidence, Evidences
from tests.facts.asking import entry, facts
from tests.facts.attaching import (
    BUNDLE,
    CYCLONEDX_JSON,
    DSSE,
    IN_TOTO,
    PROVENANCE,
    SIMPLE,
    SPDX,
    SPDX_JSON,
    Attacher,
    bundle,
    envelope,
    statement,
)
from tests.registry.fake import FakeRegistry
from tests.registry.server import problem
from tests.support import digest

NOTATION = "application/vnd.cncf.notary.signature"


@pytest.fixture
def registry() -> FakeRegistry:
    return FakeRegistry()


@pytest.fixture
def attacher(registry: FakeRegistry) -> Attacher:
    return Attacher(registry)


def asked(registry: FakeRegistry, of: str, known: Facts | None = None) -> tuple[Facts, list[str]]:
    """The facts of a digest, those known included, and the targets of the requests."""
    kinds = needed(["evidence"]) - {"image"} if known else needed(["evidence"])
    outcome = facts(registry, of, *kinds, known=known)
    return {**(known or {}), **outcome.facts}, outcome.targets


def evidence(registry: FakeRegistry, of: str) -> Evidences:
    fact = fact_of(registry, of)
    assert isinstance(fact, Found), fact
    return fact.value


def fact_of(registry: FakeRegistry, of: str) -> Fact[Evidences] | None:
    return EVIDENCE.of(asked(registry, of)[0])


def signing(subject: str) -> dict[str, object]:
    """What a signature of cosign 2 signs."""
    return {"critical": {"image": {"docker-manifest-digest": subject}}, "optional": None}


def message(subject: str) -> dict[str, object]:
    """A bundle with the signature of a digest."""
    signed = b64encode(bytes.fromhex(subject.removeprefix("sha256:"))).decode()
    return {
        "mediaType": BUNDLE,
        "verificationMaterial": {},
        "messageSignature": {"messageDigest": {"algorithm": "SHA2_256", "digest": signed}},
    }


def told(items: Evidences) -> list[tuple[str, str, str]]:
    return [(item.sort, item.format, item.predicate_type) for item in items]


def test_each_form_is_known_for_what_it_is(registry: FakeRegistry, attacher: Attacher) -> None:
    amd = attacher.child()
    about_amd = attacher.buildkit(amd, PROVENANCE, statement(amd, PROVENANCE, {}))
    index = registry.index(entry(amd), about_amd)
    attacher.refer(index, BUNDLE, bundle(statement(index, SIGNATURE_TYPE, {})))
    attacher.refer(index, BUNDLE, bundle(statement(index, PROVENANCE, {})))
    attacher.refer(index, BUNDLE, message(index))
    attacher.refer(index, NOTATION, b"jws")
    attacher.refer(index, "application/vnd.acme.thing", {})
    attacher.cosign(index, "sig", (SIMPLE, signing(index)))
    attacher.cosign(amd, "att", (DSSE, envelope(statement(amd, SPDX, {}))), predicateType=SPDX)
    attacher.cosign(amd, "sbom", (CYCLONEDX_JSON, {}))
    attacher.refer(amd, SPDX_JSON, {})

    found = evidence(registry, index)

    assert told(tuple(item for item in found if not item.platform)) == [
        ("signature", "bundle", SIGNATURE_TYPE),
        ("attestation", "bundle", PROVENANCE),
        ("signature", "bundle", SIGNATURE_TYPE),
        ("signature", "notation", ""),
        ("signature", "simple", SIGNATURE_TYPE),
    ]
    assert told(tuple(item for item in found if item.platform == "linux/amd64")) == [
        ("attestation", "statement", PROVENANCE),
        ("sbom", "sbom", ""),
        ("attestation", "dsse", SPDX),
        ("sbom", "sbom", ""),
    ]
    assert [item.wrong for item in found] == [""] * 9


def test_what_the_statement_says_counts_and_not_its_annotation(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()
    annotations = {
        "dev.sigstore.bundle.predicateType": SPDX,
        "org.opencontainers.image.created": "2026-05-01T12:00:00+02:00",
    }
    attacher.refer(app, BUNDLE, bundle(statement(app, PROVENANCE, {})), annotations)

    (found,) = evidence(registry, app)

    assert found.predicate_type == PROVENANCE
    assert found.created == datetime(2026, 5, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        (BUNDLE, bundle(statement(digest("e"), PROVENANCE, {})), "is about another digest"),
        (BUNDLE, message(digest("e")), "is about another digest"),
        (BUNDLE, {"mediaType": BUNDLE}, "is about another digest"),
        (BUNDLE, b"[", "is not as it should be"),
        (BUNDLE, {"dsseEnvelope": {"payload": "%"}}, "is not as it should be"),
        (DSSE, envelope(statement(digest("e"), SPDX, {})), "is about another digest"),
        (DSSE, envelope([]), "is not as it should be"),
        (SIMPLE, signing(digest("e")), "is about another digest"),
        (SIMPLE, {"critical": {}}, "is not as it should be"),
        (IN_TOTO, statement(digest("e"), SPDX, {}), "is about another digest"),
    ],
)
def test_what_is_about_something_else_counts_for_nothing(
    kind: str, content: object, said: str, registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()
    attacher.refer(app, kind, content)

    (found,) = evidence(registry, app)

    assert said in found.wrong
    assert found.predicate_type == ""


def test_a_type_that_is_too_long_is_not_kept(registry: FakeRegistry, attacher: Attacher) -> None:
    app = attacher.child()
    attacher.refer(app, BUNDLE, bundle(statement(app, "x" * 256, {})))

    (found,) = evidence(registry, app)

    assert (found.predicate_type, found.wrong) == ("", "the type of its predicate is too long")


def test_nothing_attached_is_no_evidence(registry: FakeRegistry, attacher: Attacher) -> None:
    app = attacher.child()
    attacher.refer(app, "application/vnd.acme.thing", {})

    assert fact_of(registry, app) == Absent()


def test_what_cannot_be_read_leaves_it_open(registry: FakeRegistry, attacher: Attacher) -> None:
    app = attacher.child()
    attacher.refer(app, BUNDLE, bundle(statement(app, PROVENANCE, {})))
    registry.rules.insert(0, ("GET", "/blobs/", lambda _: problem(403, "DENIED")))

    fact = EVIDENCE.of(facts(registry, app, "attached", "evidence").facts)

    assert isinstance(fact, CouldNotLook)
    assert "answered 403 DENIED" in fact.reason


def test_what_is_over_the_limit_leaves_it_open(registry: FakeRegistry, attacher: Attacher) -> None:
    app = attacher.child()
    content = b'{"dsseEnvelope": {"payload": "' + b"A" * READ_LIMIT + b'"}}'
    attacher.refer(app, BUNDLE, content)

    fact = EVIDENCE.of(facts(registry, app, "attached", "evidence").facts)

    assert isinstance(fact, CouldNotLook)
    assert "32 MiB" in fact.reason


def test_a_place_that_could_not_be_looked_at_leaves_it_open(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()
    registry.rules.insert(0, ("GET", ".att", lambda _: problem(403, "DENIED")))

    fact = fact_of(registry, app)

    assert isinstance(fact, CouldNotLook)
    assert "answered 403 DENIED" in fact.reason


def test_the_next_night_nothing_is_read_again(registry: FakeRegistry, attacher: Attacher) -> None:
    app = attacher.child()
    attacher.refer(app, BUNDLE, bundle(statement(app, PROVENANCE, {})))
    attacher.cosign(app, "sig", (SIMPLE, signing(app)))
    first, _ = asked(registry, app)

    second, targets = asked(registry, app, first)

    assert second == first
    assert not [target for target in targets if "/blobs/" in target]


def test_what_is_signed_later_is_found_and_alone_is_read(
    registry: FakeRegistry, attacher: Attacher
) -> None:
    app = attacher.child()
    attacher.refer(app, BUNDLE, bundle(statement(app, PROVENANCE, {})))
    first, _ = asked(registry, app)
    attacher.refer(app, BUNDLE, bundle(statement(app, SIGNATURE_TYPE, {})))

    second, targets = asked(registry, app, first)

    fact = EVIDENCE.of(second)
    assert isinstance(fact, Found)
    assert [item.sort for item in fact.value] == ["attestation", "signature"]
    assert len([target for target in targets if "/blobs/" in target]) == 1


@pytest.mark.parametrize("keys", [{"subject": "x"}, {"manifest": "../x"}, {"blob": "sha256:x"}])
def test_a_bad_digest_is_no_evidence(keys: dict[str, str]) -> None:
    good = Evidence("bundle", "referrer", digest("a"), digest("b"), digest("c"))
    bad = msgspec.to_builtins(good) | keys
    raw = msgspec.json.encode({"state": "found", "value": [bad]})

    with pytest.raises(TagpagesError, match="not a valid digest"):
        decode_facts({"evidence": msgspec.Raw(raw)})
