"""Kind `attached`: the artifacts that are attached to a digest, and to the children of an index.

Every place is looked at (`docs/sources.md`), on the digest itself and on each of its platforms:

- the referrers API (OCI Distribution Specification 1.1, "Listing Referrers");
- the index under the fallback tag `sha256-<hex>` ("Referrers Tag Schema");
- the tags `sha256-<hex>.sig`, `.att` and `.sbom` of cosign 2 (sigstore/cosign, specs);
- the attestations among the entries of an index (BuildKit, "Attestation storage").

An artifact may come after its subject: this is looked at anew in every build. Manifests never
change, and what they say is not asked for again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from generator.facts.base import Absent, CouldNotLook, Fact, Found, Kind, Question
from generator.facts.image import IMAGE, ImageFacts
from generator.model import check_digest
from generator.registry import RegistryError, Repository
from generator.registry.documents import (
    ATTESTATION,
    Descriptor,
    DocumentError,
    ImageManifest,
    Index,
    document,
)
from generator.registry.repository import Manifest

Form = Literal["referrer", "fallback", "sig", "att", "sbom", "buildkit"]
"""How an artifact is attached, which is where it was found."""

MANIFESTS_LIMIT = 200
"""The most manifests that may be attached to a digest and its children: each costs a request."""
ARTIFACTS_LIMIT = 1000
"""The most artifacts in these manifests: cosign adds a layer for each signature."""

_COSIGN: tuple[Form, ...] = ("sig", "att", "sbom")
_TAG_LIMIT = 128
"""The longest tag: that of a sha512 digest would be longer, so that there is none."""
_ATTESTED = "vnd.docker.reference.digest"
_PREDICATES = (
    "predicateType",
    "in-toto.io/predicate-type",
    "dev.sigstore.bundle.predicateType",
)
"""The annotations that tell a predicate's type: of a layer, or of its manifest."""
END_OF_LIFE = "vnd.microsoft.artifact.lifecycle.end-of-life.date"
"""The annotation with the day on which nobody maintains an image any more (notation, Azure)."""
_KEPT = (
    "org.opencontainers.image.created",
    "dev.sigstore.bundle.content",
    END_OF_LIFE,
)
"""The annotations of a manifest that are kept."""
_TEXT_LIMIT = 255
"""The longest type or annotation that is kept, in characters; longer ones are no type."""

Size = Annotated[int, Meta(ge=0, le=2**62)]


class Artifact(msgspec.Struct, frozen=True, omit_defaults=True):
    """One attached artifact: a layer of a manifest, or a manifest that has none.

    It is attached to `subject`: the digest itself, where `platform` is empty, or its child of that
    platform. `manifest` is the digest of the artifact's manifest; `blob` that of its content, of
    `size` bytes and of the type `media_type`. `predicate_type` is what annotations say: only the
    statement itself is sure. All but the digests is foreign text.
    """

    form: Form
    subject: str
    manifest: str
    platform: str = ""
    artifact_type: str = ""
    predicate_type: str = ""
    annotations: dict[str, str] = {}
    media_type: str = ""
    blob: str = ""
    size: Size = 0

    def __post_init__(self) -> None:
        """Check the digests; raises TagpagesError."""
        for digest in (self.subject, self.manifest, *([self.blob] if self.blob else [])):
            check_digest(digest)


Attached = tuple[Artifact, ...]
"""In the order of their places: the digest itself first, then its platforms."""


async def look(asked: Question) -> Fact[Attached]:
    """All that is attached to a digest; `Absent` when every place answered that nothing is.

    Raises RegistryError when one place could not be looked at, or a limit is passed.
    """
    digest = asked.digest
    image = IMAGE.of(asked.known)
    if isinstance(image, CouldNotLook):
        return CouldNotLook(image.reason)
    contents = IMAGE.found(asked.known) or ImageFacts()
    platforms = {item.digest: item.name for item in contents.platforms if item.digest}
    # the digest itself comes first, and is of no platform even where it is its only one
    subjects = {digest: ""} | platforms | {digest: ""}
    reader = _Reader(asked.repository, subjects, ATTACHED.of(asked.known))
    if contents.is_index:
        await reader.add_index(digest)
    for subject in list(reader.platforms):
        await reader.add_referrers(subject)
        await reader.add_tagged(subject)
    return Found(tuple(reader.found)) if reader.found else Absent()


