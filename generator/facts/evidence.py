"""Kind `evidence`: signatures, attestations and SBOMs among what is attached to a digest.

Each is read once, to see what it is about: one that is about another digest counts for nothing.
With a policy, what is signed is verified when it is read, and again when the policy has changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from generator.errors import TagpagesError
from generator.facts import verify
from generator.facts.attached import ATTACHED, Artifact, Form
from generator.facts.base import Absent, CouldNotLook, Fact, Found, Kind, Question
from generator.facts.policy import Policy, Verdict
from generator.facts.statements import BUNDLE, IN_TOTO, check_signature, read_statement
from generator.model import check_digest, check_utc
from generator.registry import Repository, parse_time
from generator.registry.limits import MIB

READ_LIMIT = 32 * MIB
"""The most bytes of a signature or attestation: an SBOM may be signed, and they are long."""

Format = Literal["bundle", "simple", "dsse", "statement", "notation", "sbom"]
"""What it is written as: a Sigstore bundle, a signature or an attestation of cosign 2, a bare
statement (BuildKit), a signature of the Notary Project, or a bare SBOM."""
Sort = Literal["signature", "attestation", "sbom"]

SIGNATURE_TYPE = "https://sigstore.dev/cosign/sign/v1"
"""The predicate type of a statement that is a plain signature."""
TYPE_LIMIT = 255
"""The longest predicate type that is kept, in characters."""
_NOTATION = "application/vnd.cncf.notary.signature"
_FORMATS: dict[str, Format] = {
    "application/vnd.dev.cosign.simplesigning.v1+json": "simple",
    "application/vnd.dsse.envelope.v1+json": "dsse",
    IN_TOTO: "statement",
    "application/spdx+json": "sbom",
    "application/vnd.cyclonedx+json": "sbom",
    "application/vnd.cyclonedx+xml": "sbom",
    "application/vnd.syft+json": "sbom",
    "text/spdx": "sbom",
    "text/spdx+json": "sbom",
}
_READ: frozenset[Format] = frozenset({"bundle", "simple", "dsse", "statement"})
SIGNED: frozenset[Format] = frozenset({"bundle", "simple", "dsse", "notation"})
_CREATED = "org.opencontainers.image.created"


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """A signature, an attestation or an SBOM of `subject`.

    That is the digest itself, where `platform` is empty, or its child of that platform. `manifest`
    and `blob` are where it lies. `created` (UTC) is when its manifest says that it was made.
    `wrong` says why it counts for nothing. `verdict` is None where nothing was verified. Types of
    predicates are foreign text.
    """

    format: Format
    form: Form
    subject: str
    manifest: str
    blob: str = ""
    platform: str = ""
    predicate_type: str = ""
    created: datetime | None = None
    wrong: str = ""
    verdict: Verdict | None = None

    def __post_init__(self) -> None:
        """Check the digests and the time; raises TagpagesError or ValueError."""
        for digest in filter(None, (self.subject, self.manifest, self.blob)):
            check_digest(digest)
        check_utc(self.created)

    @property
    def sort(self) -> Sort:
        """Whether it is a signature, an attestation or an SBOM."""
        if self.format == "sbom":
            return "sbom"
        plain = self.format == "notation" or self.predicate_type == SIGNATURE_TYPE
        return "signature" if plain else "attestation"


Evidences = tuple[Evidence, ...]
"""In the order of what is attached."""


def is_signed(items: Iterable[Evidence]) -> bool:
    """Whether any of it is signed, and about what it is attached to."""
    return any(item.format in SIGNED and not item.wrong for item in items)


async def look(asked: Question) -> Fact[Evidences]:
    """The evidence among what is attached to a digest; `Absent` if there is none.

    Raises RegistryError when some of it cannot be had, or is over the limit.
    """
    attached = ATTACHED.of(asked.known)
    if isinstance(attached, CouldNotLook):
        return attached
    policy = asked.policy if verify.is_available() else None
    known = {_key(item): item for item in EVIDENCE.found(asked.known) or ()}
    found = []
    for artifact in ATTACHED.found(asked.known) or ():
        if (format_ := _format(artifact)) is None:
            continue
        item = known.get(_key(artifact))
        if item is None or not _is_settled(item, policy):
            item = await _read(asked.repository, artifact, format_, policy)
        found.append(item)
    return Found(tuple(found)) if found else Absent()


def _key(item: Artifact | Evidence) -> tuple[str, str, str]:
    return item.subject, item.manifest, item.blob


def _format(artifact: Artifact) -> Format | None:
    """What the artifact is written as; None if it is no evidence."""
    if artifact.form == "sbom" and artifact.media_type in _FORMATS:
        return "sbom"
    for kind in (artifact.artifact_type, artifact.media_type):
        if kind.startswith(BUNDLE):
            return "bundle"
        if kind == _NOTATION:
            return "notation"
    return _FORMATS.get(artifact.media_type) or _FORMATS.get(artifact.artifact_type)


def _is_settled(item: Evidence, policy: Policy | None) -> bool:
    """Whether reading it again would tell the same."""
    if policy is None or item.wrong or item.format not in SIGNED:
        return True
    return item.verdict is not None and item.verdict.signer == policy.signer


async def _read(
    repository: Repository, artifact: Artifact, format_: Format, policy: Policy | None
) -> Evidence:
    item = Evidence(
        format_,
        artifact.form,
        artifact.subject,
        artifact.manifest,
        artifact.blob,
        artifact.platform,
        artifact.predicate_type,
        parse_time(artifact.annotations.get(_CREATED, "")),
    )
    content = b""
    if artifact.blob and format_ in _READ:
        content = await repository.blob(artifact.blob, READ_LIMIT)
        try:
            item = replace(item, predicate_type=_predicate_type(artifact, format_, content))
        except TagpagesError as error:
            return replace(item, wrong=str(error))
    if policy is None or format_ not in SIGNED:
        return item
    return replace(item, verdict=verify.verdict(policy, artifact, content))


def _predicate_type(artifact: Artifact, format_: Format, content: bytes) -> str:
    """The type of the predicate; raises TagpagesError for what is not about the subject."""
    statement = None if format_ == "simple" else read_statement(artifact, content)
    if statement is None:
        check_signature(artifact, content)
        return SIGNATURE_TYPE
    if len(statement.predicate_type) > TYPE_LIMIT:
        raise TagpagesError("the type of its predicate is too long")
    return statement.predicate_type


_FACT = Found[Evidences] | Absent | CouldNotLook
_decode = msgspec.json.Decoder(_FACT).decode
EVIDENCE = Kind[Evidences](
    "evidence", _FACT, _decode, look, after=(ATTACHED.name,), settled=(), by_table=True
)
