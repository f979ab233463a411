"""A registry that follows the Distribution specification until a test makes it misbehave."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

from generator.errors import TagpagesError
from generator.model import Table, Tag
from generator.registry import Clock, Keychain, Limits, Session, Stats
from generator.registry.reach import Resolve
from generator.sources.base import Ask
from generator.sources.oci import Oci
from tests.registry.server import Answer, Call, Handler, Server, as_json, problem

T = TypeVar("T")

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CREATED = "org.opencontainers.image.created"
CONFIG = "application/vnd.oci.image.config.v1+json"


class FakeClock(Clock):
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return NOW + timedelta(seconds=sum(self.slept))

    def monotonic(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


def digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


@dataclass
class FakeRegistry:
    """Repositories of tags, manifests and blobs. `rules` come before the proper answers: the
    first whose method and path fit decides, unless it returns None.
    """

    repositories: dict[str, dict[str, str]] = field(default_factory=dict)
    contents: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    rules: list[tuple[str, str, Callable[[Call], Answer | None]]] = field(default_factory=list)
    page_size: int = 1000

    def put(self, media_type: str, value: object) -> str:
        return self.put_bytes(media_type, json.dumps(value).encode())

    def put_bytes(self, media_type: str, body: bytes) -> str:
        digest = digest_of(body)
        self.contents[digest] = (media_type, body)
        return digest

    def image(self, created: str | None = "2026-07-01T00:00:00Z", annotated: str = "") -> str:
        """Store an image with the time in its configuration, and in an annotation; its digest."""
        config = self.put(CONFIG, {"created": created} if created else {})
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": config, "size": 1},
            "annotations": {CREATED: annotated} if annotated else {},
        }
        return self.put(MANIFEST, manifest)

    def index(self, *children: Mapping[str, object], annotated: str = "") -> str:
        """Store an index of descriptors; its digest."""
        value: dict[str, object] = {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": list(children),
        }
        if annotated:
            value["annotations"] = {CREATED: annotated}
        return self.put(INDEX, value)

    def tag(self, repository: str, tag: str, digest: str) -> None:
        self.repositories.setdefault(repository, {})[tag] = digest

    def when(
        self, method: str, path: str, answer: Answer | Callable[[Call], Answer | None]
    ) -> None:
        """From now on answer so where the path contains `path`."""
        self.rules.append((method, path, answer if callable(answer) else lambda _: answer))

    def __call__(self, call: Call) -> Answer:
        for method, path, rule in self.rules:
            if method in {call.method, "*"} and path in call.path and (answer := rule(call)):
                return answer
        return self.proper(call)

    def proper(self, call: Call) -> Answer:
        """As the specification wants it."""
        if call.path == "/v2/_catalog":
            return self._list(call, "repositories", sorted(self.repositories))
        name = call.path.removeprefix("/v2/").removesuffix("/tags/list")
        if call.path.endswith("/tags/list"):
            if name not in self.repositories:
                return problem(404, "NAME_UNKNOWN", "repository name not known to registry")
            return self._list(call, "tags", sorted(self.repositories[name]))
        kind = "/manifests/" if "/manifests/" in call.path else "/blobs/"
        name, _, reference = call.path.removeprefix("/v2/").partition(kind)
        digest = self.repositories.get(name, {}).get(reference, reference)
        if digest not in self.contents:
            return problem(404, "MANIFEST_UNKNOWN", "manifest unknown")
        media_type, body = self.contents[digest]
        return Answer(200, body, (("Content-Type", media_type), ("Docker-Content-Digest", digest)))

    def _list(self, call: Call, key: str, entries: list[str]) -> Answer:
        size = min(int(call.query.get("n", ["100"])[0]), self.page_size)
        last = call.query.get("last", [""])[0]
        left = [entry for entry in entries if entry > last]
        page = left[:size]
        if len(left) <= size:
            return as_json({key: page})
        return as_json({key: page}, Link=f'<{call.path}?n={size}&last={page[-1]}>; rel="next"')


def describe(digest: str, os: str = "linux", media_type: str = MANIFEST) -> dict[str, object]:
    return {
        "mediaType": media_type,
        "digest": digest,
        "size": 1,
        "platform": {"os": os, "architecture": "amd64"},
    }


@dataclass
class Outcome:
    """What came of asking a source for one image."""

    tags: list[Tag] | None
    error: str
    server: Server
    slept: list[float]
    stats: Stats

    @property
    def digests(self) -> dict[str, str]:
        assert self.tags is not None, self.error
        return {tag.name: tag.digest for tag in self.tags}


async def anywhere(host: str) -> tuple[str, ...]:
    """A resolver that finds every name on the public internet, but that of this machine."""
    return ("127.0.0.1",) if host == "localhost" else ("8.8.8.8",)


def session_for(
    clock: Clock,
    env: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    resolve: Resolve = anywhere,
) -> Session:
    quiet = {"HOME": "/nonexistent", "XDG_RUNTIME_DIR": "/nonexistent"}
    return Session(
        clock=clock, limits=limits, keychain=Keychain({**quiet, **(env or {})}), resolve=resolve
    )


@asynccontextmanager
async def asked(
    session: Session, known: Table | None = None, **changes: object
) -> AsyncIterator[Ask]:
    defaults: dict[str, Any] = {
        "root": Path(),
        "as_of": NOW,
        "names": ("app",),
        "listed": False,
        "wanted": lambda _: True,
        "known": lambda _: known,
        "repositories": {},
        "session": lambda: session,
    }
    async with session:
        yield Ask(**(defaults | changes))


def pull(
    handler: Handler | Server,
    *,
    known: Table | None = None,
    env: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    beside: Server | None = None,
    **keys: Any,
) -> Outcome:
    """Ask an `oci` source on a loopback server for the image `app`; `beside` runs too.

    `handler` may be the server itself; `as_of` is the night, `keys` are the catalog's.
    """
    as_of = keys.pop("as_of", NOW)

    async def scenario() -> Outcome:
        clock = FakeClock()
        session = session_for(clock, env, limits)
        server = handler if isinstance(handler, Server) else Server(handler)
        async with (
            server.running(),
            (beside or Server(server.handler)).running(),
            asked(session, known, as_of=as_of) as ask,
        ):
            source = Oci(registry=server.address, **keys).open(ask)
            tags, error = None, ""
            try:
                found = await source.tags("app")
                tags = None if found is None else list(found)
            except TagpagesError as failure:
                error = str(failure)
        return Outcome(tags, error, server, clock.slept, session.stats)

    return run(scenario())


def run(scenario: Coroutine[Any, Any, T]) -> T:
    """Run to the end, which must come soon."""

    async def bounded() -> T:
        async with asyncio.timeout(20):
            return await scenario

    return asyncio.run(bounded())


@dataclass
class TokenServer:
    """Issues tokens by the Distribution token specification, and guards a registry with them."""

    registry: FakeRegistry
    service: str = "registry.example"
    challenge: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    posts: bool = True
    prefix: str = "token-"
    granted: dict[str, str] = field(default_factory=dict)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        self.server = Server(self.issue)

    @property
    def realm(self) -> str:
        return f"{self.server.url}/token"

    def issue(self, call: Call) -> Answer:
        """The token endpoint: anonymous, Basic by `users`, or a refresh token by POST."""
        if call.method == "POST":
            form = parse_qs(call.body.decode())
            if not self.posts:
                return Answer(404)
            if form["refresh_token"] != ["refresh-me"]:
                return as_json({"error": "invalid_grant"}, 401)
            return self._issued(form["scope"][0], "access_token")
        if self.users and call.authorization not in self.users:
            return problem(401, "UNAUTHORIZED", f"who are you, {call.authorization}?")
        return self._issued(" ".join(call.query.get("scope", [])), "token")

    def _issued(self, scope: str, key: str) -> Answer:
        token = f"{self.prefix}{len(self.granted) + 1}"
        self.granted[token] = scope
        return as_json({key: token, **self.extra})

    def guard(self, call: Call) -> Answer:
        """The registry behind it: answers only to a token for the right scope."""
        name = re.sub(r"^/v2/|/(tags/list|manifests/.*|blobs/.*)$", "", call.path)
        scope = "registry:catalog:*" if name == "_catalog" else f"repository:{name}:pull"
        if self.granted.get(call.authorization.removeprefix("Bearer ")) == scope:
            return self.registry(call)
        challenge = self.challenge or (
            f'Bearer realm="{self.realm}",service="{self.service}",scope="{scope}"'
        )
        if call.authorization:
            challenge += ',error="invalid_token"'
        return problem(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=challenge)
