"""When an image was built, as far as its own documents tell (OCI Image Specification 1.1)."""

from __future__ import annotations

from http import HTTPStatus

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


async def build_times(repository: Repository, digest: str) -> list[str]:
    """What says when the image was built, best first: its configuration, then annotations.

    An index speaks through its first image. The times are as written, and may be nonsense.
    Raises RegistryError for documents that cannot be had, the one of that digest first of all,
    and for a document that names another by what is no digest; others that do not exist, or are
    none of an image, say nothing.
    """
    annotated: list[str] = []
    for depth in range(_DEPTH):
        found = await _document(repository, digest, needed=depth == 0)
        if found is None:
            break
        annotated.insert(0, str((found.annotations or {}).get(_CREATED) or ""))
        if isinstance(found, ImageManifest):
            return [*await _configured(repository, found, digest), *annotated]
        child = next(iter(found.images()), None)
        if child is None:
            break
        digest = repository.checked_digest(child.digest, digest)
    return annotated


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
