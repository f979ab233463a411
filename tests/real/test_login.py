"""Registries that want a login: tokens with a key made here, and htpasswd."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.errors import TagpagesError
from generator.sources.oci import Oci
from tests.collecting import leave_alone, seen_of
from tests.real.client import Answers, pull
from tests.real.distribution import Distribution
from tests.real.locked import HTPASSWD, PASSWORD, USER, basic
from tests.real.pusher import pusher
from tests.real.shelf import versions
from tests.real.token_server import SERVICE, TokenServer

KINDS = pytest.mark.parametrize("kind", ["token", "htpasswd"])


def docker_login(folder: Path, address: str, password: str = PASSWORD) -> dict[str, str]:
    """The environment of somebody whom `docker login` has logged in."""
    logins = {"elsewhere.example": basic("other", "other"), address: basic(USER, password)}
    auths = {host: {"auth": login} for host, login in logins.items()}
    (folder / "config.json").write_text(json.dumps({"auths": auths}))
    return {"DOCKER_CONFIG": str(folder)}


def digests(answers: Answers) -> dict[str, dict[str, str]]:
    """The answers as the pusher puts it."""
    return {
        f"team/{name}": {tag.name: tag.digest for tag in (tags or {}).values()}
        for name, tags in answers.items()
    }


@dataclass(frozen=True)
class Locked:
    """A registry that wants a login; `pushed` has its digests, by repository and tag."""

    address: str
    pushed: dict[str, dict[str, str]]


@pytest.fixture
def token_server() -> Iterator[TokenServer]:
    with TokenServer({USER: PASSWORD}).running() as server:
        yield server


@pytest.fixture
def kind() -> str:
    return "token"


@pytest.fixture
def locked(
    kind: str, docker_registry: type[Distribution], token_server: TokenServer, disk: Path
) -> Iterator[Locked]:
    """A registry with two images; `kind` says how it is locked."""
    if kind == "token":
        auth = token_server.configuration(disk)
        images = [("repository", f"team/{name}") for name in ("app", "tool")]
        access = [(*image, action) for image in images for action in ("pull", "push")]
        authorization = f"Bearer {token_server.signer.token(*access)}"
    else:
        file = disk / "htpasswd"
        file.write_text(f"{HTPASSWD}\n")
        auth = {"htpasswd": {"realm": "the registry", "path": str(file)}}
        authorization = f"Basic {basic(USER, PASSWORD)}"
    with docker_registry(disk, auth) as registry:
        with pusher(registry.address, authorization) as push:
            versions(push, "team/app", 4, 2)
            versions(push, "team/tool", 2, 1)
        yield Locked(registry.address, push.pushed)


@KINDS
def test_the_login_of_dockers_configuration_opens_the_registry(
    kind: str, locked: Locked, tmp_path: Path
) -> None:
    answers = pull(locked.address, env=docker_login(tmp_path, locked.address))

    assert digests(answers) == locked.pushed


@KINDS
def test_a_login_in_the_variables_that_the_catalog_names_opens_the_registry(
    kind: str, locked: Locked
) -> None:
    login = {"username": "${WHO}", "password": "${SECRET}"}

    answers = pull(locked.address, env={"WHO": USER, "SECRET": PASSWORD}, **login)

    assert digests(answers) == locked.pushed


def test_each_scope_costs_one_token(
    locked: Locked, token_server: TokenServer, tmp_path: Path
) -> None:
    pull(locked.address, env=docker_login(tmp_path, locked.address))

    assert token_server.asked == [
        (USER, SERVICE, "registry:catalog:*"),
        (USER, SERVICE, "repository:team/app:pull"),
        (USER, SERVICE, "repository:team/tool:pull"),
    ]


@KINDS
def test_the_error_of_a_wrong_login_names_the_registry_and_no_secret(
    kind: str, locked: Locked, tmp_path: Path
) -> None:
    env = docker_login(tmp_path, locked.address, "a wrong guess")

    with pytest.raises(TagpagesError) as failure:
        pull(locked.address, "app", env=env)

    text = str(failure.value)
    assert locked.address in text
    assert "answered 401" in text
    assert "config.json names is not taken: is it right, and still valid?" in text
    assert "a wrong guess" not in text
    assert basic(USER, "a wrong guess") not in text


def test_a_wrong_login_is_sent_once_for_all_images_and_fails_the_source(
    locked: Locked, token_server: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_alone(monkeypatch, tmp_path)
    monkeypatch.setenv("SECRET", "a wrong guess")
    source = Oci(
        registry=locked.address,
        repository="team/{image}",
        username=USER,
        password="${SECRET}",
    )

    seen = seen_of(source, include=("app", "tool", "third"))

    assert seen.failure is not None
    assert "answered 401" in seen.failure.reason
    assert (seen.images, seen.failed) == ({}, {})
    assert len(token_server.asked) == 1


@KINDS
def test_the_error_of_a_missing_login_says_what_to_do(kind: str, locked: Locked) -> None:
    with pytest.raises(TagpagesError) as failure:
        pull(locked.address, "app")

    assert str(failure.value) == (
        f"http://{locked.address}/v2/team/app/tags/list answered 401 UNAUTHORIZED "
        "'authentication required': log in to it (`docker login`), or name credentials in the "
        "catalog"
    )
