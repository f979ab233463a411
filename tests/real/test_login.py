"""Registries that want a login: tokens with a key made here, and htpasswd."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.errors import TagpagesError
from tests.real.client import pull
from tests.real.distribution import Distribution
from tests.real.pusher import Pusher, pusher
from tests.real.shelf import versions
from tests.real.token_server import ISSUER, SERVICE, TokenServer

USER, PASSWORD = "reader", "a: pässword"
# What `htpasswd -nbB reader 'a: pässword'` prints.
HTPASSWD = "@@HASH@@"

BY_NAME = {"username": USER, "password": "${REGISTRY_PASSWORD}"}


def basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def docker_config(folder: Path, address: str, password: str = PASSWORD) -> dict[str, str]:
    """The environment of somebody who has logged in with `docker login`."""
    auths = {"elsewhere.example": {"auth": basic("other", "other")}}
    auths[address] = {"auth": basic(USER, password)}
    (folder / "config.json").write_text(json.dumps({"auths": auths}))
    return {"DOCKER_CONFIG": str(folder)}


@dataclass(frozen=True)
class Locked:
    """A registry that wants a login; `pushed` has its digests, by repository and tag."""

    address: str
    pushed: dict[str, dict[str, str]]

    def has(self, image: str) -> dict[str, str]:
        return self.pushed[f"team/{image}"]


def fill(push: Pusher) -> None:
    for name in ("app", "tool"):
        versions(push, f"team/{name}", 4, 2)


@pytest.fixture
def token_server() -> Iterator[TokenServer]:
    with TokenServer({USER: PASSWORD}).running() as server:
        yield server


@pytest.fixture
def token_registry(
    docker_registry: type[Distribution], token_server: TokenServer, tmp_path: Path
) -> Iterator[Locked]:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(token_server.signer.bundle)
    token = {
        "realm": token_server.realm,
        "service": SERVICE,
        "issuer": ISSUER,
        "rootcertbundle": str(bundle),
    }
    own = token_server.signer.token(
        *(("repository", f"team/{name}", action) for name in ("app", "tool") for action in ("pull", "push"))
    )
    with docker_registry(tmp_path, {"token": token}) as registry:
        with pusher(registry.address, f"Bearer {own}") as push:
            fill(push)
        yield Locked(registry.address, push.pushed)


@pytest.fixture
def htpasswd_registry(
    docker_registry: type[Distribution], tmp_path: Path
) -> Iterator[Locked]:
    file = tmp_path / "htpasswd"
    file.write_text(f"{HTPASSWD}\n")
    auth = {"htpasswd": {"realm": "the registry", "path": str(file)}}
    with docker_registry(tmp_path, auth) as registry:
        with pusher(registry.address, f"Basic {basic(USER, PASSWORD)}") as push:
            fill(push)
        yield Locked(registry.address, push.pushed)


def test_each_scope_costs_one_token_with_the_login_of_dockers_configuration(
    token_registry: Locked, token_server: TokenServer, tmp_path: Path
) -> None:
    answers = pull(token_registry.address, env=docker_config(tmp_path, token_registry.address))

    found = {name: {tag.name: tag.digest for tag in (tags or {}).values()} for name, tags in answers.items()}
    assert found == {"app": token_registry.has("app"), "tool": token_registry.has("tool")}
    assert token_server.asked == [
        (USER, SERVICE, "registry:catalog:*"),
        (USER, SERVICE, "repository:team/app:pull"),
        (USER, SERVICE, "repository:team/tool:pull"),
    ]


@pytest.mark.parametrize("kind", ["token_registry", "htpasswd_registry"])
def test_the_catalog_may_name_the_variables_that_hold_the_login(
    kind: str, request: pytest.FixtureRequest
) -> None:
    registry: Locked = request.getfixturevalue(kind)

    answers = pull(registry.address, "app", env={"REGISTRY_PASSWORD": PASSWORD}, **BY_NAME)

    assert {tag.name: tag.digest for tag in (answers["app"] or {}).values()} == registry.has("app")
