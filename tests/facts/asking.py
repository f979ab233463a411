"""Asking a source on a loopback server what a digest of the image `app` contains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from generator.facts import Location, look
from generator.facts.base import Absent, CouldNotLook, Facts, Found
from generator.facts.image import IMAGE, ImageFacts
from generator.facts.policy import Policy
from generator.registry import Limits
from generator.sources.oci import Oci
from tests.registry.fake import (
    CONFIG,
    INDEX,
    MANIFEST,
    FakeClock,
    FakeRegistry,
    asked,
    describe,
    run,
    session_for,
)
from tests.registry.server import Handler, Server

GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass
class Outcome:
    """The facts of a digest, and what the server was asked for them."""

    facts: Facts
    server: Server

    @property
    def image(self) -> ImageFacts:
        fact = IMAGE.of(self.facts)
        assert isinstance(fact, Found), fact
        return fact.value

    @property
    def reason(self) -> str:
        """Why it could not be looked."""
        fact = IMAGE.of(self.facts)
        assert isinstance(fact, CouldNotLook), fact
        return fact.reason

    @property
    def absent(self) -> bool:
        return isinstance(IMAGE.of(self.facts), Absent)

    @property
    def targets(self) -> list[str]:
        return [call.target for call in self.server.calls]


def facts(
    handler: Handler,
    digest: str,
    *kinds: str,
    limits: Limits | None = None,
    known: Facts | None = None,
    policy: Policy | None = None,
) -> Outcome:
    """What `look` says of the digest: of the image, if no other kinds are named."""

    async def scenario() -> Outcome:
        session = session_for(FakeClock(), limits=limits)
        async with Server(handler).running() as server, asked(session) as ask:
            source = Oci(registry=server.address).open(ask)
            where = Location(source, "app", policy)
            found = await look(where, digest, kinds or ("image",), known or {})
            return Outcome(found, server)

    return run(scenario())


def image(
    registry: FakeRegistry,
    *sizes: int,
    platform: str = "linux/amd64",
    config_type: str = CONFIG,
    **keys: Any,
) -> str:
    """Store an image with layers of these sizes; `keys` are its configuration's. Its digest."""
    system, _, architecture = platform.partition("/")
    config = registry.put(config_type, {"os": system, "architecture": architecture, **keys})
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": config_type, "digest": config, "size": 1},
        "layers": [layer(size) for size in sizes],
    }
    return registry.put(MANIFEST, manifest)


def layer(size: object) -> dict[str, object]:
    return {"mediaType": GZIP, "digest": f"sha256:{'1' * 64}", "size": size}


def entry(digest: str, platform: str = "linux/amd64", **keys: object) -> dict[str, object]:
    """A descriptor for an index."""
    names = ("os", "architecture", "variant")
    given = dict(zip(names, platform.split("/"), strict=False))
    return describe(digest) | {"platform": given} | keys


def nested(registry: FakeRegistry, digest: str, depth: int) -> str:
    """The digest of an index in an index, so many of them, around an image."""
    kind = MANIFEST
    for _ in range(depth):
        digest = registry.index(describe(digest, media_type=kind))
        kind = INDEX
    return digest
