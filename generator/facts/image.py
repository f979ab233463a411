"""Kind `image`: the platforms of a digest, and how a container of it is started.

Protocol: OCI Image Specification 1.1. A digest is an index, whose children are platforms, or a
single image. The configuration of an index is that of its linux/amd64, else of its first platform:
platforms of one image are made to be started alike.
"""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from generator.facts.apko import decode_apko
from generator.facts.base import Absent, CouldNotLook, Fact, Found, Kind, Question
from generator.model import check_digest, check_utc
from generator.registry import RegistryError, Repository, parse_time
from generator.registry.documents import (
    ImageConfig,
    ImageManifest,
    Index,
    PlatformEntry,
    RunConfig,
    decoded,
    document,
)
from generator.sources.remote import OLDEST

PLATFORMS_LIMIT = 100
"""The most entries of an index that are looked at: each one costs a request."""

USUAL_PLATFORM = "linux/amd64"
"""The platform whose configuration and packages stand for those of an index."""

Count = Annotated[int, Meta(ge=0, le=2**62)]


class Platform(msgspec.Struct, frozen=True, omit_defaults=True):
    """One platform, in Go's words, and its manifest; only Windows has an `os_version`.

    `size` is what is downloaded, in bytes: the sum of its compressed layers, `layers` of them.
    Where the platform is only recorded, `digest` is empty, `size` and `layers` are None.
    """

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""
    digest: str = ""
    size: Count | None = None
    layers: Count | None = None

    def __post_init__(self) -> None:
        """Check the digest; raises TagpagesError."""
        if self.digest:
            check_digest(self.digest)

    @property
    def name(self) -> str:
        """As `docker pull --platform` takes it: `linux/arm/v7`."""
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


