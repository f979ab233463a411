"""What a vendor's API says and what becomes part of a request: it goes where it was meant to go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from generator.model import shown
from generator.sources.acr import Acr
from generator.sources.base import SourceSpec
from generator.sources.chainguard import Chainguard
from generator.sources.dockerhub import DockerHub
from generator.sources.ecr import Ecr
from generator.sources.ghcr import Ghcr
from generator.sources.gitlab import Gitlab
from generator.sources.google import Google
from generator.sources.harbor import Harbor
from generator.sources.quay import Quay
from generator.sources.zot import Zot
from tests.registry.server import Answer, Call, as_json
from tests.sources import clouds, vendors
from tests.sources.asking import Vendor, ask, at, digest
from tests.sources.clouds import ACCOUNT, AWS_ENV

ENV = {"TOKEN": "hunter2"} | AWS_ENV
NAME = "../../../secret?x="
ONE = [("1", digest(1), at(1))]


def hub(url: str) -> DockerHub:
    return DockerHub(api=url, registry=url, repository="team/{image}")


def quay(url: str) -> Quay:
    return Quay(registry=url, repository="team/{image}", token="${TOKEN}")


def console(url: str) -> Chainguard:
    return Chainguard(api=url, group=vendors.GROUP, token="${TOKEN}")


@pytest.mark.parametrize("tag", [NAME, "1/../../secret", "a b", "", "x" * 129])
def test_a_tag_without_a_digest_is_not_asked_for_if_it_is_none(tag: str) -> None:
    outcome = ask(hub, vendors.Hub(repositories={"team/app": [(tag, "", at(1))]}), "app")

    assert outcome.error.endswith(
        f"/team/app {shown(tag)} is neither a tag nor a digest: not asked for"
    )
    assert [call.path for call in outcome.server.calls] == [
        "/v2/namespaces/team/repositories/app/tags"
    ]


def test_quays_cursor_is_a_cursor_whatever_it_says() -> None:
    cursor = "x&namespace=other&public=false#/%26y"
    fake = vendors.Quay(private="hunter2")

    def repositories(call: Call) -> Answer | None:
        page: dict[str, object] = {"repositories": []}
        return as_json(page if "next_page" in call.query else page | {"next_page": cursor})

    fake.rules.append(repositories)

    outcome = ask(quay, fake, env=ENV)

    assert outcome.error == ""
    assert outcome.server.calls[-1].query == {
        "namespace": ["team"],
        "public": ["true"],
        "last_modified": ["true"],
        "next_page": [cursor],
    }


def test_a_uid_of_the_console_is_one_whatever_it_says() -> None:
    uid = f"{vendors.GROUP}/1&include_epochs=true&uidp.descendants_of=2"
    fake = vendors.Console(token="hunter2")

    def said(call: Call) -> Answer:
        if call.path.endswith("/repos"):
            return as_json({"repos": [{"uid": uid, "name": "app"}]})
        return as_json({"tags": []})

    fake.rules.append(said)

    outcome = ask(console, fake, "app", env=ENV)

    assert outcome.rows() == []
    assert outcome.server.calls[-1].query == {"uidp.children_of": [uid], "page_size": ["200"]}


def test_a_page_with_a_number_beyond_counting_is_an_error() -> None:
    fake = vendors.Quay()
    path = f"/api/v1/repository/team/app/tag/?page={'9' * 5000}"

    def moved(call: Call) -> Answer:
        if call.target == path:
            return as_json({"tags": [], "has_additional": True})
        return Answer(307, headers=(("Location", path),))

    fake.rules.append(moved)

    assert "its paging is broken" in ask(quay, fake, "app", env=ENV).error


LISTS: dict[str, tuple[Vendor, Callable[[str], SourceSpec], str, Any]] = {
    "acr": (
        clouds.Acr(),
        lambda url: Acr(registry=url, repository="team/{image}"),
        "/_catalog",
        {"repositories": [f"team/{NAME}"]},
    ),
    "chainguard": (
        vendors.Console(token="hunter2"),
        console,
        "/repos",
        {"repos": [{"uid": f"{vendors.GROUP}/1", "name": NAME}]},
    ),
    "dockerhub": (
        vendors.Hub(),
        hub,
        "/repositories",
        {"results": [{"name": NAME}], "next": None},
    ),
    "ecr": (
        clouds.Ecr(),
        lambda url: Ecr(
            registry=f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com",
            api=url,
            repository="team/{image}",
        ),
        "/",
        {"repositories": [{"repositoryName": f"team/{NAME}"}]},
    ),
    "ghcr": (
        vendors.Github(token="hunter2"),
        lambda url: Ghcr(api=url, repository="acme/{image}", token="${TOKEN}"),
        "/packages",
        [{"name": NAME}],
    ),
    "gitlab": (
        clouds.Gitlab(token=""),
        lambda url: Gitlab(registry=url, api=url, repository="team/{image}"),
        "/repositories",
        [{"path": f"team/{NAME}"}],
    ),
    "google": (
        vendors.Google(),
        lambda url: Google(registry=url, repository="p/r/{image}"),
        "/tags/list",
        {"child": [NAME]},
    ),
    "harbor": (
        vendors.Harbor(),
        lambda url: Harbor(registry=url, repository="team/{image}"),
        "/repositories",
        [{"name": f"team/{NAME}"}],
    ),
    "quay": (
        vendors.Quay(private="hunter2"),
        quay,
        "/repository",
        {"repositories": [{"namespace": "team", "name": NAME}]},
    ),
    "zot": (
        clouds.Zot(),
        lambda url: Zot(registry=url, repository="team/{image}"),
        "/_catalog",
        {"repositories": [f"team/{NAME}"]},
    ),
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_repository_whose_name_is_none_is_listed_and_not_asked_for(kind: str) -> None:
    fake, spec, path, body = LISTS[kind]
    fake.rules[:] = [lambda call: as_json(body) if call.path.endswith(path) else None]

    outcome = ask(spec, fake, env=ENV)

    assert outcome.errors == {NAME: f"not a valid image name: '{_prefix(kind)}{NAME}'"}
    assert [call.target for call in outcome.server.calls if "secret" in call.target] == []


def _prefix(kind: str) -> str:
    return {"chainguard": "", "ghcr": "acme/", "google": "p/r/"}.get(kind, "team/")
