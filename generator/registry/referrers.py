"""What refers to a digest, as a registry lists it (specification 1.1, "Listing Referrers")."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from generator.model import shown
from generator.registry.endpoint import Endpoint
from generator.registry.errors import LimitError, RegistryError, StatusError

_INDEX = "application/vnd.oci.image.index.v1+json"
_NO_API = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
"""What a registry without the API answers: 404 by the specification, the others in use."""


class _Referrer(msgspec.Struct):
    digest: str


class _Referrers(msgspec.Struct):
    manifests: list[_Referrer]


async def referrers(endpoint: Endpoint, path: str, scope: str, limit: int) -> list[str] | None:
    """The digests, not checked, in the list at that path; None without the API.

    A registry that answered that it has no such API is not asked again. Raises RegistryError for
    more than `limit` of them, and for a list that the registry has filtered without being asked to.
    """
    if endpoint.lacks_referrers:
        return None
    found: dict[str, None] = {}
    first = True
    try:
        async for reply in endpoint.pages(path, scope=scope, headers={"Accept": _INDEX}):
            first = False
            if applied := reply.headers.get("oci-filters-applied"):
                raise RegistryError(
                    f"{endpoint.origin.netloc}{path}: the list is filtered by {shown(applied)},"
                    " which nobody asked for"
                )
            found |= dict.fromkeys(item.digest for item in reply.json(_Referrers).manifests)
            if len(found) > limit:
                raise LimitError(
                    f"{endpoint.origin.netloc}{path}: more than {limit} referrers, which is the"
                    " limit"
                )
    except StatusError as error:
        if first and error.status in _NO_API:
            told = error.status != HTTPStatus.BAD_REQUEST and error.codes <= {"UNSUPPORTED"}
            endpoint.lacks_referrers = told
            return None
        raise
    return list(found)