class Config(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a container of the image is started; empty is what the image does not say.

    `entrypoint` and `cmd` are command lines, quoted for a shell; `exposed_ports` are as `80/tcp`.
    All of it is foreign text, of any length and with any character.
    """

    user: str = ""
    entrypoint: str = ""
    cmd: str = ""
    working_dir: str = ""
    env: dict[str, str] = {}
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    stop_signal: str = ""
    labels: dict[str, str] = {}

    def settings(self) -> dict[str, tuple[str, ...]]:
        """All but the labels by names for people: texts, none where the image does not say it."""
        return {
            "User": _texts(self.user),
            "Entrypoint": _texts(self.entrypoint),
            "Command": _texts(self.cmd),
            "Working directory": _texts(self.working_dir),
            "Environment": tuple(f"{name}={text}" for name, text in self.env.items()),
            "Ports": self.exposed_ports,
            "Volumes": self.volumes,
            "Stop signal": _texts(self.stop_signal),
        }


def _texts(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


class ImageFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a digest contains.

    `platforms` is empty where nobody recorded them; `created` (UTC) is None where the image does
    not tell, or tells a time before 2000, which is a placeholder.
    """

    is_index: bool = False
    platforms: tuple[Platform, ...] = ()
    created: datetime | None = None
    config: Config = Config()

    @property
    def size(self) -> int | None:
        """What is downloaded for linux/amd64, else for the first platform, in bytes."""
        sizes = {platform.name: platform.size for platform in reversed(self.platforms)}
        first = next(reversed(sizes.values()), None)
        return sizes.get(USUAL_PLATFORM, first)

    def __post_init__(self) -> None:
        """Check the time."""
        check_utc(self.created)


async def look(asked: Question) -> Fact[ImageFacts]:
    """What a registry says of the digest; `Absent` if it is no image (a chart, a signature).

    Raises RegistryError for a document that cannot be had, is not as the specification wants it,
    or goes over a limit.
    """
    reader = _Reader(asked.repository)
    top = document(await asked.repository.manifest(asked.digest))
    if isinstance(top, Index):
        await reader.add_index(asked.digest, top)
    else:
        await reader.add(asked.digest, top, None)
    if not reader.images:
        return Absent()
    config = await reader.config(_usual(reader.images))
    return Found(
        ImageFacts(
            is_index=isinstance(top, Index),
            platforms=tuple(platform for platform, _ in reader.images),
            created=_created(config),
            config=_config(config.config or RunConfig()),
        )
    )


class _Reader:
    """Reads the documents of one digest; `images` are its platforms with their configurations."""

    def __init__(self, repository: Repository) -> None:
        self.images: list[tuple[Platform, str]] = []
        self._repository = repository
        self._configs: dict[str, ImageConfig] = {}
        self._entries = 0

    async def add_index(self, digest: str, index: Index, *, nested: bool = False) -> None:
        """Keep the images of an index, and of the indexes within it."""
        for entry in index.images():
            self._entries += 1
            if self._entries > PLATFORMS_LIMIT:
                raise RegistryError(
                    f"{digest} has more than {PLATFORMS_LIMIT} entries, which is the limit"
                )
            named = self._repository.checked_digest(entry.digest, digest)
            child = document(await self._repository.manifest(named))
            if isinstance(child, ImageManifest):
                await self.add(named, child, entry.platform)
            elif nested:
                raise RegistryError(f"{digest} is an index in an index, and has another one in it")
            else:
                await self.add_index(named, child, nested=True)

    async def add(self, digest: str, manifest: ImageManifest, entry: PlatformEntry | None) -> None:
        """Keep a manifest if it is an image's; its configuration tells what its entry does not."""
        described = manifest.image_config()
        if described is None:
            return
        config = self._repository.checked_digest(described.digest, digest)
        told = entry if entry and entry.architecture else await self.config(config)
        layers = manifest.layers or ()
        platform = Platform(
            os=told.os,
            architecture=told.architecture,
            variant=told.variant or "",
            os_version=told.os_version or "",
            digest=digest,
            size=sum(layer.size for layer in layers),
            layers=len(layers),
        )
        self.images.append((platform, config))

    async def config(self, digest: str) -> ImageConfig:
        """A configuration, asked for once."""
        if digest not in self._configs:
            body = await self._repository.blob(digest)
            self._configs[digest] = decoded(body, ImageConfig, digest)
        return self._configs[digest]


def _usual(images: list[tuple[Platform, str]]) -> str:
    """The configuration of linux/amd64, else of the first platform."""
    linux = (config for platform, config in images if platform.name == USUAL_PLATFORM)
    return next(linux, images[0][1])


def _created(config: ImageConfig) -> datetime | None:
    time = parse_time(config.created or "")
    return time if time and time >= OLDEST else None


def _config(run: RunConfig) -> Config:
    pairs = (variable.partition("=") for variable in run.env or ())
    return Config(
        user=run.user or "",
        entrypoint=shlex.join(run.entrypoint or ()),
        cmd=shlex.join(run.cmd or ()),
        working_dir=run.working_dir or "",
        env={name: value for name, _, value in pairs},
        exposed_ports=tuple(run.exposed_ports or ()),
        volumes=tuple(run.volumes or ()),
        stop_signal=run.stop_signal or "",
        labels=run.labels or {},
    )


def read(recorded: bytes) -> Fact[ImageFacts]:
    """What a recorded apko configuration says; raises TagpagesError if it is none."""
    apko = decode_apko(recorded)
    return Found(
        ImageFacts(
            platforms=tuple(Platform("linux", *platform) for platform in apko.platforms()),
            config=Config(
                user=apko.accounts.user(),
                entrypoint=apko.entrypoint.line(),
                cmd=apko.cmd,
                working_dir=apko.work_dir,
                env=apko.environment,
                volumes=tuple(apko.volumes),
                stop_signal=apko.stop_signal,
                labels=apko.annotations,
            ),
        )
    )


_FACT = Found[ImageFacts] | Absent | CouldNotLook
_decode = msgspec.json.Decoder(_FACT).decode
IMAGE = Kind[ImageFacts]("image", _FACT, _decode, look, read)
