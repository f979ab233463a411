"""The documents that make up an image, as far as they are read here.

Source: OCI Image Specification 1.1 (image-index.md, manifest.md, config.md, descriptor.md), and
Docker's Image Manifest V2, Schema 2, which has the same fields. A digest in them is whatever
somebody wrote there: `Repository.checked_digest` comes before anything is asked for by it.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from generator.errors import UNREADABLE
from generator.model import shown
from generator.registry.errors import RegistryError
from generator.registry.repository import INDEX_TYPES, MANIFEST_TYPES, Manifest

D = TypeVar("D")

CONFIG_TYPES = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
SIZE_LIMIT = 2**40
"""The most bytes that a document may have by its descriptor: no registry takes a layer of a TiB."""
ATTESTATION = "vnd.docker.reference.type"
"""BuildKit's annotation of what describes another entry of the index (BuildKit, "Attestation
storage")."""


class DocumentError(RegistryError):
    """A document that is none of an image, or not as the specification wants it."""


def _text(annotations: dict[str, Any] | None, name: str) -> str:
    value = (annotations or {}).get(name)
    return value if isinstance(value, str) else ""


class PlatformEntry(msgspec.Struct, frozen=True):
    """What a manifest runs on, in Go's words: `linux`, `arm64`, `v8`."""

    os: str = ""
    architecture: str = ""
    variant: str | None = None
    os_version: str | None = msgspec.field(name="os.version", default=None)


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """A reference to another document, of `size` bytes; its digest may be anything.

    Of a manifest `artifact_type` is the type of its configuration, where an index tells it.
    """

    digest: str
    size: Annotated[int, Meta(ge=0, le=SIZE_LIMIT)]
    media_type: str = ""
    artifact_type: str | None = None
    platform: PlatformEntry | None = None
    annotations: dict[str, Any] | None = None

    def annotation(self, name: str) -> str:
        """An annotation's text; empty where it is none."""
        return _text(self.annotations, name)

    def is_image(self) -> bool:
        """Whether this entry of an index is an image, or an index of images: nothing attached."""
        if self.artifact_type and self.artifact_type not in CONFIG_TYPES:
            return False
        known = self.platform is None or self.platform.os != "unknown"
        attests = self.annotations is not None and ATTESTATION in self.annotations
        return known and not attests and self.media_type in {*INDEX_TYPES, *MANIFEST_TYPES}


class Index(msgspec.Struct, frozen=True):
    """An index, or Docker's manifest list."""

    manifests: list[Descriptor] | None = None
    annotations: dict[str, Any] | None = None
    artifact_type: str | None = msgspec.field(name="artifactType", default=None)

    def images(self) -> list[Descriptor]:
        """The entries that are images, in their order."""
        return [entry for entry in self.manifests or () if entry.is_image()]

    @property
    def kind(self) -> str:
        """What an index without images is: its `artifactType`, else that of its first entry."""
        kinds = (entry.artifact_type for entry in self.manifests or ())
        return self.artifact_type or next(filter(None, kinds), "")


class ImageManifest(msgspec.Struct, frozen=True, rename="camel"):
    """A manifest: of an image, or of an artifact, which has a configuration of another type."""

    config: Descriptor | None = None
    layers: list[Descriptor] | None = None
    annotations: dict[str, Any] | None = None
    artifact_type: str | None = None
    subject: Descriptor | None = None

    @property
    def kind(self) -> str:
        """What an artifact is: its `artifactType`, else the type of its configuration."""
        return self.artifact_type or (self.config.media_type if self.config else "")

    def annotation(self, name: str) -> str:
        """An annotation's text; empty where it is none."""
        return _text(self.annotations, name)

    def image_config(self) -> Descriptor | None:
        """The image's configuration; None if this is the manifest of something else."""
        return self.config if self.config and self.config.media_type in CONFIG_TYPES else None


class RunConfig(msgspec.Struct, frozen=True, rename="pascal"):
    """How a container of the image is started; a field may be null or missing alike."""

    user: str | None = None
    exposed_ports: dict[str, Any] | None = None
    env: list[str] | None = None
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    volumes: dict[str, Any] | None = None
    working_dir: str | None = None
    labels: dict[str, str] | None = None
    stop_signal: str | None = None


class ImageConfig(PlatformEntry, frozen=True):
    """An image's configuration; `created` is as written, and may be nonsense."""

    created: str | None = None
    config: RunConfig | None = None


def document(manifest: Manifest) -> Index | ImageManifest:
    """The index or manifest, read as its media type says; raises DocumentError if it is neither."""
    if manifest.media_type in INDEX_TYPES:
        return decoded(manifest.body, Index, manifest.digest)
    if manifest.media_type in MANIFEST_TYPES:
        return decoded(manifest.body, ImageManifest, manifest.digest)
    raise DocumentError(
        f"{manifest.digest} is of the type {shown(manifest.media_type)}, which is not supported"
    )


def decoded(body: bytes, kind: type[D], digest: str) -> D:
    """The document of that digest as a value; raises DocumentError if it is none of that kind."""
    try:
        return msgspec.json.decode(body, type=kind)
    except UNREADABLE as error:
        raise DocumentError(f"{digest} is not as it should be: {shown(str(error))}") from None
