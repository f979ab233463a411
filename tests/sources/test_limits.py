"""A listing without an end is given up at the limit, while it is listed, whatever the kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from generator.registry import Limits
from generator.sources.acr import Acr
from generator.sources.base import SourceSpec
from generator.sources.chainguard import Chainguard
from generator.sources.dockerhub import DockerHub
from generator.sources.ecr import Ecr
from generator.sources.ghcr import Ghcr
from generator.sources.gitlab import Gitlab
from generator.sources.google import Google
from generator.sources.harbor import Harbor
from generator.sources.oci import Oci
from generator.sources.quay import Quay
from generator.sources.zot import Zot
from tests.registry.server import Answer, Call, as_json
from tests.sources import vendors
from tests.sources.asking import Outcome, ask, at, digest, table
from tests.sources.clouds import ACCOUNT, AWS_ENV
from tests.sources.vendors import GROUP, Console

ENV = {"TOKEN": "hunter2"} | AWS_ENV
TIME = "2026-07-01T00:00:00Z"
LIMITS = Limits(tags=250, pages=50)

SPECS: dict[str, Callable[[str], SourceSpec]] = {
    "acr": lambda url: Acr(registry=url, repository="team/{image}"),
    "chainguard": lambda url: Chainguard(api=url, group=GROUP, token="${TOKEN}"),
    "dockerhub": lambda url: DockerHub(api=url, registry=url, repository="team/{image}"),
    "ecr": lambda url: Ecr(
        registry=f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com", api=url, repository="team/{image}"
    ),
    "ecr-public": lambda url: Ecr(registry="public.ecr.aws", api=url, repository="team/{image}"),
    "ghcr": lambda url: Ghcr(api=url, repository="team/{image}", token="${TOKEN}"),
    "gitlab": lambda url: Gitlab(registry=url, api=url, repository="team/{image}"),
    "google": lambda url: Google(registry=url, repository="team/{image}"),
    "harbor": lambda url: Harbor(registry=url, repository="team/{image}"),
    "oci": lambda url: Oci(registry=url, repository="team/{image}"),
    "quay": lambda url: Quay(registry=url, repository="team/{image}"),
    "zot": lambda url: Zot(registry=url, repository="team/{image}"),
}


def endless(kind: str, *, named: str = "") -> Callable[[Call], Answer]:
    """A server with a hundred more tags, or repositories, on every page, and always a next one.

    `named` is what all of them are called.
    """
    numbers = iter(range(1_000_000))

    def answer(call: Call) -> Answer:
        if call.path == "/users/team":
            return as_json({"type": "Organization"})
        page = next(numbers)
        names = [named or f"n{page}-{number}" for number in range(100)]
        return _PAGES[kind](call, page + 1, names)

    return answer


def linked(call: Call, page: int, body: object) -> Answer:
    return as_json(body, Link=f'<{call.path}?page={page}>; rel="next"')


def hub(call: Call, page: int, names: list[str]) -> Answer:
    rows = [{"name": name, "digest": digest(1), "last_updated": TIME} for name in names]
    url = f"http://{call.headers['host']}{call.path}?page={page}"
    return as_json({"count": 10**9, "next": url, "results": rows})


def quay(call: Call, page: int, names: list[str]) -> Answer:
    if call.path.endswith("/tag/"):
        rows = [{"name": name, "manifest_digest": digest(1), "start_ts": 1} for name in names]
        return as_json({"tags": rows, "has_additional": True})
    repositories = [{"namespace": "team", "name": name} for name in names]
    return as_json({"repositories": repositories, "next_page": str(page)})


def ghcr(call: Call, page: int, names: list[str]) -> Answer:
    """All tags of a page are those of one version."""
    container = {"container": {"tags": names}}
    row: dict[str, object] = {"name": digest(page), "created_at": TIME, "metadata": container}
    if call.path.endswith("/packages"):
        return linked(call, page, [{"name": name} for name in names])
    return linked(call, page, [row])


def harbor(call: Call, page: int, names: list[str]) -> Answer:
    """All tags of a page are those of one artifact."""
    if call.path.endswith("/repositories"):
        return linked(call, page, [{"name": f"team/{name}"} for name in names])
    tags = [{"name": name, "push_time": TIME} for name in names]
    return linked(call, page, [{"digest": digest(page), "tags": tags}])


def google(call: Call, page: int, names: list[str]) -> Answer:
    """All tags of a page are those of one manifest."""
    if call.path == "/v2/team/tags/list":
        return linked(call, page, {"child": names})
    manifest = {digest(page): {"tag": names, "timeUploadedMs": "1782864000000"}}
    return linked(call, page, {"manifest": manifest})


def console(call: Call, page: int, names: list[str]) -> Answer:
    key = call.path.rpartition("/")[2]
    rows = [
        {"uid": f"{GROUP}/{name}", "name": name, "digest": digest(1), "updateTime": TIME}
        for name in names
    ]
    return as_json({key: rows, "nextPageToken": str(page)})


def oci(call: Call, page: int, names: list[str]) -> Answer:
    key = "repositories" if call.path == "/v2/_catalog" else "tags"
    return linked(
        call, page, {key: [f"team/{name}" if key == "repositories" else name for name in names]}
    )


def acr(call: Call, page: int, names: list[str]) -> Answer:
    if call.path == "/v2/_catalog":
        return oci(call, page, names)
    rows = [{"name": name, "digest": digest(1), "lastUpdateTime": TIME} for name in names]
    return linked(call, page, {"tags": rows})


def ecr(call: Call, page: int, names: list[str]) -> Answer:
    """All tags of a page are those of one image."""
    if call.headers["x-amz-target"].endswith(".DescribeRepositories"):
        repositories = [{"repositoryName": f"team/{name}"} for name in names]
        return as_json({"repositories": repositories, "nextToken": str(page)})
    row = {"imageDigest": digest(page), "imageTags": names, "imagePushedAt": 1782864000.0}
    return as_json({"imageDetails": [row], "nextToken": str(page)})


def ecr_public(call: Call, page: int, names: list[str]) -> Answer:
    match call.headers["x-amz-target"].partition(".")[2]:
        case "DescribeRegistries":
            return as_json({"registries": [{"aliases": [{"name": "team"}]}]})
        case "DescribeRepositories":
            rows = [{"repositoryName": name} for name in names]
            return as_json({"repositories": rows, "nextToken": str(page)})
    detail = {"imageDigest": digest(1), "imagePushedAt": 1782864000.0}
    tags = [{"imageTag": name, "imageDetail": detail} for name in names]
    return as_json({"imageTagDetails": tags, "nextToken": str(page)})


def gitlab(call: Call, page: int, names: list[str]) -> Answer:
    if call.path.startswith("/v2/"):
        return oci(call, page, names)
    return linked(call, page, [{"path": f"team/{name}"} for name in names])


_PAGES = {
    "acr": acr,
    "chainguard": console,
    "dockerhub": hub,
    "ecr": ecr,
    "ecr-public": ecr_public,
    "ghcr": ghcr,
    "gitlab": gitlab,
    "google": google,
    "harbor": harbor,
    "oci": oci,
    "quay": quay,
    "zot": oci,
}


def pull(kind: str, handler: Callable[[Call], Answer], *images: str, **changes: Any) -> Outcome:
    return ask(SPECS[kind], handler, *images, env=ENV, limits=LIMITS, **changes)


def too_long(outcome: Outcome) -> str:
    return f"{outcome.server.address} lists more than 250 entries, which is the limit"


@pytest.mark.parametrize("kind", [kind for kind in SPECS if kind != "chainguard"])
def test_tags_without_an_end_are_given_up_at_the_limit(kind: str) -> None:
    outcome = pull(kind, endless(kind), "app")

    assert outcome.error == too_long(outcome)
    assert len(outcome.server.calls) <= 4


@pytest.mark.parametrize("what", ["tags", "manifest"])
def test_tags_and_digests_that_google_lists_without_each_other_count_too(what: str) -> None:
    numbers = iter(range(1_000_000))

    def answer(call: Call) -> Answer:
        page = next(numbers)
        names = [digest(page * 100 + number) for number in range(100)]
        listed: object = names if what == "tags" else {name: {} for name in names}
        return linked(call, page + 1, {what: listed})

    outcome = pull("google", answer, "app")

    assert outcome.error == too_long(outcome)


@pytest.mark.parametrize("kind", SPECS)
def test_repositories_without_an_end_are_given_up_at_the_limit(kind: str) -> None:
    outcome = pull(kind, endless(kind))

    assert outcome.error == too_long(outcome)
    assert len(outcome.server.calls) <= 4


@pytest.mark.parametrize("kind", [kind for kind in SPECS if kind != "chainguard"])
def test_a_tag_that_is_longer_than_any_is_refused_with_its_page(kind: str) -> None:
    outcome = pull(kind, endless(kind, named="x" * 256), "app")

    assert "is not a text of length <= 255" in outcome.error


@pytest.mark.parametrize("kind", SPECS)
def test_a_repository_whose_name_is_longer_than_any_is_refused_with_its_page(kind: str) -> None:
    outcome = pull(kind, endless(kind, named="x" * 256))

    assert "is not a text of length <= 255" in outcome.error


def test_as_many_tags_as_the_limit_allows_are_listed() -> None:
    entries = [(f"1.{number}", digest(1), at(1)) for number in range(250)]

    assert (
        len(pull("dockerhub", vendors.Hub(repositories={"team/app": entries}), "app").tags()) == 250
    )


def test_what_has_no_tag_does_not_count() -> None:
    versions = [("", digest(number), at(2)) for number in range(300)]
    github = vendors.Github(
        packages={"app": [*versions, ("1.0", digest(1), at(1))]}, token="hunter2"
    )

    assert ask(
        lambda url: Ghcr(api=url, repository="acme/{image}", token="${TOKEN}"),
        github,
        "app",
        env=ENV,
        limits=LIMITS,
    ).tags() == ["1.0"]


def test_a_group_with_more_tags_than_one_listing_may_have_is_asked_image_by_image() -> None:
    entries = [(f"1.{number}", digest(1), at(1)) for number in range(200)]
    fake = Console(repositories={"app": entries, "web": entries}, token="hunter2")

    outcome = pull("chainguard", fake)

    assert (len(outcome.tags("app")), len(outcome.tags("web"))) == (200, 200)
    asked = [call.query for call in outcome.server.asked("GET", "/tags")]
    assert [query["uidp.children_of"] for query in asked if "uidp.children_of" in query] == [
        [f"{GROUP}/{0:016x}"],
        [f"{GROUP}/{1:016x}"],
    ]


def test_a_quick_pass_over_more_changes_than_one_listing_may_have_is_none() -> None:
    entries = [(f"1.{number}", digest(1), at(29)) for number in range(200)]
    fake = Console(repositories={"app": entries, "web": entries}, token="hunter2")
    known = {"app": table((9, at(28), "gone")), "web": table((9, at(28), "gone"))}

    outcome = ask(
        lambda url: Chainguard(api=url, group=GROUP, token="${TOKEN}", full_every=31),
        fake,
        env=ENV,
        limits=LIMITS,
        known=known,
    )

    assert "updated_since" in outcome.server.asked("GET", "/tags")[0].query
    assert "gone" not in outcome.tags("app")
    assert len(outcome.tags("web")) == 200


def test_an_image_with_more_tags_than_the_limit_is_an_error_in_the_console_too() -> None:
    entries = [(f"1.{number}", digest(1), at(1)) for number in range(251)]
    fake = Console(repositories={"app": entries, "web": entries[:1]}, token="hunter2")

    outcome = pull("chainguard", fake)

    assert outcome.errors == {"app": too_long(outcome)}
    assert outcome.images["web"] is not None
