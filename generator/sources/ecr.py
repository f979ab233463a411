"""Kind `ecr`: Amazon's registries through their API, private ones and ECR Public.

The time of an image is when it was first pushed; of its tags ECR tells none
(aws/containers-roadmap#214). Protocol: see `ecr_api`.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator
from functools import cached_property
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from generator.errors import TagpagesError
from generator.model import TimeKind
from generator.registry import (
    Credentials,
    Endpoint,
    Lazily,
    Registry,
    RegistryError,
    Sigv4,
    aws_keys,
)
from generator.sources.base import Ask, Source
from generator.sources.ecr_api import PUBLIC, EcrApi, Place
from generator.sources.paging import Text
from generator.sources.remote import Host
from generator.sources.rows import Row, Rows
from generator.sources.vendor import BaseUrl, NamespaceSource, VendorSpec, unix_time


class Ecr(VendorSpec, frozen=True, kw_only=True, tag="ecr"):
    """Amazon ECR."""

    time_kind: ClassVar[TimeKind] = "uploaded"

    registry: Annotated[
        Host,
        Meta(
            description=(
                "The registry's host: `ACCOUNT.dkr.ecr.REGION.amazonaws.com`, or `public.ecr.aws`."
            )
        ),
    ]
    api: Annotated[
        BaseUrl | None,
        Meta(description="The API, if it is not the region's own, such as a VPC endpoint."),
    ] = None
    region: Annotated[
        str,
        Meta(
            description="The region, if `registry` does not tell it.",
            pattern=r"^[a-z0-9-]*(?!\n)$",
        ),
    ] = ""
    profile: Annotated[
        str,
        Meta(description="The profile of `~/.aws/credentials`; by default the environment's key."),
    ] = ""

    def __post_init__(self) -> None:
        """Check that it is clear where to ask, and that no login is named that is none here."""
        super().__post_init__()
        if self.username or self.token:
            raise ValueError(
                "ECR's API knows no passwords and tokens: it takes AWS credentials from the "
                "environment, or those of `profile`"
            )
        if not self.place.region or not self.place.api:
            raise ValueError(
                f"`registry`: {self.registry} is none of Amazon's names "
                "(ACCOUNT.dkr.ecr.REGION.amazonaws.com, public.ecr.aws): name `region` and `api`"
            )

    @property
    def place(self) -> Place:
        """Where to ask: what the catalog says, and the registry's name for the rest."""
        return Place.of(self.pull_host, self.api or "", self.region)

    @property
    def namespace(self) -> str:
        """The registry: it is listed as a whole."""
        return self.pull_host

    def open(self, ask: Ask) -> Source:
        """ECR, not asked yet."""
        return _EcrSource(self, ask)


class _Image(msgspec.Struct, rename="camel"):
    image_digest: Text | None = None
    image_tags: list[Text] | None = None
    image_pushed_at: float | None = None


class _ImagePage(msgspec.Struct, rename="camel"):
    image_details: list[_Image]
    next_token: str | None = None

    def __len__(self) -> int:
        return sum(len(image.image_tags or ()) for image in self.image_details)

    @property
    def rows(self) -> list[Row]:
        return [_row(tag, image) for image in self.image_details for tag in image.image_tags or ()]


class _PublicTag(msgspec.Struct, rename="camel"):
    image_tag: Text
    image_detail: _Image


class _PublicPage(msgspec.Struct, rename="camel"):
    image_tag_details: list[_PublicTag]
    next_token: str | None = None

    def __len__(self) -> int:
        return len(self.image_tag_details)

    @property
    def rows(self) -> list[Row]:
        return [_row(tag.image_tag, tag.image_detail) for tag in self.image_tag_details]


class _Repository(msgspec.Struct, rename="camel"):
    repository_name: Text


class _RepositoryPage(msgspec.Struct, rename="camel"):
    repositories: list[_Repository]
    next_token: str | None = None

    def __len__(self) -> int:
        return len(self.repositories)


