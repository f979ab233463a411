"""GitLab's API, which finds images, and the registry beside it."""

from __future__ import annotations

from typing import Any

import pytest

from generator.sources.gitlab import Gitlab
from tests.registry.fake import FakeRegistry, describe
from tests.registry.server import Call, as_json
from tests.sources import clouds
from tests.sources.asking import Outcome, ask, at

ENV = {"GITLAB_TOKEN": "glpat-of-the-test"}


def pull(gitlab: clouds.Gitlab, *images: str, **changes: Any) -> Outcome:
    keys: dict[str, Any] = {"repository": "acme/images/{image}", "token": "${GITLAB_TOKEN}"}
    keys |= changes.pop("keys", {})
    changes.setdefault("env", ENV)
    return ask(
        lambda url: Gitlab(registry=url, api=f"{url}/api/v4", **keys), gitlab, *images, **changes
    )


def registry(*repositories: str) -> tuple[FakeRegistry, str]:
    """A registry with an image in each of the repositories, and its digest."""
    fake = FakeRegistry()
    sha = fake.image("2026-07-05T00:00:00Z")
    for repository in repositories:
        fake.tag(repository, "1.0", sha)
    return fake, sha


def api_calls(outcome: Outcome) -> list[Call]:
    return [call for call in outcome.server.calls if call.path.startswith("/api/")]


def test_the_images_of_a_project_are_found_and_asked_for_in_the_registry() -> None:
    fake, sha = registry("acme/images/api", "acme/images/deep/web")
    paths = ["acme/images", "acme/images/api", "acme/images/deep/web"]

    outcome = pull(clouds.Gitlab(projects={"acme/images": paths}, registry=fake))

    assert outcome.names == ["api", "deep/web"]
    assert outcome.rows("deep/web") == [("1.0", sha, at(5))]
    assert [call.target for call in api_calls(outcome)] == [
        "/api/v4/projects/acme%2Fimages/registry/repositories?per_page=100"
    ]


def test_the_images_of_a_group_are_found_over_all_its_pages() -> None:
    paths = [f"acme/images/app{n:03}" for n in range(201)]
    fake, sha = registry(*paths)

    outcome = pull(
        clouds.Gitlab(groups={"acme/images": paths}, registry=fake),
        wanted=lambda image: image in {"app000", "app200"},
    )

    assert outcome.names == ["app000", "app200"]
    assert outcome.rows("app200") == [("1.0", sha, at(5))]
    assert [call.query.get("page") for call in api_calls(outcome)] == [None, None, ["2"], ["3"]]


def test_an_image_of_several_platforms_has_the_digest_of_its_index() -> None:
    fake, sha = registry()
    index = fake.index(describe(sha))
    fake.tag("acme/images/api", "2.0", index)

    outcome = pull(clouds.Gitlab(projects={"acme/images": ["acme/images/api"]}, registry=fake))

    assert outcome.rows("api") == [("2.0", index, at(5))]


def test_the_token_is_a_bearer_s_in_the_api_and_a_password_in_the_registry() -> None:
    fake, _ = registry("acme/images/api")

    outcome = pull(clouds.Gitlab(projects={"acme/images": ["acme/images/api"]}, registry=fake))

    assert {call.authorization for call in api_calls(outcome)} == {"Bearer glpat-of-the-test"}
    sent = {call.authorization for call in outcome.server.asked("HEAD")}
    assert sent == {"Basic dG9rZW46Z2xwYXQtb2YtdGhlLXRlc3Q="}


def test_named_images_need_no_api() -> None:
    fake, sha = registry("acme/images/api")

    outcome = pull(clouds.Gitlab(registry=fake), "api")

    assert outcome.rows("api") == [("1.0", sha, at(5))]
    assert api_calls(outcome) == []


def test_what_is_public_needs_no_token() -> None:
    fake, _ = registry("acme/images/api")
    gitlab = clouds.Gitlab(projects={"acme/images": ["acme/images/api"]}, token="", registry=fake)

    assert pull(gitlab, keys={"token": ""}).tags("api") == ["1.0"]


def test_a_token_that_is_refused_is_an_error_that_names_the_token_that_is_wanted() -> None:
    outcome = pull(clouds.Gitlab(), env={"GITLAB_TOKEN": "glpat-other"})

    assert "answered 401 '401 Unauthorized'" in outcome.error
    assert "a personal, group or project access token with `read_api`" in outcome.error
    assert "glpat-other" not in outcome.error


def test_neither_a_project_nor_a_group_is_an_error_and_no_empty_list() -> None:
    outcome = pull(clouds.Gitlab())

    assert "shows no project and no group acme/images to this login" in outcome.error


def test_globs_need_a_project_or_a_group_to_list() -> None:
    outcome = pull(clouds.Gitlab(), keys={"repository": "{image}"})

    assert "write `repository: GROUP/PROJECT/{image}`" in outcome.error
    assert outcome.server.calls == []


def test_an_image_that_the_catalog_places_elsewhere_is_asked_for_there() -> None:
    fake, sha = registry("other/tool")
    gitlab = clouds.Gitlab(projects={"acme/images": []}, registry=fake)

    outcome = pull(gitlab, repositories={"tool": "other/tool"})

    assert outcome.rows("tool") == [("1.0", sha, at(5))]


def test_a_list_that_leads_to_another_host_is_not_followed() -> None:
    gitlab = clouds.Gitlab(projects={"acme/images": []})
    gitlab.when(
        "/registry/repositories",
        as_json([], Link='<http://127.0.0.1:9/api/v4/x?page=2>; rel="next"'),
    )

    assert "names a next page at http://127.0.0.1:9: not followed" in pull(gitlab).error


@pytest.mark.parametrize("body", [{}, [{"name": "api"}], [1], None])
def test_an_answer_of_another_shape_is_an_error_and_no_empty_list(body: object) -> None:
    gitlab = clouds.Gitlab(projects={"acme/images": []})
    gitlab.when("/registry/repositories", as_json(body))

    assert "did not answer what it should" in pull(gitlab).error


def test_gitlab_com_has_its_api_where_everybody_knows_it() -> None:
    assert Gitlab(registry="registry.gitlab.com").base == "https://gitlab.com/api/v4"


def test_a_gitlab_of_one_s_own_needs_its_api() -> None:
    with pytest.raises(ValueError, match="`api` is missing: the API of the GitLab"):
        Gitlab(registry="r.example.com")
