"""The OCI Distribution operations that pulling tags needs (specification 1.1)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from generator.errors import SourceError, TagpagesError
from generator.model import check_digest, check_name, check_tag, shown
from generator.registry.auth import Challenged
from generator.registry.credentials import Credentials
from generator.registry.endpoint import Endpoint
from generator.registry.errors import HiddenError, RegistryError, StatusError
from generator.registry.lists import CatalogPage, TagPage, pages
from generator.registry.message import Reply
from generator.registry.origin import Origin
from generator.registry.pace import DEFAULT_CONCURRENCY
from generator.registry.recent import Recent
from generator.registry.referrers import referrers
from generator.registry.session import Session

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+"
_ACCEPT = ", ".join([*INDEX_TYPES, *MANIFEST_TYPES, f"{_SCHEMA_1}json", f"{_SCHEMA_1}prettyjws"])
"""All of them: a server converts what is missing here, and the digest is another's."""

_HEAD_REFUSED = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
"""What a HEAD may be answered where a GET is served; its errors have no body to tell why."""

_HIDES = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
"""What registries answer of a repository that does not exist, and of one that is hidden."""

_NO_SUCH_TAG = frozenset({"MANIFEST_UNKNOWN", "NOT_FOUND"})
"""The error codes of a 404 that says so; the second one is Harbor's."""

_DIGEST_SHAPE = re.compile(r"[a-z0-9]+:[a-zA-Z0-9]+")
_HASHES: dict[str, Callable[[bytes], Any]] = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}


Login = Callable[[], Awaitable[Credentials | None]]
"""A login that takes requests to have; None where Docker's counts."""


class _AnyManifest(msgspec.Struct, rename="camel"):
    schema_version: int


@dataclass(frozen=True)
class Manifest:
    """A manifest or an index, its body checked against its digest."""

    digest: str
    media_type: str
    body: bytes = field(repr=False)


class Registry:
    """A registry at one origin. Repositories may have logins of their own.

    `credentials` are the catalog's, or how to get them; without them the machine's keychain is
    asked.
    """

    def __init__(
        self,
        session: Session,
        origin: Origin,
        *,
        credentials: Credentials | Login | None = None,
        concurrency: int = DEFAULT_CONCURRENCY,
    ) -> None:
        self._session = session
        self._origin = origin
        self._credentials = credentials
        self._concurrency = concurrency
        self._endpoints: dict[Credentials | None, Endpoint] = {}
        self._manifests = Recent[Manifest]()
        self._blobs = Recent[bytes]()

    async def endpoint(self, repository: str = "") -> Endpoint:
        """The registry with the login for a repository."""
        login = self._credentials
        if callable(login):
            login = await login()
        login = login or await self._session.keychain.find(self._origin.netloc, repository)
        if login not in self._endpoints:
            auth = Challenged(self._session, self._origin, login)
            self._endpoints[login] = Endpoint(self._session, self._origin, auth, self._concurrency)
        return self._endpoints[login]

    async def repository(self, name: str) -> Repository:
        """A repository of it, which need not exist; raises TagpagesError for a bad name."""
        check_name(name)
        return Repository(await self.endpoint(name), name, self._manifests, self._blobs)

    async def repositories(self) -> list[str]:
        """The names in the registry's `_catalog`, not checked."""
        endpoint = await self.endpoint()
        names: dict[str, None] = {}
        try:
            async for page in pages(endpoint, "/v2/_catalog", "registry:catalog:*", CatalogPage):
                names |= dict.fromkeys(page)
        except StatusError as error:
            if error.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise
            raise RegistryError(
                f"{self._origin.netloc} does not list its repositories: {error}; "
                "if it never does, name the images in `images.include`"
            ) from None
        return list(names)


