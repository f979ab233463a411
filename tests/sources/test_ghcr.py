"""GitHub's packages API."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from generator.sources.ghcr import Ghcr
from tests.registry.fake import NOW
from tests.registry.server import Answer, as_json
from tests.sources.asking import Outcome, ask, at, digest, table
from tests.sources.vendors import Github

ENV = {"GITHUB_TOKEN": "ghp_classic"}


def pull(github: Github, *images: str, **changes: Any) -> Outcome:
    keys = {"repository": "acme/{image}", "token": "${GITHUB_TOKEN}"} | changes.pop("keys", {})
    changes.setdefault("env", ENV)
    return ask(lambda url: Ghcr(api=url + github.base, **keys), github, *images, **changes)


def test_tags_of_all_pages_come_with_the_upload_time_of_their_version() -> None:
    versions = [("", digest(n), at(2)) for n in range(100)]
    versions += [("1.0 latest", digest(200), at(1)), ("0.9", digest(201), at(3))]

    outcome = pull(Github(packages={"app": versions}), "app")

    assert outcome.rows() == [
        ("0.9", digest(201), at(3)),
        ("1.0", digest(200), at(1)),
        ("latest", digest(200), at(1)),
    ]
    assert [call.query.get("page") for call in outcome.server.calls] == [None, ["1"], ["2"]]


def test_the_packages_of_an_organisation_are_found_over_all_their_pages() -> None:
    github = Github(packages={f"app{n:03}": [("1", digest(n), at(1))] for n in range(101)})

    outcome = pull(github, wanted=lambda image: image in {"app000", "app100"})

    assert outcome.names == ["app000", "app100"]
    assert outcome.tags("app100") == ["1"]


def test_the_packages_of_a_user_are_asked_for_at_their_own_address() -> None:
    github = Github(packages={"app": [("1", digest(1), at(1))]}, kind="User")

    outcome = pull(github)

    assert outcome.tags("app") == ["1"]
    assert outcome.server.asked("GET", "/users/acme/packages/container/app/versions")


def test_a_slash_in_a_package_is_quoted() -> None:
    outcome = pull(Github(packages={"tools/app": [("1", digest(1), at(1))]}), "tools/app")

    assert outcome.tags("tools/app") == ["1"]
    assert "/packages/container/tools%2Fapp/versions" in outcome.server.calls[-1].target


def test_an_enterprise_server_has_its_api_below_a_path() -> None:
    github = Github(packages={"app": [("1", digest(1), at(1))]}, base="/api/v3")

    assert pull(github, "app").tags() == ["1"]


def test_a_refused_token_is_an_error_that_names_the_token_that_is_wanted() -> None:
    outcome = pull(Github(), "app", env={"GITHUB_TOKEN": "ghs_other"})

    assert "answered 401 'Requires authentication'" in outcome.error
    assert "classic personal access token with `read:packages`" in outcome.error
    assert "ghs_other" not in outcome.error


def test_a_spent_rate_limit_that_ends_soon_is_waited_out() -> None:
    github = Github(packages={"app": [("1", digest(1), at(1))]})
    reset = str(int(NOW.timestamp()) + 60)
    github.when(
        "/versions",
        as_json({"message": "rate limit"}, 403, X_RateLimit_Remaining="0", X_RateLimit_Reset=reset),
    )

    outcome = pull(github, "app")

    assert outcome.tags() == ["1"]
    assert outcome.slept == [60.0]


def test_a_secondary_rate_limit_is_waited_out() -> None:
    github = Github(packages={"app": [("1", digest(1), at(1))]})
    github.when("/versions", as_json({"message": "secondary"}, 403, Retry_After="30"))

    outcome = pull(github, "app")

    assert outcome.tags() == ["1"]
    assert outcome.slept == [30.0]


def test_a_rate_limit_that_ends_too_late_is_an_error_with_its_end() -> None:
    github = Github()
    reset = str(int(NOW.timestamp()) + 3000)
    github.rules.append(
        lambda _: Answer(
            429, headers=(("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", reset))
        )
    )

    assert "limits requests until 2026-08-01 12:50:00 UTC" in pull(github, "app").error


def test_a_package_that_github_does_not_have_is_none() -> None:
    assert pull(Github(), "app").rows() is None


def test_a_known_package_that_is_not_found_is_an_error_because_github_hides_private_ones() -> None:
    outcome = pull(Github(), "app", known={"app": table((1, at(1), "1"))})

    assert outcome.error.startswith("acme/app is not found any more: it is deleted, or hidden")


def test_an_owner_that_does_not_exist_is_an_error() -> None:
    outcome = pull(Github(), keys={"repository": "nobody/{image}"})

    assert "/users/nobody answered 404" in outcome.error


def test_a_version_without_container_metadata_is_an_error() -> None:
    github = Github()
    row = {"name": digest(1), "created_at": "2026-07-01T00:00:00Z", "metadata": {}}
    github.when("/versions", as_json([row]))

    assert "lacks `container`" in pull(github, "app").error


@pytest.mark.parametrize("host", ["ghcr.io", "127.0.0.1"])
def test_a_docker_login_counts_for_the_api_of_its_own_host_only(host: str, tmp_path: Path) -> None:
    auth = base64.b64encode(b"alice:ghp_classic").decode()
    path = tmp_path / "auth.json"
    github = Github(packages={"app": [("1", digest(1), at(1))]})

    def spec(url: str) -> Ghcr:
        name = url.partition("//")[2] if host == "127.0.0.1" else host
        path.write_text(json.dumps({"auths": {name: {"auth": auth}}}))
        return Ghcr(api=url, repository="acme/{image}")

    outcome = ask(spec, github, "app", env={"REGISTRY_AUTH_FILE": str(path)})

    sent = {call.authorization for call in outcome.server.calls}
    assert sent == ({"Bearer ghp_classic"} if host == "127.0.0.1" else {""})
