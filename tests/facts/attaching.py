"""Attaching artifacts to an image of a fake registry, in all the ways that there are."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from tests.facts.asking import entry, image
from tests.registry.fake import INDEX, MANIFEST, FakeRegistry
from tests.registry.server import Answer, Call

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
IN_TOTO = "application/vnd.in-toto+json"
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
SPDX_JSON = "application/spdx+json"
CYCLONEDX_JSON = "application/vnd.cyclonedx+json"
SPDX = "https://spdx.dev/Document"
PROVENANCE = "https://slsa.dev/provenance/v1"
CYCLONEDX = "https://cyclonedx.org/bom"


def statement(subject: str, predicate_type: str, predicate: object) -> dict[str, object]:
    """An in-toto statement about a digest."""
    algorithm, _, encoded = subject.partition(":")
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "app", "digest": {algorithm: encoded}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def envelope(value: object) -> dict[str, object]:
    """A DSSE envelope around a statement; its signature is made up."""
    payload = b64encode(json.dumps(value).encode()).decode()
    return {"payloadType": IN_TOTO, "payload": payload, "signatures": [{"sig": "bm9uZQ=="}]}


def bundle(value: object) -> dict[str, object]:
    """A Sigstore bundle around a statement."""
    return {"mediaType": BUNDLE, "verificationMaterial": {}, "dsseEnvelope": envelope(value)}


@dataclass
class Attacher:
    """Attaches artifacts to the repository `app` of a registry, and returns manifests' digests.

    With `has_api` the registry lists referrers, `page` of them on each page; `referrers` are these.
    """

    registry: FakeRegistry
    has_api: bool = False
    page: int = 2
    referrers: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.registry.when("GET", "/referrers/", self._list)

    def manifest(
        self,
        layers: Sequence[tuple[str, object]],
        artifact_type: str = "",
        annotations: Mapping[str, str] | None = None,
        of_layers: Mapping[str, str] | None = None,
        subject: str = "",
    ) -> str:
        """An artifact's manifest, its layers as media type and JSON (or bytes)."""
        value: dict[str, object] = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": EMPTY, "digest": self.registry.put(EMPTY, {}), "size": 2},
            "layers": [
                self._layer(kind, content) | {"annotations": of_layers or {}}
                for kind, content in layers
            ],
            "annotations": annotations or {},
        }
        if artifact_type:
            value["artifactType"] = artifact_type
        if subject:
            value["subject"] = {"mediaType": MANIFEST, "digest": subject, "size": 1}
        return self.registry.put(MANIFEST, value)

    def refer(
        self, subject: str, kind: str, content: object, annotations: Mapping[str, str] | None = None
    ) -> str:
        """A referrer, listed by the API if there is one, else under the fallback tag."""
        digest = self.manifest([(kind, content)], kind, annotations, subject=subject)
        listed = self.referrers.setdefault(subject, [])
        listed.append({"mediaType": MANIFEST, "digest": digest, "size": 1, "artifactType": kind})
        if not self.has_api:
            index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}
            self.registry.tag("app", subject.replace(":", "-"), self.registry.put(INDEX, index))
        return digest

    def cosign(
        self, subject: str, suffix: str, *layers: tuple[str, object], **annotations: str
    ) -> str:
        """What lies under cosign's tag for a subject."""
        digest = self.manifest(layers, of_layers=annotations)
        self.registry.tag("app", f"{subject.replace(':', '-')}.{suffix}", digest)
        return digest

    def buildkit(self, subject: str, predicate_type: str, value: object) -> dict[str, object]:
        """The entry of an index with an attestation of a child."""
        digest = self.manifest(
            [(IN_TOTO, value)], of_layers={"in-toto.io/predicate-type": predicate_type}
        )
        annotations = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": subject,
        }
        return entry(digest, "unknown/unknown", annotations=annotations)

    def child(self, platform: str = "linux/amd64") -> str:
        """An image of a platform."""
        return image(self.registry, 1, platform=platform)

    def _layer(self, kind: str, content: object) -> dict[str, object]:
        if isinstance(content, bytes):
            digest = self.registry.put_bytes(kind, content)
        else:
            digest = self.registry.put(kind, content)
        size = len(self.registry.contents[digest][1])
        return {"mediaType": kind, "digest": digest, "size": size}

    def _list(self, call: Call) -> Answer | None:
        if not self.has_api:
            return Answer(404, b"404 page not found\n")
        listed = self.referrers.get(call.path.rpartition("/")[2], [])
        start = int(parse_qs(call.target.partition("?")[2]).get("from", ["0"])[0])
        page = listed[start : start + self.page]
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": page}).encode()
        fields = [("Content-Type", INDEX)]
        if start + self.page < len(listed):
            fields.append(("Link", f'<{call.path}?from={start + self.page}>; rel="next"'))
        return Answer(200, body, tuple(fields))
