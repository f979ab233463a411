"""Verified is what the right signer signed, about this very digest, and nothing else."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from generator.facts.attached import Artifact
from generator.facts.policy import NotVerified, Policy, Signer, Verified
from generator.facts.verify import is_available, verdict
from tests.facts.attaching import BUNDLE, DSSE, PROVENANCE, statement
from tests.signing import (
    IDENTITY,
    ISSUER,
    LOG_INDEX,
    SIGNED_AT,
    Key,
    Sigstore,
    envelope,
)
from tests.support import digest

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not is_available(), reason="the extra is not installed: `make test-long`"),
]

APP = digest("a")
STATEMENT = statement(APP, PROVENANCE, {"built": True})
Bundle = dict[str, Any]


@pytest.fixture(scope="module")
def sigstore() -> Sigstore:
    return Sigstore()


@pytest.fixture
def policy(sigstore: Sigstore, tmp_path: Path) -> Policy:
    root = tmp_path / "trusted_root.json"
    root.write_bytes(sigstore.trusted_root())
    return Policy(ISSUER, IDENTITY, trusted_root=root)


def artifact(media_type: str = BUNDLE, subject: str = APP) -> Artifact:
    return Artifact("referrer", subject, digest("b"), media_type=media_type, blob=digest("c"))


def judged(policy: Policy, content: object, about: Artifact | None = None) -> object:
    return verdict(policy, about or artifact(), json.dumps(content).encode())


def reason(policy: Policy, content: object, about: Artifact | None = None) -> str:
    found = judged(policy, content, about)
    assert isinstance(found, NotVerified), found
    return found.reason


def test_a_statement_that_the_signer_signed_is_verified(sigstore: Sigstore, policy: Policy) -> None:
    assert judged(policy, sigstore.bundle(STATEMENT)) == Verified(
        Signer(ISSUER, IDENTITY), LOG_INDEX, SIGNED_AT
    )


def test_the_wrong_issuer_is_not_verified(sigstore: Sigstore, policy: Policy) -> None:
    bundle = sigstore.bundle(STATEMENT, issuer="https://issuer.test/other")

    assert "OIDCIssuer does not match" in reason(policy, bundle)


def test_the_wrong_identity_is_not_verified(sigstore: Sigstore, policy: Policy) -> None:
    bundle = sigstore.bundle(STATEMENT, identity=f"{IDENTITY}-2")

    assert "SANs do not match" in reason(policy, bundle)


def test_the_identity_is_no_pattern(sigstore: Sigstore, policy: Policy) -> None:
    assert "SANs do not match" in reason(
        Policy(ISSUER, IDENTITY[:-1], trusted_root=policy.trusted_root), sigstore.bundle(STATEMENT)
    )


def test_a_certificate_that_had_expired_is_not_verified(sigstore: Sigstore, policy: Policy) -> None:
    bundle = sigstore.bundle(STATEMENT, valid_for=timedelta(seconds=30))

    assert "cert" in reason(policy, bundle)


def test_a_bundle_of_another_image_is_not_verified(sigstore: Sigstore, policy: Policy) -> None:
    bundle = sigstore.bundle(statement(digest("e"), PROVENANCE, {}))

    assert "is about another digest" in reason(policy, bundle)


def test_a_bundle_of_another_authority_is_not_verified(policy: Policy) -> None:
    assert reason(policy, Sigstore().bundle(STATEMENT))


def test_a_signer_of_the_public_sigstore_is_another_one(sigstore: Sigstore) -> None:
    assert reason(Policy(ISSUER, IDENTITY), sigstore.bundle(STATEMENT))


def test_what_is_signed_and_no_statement_is_not_verified(
    sigstore: Sigstore, policy: Policy
) -> None:
    bundle = sigstore.bundle(STATEMENT, payload_type="text/plain")

    assert reason(policy, bundle) == "what is signed is 'text/plain', and no statement"


def _other_payload(bundle: Bundle) -> None:
    other = json.dumps(statement(APP, PROVENANCE, {"built": False})).encode()
    bundle["dsseEnvelope"]["payload"] = b64encode(other).decode()


def _other_signature(bundle: Bundle) -> None:
    signature = bytearray(b64decode(bundle["dsseEnvelope"]["signatures"][0]["sig"]))
    signature[-1] ^= 1
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = b64encode(signature).decode()


def _other_time(bundle: Bundle) -> None:
    bundle["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = "1777000000"


def _other_index(bundle: Bundle) -> None:
    bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"] = "43"


def _no_entry(bundle: Bundle) -> None:
    bundle["verificationMaterial"]["tlogEntries"] = []


def _no_promise(bundle: Bundle) -> None:
    del bundle["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"]


def _other_root(bundle: Bundle) -> None:
    proof = bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
    proof["rootHash"] = b64encode(bytes(32)).decode()


def _no_certificate(bundle: Bundle) -> None:
    del bundle["verificationMaterial"]["certificate"]


@pytest.mark.parametrize(
    "tamper",
    [
        _other_payload,
        _other_signature,
        _other_time,
        _other_index,
        _no_entry,
        _no_promise,
        _other_root,
        _no_certificate,
    ],
)
def test_what_was_tampered_with_is_not_verified(
    tamper: Callable[[Bundle], None], sigstore: Sigstore, policy: Policy
) -> None:
    bundle: Bundle = deepcopy(sigstore.bundle(STATEMENT))
    tamper(bundle)

    assert reason(policy, bundle)


@pytest.mark.parametrize("content", [None, [], {}, {"mediaType": BUNDLE}, "x", 5])
def test_what_is_no_bundle_is_not_verified(content: object, policy: Policy) -> None:
    assert reason(policy, content)


def test_an_envelope_of_cosign_2_cannot_be_verified_by_an_identity(policy: Policy) -> None:
    assert reason(policy, envelope(Key(), STATEMENT), artifact(DSSE)) == (
        "only Sigstore bundles can be verified by an identity"
    )


def test_an_envelope_of_the_key_is_verified() -> None:
    key = Key()
    policy = Policy(key=key.pem)

    assert judged(policy, envelope(key, STATEMENT), artifact(DSSE)) == Verified(policy.signer)
    assert judged(policy, {"dsseEnvelope": envelope(key, STATEMENT)}) == Verified(policy.signer)


def test_an_envelope_of_another_key_is_not_verified() -> None:
    assert reason(Policy(key=Key().pem), envelope(Key(), STATEMENT), artifact(DSSE)) == (
        "no signature is of this key"
    )


def test_an_envelope_about_another_digest_is_not_verified_by_its_key() -> None:
    key = Key()
    about = artifact(DSSE, digest("e"))

    assert "is about another digest" in reason(Policy(key=key.pem), envelope(key, STATEMENT), about)


def test_what_is_no_envelope_is_not_verified_by_a_key() -> None:
    assert reason(Policy(key=Key().pem), {"messageSignature": {}}) == (
        "only what is in an envelope can be verified by a key"
    )


def test_a_key_that_is_none_verifies_nothing() -> None:
    assert reason(Policy(key=b"no key"), envelope(Key(), STATEMENT), artifact(DSSE))
