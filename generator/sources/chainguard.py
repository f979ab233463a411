"""Kind `chainguard`: Chainguard's console API, an organisation's tags all in one listing.

Protocol: edu.chainguard.dev, "API v2", and the definitions in chainguard-dev/sdk
(proto/chainguard/platform/registry/v2): 200 entries a page, a cursor, UIDs that are paths.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Annotated, ClassVar, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta

from generator.errors import TagpagesError
from generator.model import Tag, TimeKind
from generator.registry import Endpoint, LimitError, Registry, Reply, StatusError, parse_time
from generator.sources.base import Address, Ask, Source, checked_readme
from generator.sources.paging import ATTEMPTS, AbsentError, Text, listed
from generator.sources.quick import quick_since, with_changes
from generator.sources.remote import Host
from generator.sources.rows import Row, Rows
from generator.sources.vendor import BaseUrl, NamespaceSource, VendorSpec, base_path, bearer

_PAGE_SIZE = 200


class Chainguard(VendorSpec, frozen=True, kw_only=True, tag="chainguard"):
    """Chainguard's console."""

    time_kind: ClassVar[TimeKind] = "moved"

    group: Annotated[
        str,
        Meta(
            description="The UID of the organisation or folder to list.",
            pattern=r"^([0-9a-f]+(/[0-9a-f]+)*)?(?!\n)$",
            examples=["0123456789abcdef0123456789abcdef01234567"],
        ),
    ] = ""
    show: Annotated[
        tuple[Literal["dates", "epochs", "vcs_snapshots"], ...],
        Meta(description="Tags to list that the console hides, such as `1.2-r3`: epochs."),
    ] = ()
    full_every: Annotated[
        int,
        Meta(
            description=(
                "List all tags every so many nights, and in the others only those that changed. "
                "Deleted tags show in the full listing only."
            ),
            ge=1,
            le=31,
        ),
    ] = 1
    api: Annotated[BaseUrl, Meta(description="The console's API.")] = (
        "https://console-api.enforce.dev"
    )
    organization: Annotated[
        str,
        Meta(
            description=(
                "The organisation's name in the registry, `cgr.dev/NAME/IMAGE`: for pages that "
                "name it, and to ask it what images contain."
            ),
            pattern=r"^([a-z0-9]+([._-]+[a-z0-9]+)*)?(?!\n)$",
            examples=["example.com"],
        ),
    ] = ""
    registry: Annotated[Host, Meta(description="The registry.")] = "cgr.dev"
    via: Annotated[
        str,
        Meta(
            description="No key any more: `via: history` is now the kind `chainguard-history`.",
            extra_json_schema={"deprecated": True},
        ),
    ] = ""

    def __post_init__(self) -> None:
        """Check that the keys are enough, and that none is of an older catalog."""
        if self.via:
            raise ValueError(
                "`via`: write `kind: chainguard-history` in place of `via: history`; for the "
                "console, which is `kind: chainguard`, remove the key"
            )
        super().__post_init__()
        if not (self.group and self.token):
            raise ValueError(
                "`kind: chainguard` needs `group`, an organisation's UID (`chainctl iam "
                "organizations list`), and `token: ${NAME}` (`chainctl auth token`)"
            )

    @property
    def namespace(self) -> str:
        """The group: the console lists what is below it."""
        return self.group

    @property
    def pull_host(self) -> str:
        """The registry; the console has names below a group, whose own name it does not tell."""
        return super().pull_host if self.organization else ""

    def address(self, image: str, override: str | None = None) -> Address:
        """Where an image is pulled from: below the organisation's name."""
        host, repository = super().address(image, override)
        return Address(host, f"{self.organization}/{repository}") if host else Address()

    def open(self, ask: Ask) -> Source:
        """The console, not asked yet."""
        return _ConsoleSource(self, ask)


class _Repo(msgspec.Struct):
    uid: Text
    name: Text


class _Tag(msgspec.Struct, rename="camel"):
    uid: Text
    name: Text
    digest: Text
    update_time: str

    @property
    def repo(self) -> str:
        """The UID of the tag's repository."""
        return self.uid.rpartition("/")[0]

    def row(self) -> Row:
        """The tag as a row."""
        return Row(self.name, self.digest, parse_time(self.update_time))


class _Page(msgspec.Struct, rename="camel"):
    """Repositories or tags; what is empty is left out, and 64-bit numbers are strings."""

    repos: list[_Repo] = []
    tags: list[_Tag] = []
    next_page_token: str = ""
    total_count: int | str = ""

    def __len__(self) -> int:
        return len(self.repos) + len(self.tags)


class _Readme(msgspec.Struct):
    content: str = ""


