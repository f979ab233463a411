"""A client that uploads images, and remembers what the registry must answer from then on.

Documents as in the OCI Image Specification 1.1 and Docker's Image Manifest V2, Schema 2.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from typing import Self

CREATED = "org.opencontainers.image.created"
UNPACKED = bytes(10240)


@dataclass(frozen=True)
class Kind:
    """The media types of one family of documents."""

    manifest: str
    index: str
    config: str
    layer: str


OCI = Kind(
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.oci.image.layer.v1.tar+gzip",
)
DOCKER = Kind(
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
)
HELM = replace(
    OCI,
    config="application/vnd.cncf.helm.config.v1+json",
    layer="application/vnd.cncf.helm.chart.content.v1.tar+gzip",
)


def digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


@dataclass(frozen=True)
class Content:
    """A manifest, an index or a blob."""

    media_type: str
    body: bytes

    @classmethod
    def of(cls, media_type: str, value: Mapping[str, object]) -> Self:
        return cls(media_type, json.dumps(value, indent=3).encode())

    @property
    def digest(self) -> str:
        return digest_of(self.body)

    @property
    def descriptor(self) -> dict[str, object]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.body)}


@dataclass(frozen=True)
class Inside:
    """What an image contains: its layers, unpacked, and how it is started."""

    platform: str = "linux/amd64"
    layers: Sequence[bytes] = (UNPACKED,)
    run: Mapping[str, object] = field(default_factory=dict)


class Pusher:
    """Uploads over one connection; `pushed` has the digests, by repository and tag."""

    def __init__(self, connection: HTTPConnection, authorization: str) -> None:
        self.pushed: dict[str, dict[str, str]] = {}
        self._connection = connection
        self._headers = {"Authorization": authorization} if authorization else {}
        self._blobs: set[tuple[str, str]] = set()

    def image(
        self,
        repository: str,
        created: str | None,
        kind: Kind = OCI,
        annotations: Mapping[str, str] | None = None,
        inside: Inside | None = None,
    ) -> Content:
        """An image, not tagged yet; its configuration tells when it was created."""
        inside = inside or Inside()
        layers = inside.layers
        config: dict[str, object] = {
            **_platform(inside.platform),
            "config": {"Labels": {"repository": repository}, **inside.run},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]},
        }
        parts = [
            Content.of(kind.config, config | ({"created": created} if created else {})),
            *(Content(kind.layer, gzip.compress(layer, mtime=0)) for layer in layers),
        ]
        for part in parts:
            self._blob(repository, part)
        manifest = {
            "schemaVersion": 2,
            "mediaType": kind.manifest,
            "config": parts[0].descriptor,
            "layers": [part.descriptor for part in parts[1:]],
        }
        return Content.of(kind.manifest, manifest | _annotated(annotations))

    def index(
        self,
        repository: str,
        children: Mapping[str, Content],
        kind: Kind = OCI,
        annotations: Mapping[str, str] | None = None,
    ) -> Content:
        """An index, not tagged yet, of images by their platform, as `linux/amd64`.

        An attestation has `unknown/unknown` and the digest of what it attests, with `@` between.
        """
        for child in children.values():
            self._put(repository, child.digest, child)
        value = {
            "schemaVersion": 2,
            "mediaType": kind.index,
            "manifests": [child.descriptor | _entry(name) for name, child in children.items()],
        }
        return Content.of(kind.index, value | _annotated(annotations))

    def artifact(
        self, repository: str, layer: Content, subject: Content | None = None, **annotations: str
    ) -> Content:
        """A manifest with one layer, not tagged yet, which may refer to a subject.

        `annotations` are the layer's.
        """
        empty = Content("application/vnd.oci.empty.v1+json", b"{}")
        self._blob(repository, empty)
        self._blob(repository, layer)
        value: dict[str, object] = {
            "schemaVersion": 2,
            "mediaType": OCI.manifest,
            "artifactType": layer.media_type,
            "config": empty.descriptor,
            "layers": [layer.descriptor | _annotated(annotations)],
        }
        if subject:
            value["subject"] = subject.descriptor
        return Content.of(OCI.manifest, value)

    def refer(self, repository: str, subject: Content, *artifacts: Content) -> None:
        """Attach artifacts to a subject, in the index under its fallback tag."""
        for artifact in artifacts:
            self._put(repository, artifact.digest, artifact)
        listed = [artifact.descriptor for artifact in artifacts]
        index = {"schemaVersion": 2, "mediaType": OCI.index, "manifests": listed}
        self.tag(repository, Content.of(OCI.index, index), subject.digest.replace(":", "-"))

    def tag(self, repository: str, content: Content, *tags: str) -> None:
        for tag in tags:
            self._put(repository, tag, content)
            self.pushed.setdefault(repository, {})[tag] = content.digest

    def _put(self, repository: str, reference: str, content: Content) -> None:
        target = f"/v2/{repository}/manifests/{reference}"
        self._ask("PUT", target, content.body, {"Content-Type": content.media_type})

    def _blob(self, repository: str, content: Content) -> None:
        if (repository, content.digest) in self._blobs:
            return
        self._blobs.add((repository, content.digest))
        place = self._ask("POST", f"/v2/{repository}/blobs/uploads/")
        kind = {"Content-Type": "application/octet-stream"}
        self._ask("PUT", f"{place}&digest={content.digest}", content.body, kind)

    def _ask(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> str:
        """Send a request that must succeed; the `Location` of its answer."""
        self._connection.request(method, target, body, {**self._headers, **(headers or {})})
        response = self._connection.getresponse()
        answer = response.read()
        if response.status not in {201, 202}:
            raise RuntimeError(f"{method} {target}: {response.status} {answer.decode()}")
        return response.headers["Location"]


def _annotated(annotations: Mapping[str, str] | None) -> dict[str, object]:
    return {"annotations": annotations} if annotations else {}


def _entry(name: str) -> dict[str, object]:
    """What an index says of a child; of an attestation as BuildKit does."""
    name, _, attested = name.partition("@")
    annotations = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": attested,
    }
    return {"platform": _platform(name)} | _annotated(annotations if attested else None)


def _platform(name: str) -> dict[str, str]:
    return dict(zip(("os", "architecture", "variant"), name.split("/"), strict=False))


@contextmanager
def pusher(address: str, authorization: str = "") -> Iterator[Pusher]:
    with closing(HTTPConnection(address)) as connection:
        yield Pusher(connection, authorization)
