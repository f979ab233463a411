"""READMEs, where the kinds of source have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from generator.sources.base import README_LIMIT
from generator.sources.chainguard import Chainguard
from generator.sources.dockerhub import DockerHub
from generator.sources.harbor import Harbor
from generator.sources.oci import Oci
from generator.sources.quay import Quay
from tests.registry.server import Answer, Call, as_json
from tests.sources import vendors
from tests.sources.asking import Outcome, SpecOf, Vendor, ask, at, digest

TEAM = {"team/a/b": [("1.0", digest(1), at(1))], "team/app": [("1.0", digest(1), at(1))]}
IN_TEAM = "team/{image}"
HARBOR = {name: [("1.0", digest(1), at(1))] for name in TEAM}
KINDS: dict[str, tuple[Callable[[], Vendor], SpecOf, str, str]] = {
    "chainguard": (
        lambda: vendors.Console(repositories={"app": [("1.0", digest(1), at(1))]}),
        lambda url: Chainguard(api=url, group=vendors.GROUP, token="${T}"),
        f"/registry/v2/repos/{vendors.GROUP}/{0:016x}/readme",
        "content",
    ),
    "dockerhub": (
        lambda: vendors.Hub(repositories=dict(TEAM)),
        lambda url: DockerHub(api=url, registry=url, repository=IN_TEAM),
        "/v2/namespaces/team/repositories/app",
        "full_description",
    ),
    "harbor": (
        lambda: vendors.Harbor(repositories=dict(HARBOR)),
        lambda url: Harbor(registry=url, repository=IN_TEAM),
        "/api/v2.0/projects/team/repositories/app",
        "description",
    ),
    "quay": (
        lambda: vendors.Quay(repositories=dict(TEAM)),
        lambda url: Quay(registry=url, repository=IN_TEAM),
        "/api/v1/repository/team/app",
        "description",
    ),
}


def pull(kind: str, answer: Answer) -> Outcome:
    """Ask for the README of `app`, where the API says `answer`."""
    make, spec_of, path, _ = KINDS[kind]
    vendor = make()
    vendor.rules.append(lambda call: answer if call.path == path else None)
    return ask(spec_of, vendor, "app", readmes=True, env={"T": "console-token"})


@pytest.mark.parametrize("kind", KINDS)
def test_the_api_of_a_kind_has_the_readme(kind: str) -> None:
    outcome = pull(kind, as_json({KINDS[kind][3]: "\n# App\n\nIt runs.\n"}))

    assert outcome.readmes == {"app": "# App\n\nIt runs."}
    assert outcome.tags() == ["1.0"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [{}, "empty"], ids=["left out", "empty"])
def test_an_image_without_a_readme_has_an_empty_one(kind: str, body: Any) -> None:
    outcome = pull(kind, as_json(body or {}) if body == {} else as_json({KINDS[kind][3]: ""}))

    assert outcome.readmes == {"app": ""}


@pytest.mark.parametrize("kind", KINDS)
def test_an_api_that_fails_is_an_error_and_no_empty_readme(kind: str) -> None:
    outcome = pull(kind, as_json({"message": "no"}, 403))

    assert "403" in outcome.error
    assert not outcome.readmes


@pytest.mark.parametrize("kind", KINDS)
def test_a_readme_beyond_the_limit_is_an_error(kind: str) -> None:
    outcome = pull(kind, as_json({KINDS[kind][3]: "é" * (README_LIMIT // 2) + "!"}))

    assert outcome.error == "the README has 1,048,577 bytes, and the limit is 1,048,576"


def test_the_console_may_say_that_a_readme_is_not_found() -> None:
    assert pull("chainguard", as_json({"code": 5}, 404)).readmes == {"app": ""}


def test_a_registry_as_such_has_no_readmes() -> None:
    def nothing(_: Call) -> Answer:
        return as_json({"tags": []})

    spec: SpecOf = lambda url: Oci(registry=url)  # noqa: E731 - one line
    assert ask(spec, nothing, "app", readmes=True).readmes == {"app": None}
