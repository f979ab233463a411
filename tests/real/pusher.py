"""A client that uploads images, and remembers what the registry must answer from then on.

Documents as in the OCI Image Specification 1.1 and Docker's Image Manifest V2, Schema 2.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
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
        architecture: str = "amd64",
    ) -> Content:
        """An image for Linux, not tagged yet; its configuration tells when it was created."""
        config: dict[str, object] = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Labels": {"repository": repository}},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(UNPACKED)]},
        }
        parts = [
            Content.of(kind.config, config | ({"created": created} if created else {})),
            Content(kind.layer, gzip.compress(UNPACKED, mtime=0)),
        ]
        for part in parts:
            self._blob(repository, part)
        manifest = {
            "schemaVersion": 2,
            "mediaType": kind.manifest,
            "config": parts[0].descriptor,
            "layers": [parts[1].descriptor],
        }
        return Content.of(kind.manifest, manifest | _annotated(annotations))

    def index(
        self,
        repository: str,
        children: Mapping[str, Content],
        kind: Kind = OCI,
        annotations: Mapping[str, str] | None = None,
    ) -> Content:
        """An index, not tagged yet, of images by their platform, as `linux/amd64`."""
        for child in children.values():
            self._put(repository, child.digest, child)
        value = {
            "schemaVersion": 2,
            "mediaType": kind.index,
            "manifests": [
                child.descriptor | {"platform": _platform(name)} for name, child in children.items()
            ],
        }
        return Content.of(kind.index, value | _annotated(annotations))

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


def _platform(name: str) -> dict[str, str]:
    system, _, architecture = name.partition("/")
    return {"os": system, "architecture": architecture}


@contextmanager
def pusher(address: str, authorization: str = "") -> Iterator[Pusher]:
    with closing(HTTPConnection(address)) as connection:
        yield Pusher(connection, authorization)
