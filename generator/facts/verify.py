"""Verifying what is signed, offline, with the `sigstore` library: the extra `tagpages[verify]`.

The library is imported here only, and only when there is something to verify.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from generator.errors import TagpagesError
from generator.facts.attached import Artifact
from generator.facts.policy import NotVerified, Policy, Verdict, Verified
from generator.facts.statements import (
    BUNDLE,
    IN_TOTO,
    is_statement,
    parse_statement,
    read_envelope,
)
from generator.model import shown

if TYPE_CHECKING:
    from sigstore.verify import Verifier

REASON_LIMIT = 300
"""The most of a reason that is kept, in characters."""


class _LogEntry(msgspec.Struct, rename="camel"):
    log_index: int
    integrated_time: int = 0
    inclusion_promise: object = None


class _Material(msgspec.Struct, rename="camel"):
    tlog_entries: list[_LogEntry]


class _Logged(msgspec.Struct, rename="camel"):
    verification_material: _Material

    @property
    def entries(self) -> list[_LogEntry]:
        return self.verification_material.tlog_entries


@lru_cache(maxsize=1)
def is_available() -> bool:
    """Whether the library is installed."""
    return find_spec("sigstore") is not None


def verdict(policy: Policy, artifact: Artifact, content: bytes) -> Verdict:
    """Whether the policy's signer signed the artifact's content, and that about its subject."""
    try:
        return (_by_key if policy.key else _by_identity)(policy, artifact, content)
    except Exception as error:  # noqa: BLE001 - the library raises more kinds than it says
        return NotVerified(policy.signer, _reason(error))


def _reason(error: Exception) -> str:
    """What an error says, in one line of printable signs."""
    text = ascii(" ".join(str(error).split()))[1:-1] or type(error).__name__
    return text if len(text) <= REASON_LIMIT else f"{text[:REASON_LIMIT]}..."


def _by_identity(policy: Policy, artifact: Artifact, content: bytes) -> Verified:
    """The verdict on a bundle that verifies; any exception says that it does not."""
    from sigstore.hashes import Hashed
    from sigstore.models import Bundle
    from sigstore.verify.policy import Identity

    if not artifact.media_type.startswith(BUNDLE):
        raise TagpagesError("only Sigstore bundles can be verified by an identity")
    bundle = Bundle.from_json(content)
    verifier = _verifier(policy.trusted_root)
    signer = Identity(identity=policy.identity, issuer=policy.issuer)
    if read_envelope(artifact, content):
        kind, payload = verifier.verify_dsse(bundle, signer)
        _check_payload(artifact, kind, payload)
    else:
        digest = bytes.fromhex(artifact.subject.removeprefix("sha256:"))
        hashed = Hashed.model_validate({"algorithm": "SHA2_256", "digest": digest})
        verifier.verify_artifact(hashed, bundle, signer)
    (entry,) = msgspec.json.decode(bundle.to_json(), type=_Logged, strict=False).entries
    stamps = bundle.verification_material.timestamp_verification_data
    times = [stamp.tst_info.gen_time for stamp in stamps.rfc3161_timestamps] if stamps else []
    if entry.inclusion_promise:
        times.append(datetime.fromtimestamp(entry.integrated_time, UTC))
    return Verified(policy.signer, entry.log_index, min(times).astimezone(UTC))


@lru_cache(maxsize=8)
def _verifier(trusted_root: Path | None) -> Verifier:
    """The library's verifier, which takes a while to make."""
    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier

    if trusted_root is None:
        return Verifier.production(offline=True)
    return Verifier(trusted_root=TrustedRoot.from_file(str(trusted_root)))


def _by_key(policy: Policy, artifact: Artifact, content: bytes) -> Verified:
    """The verdict on an envelope with a signature of the key (DSSE 1.0, "Signature Definition")."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    envelope = read_envelope(artifact, content) if is_statement(artifact) else None
    if envelope is None:
        raise TagpagesError("only what is in an envelope can be verified by a key")
    key = load_pem_public_key(policy.key)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TagpagesError("the key is none of an elliptic curve")
    _check_payload(artifact, envelope.payload_type, envelope.payload)
    kind = envelope.payload_type.encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(envelope.payload), envelope.payload)
    for signature in envelope.signatures:
        with suppress(InvalidSignature):
            key.verify(signature.sig, signed, ec.ECDSA(SHA256()))
            return Verified(policy.signer)
    raise TagpagesError("no signature is of this key")


def _check_payload(artifact: Artifact, kind: str, payload: bytes) -> None:
    """Raise TagpagesError unless what was signed is a statement about the artifact's subject."""
    if kind != IN_TOTO:
        raise TagpagesError(f"what is signed is {shown(kind)}, and no statement")
    parse_statement(artifact, payload)