class _ConsoleSource(NamespaceSource[Chainguard]):
    """The console API.

    Where the catalog has globs all tags are listed at once, in a quick pass only those that
    changed. An image that such a pass cannot tell whole is asked for alone, and so is each image
    where the group has more tags than one listing may have.
    """

    advice: ClassVar[str] = (
        "the console API wants a token that is not older than an hour (`chainctl auth token`)"
    )

    def __init__(self, spec: Chainguard, ask: Ask) -> None:
        super().__init__(spec, ask)
        self._uids: dict[str, str] = {}
        self._lock = asyncio.Lock()
        self._passed: dict[str, list[Row]] | None = None
        self._since: datetime | None = None
        self._alone: set[str] = set()

    @cached_property
    def _registry(self) -> Registry | None:
        """The registry, which knows Docker's login, but not the console's token."""
        return self._registry_at(self._spec.registry, None) if self._spec.pull_host else None

    async def _repositories(self, namespace: str) -> AsyncIterator[str]:
        """The repositories below the group, once the tags of all of them are here."""
        uids = await self._repos()
        try:
            self._passed = await self._pass(namespace, uids)
        except LimitError:
            self._since = None
        for name in uids:
            yield name

    async def _pass(self, namespace: str, uids: Mapping[str, str]) -> dict[str, list[Row]]:
        """The tags of all repositories by UID: all tags, or those that changed since `_since`."""
        images = [image for name in uids if (image := self._spec.image_of(name))]
        self._since = quick_since(
            self._spec.full_every, self._ask.as_of, [self._ask.known(image) for image in images]
        )
        since = f"&updated_since={quote(self._since.isoformat())}" if self._since else ""
        tags = await self._tags(f"uidp.descendants_of={namespace}{since}")
        if tags and not any(tag.repo in uids.values() for tag in tags):
            raise TagpagesError(f"{self._spec.api} lists tags, but of no repository that it lists")
        passed: dict[str, list[Row]] = {}
        for tag in tags:
            passed.setdefault(tag.repo, []).append(tag.row())
        return passed

    async def tags(self, name: str) -> Sequence[Tag] | None:
        """The tags of an image: as listed, or what changed put over what is known."""
        answer = await super().tags(name)
        repository = self._repository(name)
        if answer is None or self._since is None or repository in self._alone:
            return answer
        whole = with_changes(self._ask.known(name), answer)
        if whole is None:
            self._alone.add(repository)
            return await super().tags(name)
        return [tag for tag in whole if self._spec.taken(tag.name)]

    async def readme(self, name: str) -> str:
        """The repository's README; the API may say of none that it is not found."""
        uid = (await self._repos()).get(self._repository(name), "")
        target = f"{base_path(self._spec.api)}/registry/v2/repos/{uid}/readme"
        try:
            described = await self._described(await self._api(), target, _Readme)
        except StatusError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return ""
        return checked_readme(described.content)

    async def _rows(self, repository: str) -> Rows:
        uid = (await self._repos()).get(repository)
        if uid is None:
            raise AbsentError(f"{repository} is not found below the group")
        if self._passed is not None and repository not in self._alone:
            return Rows(self._passed.get(uid, []))
        tags = await self._tags(f"uidp.children_of={quote(uid)}")
        if any(tag.repo != uid for tag in tags):
            raise TagpagesError(
                f"{self._spec.api} lists tags of other repositories than {repository}: "
                "it does not know the filter `uidp.children_of`"
            )
        return Rows([tag.row() for tag in tags])

    async def _repos(self) -> dict[str, str]:
        """UIDs by name, asked for once."""
        async with self._lock:
            self._uids = self._uids or await self._listed_repos()
        return self._uids

    async def _listed_repos(self) -> dict[str, str]:
        group = self._spec.group
        pages = await self._pages(f"repos?uidp.descendants_of={group}")
        repos = [repo for page in pages for repo in page.repos]
        uids = {repo.name: repo.uid for repo in repos}
        if any(not repo.uid.startswith(f"{group}/") for repo in repos):
            raise TagpagesError(
                f"{self._spec.api} lists repositories that are not below the group {group}: "
                "it does not know the filter `uidp.descendants_of`"
            )
        if not repos or len(uids) < len(repos):
            what = "two repositories of one name" if repos else "no repository"
            raise TagpagesError(
                f"{self._spec.api} lists {what} below the group {group}: "
                "name another `group`, or a `token` that may see it"
            )
        return uids

    async def _tags(self, filters: str) -> list[_Tag]:
        include = "".join(f"&include_{kind}=true" for kind in self._spec.show)
        return [tag for page in await self._pages(f"tags?{filters}{include}") for tag in page.tags]

    async def _pages(self, query: str) -> list[_Page]:
        """All pages of a listing; listed anew if they do not add up to the server's own count."""
        target = f"{base_path(self._spec.api)}/registry/v2/{query}&page_size={_PAGE_SIZE}"

        def after(_reply: Reply, page: _Page) -> str:
            token = quote(page.next_page_token, safe="")
            return f"{target}&page_token={token}" if token else ""

        api = await self._api()
        for _ in range(ATTEMPTS):
            try:
                pages = [page async for _, page in listed(api, target, _Page, after)]
            except AbsentError as error:
                raise TagpagesError(f"{error}: is `api` right?") from None
            uids = [repo.uid for page in pages for repo in page.repos]
            uids += [tag.uid for page in pages for tag in page.tags]
            total = pages[0].total_count
            if len(set(uids)) == len(uids) and str(total) in {"", str(len(uids))}:
                return pages
        raise TagpagesError(
            f"{self._spec.api} lists {len(set(uids))} of {total or 'unknown'} entries, "
            f"{ATTEMPTS} times in a row: it changes while it is listed; build again later"
        )

    async def _api(self) -> Endpoint:
        origin = self._spec.origin_of(self._spec.api)
        return await self._endpoint(origin, bearer, host="", repository="")
