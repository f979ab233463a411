"""What a statement or a signature is about, in the wrappings in which they are attached to images.

Sources: in-toto Attestation Framework, "Statement" and "Envelope" (DSSE); Sigstore's
protobuf-specs, `sigstore_bundle.proto`; cosign's specs, "Signature Spec". What is about another
digest than the one that it is attached to is not read. Nobody checks a signature here.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from generator.errors import UNREADABLE, TagpagesError
from generator.facts.attached import Artifact
from generator.model import shown

T = TypeVar("T")

BUNDLE = "application/vnd.dev.sigstore.bundle"
"""How the types of all versions of Sigstore's bundle begin."""
_DSSE = "application/vnd.dsse.envelope"
IN_TOTO = "application/vnd.in-toto+json"
"""The type of a statement, bare or as the payload of an envelope."""


class Statement(msgspec.Struct, frozen=True, rename="camel"):
    """A statement, as far as it is about one digest; `predicate` is foreign JSON."""

    predicate_type: str
    predicate: msgspec.Raw
    subject: list[_Subject]


class _Subject(msgspec.Struct):
    digest: dict[str, str] = {}


class Signature(msgspec.Struct):
    """One signature of an envelope."""

    sig: bytes = b""


class Envelope(msgspec.Struct, rename="camel"):
    """A DSSE envelope."""

    payload: bytes
    payload_type: str = ""
    signatures: list[Signature] = []


class _Hash(msgspec.Struct):
    digest: bytes = b""


class _Message(msgspec.Struct, rename="camel"):
    message_digest: _Hash = msgspec.field(default_factory=_Hash)


class _Bundle(msgspec.Struct, rename="camel"):
    dsse_envelope: Envelope | None = None
    message_signature: _Message | None = None


class _Image(msgspec.Struct, rename="kebab"):
    docker_manifest_digest: str = ""


class _Critical(msgspec.Struct):
    image: _Image


class _SimpleSigning(msgspec.Struct):
    critical: _Critical


def is_statement(artifact: Artifact) -> bool:
    """Whether an artifact's content is a statement, or may be one."""
    return artifact.media_type.startswith((BUNDLE, _DSSE, IN_TOTO))


def read_statement(artifact: Artifact, content: bytes) -> Statement | None:
    """The statement in an artifact's content; None in a bundle that has only a signature.

    Raises TagpagesError for what is no statement, or is about another digest.
    """
    if artifact.media_type.startswith(IN_TOTO):
        return parse_statement(artifact, content)
    envelope = read_envelope(artifact, content)
    return parse_statement(artifact, envelope.payload) if envelope else None


def read_envelope(artifact: Artifact, content: bytes) -> Envelope | None:
    """The envelope, which may be in a bundle; None in a bundle that has only a signature.

    Raises TagpagesError for what is neither.
    """
    if artifact.media_type.startswith(BUNDLE):
        return _decoded(artifact, content, _Bundle).dsse_envelope
    return _decoded(artifact, content, Envelope)


def parse_statement(artifact: Artifact, payload: bytes) -> Statement:
    """The statement that a payload is; raises TagpagesError if it is none about the subject."""
    statement = _decoded(artifact, payload, Statement)
    algorithm, _, encoded = artifact.subject.partition(":")
    if all(subject.digest.get(algorithm) != encoded for subject in statement.subject):
        raise _about_another(artifact)
    return statement


def check_signature(artifact: Artifact, content: bytes) -> None:
    """Raise TagpagesError unless this is a signature of the subject, in a bundle or as cosign 2."""
    if artifact.media_type.startswith(BUNDLE):
        signed = _decoded(artifact, content, _Bundle).message_signature
        digest = f"sha256:{signed.message_digest.digest.hex()}" if signed else ""
    else:
        signing = _decoded(artifact, content, _SimpleSigning)
        digest = signing.critical.image.docker_manifest_digest
    if digest != artifact.subject:
        raise _about_another(artifact)


def _about_another(artifact: Artifact) -> TagpagesError:
    return TagpagesError(
        f"{artifact.blob}, attached to {artifact.subject}, is about another digest: not shown"
    )


def _decoded(artifact: Artifact, content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except UNREADABLE as error:
        raise TagpagesError(
            f"{artifact.blob}, attached to {artifact.subject}, is not as it should be:"
            f" {shown(str(error))}"
        ) from None
