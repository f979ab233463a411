"""Amazon's API for registries: where it is, signed requests, lists, and what its errors mean.

Protocol: AWS's service definitions (ecr 2015-09-21, ecr-public 2020-10-30): JSON 1.1 in signed
POST requests, 1,000 entries a page, a cursor.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import NamedTuple, Protocol, TypeVar

from generator.errors import SourceError, TagpagesError
from generator.registry import Endpoint, Sigv4, StatusError
from generator.sources.paging import AbsentError
from generator.sources.vendor import base_path

PUBLIC = "public.ecr.aws"
_PRIVATE = re.compile(
    r"(?P<account>[0-9]{12})\.dkr(?P<joint>[.-])ecr(?P<fips>-fips)?"
    r"\.(?P<region>[a-z0-9-]+)\.(?P<suffix>[a-z0-9.]+)"
)
_DUAL_STACK = {"on.aws": "api.aws", "on.amazonwebservices.com.cn": "api.amazonwebservices.com.cn"}
"""What the API's name ends with where the registry's, for IPv4 and IPv6, ends so."""
_PAGE_SIZE = 1000
_NOT_KNOWN = frozenset(
    {
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)
"""What AWS says where it does not know who asks, whatever is asked."""


class Place(NamedTuple):
    """Where a registry's API is, and what it must be told of the registry there."""

    api: str
    region: str
    account: str = ""
    public: bool = False

    @classmethod
    def of(cls, registry: str, api: str = "", region: str = "") -> Place:
        """The place of a registry by its host; `api` and `region` where they are another's.

        A part that nobody tells is empty.
        """
        if registry == PUBLIC:
            api = api or "https://api.ecr-public.us-east-1.amazonaws.com"
            return cls(api, region or "us-east-1", public=True)
        match = _PRIVATE.fullmatch(registry)
        if match is None:
            return cls(api, region)
        account, joint, fips, told, suffix = match.groups(default="")
        before = "ecr" if joint == "-" else "api.ecr"
        host = f"{before}{fips}.{told}.{_DUAL_STACK.get(suffix, suffix)}"
        return cls(api or f"https://{host}", region or told, account)

    @property
    def service(self) -> str:
        """The service's name in signatures."""
        return "ecr-public" if self.public else "ecr"

    @property
    def prefix(self) -> str:
        """What stands before the name of an action."""
        return "SpencerFrontendService" if self.public else "AmazonEC2ContainerRegistry_V20150921"


class Page(Protocol):
    """A page of a list; its length is how many tags or names it lists."""

    next_token: str | None

    def __len__(self) -> int: ...


P = TypeVar("P", bound=Page)
T = TypeVar("T")


class EcrApi:
    """The API at a place, asked in signed requests."""

    def __init__(self, endpoint: Endpoint, place: Place, sign: Sigv4) -> None:
        self.origin = endpoint.origin
        self._endpoint = endpoint
        self._place = place
        self._sign = sign
        self._account = {"registryId": place.account} if place.account else {}

    async def pages(self, action: str, kind: type[P], **arguments: object) -> AsyncIterator[P]:
        """The pages of a list.

        Raises AbsentError if there is no such repository, and RegistryError for a list that is too
        long or comes again.
        """
        seen: set[str] = set()
        entries = 0
        token: str | None = ""
        while token is not None:
            self._endpoint.check_page(token, seen)
            more = {"nextToken": token} if token else {}
            asked = {**self._account, **arguments, "maxResults": _PAGE_SIZE, **more}
            page = await self.asked(action, kind, asked)
            entries += len(page)
            self._endpoint.check_count(entries)
            yield page
            token = page.next_token or None

    async def asked(self, action: str, kind: type[T], arguments: dict[str, object]) -> T:
        """The answer to one action."""
        try:
            reply = await self._endpoint.request(
                "POST",
                f"{base_path(self._place.api)}/",
                json=arguments,
                headers={
                    "Content-Type": "application/x-amz-json-1.1",
                    "X-Amz-Target": f"{self._place.prefix}.{action}",
                },
                sign=self._sign,
            )
        except StatusError as error:
            raise _meaning(error, action) from None
        return reply.json(kind)


def _meaning(error: StatusError, action: str) -> TagpagesError:
    """What AWS says, with its codes, where others have statuses."""
    if "RepositoryNotFoundException" in error.codes:
        return AbsentError(error.bare)
    if error.codes & _NOT_KNOWN:
        return SourceError(
            f"{error.bare}: AWS does not know the credentials, or not any more: check "
            "AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN, the profile, and this machine's clock"
        )
    if "AccessDeniedException" in error.codes:
        return StatusError(
            error.bare, error.status, error.codes, f": let the credentials use `{action}`"
        )
    return error
