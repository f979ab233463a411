"""Azure Container Registry."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from generator.sources.acr import Acr
from tests.registry.fake import NOW
from tests.registry.server import Answer, Call, as_json
from tests.sources import clouds
from tests.sources.asking import Outcome, ask, at, digest

LOGIN = {"username": "alice", "password": "${SECRET}"}
ENV = {"SECRET": "hunter2"}


def pull(acr: clouds.Acr, *images: str, **changes: Any) -> Outcome:
    keys = {"repository": "team/{image}"} | changes.pop("keys", LOGIN)
    changes.setdefault("env", ENV)
    return ask(lambda url: Acr(registry=url, **keys), acr, *images, **changes)


def one(*repositories: str) -> clouds.Acr:
    return clouds.Acr(repositories={name: [("1", digest(1), at(1))] for name in repositories})


def test_tags_of_all_pages_come_with_the_time_of_their_last_update() -> None:
    entries = [(f"1.{n:03}", digest(n), at(1, n % 24)) for n in range(201)]

    outcome = pull(clouds.Acr(repositories={"team/app": entries}), "app")

    rows = outcome.rows()
    assert rows is not None
    assert len(rows) == 201
    assert ("1.030", digest(30), at(1, 6)) in rows
    pages = outcome.server.asked("GET", "/acr/v1/team/app/_tags")
    assert [call.query.get("last") for call in pages[1:]] == [None, ["1.099"], ["1.199"]]


def test_the_registry_s_repositories_are_found() -> None:
    outcome = pull(one("team/deep/app", "team/web", "other/app"))

    assert outcome.names == ["deep/app", "web"]
    assert outcome.tags("deep/app") == ["1"]


def test_a_token_of_entra_id_is_exchanged_once_for_the_registry_s_own() -> None:
    acr = one("team/app", "team/web")

    outcome = pull(acr, "app", "web", keys={"token": "${ENTRA}"}, env={"ENTRA": acr.entra})

    assert (outcome.tags("app"), outcome.tags("web")) == (["1"], ["1"])
    (exchange,) = outcome.server.asked("POST", "/oauth2/exchange")
    assert exchange.body == (
        b"grant_type=access_token&service=127.0.0.1&access_token=entra-token-of-the-test"
    )
    assert exchange.headers["content-type"] == "application/x-www-form-urlencoded"
    assert not [call for call in outcome.server.calls if acr.entra in call.authorization]


def test_a_token_that_entra_id_did_not_give_is_refused_once_and_not_shown() -> None:
    acr = one("team/app", "team/web")

    outcome = pull(acr, "app", "web", keys={"token": "${ENTRA}"}, env={"ENTRA": "stale-token"})

    assert "/oauth2/exchange answered 401 UNAUTHORIZED" in outcome.errors["app"]
    assert "/oauth2/exchange answered 401 UNAUTHORIZED" in outcome.errors["web"]
    assert len(outcome.server.asked("POST", "/oauth2/exchange")) == 1
    assert "stale-token" not in str(outcome.errors)


def test_a_server_that_repeats_the_exchanged_token_has_it_blackened() -> None:
    acr = one("team/app")

    def repeated(call: Call) -> Answer | None:
        said = as_json({"message": f"exchanged: {acr.entra}"}, 403)
        return said if call.authorization.startswith("Bearer ") else None

    acr.rules.append(repeated)

    outcome = pull(acr, "app", keys={"token": "${ENTRA}"}, env={"ENTRA": acr.entra})

    assert "answered 403 'exchanged: ***'" in outcome.error


def test_the_login_that_az_acr_login_leaves_counts(tmp_path: Path) -> None:
    acr = one("team/app")
    auth = base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode()
    path = tmp_path / "config.json"

    def spec(url: str) -> Acr:
        entry = {"auth": auth, "identitytoken": acr.refresh}
        path.write_text(json.dumps({"auths": {url.partition("//")[2]: entry}}))
        return Acr(registry=url, repository="team/{image}")

    outcome = ask(spec, acr, "app", env={"REGISTRY_AUTH_FILE": str(path)})

    assert outcome.tags() == ["1"]


def test_a_login_that_is_refused_is_an_error_that_says_which_are_taken() -> None:
    outcome = pull(one("team/app"), "app", env={"SECRET": "wrong"})

    assert "answered 401" in outcome.error
    assert "`az account get-access-token`" in outcome.error


def test_a_time_that_is_none_is_the_night_s() -> None:
    acr = one("team/app")
    acr.when("/_tags", as_json({"tags": [{"name": "1", "digest": digest(1)}]}))

    assert pull(acr, "app").rows() == [("1", digest(1), NOW)]


def test_a_repository_that_acr_does_not_have_is_none() -> None:
    assert pull(one(), "app").rows() is None


@pytest.mark.parametrize("body", [{}, {"tags": {}}, {"tags": [{"digest": digest(1)}]}])
def test_an_answer_of_another_shape_is_an_error_and_no_empty_repository(body: object) -> None:
    acr = one("team/app")
    acr.when("/_tags", as_json(body))

    assert "did not answer what it should" in pull(acr, "app").error