class _Alias(msgspec.Struct):
    name: Text


class _Registry(msgspec.Struct):
    aliases: list[_Alias]


class _RegistryPage(msgspec.Struct, rename="camel"):
    registries: list[_Registry]
    next_token: str | None = None

    def __len__(self) -> int:
        return len(self.registries)


class _Authorization(msgspec.Struct, rename="camel"):
    authorization_token: str


class _Authorizations(msgspec.Struct, rename="camel"):
    authorization_data: list[_Authorization]


class _EcrSource(NamespaceSource[Ecr]):
    def __init__(self, spec: Ecr, ask: Ask) -> None:
        super().__init__(spec, ask)
        self._place = spec.place
        self._aliases = Lazily(self._own_aliases)

    @cached_property
    def _registry(self) -> Registry:
        """The registry, which takes a login that the API gives; ECR Public's knows Docker's."""
        login = None if self._place.public else Lazily(self._login)
        return self._registry_at(self._spec.registry, login)

    @cached_property
    def _api(self) -> EcrApi:
        session = self._ask.session()
        keys = aws_keys(session.keychain.env, self._spec.profile)
        session.conceal(*keys.secrets)
        origin = self._spec.origin_of(self._place.api)
        endpoint = Endpoint(session, origin, concurrency=self._spec.concurrency)
        return EcrApi(endpoint, self._place, Sigv4(keys, self._place.region, self._place.service))

    async def _repositories(self, namespace: str) -> AsyncIterator[str]:  # noqa: ARG002 - the vendors'
        before = ""
        if self._place.public:
            before = self._spec.repository.partition("/")[0] + "/"
            await self._in_api(before)
        async for page in self._api.pages("DescribeRepositories", _RepositoryPage):
            for repository in page.repositories:
                yield before + repository.repository_name

    async def _rows(self, repository: str) -> Rows:
        name = await self._in_api(repository)
        pages: list[_PublicPage] | list[_ImagePage]
        if self._place.public:
            tags = self._api.pages("DescribeImageTags", _PublicPage, repositoryName=name)
            pages = [page async for page in tags]
        else:
            tagged = {"tagStatus": "TAGGED"}
            images = self._api.pages(
                "DescribeImages", _ImagePage, repositoryName=name, filter=tagged
            )
            pages = [page async for page in images]
        rows = [row for page in pages for row in page.rows]
        return Rows(rows, missing=None if len(pages) > 1 else 0)

    async def _in_api(self, repository: str) -> str:
        """A repository's name in the API: in ECR Public it lacks the registry's alias.

        Raises TagpagesError for a registry of somebody else's, of which the API tells nothing
        (aws-controllers-k8s/test-infra#1105).
        """
        if not self._place.public:
            return repository
        alias, _, name = repository.partition("/")
        if alias not in await self._aliases():
            raise TagpagesError(
                f"{PUBLIC}/{alias} is no registry of these AWS credentials, and ECR Public tells "
                "of no others: use `kind: oci`"
            )
        return name

    async def _own_aliases(self) -> frozenset[str]:
        pages = [page async for page in self._api.pages("DescribeRegistries", _RegistryPage)]
        registries = [registry for page in pages for registry in page.registries]
        return frozenset(alias.name for registry in registries for alias in registry.aliases)

    async def _login(self) -> Credentials:
        """The registry's login, which is good for 12 hours."""
        found = await self._api.asked("GetAuthorizationToken", _Authorizations, {})
        for authorization in found.authorization_data:
            try:
                text = b64decode(authorization.authorization_token, validate=True).decode()
            except ValueError:
                break
            user, _, password = text.partition(":")
            return Credentials(user, password, source="GetAuthorizationToken")
        raise RegistryError(f"{self._api.origin} gives no login that can be read")


def _row(tag: str, image: _Image) -> Row:
    pushed = image.image_pushed_at
    return Row(tag, image.image_digest or "", None if pushed is None else unix_time(pushed))
