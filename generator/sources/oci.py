"""Kind `oci`: any registry that speaks the OCI Distribution protocol.

The protocol knows no time of a tag. `last_changed` is the build time of the image when it is
believable, else the night that the digest was first seen; the state remembers either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Annotated, ClassVar, Generic, TypeGuard, TypeVar

from msgspec import Meta

from generator.model import Artifact, Table, Tag, TimeKind, short_digest
from generator.registry import (
    DOCKER_HUB,
    Built,
    Origin,
    Registry,
    Repository,
    build_times,
    parse_time,
    spread,
)
from generator.sources.base import Ask, Source
from generator.sources.remote import OLDEST, Artifacts, Host, RemoteSpec, official
from generator.sources.rows import Row
from generator.sources.turn import is_turn


class Oci(RemoteSpec, frozen=True, kw_only=True, tag="oci"):
    """Any OCI registry."""

    time_kind: ClassVar[TimeKind] = "built"

    registry: Annotated[
        Host, Meta(description="The registry's host, with its port if it has one of its own.")
    ]

    artifacts: Artifacts = False

    immutable_within: Annotated[
        int,
        Meta(
            description=(
                "Known tags that match `immutable` are asked for again too, a share each night and "
                "all of them within so many nights: one may have moved."
            ),
            ge=1,
            le=366,
        ),
    ] = 7

    @property
    def _is_docker_hub(self) -> bool:
        return super().pull_host.lower() in DOCKER_HUB

    @property
    def pull_host(self) -> str:
        """The registry's host; Docker Hub's name in `docker pull`."""
        return "docker.io" if self._is_docker_hub else super().pull_host

    @property
    def origin(self) -> Origin:
        """Where the registry is asked: Docker Hub's under one of its names."""
        host = "registry-1.docker.io" if self._is_docker_hub else self.registry
        return Origin.configured(host, insecure=self.insecure)

    def asked_for(self, repository: str) -> str:
        """The repository as it is asked for: Docker Hub's official ones with their namespace."""
        return official(repository) if self._is_docker_hub else repository

    def is_due(self, image: str, tag: str, night: datetime) -> bool:
        """Whether a known tag is asked for that night: an immutable one in turn."""
        return not self.is_immutable(tag) or is_turn(f"{image}:{tag}", night, self.immutable_within)

    def open(self, ask: Ask) -> Source:
        """The registry, not asked yet."""
        return OciSource(self, ask)


S = TypeVar("S", bound=Oci)


