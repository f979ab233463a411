"""The parts of the room `forge` by themselves: addresses, the client, and what a CI is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from socket import socket

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from generator.errors import UsageError
from generator.forge.api import Api
from generator.forge.base import ForgeError, Place, place_of
from generator.forge.ci import Ci
from generator.forge.gitea import Gitea
from generator.forge.github import GitHub
from generator.forge.gitlab import GitLab

TOKEN = "a-secret-token"


@pytest.mark.parametrize(
    ("remote", "site", "path"),
    [
        ("https://github.com/octo/site.git", "https://github.com", "octo/site"),
        ("https://github.com/octo/site", "https://github.com", "octo/site"),
        ("https://user:pw@git.example.com/octo/site.git/", "https://git.example.com", "octo/site"),
        ("http://localhost:3000/octo/site.git", "http://localhost:3000", "octo/site"),
        ("git@gitlab.com:group/below/site.git", "https://gitlab.com", "group/below/site"),
        ("ssh://git@git.example.com:2222/octo/site", "https://git.example.com", "octo/site"),
    ],
)
def test_a_remote_tells_where_the_repository_lies(remote: str, site: str, path: str) -> None:
    assert place_of(remote) == Place(site, path)


@pytest.mark.parametrize("remote", ["", "origin", "/srv/site.git", "../site.git", "file:///srv/s"])
def test_a_remote_that_is_no_forges_is_a_mistake(remote: str) -> None:
    with pytest.raises(UsageError, match="is no repository of a forge"):
        place_of(remote)


def asked(forge: GitHub | GitLab | Gitea) -> str:
    return forge._api._address  # noqa: SLF001 - nothing is asked here


def test_outside_of_ci_the_remote_says_where_to_ask() -> None:
    remote = "git@git.example.com:octo/site.git"
    site = "https://git.example.com"
    github = GitHub({"GITHUB_TOKEN": TOKEN}, remote)
    assert asked(github) == f"{site}/api/v3/repos/octo/site/pulls"
    gitlab = GitLab({"GITLAB_TOKEN": TOKEN}, remote)
    assert asked(gitlab) == f"{site}/api/v4/projects/octo%2Fsite/merge_requests"
    gitea = Gitea({"GITEA_TOKEN": TOKEN}, remote)
    assert asked(gitea) == f"{site}/api/v1/repos/octo/site/pulls"
    assert (github.base, gitlab.base, gitea.base) == ("", "", "")
    assert (github.run, gitlab.run, gitea.run) == ("", "", "")


def test_github_itself_has_its_interface_at_an_address_of_its_own() -> None:
    github = GitHub({"GITHUB_TOKEN": TOKEN}, "https://github.com/octo/site")
    assert asked(github) == "https://api.github.com/repos/octo/site/pulls"


def test_in_ci_a_run_has_a_page_of_its_own() -> None:
    actions = {
        "GITHUB_SERVER_URL": "https://git.example.com",
        "GITHUB_API_URL": "https://git.example.com/api",
        "GITHUB_REPOSITORY": "octo/site",
        "GITHUB_RUN_ID": "7000",
        "GITHUB_RUN_NUMBER": "7",
    }
    site = "https://git.example.com/octo/site"
    assert GitHub({**actions, "GITHUB_TOKEN": TOKEN}, "").run == f"{site}/actions/runs/7000"
    assert Gitea({**actions, "GITEA_TOKEN": TOKEN}, "").run == f"{site}/actions/runs/7"
    of_gitlab = {"CI_API_V4_URL": "https://x/api/v4", "CI_PROJECT_ID": "1"}
    gitlab = {**of_gitlab, "CI_PIPELINE_URL": f"{site}/-/pipelines/7", "GITLAB_TOKEN": TOKEN}
    assert GitLab(gitlab, "").run == f"{site}/-/pipelines/7"


@pytest.fixture
def sleeps() -> list[float]:
    return []


@pytest.fixture
def api(httpserver: HTTPServer, sleeps: list[float]) -> Api:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return Api(httpserver.url_for("/pulls"), headers, TOKEN, "TOKEN needs more", sleeps.append)


def answers(server: HTTPServer, *statuses: int) -> Iterator[int]:
    left = iter(statuses)
    server.expect_request("/pulls").respond_with_handler(
        lambda _: Response("[1]", next(left), content_type="application/json")
    )
    return left


def test_a_failure_that_may_pass_is_tried_again(
    api: Api, httpserver: HTTPServer, sleeps: list[float]
) -> None:
    answers(httpserver, 503, 429, 200)
    assert api.ask("GET", "", list[int], {}) == [1]
    assert sleeps == [2, 10]


def test_a_forge_that_stays_away_is_asked_three_times(
    api: Api, httpserver: HTTPServer, sleeps: list[float]
) -> None:
    left = answers(httpserver, 503, 503, 503, 200)
    with pytest.raises(ForgeError, match=r"/pulls answered 503 to GET$"):
        api.ask("GET", "", list[int], {})
    assert (sleeps, list(left)) == ([2, 10], [200])


def test_what_may_have_been_done_is_not_done_again(
    api: Api, httpserver: HTTPServer, sleeps: list[float]
) -> None:
    answers(httpserver, 502, 201)
    with pytest.raises(ForgeError, match="answered 502 to POST"):
        api.ask("POST", "", list[int], {"title": "T"})
    assert sleeps == []


def test_a_forge_that_cannot_be_reached_is_tried_again_for_every_method(
    sleeps: list[float],
) -> None:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/pulls"
    with pytest.raises(ForgeError, match="/pulls cannot be reached: ConnectError"):
        Api(url, {}, TOKEN, "", sleeps.append).ask("POST", "", list[int], {})
    assert sleeps == [2, 10]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"message": "Bad credentials"}', " 'Bad credentials'"),
        ('{"message": ["taken", "gone"]}', " \"['taken', 'gone']\""),
        ('{"error": "404 Not Found"}', " '404 Not Found'"),
        ('{"message": "No", "errors": [{"message": "why"}]}', " 'No' \"[{'message': 'why'}]\""),
        ("<html>", ""),
        ('{"message": "it was a-secret-token"}', " 'it was ***'"),
    ],
)  # fmt: skip
def test_an_error_tells_what_the_forge_says_and_what_the_token_needs(
    api: Api, httpserver: HTTPServer, body: str, said: str
) -> None:
    httpserver.expect_request("/pulls").respond_with_data(body, 403)
    with pytest.raises(ForgeError) as raised:
        api.ask("GET", "", list[int], {})
    assert str(raised.value) == (
        f"{httpserver.url_for('/pulls')} answered 403 to GET{said}: TOKEN needs more"
    )


def test_a_redirect_is_not_followed(api: Api, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/pulls").respond_with_data("", 302, {"Location": "/elsewhere"})
    with pytest.raises(ForgeError, match="answered 302 to GET"):
        api.ask("GET", "", list[int], {})
    assert [request.path for request, _ in httpserver.log] == ["/pulls"]


def test_an_answer_of_another_shape_is_an_error(api: Api, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/pulls").respond_with_data("<html>hello")
    with pytest.raises(ForgeError, match="/pulls did not answer what it should"):
        api.ask("GET", "", list[int], {})


def test_an_answer_without_end_is_cut_off(api: Api, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/pulls").respond_with_data(b" " * ((16 << 20) + 1))
    with pytest.raises(ForgeError, match="answered more than 16 MiB"):
        api.ask("GET", "", list[int], {})


def test_elsewhere_than_on_github_a_run_tells_its_log(tmp_path: Path) -> None:
    said: list[str] = []
    ci = Ci({}, said.append)
    ci.warn("careful")
    ci.fail("no")
    ci.output(changed=True)
    ci.summarise("# Night")
    assert said == ["warning: careful", "error: no"]
    assert list(tmp_path.iterdir()) == []


def test_outputs_that_cannot_be_written_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"cannot write .* \(GITHUB_OUTPUT\): Is a directory"):
        Ci({"GITHUB_OUTPUT": str(tmp_path)}, print).output(changed=True)
