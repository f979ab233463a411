"""When an image was built, as far as its own documents tell (OCI Image Specification 1.1)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, TypeVar

import msgspec

from generator.registry.errors import StatusError
from generator.registry.repository import INDEX_TYPES, MANIFEST_TYPES, Repository

T = TypeVar("T")

_CREATED = "org.opencontainers.image.created"
_CONFIG_TYPES = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
_DEPTH = 3
"""An index, one within it, a manifest: nobody nests deeper."""


class _Platform(msgspec.Struct):
    os: str | None = None


class _Descriptor(msgspec.Struct, rename="camel"):
    digest: str
    media_type: str = ""
    platform: _Platform | None = None

    def is_image(self) -> bool:
        """Not an attestation, which has the platform `unknown/unknown`."""
        known = self.platform is None or self.platform.os != "unknown"
        return known and self.media_type in {*INDEX_TYPES, *MANIFEST_TYPES}


class _Document(msgspec.Struct):
    """An index or a manifest."""

    manifests: list[_Descriptor] | None = None
    config: _Descriptor | None = None
    annotations: dict[str, Any] | None = None


class _Config(msgspec.Struct):
    created: str | None = None


async def build_times(repository: Repository, digest: str) -> list[str]:
    """What says when the image was built, best first: its configuration, then annotations.

    An index speaks through its first image. The times are as written, and may be nonsense.
    Raises RegistryError for documents that cannot be had, the one of that digest first of all,
    and for a document that names another by what is no digest; others that do not exist, or are
    none of an image, say nothing.
    """
    annotated: list[str] = []
    for depth in range(_DEPTH):
        document = await _document(repository, digest, needed=depth == 0)
        if document is None:
            break
        created = (document.annotations or {}).get(_CREATED)
        annotated.insert(0, str(created or ""))
        child = next((entry for entry in document.manifests or () if entry.is_image()), None)
        if child is None:
            return [*await _configured(repository, document.config, digest), *annotated]
        digest = repository.checked_digest(child.digest, digest)
    return annotated


async def _document(repository: Repository, digest: str, *, needed: bool) -> _Document | None:
    try:
        manifest = await repository.manifest(digest)
    except StatusError as error:
        if error.status == HTTPStatus.NOT_FOUND and not needed:
            return None
        raise
    if manifest.media_type not in {*INDEX_TYPES, *MANIFEST_TYPES}:
        return None
    return _decoded(manifest.body, _Document)


async def _configured(
    repository: Repository, config: _Descriptor | None, manifest: str
) -> list[str]:
    if config is None or config.media_type not in _CONFIG_TYPES:
        return []
    try:
        body = await repository.blob(repository.checked_digest(config.digest, manifest))
    except StatusError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return []
        raise
    decoded = _decoded(body, _Config)
    return [decoded.created] if decoded and decoded.created else []


def _decoded(body: bytes, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