class _Reader:
    """Reads what is attached to the subjects, which are given with their platforms."""

    def __init__(
        self, repository: Repository, platforms: Mapping[str, str], known: Fact[Attached] | None
    ) -> None:
        self.platforms = platforms
        self.found: list[Artifact] = []
        self._repository = repository
        self._known: dict[tuple[str, str], list[Artifact]] = {}
        self._is_known = isinstance(known, Found | Absent)
        for artifact in known.value if isinstance(known, Found) else ():
            self._known.setdefault((artifact.subject, artifact.manifest), []).append(artifact)
        self._manifests: set[tuple[str, str]] = set()

    async def add_index(self, digest: str) -> None:
        """Keep BuildKit's attestations of the children of an index."""
        if self._is_known:
            known = chain.from_iterable(self._known.values())
            self._keep([artifact for artifact in known if artifact.form == "buildkit"])
            return
        index = document(await self._repository.manifest(digest))
        for entry in (index.manifests or ()) if isinstance(index, Index) else ():
            subject = entry.annotation(_ATTESTED)
            if entry.annotation(ATTESTATION) == "attestation-manifest" and (
                subject in self.platforms
            ):
                await self._add("buildkit", subject, self._checked(entry.digest, digest))

    async def add_referrers(self, subject: str) -> None:
        """Keep what refers to a subject, by the API and by the fallback tag."""
        listed = await self._repository.referrers(subject, MANIFESTS_LIMIT)
        for manifest in listed or ():
            await self._add("referrer", subject, manifest)
        algorithm, _, encoded = subject.partition(":")
        fallback = await self._tagged(f"{algorithm[:32]}-{encoded[:64]}")
        if fallback is None:
            return
        index = document(fallback)
        if not isinstance(index, Index):
            raise DocumentError(f"{fallback.digest}, the list of what refers to {subject}, is none")
        for entry in index.manifests or ():
            await self._add("fallback", subject, self._checked(entry.digest, fallback.digest))

    async def add_tagged(self, subject: str) -> None:
        """Keep what cosign 2 attached to a subject, by the name of a tag."""
        for form in _COSIGN:
            manifest = await self._tagged(f"{subject.replace(':', '-')}.{form}")
            if manifest:
                self._count(subject, manifest.digest)
                self._keep(self._artifacts(form, subject, manifest))

    async def _tagged(self, tag: str) -> Manifest | None:
        return None if len(tag) > _TAG_LIMIT else await self._repository.tagged(tag)

    async def _add(self, form: Form, subject: str, digest: str) -> None:
        """Keep a manifest's artifacts once, if it names its subject where it must."""
        if (subject, digest) in self._manifests:
            return
        self._count(subject, digest)
        artifacts = self._known.get((subject, digest))
        if artifacts is None:
            manifest = await self._repository.manifest(digest)
            artifacts = self._artifacts(form, subject, manifest)
        self._keep(artifacts)

    def _artifacts(self, form: Form, subject: str, manifest: Manifest) -> list[Artifact]:
        """The artifacts of a manifest: none if it says that it refers to something else."""
        content = document(manifest)
        if not isinstance(content, ImageManifest):
            raise DocumentError(f"{manifest.digest}, which is attached to {subject}, is an index")
        if form in {"referrer", "fallback"} and (
            content.subject is None or content.subject.digest != subject
        ):
            return []
        kept = {name: text for name in _KEPT if (text := _short(content.annotation(name)))}
        common = Artifact(
            form,
            subject,
            manifest.digest,
            self.platforms[subject],
            _short(content.kind),
            _predicate([content]),
            kept,
        )
        return [
            msgspec.structs.replace(
                common,
                predicate_type=_predicate([layer, content]),
                media_type=_short(layer.media_type),
                blob=self._checked(layer.digest, manifest.digest),
                size=layer.size,
            )
            for layer in content.layers or ()
        ] or [common]

    def _count(self, subject: str, manifest: str) -> None:
        self._manifests.add((subject, manifest))
        if len(self._manifests) > MANIFESTS_LIMIT:
            raise RegistryError(
                f"more than {MANIFESTS_LIMIT} manifests are attached, which is the limit"
            )

    def _keep(self, artifacts: list[Artifact]) -> None:
        self.found += artifacts
        if len(self.found) > ARTIFACTS_LIMIT:
            raise RegistryError(
                f"more than {ARTIFACTS_LIMIT:,} artifacts are attached, which is the limit"
            )

    def _checked(self, digest: str, where: str) -> str:
        return self._repository.checked_digest(digest, where)


def _predicate(annotated: Iterable[Descriptor | ImageManifest]) -> str:
    """The predicate's type that the first of them tells."""
    told = (item.annotation(name) for item in annotated for name in _PREDICATES)
    return _short(next(filter(None, told), ""))


def _short(text: str) -> str:
    return text if len(text) <= _TEXT_LIMIT else ""


_FACT = Found[Attached] | Absent | CouldNotLook
_decode = msgspec.json.Decoder(_FACT).decode
ATTACHED = Kind[Attached](
    "attached", _FACT, _decode, look, after=(IMAGE.name,), settled=(), by_table=True
)
