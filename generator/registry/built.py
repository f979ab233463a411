"""When an image was built, and whether it is one, as far as its own documents tell.

Source: OCI Image Specification 1.1 (manifest.md, "Guidelines for Artifact Usage").
"""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

import msgspec

from generator.registry.documents import DocumentError, ImageManifest, Index, decoded, document
from generator.registry.errors import StatusError
from generator.registry.repository import Repository

_CREATED = "org.opencontainers.image.created"
_DEPTH = 3
"""An index, one within it, a manifest: nobody nests deeper."""


class _Config(msgspec.Struct):
    """The one field of a configuration that matters here: the others may be as they like."""

    created: str | None = None


_UNTOLD = ("", "application/octet-stream")
"""What old Docker images have as the type of their configuration."""


class Built(NamedTuple):
    """What says when an image was built, best first, as written: it may be nonsense.

    `artifact` is the type of what is no image, such as a chart or an SBOM; empty for an image, and
    where nothing tells.
    """

    times: list[str]
    artifact: str = ""


async def build_times(repository: Repository, digest: str) -> Built:
    """When the image was built: by its configuration, else by annotations.

    An index speaks through its first image. Raises RegistryError for documents that cannot be had,
    the one of that digest first of all, and for a document that names another by what is no digest;
    others that do not exist, or are none of an image, say nothing.
    """
    annotated: list[str] = []
    for depth in range(_DEPTH):
        found = await _document(repository, digest, needed=depth == 0)
        if found is None:
            break
        annotated.insert(0, str((found.annotations or {}).get(_CREATED) or ""))
        if isinstance(found, ImageManifest):
            times = await _configured(repository, found, digest)
            return Built([*times, *annotated], _artifact(found))
        child = next(iter(found.images()), None)
        if child is None:
            return Built(annotated, found.kind)
        digest = repository.checked_digest(child.digest, digest)
    return Built(annotated)


def _artifact(manifest: ImageManifest) -> str:
    """The type of an artifact; empty for an image."""
    is_image = manifest.image_config() is not None or manifest.kind in _UNTOLD
    return "" if is_image else manifest.kind


async def _document(
    repository: Repository, digest: str, *, needed: bool
) -> Index | ImageManifest | None:
    try:
        return document(await repository.manifest(digest))
    except DocumentError:
        return None
    except StatusError as error:
        if error.status == HTTPStatus.NOT_FOUND and not needed:
            return None
        raise


async def _configured(repository: Repository, manifest: ImageManifest, digest: str) -> list[str]:
    config = manifest.image_config()
    if config is None:
        return []
    try:
        body = await repository.blob(repository.checked_digest(config.digest, digest))
        created = decoded(body, _Config, config.digest).created
    except DocumentError:
        return []
    except StatusError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return []
        raise
    return [created] if created else []
