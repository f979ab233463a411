"""in-toto statements in the wrappings in which they are attached to images.

Sources: in-toto Attestation Framework, "Statement" and "Envelope" (DSSE); `sigstore_bundle.proto`
of Sigstore's protobuf-specs. A statement says what it is about: it is read for that digest only.
Nobody checks a signature here.
"""

from __future__ import annotations

import msgspec

from generator.errors import TagpagesError
from generator.facts.attached import Artifact
from generator.model import shown

BUNDLE = "application/vnd.dev.sigstore.bundle"
"""How the types of all versions of Sigstore's bundle begin."""
_DSSE = "application/vnd.dsse.envelope"
_BARE = "application/vnd.in-toto+json"
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Statement(msgspec.Struct, frozen=True, rename="camel"):
    """A statement, as far as it is about one digest; `predicate` is foreign JSON."""

    predicate_type: str
    predicate: msgspec.Raw
    subject: list[_Subject]


class _Subject(msgspec.Struct):
    digest: dict[str, str] = {}


class _Envelope(msgspec.Struct):
    payload: bytes


class _Bundle(msgspec.Struct, rename="camel"):
    dsse_envelope: _Envelope | None = None


def is_statement(artifact: Artifact) -> bool:
    """Whether an artifact's content is a statement, or may be one."""
    return artifact.media_type.startswith((BUNDLE, _DSSE, _BARE))


def read_statement(artifact: Artifact, content: bytes) -> Statement | None:
    """The statement in an artifact's content; None in a bundle that has only a signature.

    Raises TagpagesError for what is no statement, or is about another digest.
    """
    try:
        payload = _payload(artifact, content)
        statement = payload and msgspec.json.decode(payload, type=Statement)
    except _UNREADABLE as error:
        raise TagpagesError(
            f"{artifact.blob}, attached to {artifact.subject}, is no statement: {shown(str(error))}"
        ) from None
    if not statement:
        return None
    algorithm, _, encoded = artifact.subject.partition(":")
    if all(subject.digest.get(algorithm) != encoded for subject in statement.subject):
        raise TagpagesError(
            f"{artifact.blob}, attached to {artifact.subject}, is about another digest: not shown"
        )
    return statement


def _payload(artifact: Artifact, content: bytes) -> bytes:
    """The statement's JSON; empty in a bundle that has none."""
    if artifact.media_type.startswith(BUNDLE):
        envelope = msgspec.json.decode(content, type=_Bundle).dsse_envelope
        return envelope.payload if envelope else b""
    if artifact.media_type.startswith(_DSSE):
        return msgspec.json.decode(content, type=_Envelope).payload
    return content