class OciSource(Source, Generic[S]):
    """One registry. Nothing of it is set up before the first question, which may fail."""

    def __init__(self, spec: S, ask: Ask) -> None:
        self._spec = spec
        self._ask = ask

    async def names(self) -> Collection[str]:
        """The wanted images that are listed, and those that the catalog places elsewhere."""
        if not self._ask.listed:
            return self._ask.names
        overrides = self._ask.repositories
        names = set(overrides)
        for repository in await self._repositories():
            image = self._spec.image_of(repository)
            if image and repository not in overrides.values():
                names.add(image)
        return sorted(filter(self._ask.wanted, names))

    async def _repositories(self) -> Collection[str]:
        """The repositories that are listed, with all of their names."""
        return await self._registry.repositories()

    async def tags(self, name: str) -> Sequence[Tag] | None:
        """The wanted tags of an image; a digest is asked for where nothing tells it."""
        repository, once = await self.repository(name), self._ask.once
        listed = await once(repository.name, repository.tags)
        if listed is None:
            return None
        taken = [tag for tag in listed if self._spec.taken(tag)]
        if await self._is_still_an_artifact(name, repository, taken):
            return None
        known = _Known(self._ask.known(name))
        wanted = known.ordered(taken)
        told = await self._told(repository)
        asked = [
            tag
            for tag in wanted
            if tag not in told
            and (tag not in known.digests or self._spec.is_due(name, tag, self._ask.as_of))
        ]
        found = await self._digests(repository, asked)
        news = {tag: row.digest for tag, row in told.items()} | found
        digests = {tag: news[tag] if tag in news else known.digests[tag] for tag in wanted}
        times = {row.digest: row.time for row in told.values() if self._is_believable(row.time)}
        times |= known.times
        built = await self._built(repository, digests.values(), times)
        kinds = [
            built[digest].artifact if digest in built else ""
            for digest in digests.values()
            if digest
        ]
        if not self._spec.artifacts and not known.digests and kinds and all(kinds):
            self._ask.tell_artifact(name, _artifact(kinds[0], _shortened(digests)))
            return None
        times |= {digest: self._time(found) for digest, found in built.items()}
        return [Tag(tag, digest, times[digest]) for tag, digest in digests.items() if digest]

    async def _is_still_an_artifact(
        self, name: str, repository: Repository, taken: Collection[str]
    ) -> bool:
        """Whether all tags of what was an artifact are known as such, or turn out to be."""
        known = None if self._spec.artifacts else self._ask.artifact(name)
        if known is None:
            return False
        asked = [
            tag
            for tag in taken
            if tag not in known.tags or self._spec.is_due(name, tag, self._ask.as_of)
        ]
        found = await self._digests(repository, asked)
        there = set(known.tags.values())
        new = [digest for digest in found.values() if digest and short_digest(digest) not in there]
        built = await self._built(repository, new, {})
        tags = known.tags | _shortened(found)
        artifact = _artifact(known.kind, {tag: tags[tag] for tag in taken})
        if not artifact.tags or not all(one.artifact for one in built.values()):
            return False
        self._ask.tell_artifact(name, artifact)
        return True

    async def _digests(self, repository: Repository, tags: Sequence[str]) -> dict[str, str | None]:
        """The digest of each tag; None where the registry has none."""

        async def digest(tag: str) -> str | None:
            key = f"{repository.name}:{tag}"
            return await self._ask.once(key, partial(repository.digest, tag))

        return await spread(digest, tags, self._spec.concurrency)

    async def _told(self, repository: Repository) -> Mapping[str, Row]:  # noqa: ARG002 - for other kinds
        """What the registry says of its tags without being asked for each of them."""
        return {}

    async def _built(
        self,
        repository: Repository,
        digests: Collection[str | None],
        known: Mapping[str, datetime],
    ) -> dict[str, Built]:
        """When each digest that is not known was built, looked up once for each."""
        new = [digest for digest in dict.fromkeys(digests) if digest and digest not in known]

        async def built(digest: str) -> Built:
            asked = partial(build_times, repository, digest)
            return Built(*await self._ask.once(f"built {repository.name}@{digest}", asked))

        return await spread(built, new, self._spec.concurrency)

    def _time(self, built: Built) -> datetime:
        """The first time that is believable, else this night's."""
        for text in built.times:
            if self._is_believable(time := parse_time(text)):
                return time
        return self._ask.as_of

    def _is_believable(self, time: datetime | None) -> TypeGuard[datetime]:
        return time is not None and OLDEST <= time <= self._ask.as_of

    async def repository(self, name: str) -> Repository:
        """Where an image lies in the registry."""
        repository = self._ask.repositories.get(name) or self._spec.repository_of(name)
        return await self._registry.repository(self._spec.asked_for(repository))

    @cached_property
    def _registry(self) -> Registry:
        session = self._ask.session()
        return Registry(
            session,
            self._spec.origin,
            credentials=self._spec.credentials(session.keychain.env),
            concurrency=self._spec.concurrency,
        )


def _artifact(kind: str, tags: Mapping[str, str]) -> Artifact:
    """What is no image, with those of its tags that have a digest, alike every night."""
    return Artifact(kind, {tag: digest for tag, digest in sorted(tags.items()) if digest})


def _shortened(digests: Mapping[str, str | None]) -> dict[str, str]:
    """The short form of each tag's digest, empty where there is none."""
    return {tag: short_digest(digest or "") for tag, digest in digests.items()}


class _Known:
    """The last known good table, by tag and by digest."""

    def __init__(self, table: Table | None) -> None:
        groups = table.groups if table else ()
        self.digests = {tag: group.digest for group in groups for tag in group.tags}
        self.times = {group.digest: group.last_changed for group in groups}

    def ordered(self, tags: Collection[str]) -> list[str]:
        """The known tags in their known order, then the new ones by name: alike every night."""
        present = set(tags)
        return [tag for tag in self.digests if tag in present] + sorted(
            present - self.digests.keys()
        )
