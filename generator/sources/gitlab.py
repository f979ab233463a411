"""Kind `gitlab`: GitLab's container registry, its images found through GitLab's API.

Protocol: docs.gitlab.com, "Container registry API" (List registry repositories). Digests and times
are the registry's own, as `oci` asks for them. The API has them for each tag alone, too, but for
images of several platforms it answers the digest of one of them, 404, or 500, by version and
configuration (gitlab-org/gitlab#603051).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta

from generator.errors import TagpagesError
from generator.registry import Credentials, Endpoint, Fixed, Origin
from generator.sources.base import Ask, Source
from generator.sources.oci import Oci, OciSource
from generator.sources.paging import PAGE_SIZE, AbsentError, Text, by_link, listed
from generator.sources.vendor import BaseUrl, advised, base_path

_REGISTRY = "registry.gitlab.com"
_API = "https://gitlab.com/api/v4"
_ADVICE = (
    "GitLab's API wants `token: ${NAME}`, a personal, group or project access token with "
    "`read_api`, and `read_registry` for what it then asks the registry"
)


class Gitlab(Oci, frozen=True, kw_only=True, tag="gitlab"):
    """GitLab's container registry."""

    api: Annotated[
        BaseUrl | None,
        Meta(description="GitLab's API: `https://HOST/api/v4`; of gitlab.com by default."),
    ] = None

    def __post_init__(self) -> None:
        """Check that the API is known."""
        super().__post_init__()
        if not self.base:
            raise ValueError(
                f"`api` is missing: the API of the GitLab that {self.registry} belongs to, "
                "`https://HOST/api/v4`"
            )

    @property
    def base(self) -> str:
        """The API's base URL; empty if it is not known."""
        return self.api or (_API if self.pull_host == _REGISTRY else "")

    @property
    def namespace(self) -> str:
        """All of `repository` before the image: a project, or a group of projects."""
        return self.repository.partition("{image}")[0].rpartition("/")[0]

    def credentials(self, env: Mapping[str, str]) -> Credentials | None:
        """The login of the registry, which takes a token as the password of whatever user."""
        login = super().credentials(env)
        if login and login.bearer:
            return Credentials("token", login.bearer, source=login.source)
        return login

    def open(self, ask: Ask) -> Source:
        """GitLab, not asked yet."""
        return _GitlabSource(self, ask)


class _Repository(msgspec.Struct):
    path: Text


class _GitlabSource(OciSource[Gitlab]):
    async def _repositories(self) -> Collection[str]:
        """The repositories of a project, or else of a group and all groups below it."""
        spec, session = self._spec, self._ask.session()
        if not spec.namespace:
            raise TagpagesError(
                "GitLab lists projects and groups: write `repository: GROUP/PROJECT/{image}`, or "
                "name the images in `images.include`"
            )
        login = spec.credentials(session.keychain.env)
        auth = Fixed(f"Bearer {login.password}" if login else "")
        origin = Origin.configured(spec.base, insecure=spec.insecure)
        api = Endpoint(session, origin, auth, spec.concurrency)
        path = quote(spec.namespace, safe="")
        for kind in ("projects", "groups"):
            target = f"{base_path(spec.base)}/{kind}/{path}/registry/repositories"
            pages = listed(api, f"{target}?per_page={PAGE_SIZE}", list[_Repository], by_link)
            try:
                with advised(_ADVICE):
                    return [repository.path async for _, page in pages for repository in page]
            except AbsentError:
                continue
        raise TagpagesError(
            f"{origin} shows no project and no group {spec.namespace} to this login: {_ADVICE}"
        )
