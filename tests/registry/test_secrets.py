"""Our own secrets: no error text shows one, whole or in half, whoever repeats it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.model import shown
from generator.registry import Credentials, Registry, RegistryError
from generator.registry.origin import URL_SAFE, Origin
from tests.registry.fake import FakeClock, FakeRegistry, TokenServer, pull, run, session_for
from tests.registry.server import Call, problem

PASSWORD = "correct-horse-battery"
LOGIN: dict[str, Any] = {
    "username": "alice",
    "password": "${PASSWORD}",
    "env": {"PASSWORD": PASSWORD},
}


def redacted(text: str, *secrets: str) -> str:
    session = session_for(FakeClock())
    session.conceal(*secrets)
    return session.redacted(text)


@pytest.mark.parametrize("secret", ["", "e", "hunter2"])
def test_a_text_of_fewer_than_eight_characters_conceals_nothing(secret: str) -> None:
    assert redacted(f"the tree said {secret}", secret) == f"the tree said {secret}"


def test_the_beginning_of_a_text_that_conceals_nothing_is_told_before_a_cut() -> None:
    text = f"it says {shown('=' * 73 + 'hunter2' + '=' * 90)}"
    assert redacted(text, "hunter2") == text
    assert "hunt..." in text


def test_a_text_of_eight_characters_is_concealed() -> None:
    assert redacted("say hunter22, friend", "hunter22") == "say ***, friend"


@pytest.mark.parametrize(
    "form",
    [
        str,
        quote,
        quote_plus,
        ascii,
        lambda secret: quote(secret, safe=""),
        lambda secret: quote(secret, safe=URL_SAFE),
        lambda secret: ascii(f'"{secret}'),
    ],
    ids=["plain", "path", "form", "escaped", "quoted", "redirect", "escaped with its quote"],
)
@pytest.mark.parametrize("secret", [PASSWORD, "a: pässword", "it's / a\\b \n+%"])
def test_a_secret_is_concealed_in_each_form_that_a_text_may_have_it(secret: str, form: Any) -> None:
    text = redacted(f"before {form(secret)} after", secret)

    assert "***" in text
    assert form(secret)[1:-1] not in text


@pytest.mark.parametrize("others", [0, 500])
def test_a_text_that_shows_a_secret_is_told_from_one_that_does_not(others: int) -> None:
    session = session_for(FakeClock())
    session.conceal(*(f"{number:04}-another-secret-{number:04}" for number in range(others)))
    session.conceal(PASSWORD)

    assert session.reveals(f"before {PASSWORD} after")
    assert not session.reveals(f"before {PASSWORD[1:]} after, {PASSWORD[:-1]}")
    assert not session.reveals("nothing of it")


def test_a_secret_that_is_no_unicode_is_concealed() -> None:
    assert redacted("say p\udce4ssword", "p\udce4ssword") == "say ***"


def test_secrets_that_overlap_are_concealed_to_their_ends() -> None:
    secrets = ("abcdefghij", "efghijklmnop", "abcdefgh", "ghijklmn")
    assert redacted("x abcdefghijklmnop y abcdefghij z", *secrets) == "x *** y *** z"


@given(st.integers(0, 90), st.text("abcXYZ09 é'\\\n", min_size=8, max_size=60))
@example(73, "abcdefgh")
@example(72, "abcdefgh")
def test_no_part_of_a_secret_that_was_cut_is_told(before: int, secret: str) -> None:
    text = redacted(f"it says {shown('=' * before + secret + '=' * 90)}: no", secret)

    assert shown(secret)[1:5] not in text


def test_a_cut_text_that_ends_like_no_secret_is_told_as_it_is() -> None:
    text = f"it says {shown('c-o-r-' * 30)} and {shown('z' * 90)}"
    assert redacted(text, PASSWORD) == text


@pytest.mark.parametrize("before", range(40, 80, 3))
def test_what_a_server_says_is_redacted_before_it_is_cut(
    registry: FakeRegistry, before: int
) -> None:
    tokens = TokenServer(registry)
    registry.when("GET", "/tags/list", problem(400, "X", "=" * before + PASSWORD + "=" * 90))

    outcome = pull(tokens.guard, beside=tokens.server, **LOGIN)

    assert " answered 400 X '===" in outcome.error
    assert "corr" not in outcome.error


def test_an_error_code_that_is_a_secret_is_not_told(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry)
    registry.when("GET", "/tags/list", problem(400, "hunter22", ""))

    outcome = pull(tokens.guard, beside=tokens.server, **LOGIN | {"env": {"PASSWORD": "hunter22"}})

    assert outcome.error.endswith(" answered 400 ***")


def test_a_one_letter_token_does_not_star_out_words(registry: FakeRegistry) -> None:
    registry.when("*", "", problem(400, "X", "the tree"))

    outcome = pull(registry, token="${TOKEN}", env={"TOKEN": "e"})

    assert outcome.error.endswith(" answered 400 X 'the tree'")


@pytest.mark.parametrize(
    "login",
    [
        Credentials("alice", PASSWORD),
        Credentials(identity=PASSWORD),
        Credentials(bearer=PASSWORD),
    ],
    ids=["password", "identity token", "bearer token"],
)
def test_a_login_is_concealed_before_it_is_sent(login: Credentials) -> None:
    async def scenario() -> str:
        async with session_for(FakeClock()) as session:
            await Registry(session, Origin.of("https://a.example"), credentials=login).endpoint()
            return session.redacted(f"{PASSWORD} {Credentials('alice', PASSWORD).basic}")

    text = run(scenario())
    assert text.startswith("*** Basic ")
    assert text.endswith("***") == bool(login.username)


def test_a_helpers_secret_is_concealed(
    registry: FakeRegistry, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "docker-credential-test"
    answer = json.dumps({"ServerURL": "x", "Username": "alice", "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\necho '{answer}'\n")
    helper.chmod(0o755)
    (tmp_path / "config.json").write_text('{"credsStore": "test"}')
    registry.when("*", "", problem(400, "X", f"is it {PASSWORD}?"))

    outcome = pull(registry, env={"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tmp_path}:/bin"})

    assert outcome.error.endswith(" answered 400 X 'is it ***?'")


def test_a_token_of_a_token_server_is_concealed(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry, prefix="a-long-token-")

    def guard(call: Call) -> Any:
        if call.authorization:
            return problem(400, "X", f"what is {call.authorization}?")
        return tokens.guard(call)

    outcome = pull(guard, beside=tokens.server)

    assert outcome.error.endswith(" answered 400 X 'what is Bearer ***?'")


def test_an_invalid_tag_that_repeats_a_secret_is_redacted_though_it_is_cut() -> None:
    async def scenario() -> str:
        async with session_for(FakeClock()) as session:
            session.conceal(PASSWORD)
            error = RegistryError(f"app lists not a valid tag: {shown('!' * 70 + PASSWORD)}")
            return session.redacted(str(error))

    assert run(scenario()) == f"app lists not a valid tag: '{'!' * 70}***...'"
