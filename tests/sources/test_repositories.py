"""What each kind asks the registry behind it, and with which login."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from generator.facts import Location, look
from generator.facts.base import CouldNotLook, Facts, Found
from generator.facts.image import IMAGE
from generator.sources.acr import Acr
from generator.sources.base import SourceSpec
from generator.sources.chainguard import Chainguard
from generator.sources.chainguard_history import ChainguardHistory
from generator.sources.dockerhub import DockerHub
from generator.sources.ghcr import Ghcr
from generator.sources.gitlab import Gitlab
from generator.sources.google import Google
from generator.sources.harbor import Harbor
from generator.sources.oci import Oci
from generator.sources.quay import Quay
from generator.sources.zot import Zot
from tests.facts.asking import image
from tests.registry.fake import FakeClock, FakeRegistry, asked, run, session_for
from tests.registry.server import Answer, Call, Server, problem

SECRET = "hunter2"
LOGIN: dict[str, Any] = {"username": "alice", "password": "${SECRET}"}
TOKEN: dict[str, Any] = {"token": "${SECRET}"}
SpecOf = Callable[[str], SourceSpec]


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{SECRET}".encode()).decode()


def closed(registry: FakeRegistry, *, open_to_all: bool) -> Callable[[Call], Answer]:
    """The registry, which wants to know who asks, unless it is open to all."""

    def answer(call: Call) -> Answer:
        if call.authorization or open_to_all:
            return registry(call)
        return problem(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="x"')

    return answer


def asking(
    spec_of: SpecOf, *, open_to_all: bool = False, env: Mapping[str, str] | None = None, **ask: Any
) -> tuple[Facts, Server]:
    """The facts of an image of the registry at that URL, and its server."""
    registry = FakeRegistry()
    digest = image(registry)

    async def scenario() -> tuple[Facts, Server]:
        session = session_for(FakeClock(), {"SECRET": SECRET} | dict(env or {}))
        server = Server(closed(registry, open_to_all=open_to_all))
        async with server.running(), asked(session, **ask) as opened:
            return await look(Location(spec_of(server.url).open(opened), "app"), digest), server

    return run(scenario())


CLOSED: dict[str, tuple[SpecOf, str, str]] = {
    "oci": (
        lambda url: Oci(registry=url, repository="a/{image}", **TOKEN),
        "a/app",
        "Bearer hunter2",
    ),
    "acr": (
        lambda url: Acr(registry=url, repository="team/{image}", **LOGIN),
        "team/app",
        basic("alice"),
    ),
    "gitlab": (
        lambda url: Gitlab(registry=url, api=url, repository="acme/images/{image}", **TOKEN),
        "acme/images/app",
        basic("token"),
    ),
    "zot": (
        lambda url: Zot(registry=url, repository="team/{image}", **LOGIN),
        "team/app",
        basic("alice"),
    ),
    "dockerhub": (
        lambda url: DockerHub(api=url, registry=url, repository="acme/{image}", **LOGIN),
        "acme/app",
        basic("alice"),
    ),
    "dockerhub, an official image": (
        lambda url: DockerHub(api=url, registry=url, **LOGIN),
        "library/app",
        basic("alice"),
    ),
    "ghcr": (
        lambda url: Ghcr(api=url, registry=url, repository="acme/{image}", **TOKEN),
        "acme/app",
        basic("token"),
    ),
    "ghcr, a user": (
        lambda url: Ghcr(api=url, registry=url, repository="acme/{image}", **LOGIN),
        "acme/app",
        basic("alice"),
    ),
    "google": (
        lambda url: Google(registry=url, repository="p/r/{image}", **LOGIN),
        "p/r/app",
        basic("alice"),
    ),
    "harbor": (
        lambda url: Harbor(registry=url, repository="team/{image}", **LOGIN),
        "team/app",
        basic("alice"),
    ),
    "quay": (
        lambda url: Quay(registry=url, repository="acme/{image}", **TOKEN),
        "acme/app",
        basic("$oauthtoken"),
    ),
    "chainguard-history": (
        lambda url: ChainguardHistory(registry=url, repository="acme/{image}", **LOGIN),
        "acme/app",
        basic("alice"),
    ),
}


@pytest.mark.parametrize("kind", CLOSED)
def test_a_kind_knows_the_registry_behind_it_and_what_to_say_there(kind: str) -> None:
    spec_of, repository, authorization = CLOSED[kind]

    facts, server = asking(spec_of)

    assert isinstance(IMAGE.of(facts), Found)
    assert all(call.path.startswith(f"/v2/{repository}/") for call in server.calls)
    assert {call.authorization for call in server.calls} - {""} == {authorization}


CONSOLE: dict[str, Any] = {"group": "0123", "organization": "acme.com", **TOKEN}


@pytest.mark.parametrize(
    "spec_of",
    [
        lambda url: Chainguard(api=url, registry=url, **CONSOLE),
        lambda url: DockerHub(api=url, registry=url, repository="acme.com/{image}", **TOKEN),
    ],
)
def test_a_token_that_is_for_the_api_alone_is_kept_from_the_registry(spec_of: SpecOf) -> None:
    facts, server = asking(spec_of, open_to_all=True)

    assert isinstance(IMAGE.of(facts), Found)
    assert server.calls
    assert {(call.authorization, call.path.split("/")[2]) for call in server.calls} == {
        ("", "acme.com")
    }


def test_docker_s_login_counts_where_the_api_s_token_does_not(tmp_path: Path) -> None:
    auth = basic("robot").removeprefix("Basic ")

    def spec_of(url: str) -> Chainguard:
        auths = {url.removeprefix("http://"): {"auth": auth}}
        (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
        return Chainguard(registry=url, **CONSOLE)

    facts, server = asking(spec_of, env={"DOCKER_CONFIG": str(tmp_path)})

    assert isinstance(IMAGE.of(facts), Found)
    assert server.calls[-1].authorization == basic("robot")


@pytest.mark.parametrize(
    "spec_of",
    [
        lambda url: Chainguard(api=url, registry=url, **(CONSOLE | {"organization": ""})),
        lambda url: Ghcr(api=f"{url}/api/v3", repository="acme/{image}", **TOKEN),
    ],
    ids=["a console without the organisation's name", "an enterprise server without its registry"],
)
def test_a_registry_that_is_not_known_is_not_guessed(spec_of: SpecOf) -> None:
    facts, server = asking(spec_of)

    assert facts == {}
    assert server.calls == []


def test_an_image_that_lies_elsewhere_is_asked_for_there() -> None:
    facts, server = asking(
        lambda url: Harbor(registry=url, repository="team/{image}", **LOGIN),
        repositories={"app": "other/tool"},
    )

    assert isinstance(IMAGE.of(facts), Found)
    assert all(call.path.startswith("/v2/other/tool/") for call in server.calls)


def test_a_secret_that_is_not_set_is_a_reason() -> None:
    facts, server = asking(lambda url: Quay(registry=url, token="${NOBODY}"))

    assert facts["image"] == CouldNotLook(
        "the catalog names the environment variable NOBODY, which is not set"
    )
    assert server.calls == []
