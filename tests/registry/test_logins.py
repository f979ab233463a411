"""A login that is refused is sent once, for all images, sources and requests of a build."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.errors import SourceError, TagpagesError
from generator.registry import Credentials, Endpoint, Fixed, Origin, Registry, Session
from generator.sources.dockerhub import DockerHub
from generator.sources.oci import Oci
from tests.collecting import leave_alone, seen_of
from tests.registry.fake import FakeClock, FakeRegistry, TokenServer, asked, run, session_for
from tests.registry.server import Answer, Call, Handler, Server, as_json, problem
from tests.sources.asking import serving

USER = Credentials("alice", "a wrong guess", source="the catalog")
ENV = {"PASSWORD": USER.password}
BASIC = Answer(401, headers=(("WWW-Authenticate", 'Basic realm="here"'),))
IMAGES = [f"image-{number}" for number in range(50)]

Ask = Callable[[Session, Origin], Any]
"""Asks a registry for something; an error of it is an answer."""


def together(
    handler: Handler, *asks: Ask, tokens: Server | None = None, concurrency: int = 8
) -> tuple[list[object], Server]:
    """What comes of several questions that are asked at once."""

    async def scenario() -> tuple[list[object], Server]:
        async with (
            Server(handler).running() as server,
            (tokens or Server(handler)).running(),
            session_for(FakeClock(), ENV) as session,
        ):
            origin = Origin.configured(server.address)
            session.restrict(origin, concurrency)
            found = await asyncio.gather(
                *(ask(session, origin) for ask in asks), return_exceptions=True
            )
            return list(found), server

    return run(scenario())


def tags(name: str, login: Credentials = USER) -> Ask:
    """Ask for the tags of a repository, as a source of its own does."""

    async def ask(session: Session, origin: Origin) -> list[str] | None:
        remote = Registry(session, origin, credentials=login, concurrency=64)
        return await (await remote.repository(name)).tags()

    return ask


def sent(server: Server, scheme: str = "Basic ") -> int:
    return sum(call.authorization.startswith(scheme) for call in server.calls)


def everything(registry: FakeRegistry) -> None:
    for name in IMAGES:
        registry.tag(name, "1.0", registry.image())


def test_a_wrong_password_is_sent_once_to_the_token_server(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry, users={"Basic of somebody else": "bob"})

    found, server = together(tokens.guard, *map(tags, IMAGES), tokens=tokens.server)

    assert len(tokens.server.calls) == 1
    assert {type(error).__name__ for error in found} == {"LoginRefusedError"}
    text = (
        f"no token for {server.address}, asked as the catalog says: {tokens.realm} "
        "answered 401: the login that the catalog names is not taken: is it right, and still valid?"
    )
    assert [str(error) for error in found] == [text] * 50


@pytest.mark.parametrize(
    "refusal", [as_json({}, 401), as_json({"error": "invalid_grant"}, 400)], ids=["401", "400"]
)
def test_a_stale_identity_token_is_posted_once(registry: FakeRegistry, refusal: Answer) -> None:
    tokens = TokenServer(registry)
    tokens.server.handler = lambda _: refusal
    stale = Credentials(identity="stale", source="the keychain")

    found, _ = together(tokens.guard, *(tags(name, stale) for name in IMAGES), tokens=tokens.server)

    assert [call.method for call in tokens.server.calls] == ["POST"]
    assert all(isinstance(error, SourceError) for error in found)


def test_a_wrong_password_is_sent_once_to_a_registry_that_wants_basic() -> None:
    found, server = together(lambda _: BASIC, *map(tags, IMAGES))

    assert sent(server) == 1
    assert all(isinstance(error, SourceError) for error in found)
    assert all("answered 401" in str(error) for error in found)


def test_a_wrong_password_fails_the_source_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    leave_alone(monkeypatch, tmp_path)
    monkeypatch.setenv("PASSWORD", USER.password)
    with serving(lambda _: BASIC) as server:
        source = Oci(registry=server.address, username="alice", password="${PASSWORD}")
        seen = seen_of(source, include=tuple(IMAGES))

    assert sent(server) == 1
    assert (seen.images, seen.failed) == ({}, {})
    assert seen.failure is not None
    assert "answered 401" in seen.failure.reason


def test_a_wrong_password_is_sent_once_to_a_vendors_api() -> None:
    async def rows(session: Session, origin: Origin) -> None:
        await Endpoint(session, origin, Fixed(USER.basic)).get("/api/v2.0/projects")

    found, server = together(lambda _: Answer(401), *[rows] * 50)

    assert len(server.calls) == 1
    assert all(isinstance(error, SourceError) for error in found)


def test_a_password_in_a_body_is_sent_once() -> None:
    async def login(session: Session, origin: Origin) -> None:
        body = {"identifier": "alice", "secret": USER.password}
        await Endpoint(session, origin).request("POST", "/auth", json=body, login=USER.basic)

    found, server = together(lambda _: Answer(401), *[login] * 50)

    assert len(server.calls) == 1
    assert all(isinstance(error, SourceError) for error in found)


def test_another_user_of_the_same_server_is_not_refused(registry: FakeRegistry) -> None:
    bob = Credentials("bob", "the right one")
    found, server = together(
        lambda call: registry(call) if call.authorization == bob.basic else BASIC,
        tags("app"),
        tags("app", bob),
    )

    assert isinstance(found[0], SourceError)
    assert found[1] == ["1.0", "latest"]
    assert sent(server) == 2


def test_a_login_that_one_server_refuses_is_still_sent_to_another() -> None:
    other = Server(lambda _: Answer())

    async def both(session: Session, origin: Origin) -> int:
        with pytest.raises(SourceError):
            await Endpoint(session, origin, Fixed(USER.basic)).get("/")
        there = Endpoint(session, Origin.configured(other.address), Fixed(USER.basic))
        return (await there.get("/")).status

    assert together(lambda _: Answer(401), both, tokens=other)[0] == [200]


def test_two_tables_of_one_docker_hub_account_log_in_once() -> None:
    async def table(session: Session, origin: Origin) -> None:
        spec = DockerHub(
            api=str(origin),
            repository="team/{image}",
            username=USER.username,
            password="${PASSWORD}",
        )
        async with asked(session) as ask:
            await spec.open(ask).tags("app")

    found, server = together(lambda _: Answer(401), table, table)

    assert [call.path for call in server.calls] == ["/v2/auth/token"]
    assert all(isinstance(error, SourceError) for error in found)


def test_a_scope_that_is_denied_costs_its_image_alone(registry: FakeRegistry) -> None:
    everything(registry)
    tokens = TokenServer(registry)
    tokens.server.handler = lambda call: (
        problem(403, "DENIED") if ":image-0:" in call.target else tokens.issue(call)
    )

    found, _ = together(tokens.guard, *map(tags, IMAGES), tokens=tokens.server)

    assert isinstance(found[0], TagpagesError)
    assert not isinstance(found[0], SourceError)
    assert found[1:] == [["1.0"]] * 49


def test_a_401_to_a_login_that_was_taken_before_is_about_the_scope(
    registry: FakeRegistry,
) -> None:
    everything(registry)
    tokens = TokenServer(registry)
    tokens.server.handler = lambda call: (
        problem(401, "UNAUTHORIZED") if ":image-9:" in call.target else tokens.issue(call)
    )

    found, _ = together(tokens.guard, *map(tags, IMAGES), tokens=tokens.server)

    denied = found.pop(9)
    assert isinstance(denied, TagpagesError)
    assert not isinstance(denied, SourceError)
    assert found == [["1.0"]] * 49


def test_a_server_that_fails_has_not_refused_the_login(registry: FakeRegistry) -> None:
    everything(registry)
    left = [Answer(503), Answer(503)]

    def handler(call: Call) -> Answer:
        if not call.authorization:
            return BASIC
        return left.pop() if left else registry(call)

    found, _ = together(handler, *map(tags, IMAGES))

    assert found == [["1.0"]] * 50


def test_a_login_that_was_taken_is_used_by_many_at_once(registry: FakeRegistry) -> None:
    everything(registry)
    tokens = TokenServer(registry, users={USER.basic: "alice"})

    found, _ = together(tokens.guard, *map(tags, IMAGES), tokens=tokens.server)

    assert found == [["1.0"]] * 50
    assert tokens.server.busiest > 1


def test_a_redirect_to_another_server_is_no_login_there() -> None:
    thief = Server(lambda _: Answer(401))

    def handler(call: Call) -> Answer:
        if not call.authorization:
            return BASIC
        return Answer(307, headers=(("Location", f"{thief.url}{call.target}"),))

    found, _ = together(handler, *map(tags, IMAGES[:2]), tokens=thief)

    assert [call.authorization for call in thief.calls] == ["", ""]
    assert not any(isinstance(error, SourceError) for error in found)
