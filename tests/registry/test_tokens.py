"""Token flows and Basic: the right token at the right time, and no more of them than needed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from generator.registry import Endpoint, Limits, Origin, Registry, RegistryError
from generator.registry.auth import Challenged, Fixed
from generator.registry.challenge import Challenge, challenges
from generator.registry.credentials import Credentials
from generator.registry.message import Headers, Reply
from tests.registry.fake import (
    NOW,
    FakeClock,
    FakeRegistry,
    Outcome,
    TokenServer,
    pull,
    run,
    session_for,
)
from tests.registry.server import Answer, Call, Handler, Server, as_json, problem

LOGIN: dict[str, Any] = {
    "username": "alice",
    "password": "${PASSWORD}",
    "env": {"PASSWORD": "hunter2"},
}
BASIC = "Basic YWxpY2U6aHVudGVyMg=="


def pulled(tokens: TokenServer, **keys: Any) -> Outcome:
    return pull(tokens.guard, beside=tokens.server, **keys)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ['Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"'],
            [
                (
                    "bearer",
                    {"realm": "https://a/t", "service": "s", "scope": "repository:x:pull,push"},
                )
            ],
        ),
        (
            ['Bearer realm="https://a/t", Basic realm="b, c"'],
            [("bearer", {"realm": "https://a/t"}), ("basic", {"realm": "b, c"})],
        ),
        (
            ["BASIC Realm=plain", 'bEARER REALM = "x" , Service = y'],
            [("basic", {"realm": "plain"}), ("bearer", {"realm": "x", "service": "y"})],
        ),
        ([r'Basic realm="say \"hi\" \\ bye"'], [("basic", {"realm": r'say "hi" \ bye'})]),
        (["Negotiate, Basic realm=x"], [("negotiate", {}), ("basic", {"realm": "x"})]),
        (["Negotiate YWJj=="], [("negotiate", {"ywjj": "="})]),
        (['Bearer realm="a",realm="b"'], [("bearer", {"realm": "a"})]),
        (['Bearer realm="never closed'], [("bearer", {"realm": ""})]),
        ([""], []),
        (["=,;"], []),
    ],
)
def test_challenges_are_read_as_rfc_9110_has_them(
    headers: list[str], expected: list[tuple[str, dict[str, str]]]
) -> None:
    assert challenges(headers) == [Challenge(scheme, values) for scheme, values in expected]


def test_an_anonymous_token_is_asked_for_once_for_a_repository(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry)
    outcome = pulled(tokens)
    assert outcome.digests == registry.repositories["app"]
    assert [call.target for call in tokens.server.calls] == [
        "/token?service=registry.example&scope=repository:app:pull"
    ]
    assert tokens.server.calls[0].authorization == ""
    assert [call.authorization for call in outcome.server.calls][:2] == ["", "Bearer token-1"]


def test_a_user_gets_a_token_with_basic_at_the_realm_and_nowhere_else(
    registry: FakeRegistry,
) -> None:
    tokens = TokenServer(registry, users={BASIC: "alice"})
    outcome = pulled(tokens, **LOGIN)
    assert outcome.digests == registry.repositories["app"]
    assert [call.authorization for call in tokens.server.calls] == [BASIC]
    assert BASIC not in {call.authorization for call in outcome.server.calls}


def test_a_refused_login_is_an_error_without_what_the_server_says(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry, users={"Basic other": "other"})
    outcome = pulled(tokens, **LOGIN)
    assert outcome.error == (
        f"no token for {outcome.server.address}, asked as the catalog says: {tokens.realm} "
        "answered 401: the login that the catalog names is not taken: is it right, and still valid?"
    )


def test_a_private_repository_asked_for_anonymously_is_an_error(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry, users={BASIC: "alice"})
    outcome = pulled(tokens)
    assert f"no token for {outcome.server.address}, asked anonymously: " in outcome.error


def test_concurrent_requests_share_one_token(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry)

    async def scenario() -> None:
        async with (
            Server(tokens.guard).running() as server,
            tokens.server.running(),
            session_for(FakeClock()) as session,
        ):
            repository = await Registry(
                session, Origin.configured(server.address), concurrency=16
            ).repository("app")
            await asyncio.gather(*(repository.digest("1.0") for _ in range(50)))

    run(scenario())
    assert len(tokens.server.calls) == 1


def test_the_next_repository_needs_no_challenge(registry: FakeRegistry) -> None:
    registry.tag("other", "1.0", registry.image())
    tokens = TokenServer(registry)

    async def scenario() -> list[str]:
        async with (
            Server(tokens.guard).running() as server,
            tokens.server.running(),
            session_for(FakeClock()) as session,
        ):
            remote = Registry(session, Origin.configured(server.address))
            for name in ("app", "other"):
                await (await remote.repository(name)).tags()
            return [call.authorization for call in server.calls]

    assert run(scenario()) == ["", "Bearer token-1", "Bearer token-2"]


def asked_for(names: Sequence[str], guard: Handler, tokens: TokenServer) -> Listed:
    """List the tags of repositories of one registry, one after the other."""

    async def scenario() -> Listed:
        clock = FakeClock()
        async with (
            Server(guard).running() as server,
            tokens.server.running(),
            session_for(clock, limits=Limits(tries=2)) as session,
        ):
            listed = Listed(server, clock.slept)
            remote = Registry(session, Origin.configured(server.address))
            for name in names:
                try:
                    listed.tags[name] = await (await remote.repository(name)).tags()
                except RegistryError as error:
                    listed.errors[name] = str(error)
            return listed

    return run(scenario())


@dataclass
class Listed:
    server: Server
    slept: list[float]
    tags: dict[str, list[str] | None] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def sent(self, name: str) -> list[str]:
        """What was sent to authorise the requests for a repository."""
        return [call.authorization for call in self.server.calls if f"/{name}/" in call.path]


@pytest.mark.parametrize("refusal", [Answer(401), Answer(403), Answer(404), Answer(200, b"{}")])
def test_a_guess_that_fails_is_dropped_and_the_request_goes_without(
    registry: FakeRegistry, refusal: Answer
) -> None:
    registry.tag("public", "1.0", registry.image())
    tokens = TokenServer(registry)
    tokens.server.handler = lambda call: (
        refusal if "repository:public:pull" in call.target else tokens.issue(call)
    )

    listed = asked_for(
        ["app", "public"],
        lambda call: registry(call) if "/public/" in call.path else tokens.guard(call),
        tokens,
    )

    assert listed.errors == {}
    assert listed.tags["public"] == ["1.0"]
    assert listed.sent("public") == [""]


def test_after_a_guess_that_failed_a_challenge_is_still_met(registry: FakeRegistry) -> None:
    for name in ("public", "other", "third"):
        registry.tag(name, "1.0", registry.image())
    tokens = TokenServer(registry)
    tokens.server.handler = lambda call: (
        Answer(403) if "repository:public:pull" in call.target else tokens.issue(call)
    )

    listed = asked_for(
        ["app", "public", "other", "third"],
        lambda call: registry(call) if "/public/" in call.path else tokens.guard(call),
        tokens,
    )

    assert listed.errors == {}
    assert listed.sent("other") == ["", "Bearer token-2"]
    assert listed.sent("third") == ["Bearer token-3"]


@pytest.mark.parametrize("challenge", ["", "Negotiate"])
def test_a_guessed_token_that_is_refused_is_left_out(
    registry: FakeRegistry, challenge: str
) -> None:
    registry.tag("public", "1.0", registry.image())
    tokens = TokenServer(registry)
    refusal = problem(401, "UNAUTHORIZED", WWW_Authenticate=challenge)

    def guard(call: Call) -> Answer:
        if "/public/" in call.path:
            return refusal if call.authorization else registry(call)
        return tokens.guard(call)

    listed = asked_for(["app", "public"], guard, tokens)

    assert listed.errors == {}
    assert listed.sent("public") == ["Bearer token-2", ""]


def test_a_realm_that_gives_no_token_is_not_guessed_for_others(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry)
    tokens.server.handler = lambda _: Answer(500)

    listed = asked_for(
        ["broken", "app"],
        lambda call: registry(call) if "/app/" in call.path else tokens.guard(call),
        tokens,
    )

    assert "answered 500" in listed.errors["broken"]
    assert listed.tags["app"] == ["1.0", "latest"]
    assert len(tokens.server.calls) == 2, "both for the repository that named the realm"


@pytest.mark.parametrize(
    ("extra", "later", "renewed"),
    [
        ({}, 49, False),  # 60 s by default, renewed 10 s early
        ({}, 51, True),
        ({"expires_in": 5}, 49, False),  # less than 60 s is raised to 60
        ({"expires_in": 300}, 289, False),
        ({"expires_in": 300}, 291, True),
        ({"expires_in": None, "issued_at": None}, 49, False),
        ({"expires_in": 300, "issued_at": (NOW - timedelta(seconds=200)).isoformat()}, 89, False),
        ({"expires_in": 300, "issued_at": (NOW - timedelta(seconds=200)).isoformat()}, 91, True),
        ({"expires_in": 300, "issued_at": (NOW + timedelta(days=1)).isoformat()}, 289, False),
        ({"expires_in": 300, "issued_at": (NOW - timedelta(days=1)).isoformat()}, 289, False),
        ({"expires_in": 300, "issued_at": "yesterday"}, 289, False),
        ({"expires_in": 300, "issued_at": (NOW - timedelta(seconds=295)).isoformat()}, 289, False),
    ],
)
def test_a_token_is_renewed_before_its_end_whatever_the_servers_clock_says(
    registry: FakeRegistry,
    extra: dict[str, object],
    later: int,
    renewed: bool,
) -> None:
    tokens = TokenServer(registry, extra=extra)

    async def scenario() -> None:
        clock = FakeClock()
        async with (
            Server(tokens.guard).running() as server,
            tokens.server.running(),
            session_for(clock) as session,
        ):
            repository = await Registry(session, Origin.configured(server.address)).repository(
                "app"
            )
            await repository.digest("1.0")
            await clock.sleep(later)
            await repository.digest("1.0")

    run(scenario())
    assert len(tokens.server.calls) == (2 if renewed else 1)


def test_a_token_that_is_refused_is_renewed_once(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry)
    registry.when("HEAD", "/1.0", lambda _: tokens.granted.clear())
    revoked = pulled(tokens, concurrency=1)
    assert revoked.digests == registry.repositories["app"]
    assert len(tokens.server.calls) == 2


def test_a_registry_that_refuses_every_token_is_an_error(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry)
    tokens.granted = _Forgetful()
    outcome = pulled(tokens)
    assert outcome.error.startswith(
        f"{outcome.server.url}/v2/app/tags/list answered 401 UNAUTHORIZED"
    )
    assert len(outcome.server.calls) == 3
    assert len(tokens.server.calls) == 2


class _Forgetful(dict[str, str]):
    def __setitem__(self, key: str, value: str) -> None:
        """Remember nothing."""


def test_insufficient_scope_is_not_tried_again(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry)
    tokens.granted = _Forgetful()

    def guard(call: Call) -> Answer:
        answer = tokens.guard(call)
        headers = tuple(
            (k, v.replace("invalid_token", "insufficient_scope")) for k, v in answer.headers
        )
        return Answer(answer.status, answer.body, headers)

    outcome = pull(guard, beside=tokens.server)
    assert "answered 401" in outcome.error
    assert len(tokens.server.calls) == 1


def test_an_identity_token_is_posted(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry)
    credentials = Credentials(identity="refresh-me")
    assert _digest(tokens, credentials) == registry.repositories["app"]["1.0"]
    assert [call.method for call in tokens.server.calls] == ["POST"]
    assert tokens.server.calls[0].body == (
        b"grant_type=refresh_token&service=registry.example&client_id=tagpages"
        b"&scope=repository%3Aapp%3Apull&refresh_token=refresh-me"
    )


def test_a_server_without_post_is_asked_by_get(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry, posts=False)
    credentials = Credentials("alice", "hunter2", identity="refresh-me")
    assert _digest(tokens, credentials) == registry.repositories["app"]["1.0"]
    assert [call.method for call in tokens.server.calls] == ["POST", "GET"]
    assert tokens.server.calls[1].authorization == BASIC


def test_a_stale_identity_token_is_an_error(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry)
    with pytest.raises(RegistryError, match=r"asked as the keychain says: .* answered 401"):
        _digest(tokens, Credentials(identity="stale", source="the keychain"))


@pytest.mark.parametrize(
    "answer", [{}, {"token": ""}, {"token": "two\nlines"}, {"access_token": "a b"}]
)
def test_an_answer_without_a_usable_token_is_an_error(
    registry: FakeRegistry, answer: dict[str, str]
) -> None:
    tokens = TokenServer(registry)
    tokens.server.handler = lambda _: as_json(answer)
    assert pulled(tokens).error == f"{tokens.server.address} answered without a token"


def test_a_token_body_has_a_limit(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry)
    tokens.server.handler = lambda _: as_json({"token": "t" * 2_000_000})
    assert pulled(tokens).error.endswith("answered more than 1 MiB, which is the limit")


def test_a_realm_with_a_query_keeps_it(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry, service="")

    def guard(call: Call) -> Answer:
        tokens.challenge = f'Bearer realm="{tokens.realm}?account=x"'
        return tokens.guard(call)

    outcome = pull(guard, beside=tokens.server)
    assert outcome.digests == registry.repositories["app"]
    assert tokens.server.calls[0].target == "/token?account=x&scope=repository:app:pull"


def test_a_relative_realm_is_the_registrys_own(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry, challenge='Bearer realm="/token",service="s"')
    outcome = pull(
        lambda call: tokens.issue(call) if call.path == "/token" else tokens.guard(call), **LOGIN
    )
    assert outcome.digests == registry.repositories["app"]
    assert [call.authorization for call in outcome.server.asked("GET", "/token")] == [BASIC]


def test_bearer_is_preferred_where_both_are_offered(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry)

    def guard(call: Call) -> Answer:
        tokens.challenge = f'Basic realm="b", Bearer realm="{tokens.realm}",service="s"'
        return tokens.guard(call)

    assert pull(guard, beside=tokens.server, **LOGIN).digests == registry.repositories["app"]


def test_basic_is_sent_once_it_is_asked_for(registry: FakeRegistry) -> None:
    challenge = problem(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="r"')
    outcome = pull(lambda call: registry(call) if call.authorization else challenge, **LOGIN)
    assert outcome.digests == registry.repositories["app"]
    assert [call.authorization for call in outcome.server.calls][:3] == ["", BASIC, BASIC]


def test_basic_that_is_refused_is_an_error(registry: FakeRegistry) -> None:
    outcome = pull(
        lambda _: problem(401, "UNAUTHORIZED", WWW_Authenticate="Basic realm=r"), **LOGIN
    )
    assert outcome.error.endswith(
        "answered 401 UNAUTHORIZED: the login that the catalog names is not taken: "
        "is it right, and still valid?"
    )
    assert len(outcome.server.calls) == 2


@pytest.mark.parametrize("challenge", ["", "Negotiate", "Basic realm=r", "Digest realm=x, nonce=y"])
def test_a_login_that_we_cannot_give_is_an_error(registry: FakeRegistry, challenge: str) -> None:
    outcome = pull(lambda _: problem(401, "UNAUTHORIZED", WWW_Authenticate=challenge))
    assert "answered 401 UNAUTHORIZED: log in to it" in outcome.error
    assert len(outcome.server.calls) == 1


def test_a_403_says_that_the_credentials_do_not_do(registry: FakeRegistry) -> None:
    outcome = pull(lambda _: problem(403, "DENIED", "requested access is denied"))
    assert outcome.error.endswith(
        "answered 403 DENIED 'requested access is denied': this is not permitted without a login"
    )
    outcome = pull(lambda _: problem(403, "DENIED", "requested access is denied"), **LOGIN)
    assert outcome.error.endswith("is denied': the login that the catalog names does not permit it")


def test_a_bearer_token_of_the_catalog_is_sent_as_it_is(registry: FakeRegistry) -> None:
    outcome = pull(
        lambda call: registry(call) if call.authorization == "Bearer t0k3n" else problem(401, "NO"),
        token="${TOKEN}",
        env={"TOKEN": "t0k3n"},
    )
    assert outcome.digests == registry.repositories["app"]
    assert {call.authorization for call in outcome.server.calls} == {"Bearer t0k3n"}


@pytest.mark.parametrize("token", ["t0k3n\n", "t0k3n\r\nX-Other: 1", "t\u00f6k3n"])
def test_a_token_that_no_header_can_hold_is_an_error_without_it(
    registry: FakeRegistry, token: str
) -> None:
    outcome = pull(registry, token="${TOKEN}", env={"TOKEN": token})
    assert "has characters that no header may have" in outcome.error
    assert "k3n" not in outcome.error


def test_a_bearer_token_that_is_refused_is_an_error(registry: FakeRegistry) -> None:
    outcome = pull(TokenServer(registry).guard, token="${TOKEN}", env={"TOKEN": "t0k3n"})
    assert "answered 401" in outcome.error
    assert len(outcome.server.calls) == 1


def test_a_realm_at_a_private_place_that_a_name_hides_is_not_asked() -> None:
    async def inside(host: str) -> list[str]:
        return {"registry.test": ["8.8.8.8"], "auth.test": ["8.8.4.4", "10.0.0.7"]}[host]

    async def scenario() -> None:
        session = session_for(FakeClock(), resolve=inside)
        auth = Challenged(session, Origin.configured("registry.test"))
        reply = _reply('Bearer realm="https://auth.test/token"')
        with pytest.raises(
            RegistryError,
            match=r"registry.test sends us to https://auth.test, a private address: not followed",
        ):
            await auth.refused("", "", reply)

    run(scenario())


def test_a_realm_over_plain_http_of_an_https_registry_is_not_asked() -> None:
    async def scenario() -> None:
        auth = Challenged(session_for(FakeClock()), Origin.configured("registry.test"))
        with pytest.raises(RegistryError, match=r"names http://registry.test, which is plain http"):
            await auth.refused("", "", _reply('Bearer realm="http://registry.test/token"'))

    run(scenario())


def test_a_fixed_header_is_sent_and_not_tried_again() -> None:
    async def scenario() -> list[str]:
        async with (
            Server(lambda _: Answer(401)).running() as server,
            session_for(FakeClock()) as session,
        ):
            api = Endpoint(session, Origin.configured(server.address), Fixed("Bearer x"))
            with pytest.raises(RegistryError, match="answered 401"):
                await api.get("/api")
            return [call.authorization for call in server.calls]

    assert run(scenario()) == ["Bearer x"]


def _reply(challenge: str) -> Reply:
    headers = Headers([(b"WWW-Authenticate", challenge.encode())])
    return Reply("https://registry.test/v2/", 401, headers)


def _digest(tokens: TokenServer, credentials: Credentials) -> str | None:
    async def scenario() -> str | None:
        async with (
            Server(tokens.guard).running() as server,
            tokens.server.running(),
            session_for(FakeClock()) as session,
        ):
            remote = Registry(session, Origin.configured(server.address), credentials=credentials)
            return await (await remote.repository("app")).digest("1.0")

    return run(scenario())