class Repository:
    """One repository. Every operation raises RegistryError for an answer that cannot be had.

    `manifests` and `blobs` have what was read of the registry last.
    """

    def __init__(
        self, endpoint: Endpoint, name: str, manifests: Recent[Manifest], blobs: Recent[bytes]
    ) -> None:
        self.name = name
        self._endpoint = endpoint
        self._manifests = manifests
        self._blobs = blobs
        self._scope = f"repository:{name}:pull"

    async def tags(self) -> list[str] | None:
        """All its tags, checked, each once, in the order listed; None if it does not exist.

        Raises HiddenError where a registry says that in other words, or that it is not permitted.
        Nulls (Nexus) and digests (Artifactory) among the tags are passed over.
        """
        tags: dict[str, None] = {}
        async for page in self._tag_pages():
            if page is None:
                return None
            for tag in page:
                if not _DIGEST_SHAPE.fullmatch(tag):
                    tags[self._checked(tag)] = None
        return list(tags)

    async def _tag_pages(self) -> AsyncIterator[list[str] | None]:
        """The pages of the list; a None if the first one says that there is no repository."""
        first = True
        try:
            path = f"/v2/{self.name}/tags/list"
            async for page in pages(self._endpoint, path, self._scope, TagPage):
                first = False
                yield page
        except StatusError as error:
            if not first or error.status not in _HIDES or isinstance(error, SourceError):
                raise
            if error.status != HTTPStatus.NOT_FOUND or "NAME_UNKNOWN" not in error.codes:
                raise HiddenError(
                    error.bare, error.status, error.codes, str(error).removeprefix(error.bare)
                ) from None
            yield None

    def _checked(self, tag: str) -> str:
        try:
            return check_tag(tag)
        except TagpagesError as error:
            raise RegistryError(
                f"{self._endpoint.origin.netloc}/{self.name} lists {error}"
            ) from None

    async def digest(self, tag: str) -> str | None:
        """The digest that a tag points to; None if the tag is gone since it was listed.

        By HEAD, which costs nothing where pulls are counted; by GET where HEAD is refused, and by
        GET and hash where the header is missing.
        """
        try:
            reply = await self._request("HEAD", "manifests", tag, _ACCEPT)
        except StatusError as error:
            if error.status not in _HEAD_REFUSED:
                raise
        else:
            if digest := reply.headers.get("docker-content-digest"):
                return self.checked_digest(digest, tag)
        found = await self.tagged(tag)
        return found.digest if found else None

    async def tagged(self, tag: str) -> Manifest | None:
        """The manifest or index of a tag; None if the registry says that there is no such tag."""
        try:
            return await self.manifest(tag)
        except StatusError as error:
            if error.status == HTTPStatus.NOT_FOUND and error.codes & _NO_SUCH_TAG:
                return None
            raise

    async def manifest(self, reference: str) -> Manifest:
        """The manifest or index of a tag or digest."""
        if kept := self._manifests.get(reference):
            return kept
        manifest = await self._manifest(reference)
        self._manifests.keep(manifest.digest, manifest, len(manifest.body))
        return manifest

    async def _manifest(self, reference: str) -> Manifest:
        reply = await self._request("GET", "manifests", reference, _ACCEPT)
        media_type = reply.media_type
        stated = reply.headers.get("docker-content-digest")
        if media_type.startswith(_SCHEMA_1) and stated:
            # Its digest leaves the signatures out, which are part of the body.
            return Manifest(self.checked_digest(stated, reference), media_type, reply.body)
        reply.json(_AnyManifest)
        expected = reference if ":" in reference else stated
        if expected:
            self._verify(reply.body, self.checked_digest(expected, reference))
        return Manifest(expected or _sha256(reply.body), media_type, reply.body)

    async def blob(self, digest: str, limit: int | None = None) -> bytes:
        """A blob of at most `limit` bytes, by default as many as a manifest may have."""
        if (kept := self._blobs.get(digest)) is not None:
            return kept
        reply = await self._request("GET", "blobs", digest, "*/*", limit)
        self._verify(reply.body, digest)
        self._blobs.keep(digest, reply.body, len(reply.body))
        return reply.body

    async def referrers(self, digest: str, limit: int) -> list[str] | None:
        """The digests of the manifests that refer to a digest; None without a referrers API.

        Raises RegistryError for more than `limit` of them, and for a list that is not whole.
        """
        path = f"/v2/{self.name}/referrers/{check_digest(digest)}"
        listed = await referrers(self._endpoint, path, self._scope, limit)
        return listed and [self.checked_digest(referrer, digest) for referrer in listed]

    def checked_digest(self, digest: str, reference: str) -> str:
        """Return `digest`, which an answer about `reference` names; raise RegistryError if bad."""
        try:
            return check_digest(digest)
        except TagpagesError as error:
            raise RegistryError(f"{self._where(reference)} has {error}") from None

    async def _request(
        self, method: str, kind: str, reference: str, accept: str, limit: int | None = None
    ) -> Reply:
        """Ask for a tag or digest; whoever named it, nothing else becomes part of the URL."""
        try:
            (check_digest if ":" in reference else check_tag)(reference)
        except TagpagesError:
            raise RegistryError(
                f"{self._where(reference)} is neither a tag nor a digest: not asked for"
            ) from None
        return await self._endpoint.request(
            method,
            f"/v2/{self.name}/{kind}/{reference}",
            scope=self._scope,
            headers={"Accept": accept},
            limit=limit or self._endpoint.session.limits.manifest,
        )

    def _verify(self, body: bytes, digest: str) -> None:
        algorithm, _, encoded = digest.partition(":")
        if algorithm not in _HASHES:
            raise RegistryError(f"{self._where(digest)} has a digest that cannot be verified")
        if _HASHES[algorithm](body).hexdigest() != encoded:
            raise RegistryError(f"{self._where(digest)} has another content than its digest says")

    def _where(self, reference: str) -> str:
        return f"{self._endpoint.origin.netloc}/{self.name} {shown(reference)}"


def _sha256(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
