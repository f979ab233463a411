"""zot's search extension, and a zot without it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from generator.registry import Limits
from generator.sources.zot import Zot
from tests.registry.server import Answer, as_json
from tests.sources import clouds
from tests.sources.asking import Outcome, ask, at, digest, table

SEARCH = "/v2/_zot/ext/search"
ENTRIES = [("1.0", digest(1), at(3)), ("2.0", digest(2), at(2)), ("latest", digest(1), at(3))]


def listing(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"ImageList": {"Page": {"TotalCount": len(rows)}, "Results": rows}}}


def pull(zot: clouds.Zot, *images: str, **changes: Any) -> Outcome:
    keys = {"repository": "team/{image}"} | changes.pop("keys", {})
    return ask(lambda url: Zot(registry=url, **keys), zot, *images, **changes)


def zot_with(entries: list[Any] | None = None, **keys: Any) -> clouds.Zot:
    return clouds.Zot(repositories={"team/app": [*ENTRIES] if entries is None else entries}, **keys)


def real(zot: clouds.Zot, *tags: str) -> str:
    """Let the tags be those of an image that the registry really has; its digest."""
    sha = zot.registry.image("2026-07-05T00:00:00Z")
    zot.repositories["team/app"] += [(tag, sha, at(5)) for tag in tags]
    return sha


def test_two_requests_tell_all_tags_with_their_digests_and_build_times() -> None:
    outcome = pull(zot_with(), "app")

    assert outcome.rows() == ENTRIES
    assert [call.path for call in outcome.server.calls] == ["/v2/team/app/tags/list", SEARCH]


def test_the_search_is_read_over_all_its_pages() -> None:
    entries = [(f"1.{n:04}", digest(n), at(1, n % 24)) for n in range(2001)]

    outcome = pull(zot_with(entries), "app")

    assert outcome.rows() == entries
    assert len(outcome.server.asked("GET", SEARCH)) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_zot_without_the_extension_is_asked_as_any_registry_and_for_the_search_once(
    status: int,
) -> None:
    zot = clouds.Zot(repositories={"team/app": [], "team/web": []})
    sha = real(zot, "1.0", "latest")
    zot.repositories["team/web"] = zot.repositories["team/app"]
    zot.rules.append(
        lambda call: Answer(status, b"404 page not found") if call.path == SEARCH else None
    )

    outcome = pull(zot, "app", "web")

    assert outcome.rows("app") == [("1.0", sha, at(5)), ("latest", sha, at(5))]
    assert outcome.rows("web") == outcome.rows("app")
    assert len(outcome.server.asked("GET", SEARCH)) == 1


def test_a_tag_that_the_search_leaves_out_is_asked_for_alone() -> None:
    zot = zot_with(unsearchable={"docker"})
    sha = real(zot, "docker")

    outcome = pull(zot, "app")

    assert ("docker", sha, at(5)) in (outcome.rows() or ())
    heads = [call.path for call in outcome.server.asked("HEAD")]
    assert heads == ["/v2/team/app/manifests/docker"]


def test_a_tag_that_the_registry_does_not_list_is_none() -> None:
    zot = zot_with()
    zot.when("/tags/list", as_json({"tags": ["1.0"]}))

    assert pull(zot, "app").tags() == ["1.0"]


def test_a_digest_that_is_known_keeps_its_time() -> None:
    outcome = pull(zot_with(), "app", known={"app": table((1, at(1), "latest 1.0"))})

    assert outcome.rows() == [
        ("latest", digest(1), at(1)),
        ("1.0", digest(1), at(1)),
        ("2.0", digest(2), at(2)),
    ]


@pytest.mark.parametrize("time", [None, "0001-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "soon"])
def test_a_build_time_that_cannot_be_believed_is_looked_up(time: str | None) -> None:
    zot = zot_with([])
    sha = real(zot, "1.0")
    row = {"Tag": "1.0", "Digest": sha, "LastUpdated": time}
    zot.when(SEARCH, as_json(listing(row)))

    assert pull(zot, "app").rows() == [("1.0", sha, at(5))]


def test_an_image_that_the_registry_does_not_have_is_none_and_not_searched_for() -> None:
    outcome = pull(clouds.Zot(), "app")

    assert outcome.rows() is None
    assert outcome.server.asked("GET", SEARCH) == []


@pytest.mark.parametrize("data", [{"data": None}, listing({"Tag": "1.0", "Digest": digest(1)})])
def test_errors_that_come_with_status_200_are_errors(data: dict[str, Any]) -> None:
    zot = zot_with()
    zot.when(SEARCH, as_json({"errors": [{"message": "metadb is closed"}]} | data))

    assert pull(zot, "app").error.endswith(f"{SEARCH} answered an error: 'metadb is closed'")


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}}, listing({"Tag": 1}), []])
def test_an_answer_of_another_shape_is_an_error(body: object) -> None:
    zot = zot_with()
    zot.when(SEARCH, as_json(body))

    assert SEARCH in pull(zot, "app").error


def test_a_digest_that_is_none_is_an_error() -> None:
    zot = zot_with()
    zot.when(SEARCH, as_json(listing({"Tag": "1.0", "Digest": "sha256:1"})))

    assert "/team/app '1.0' has not a valid digest: 'sha256:1'" in pull(zot, "app").error


def test_a_search_that_says_more_than_it_lists_ends() -> None:
    zot = zot_with()
    none = {"Page": {"TotalCount": 9}, "Results": []}
    zot.rules.append(
        lambda call: as_json({"data": {"ImageList": none}}) if call.path == SEARCH else None
    )
    sha = real(zot, "3.0")
    zot.repositories["team/app"] = zot.repositories["team/app"][-1:]

    outcome = pull(zot, "app")

    assert outcome.rows() == [("3.0", sha, at(5))]
    assert len(outcome.server.asked("GET", SEARCH)) == 1


def test_a_search_without_an_end_is_given_up_at_the_limit() -> None:
    zot = zot_with()
    rows = [{"Tag": f"n{number}", "Digest": digest(1)} for number in range(100)]
    endless = {"data": {"ImageList": {"Page": {"TotalCount": 10**9}, "Results": rows}}}
    zot.rules.append(lambda call: as_json(endless) if call.path == SEARCH else None)

    outcome = pull(zot, "app", limits=Limits(tags=250, pages=50))

    assert outcome.error.endswith("lists more than 250 entries, which is the limit")


def test_the_search_has_the_registry_s_login() -> None:
    login = "Basic " + b64encode(b"alice:hunter2").decode()

    outcome = pull(
        zot_with(login=login),
        "app",
        keys={"username": "alice", "password": "${SECRET}"},
        env={"SECRET": "hunter2"},
    )

    assert len(outcome.tags()) == 3
    assert {call.authorization for call in outcome.server.asked("GET", SEARCH)} == {login}


def test_the_registry_s_repositories_are_found() -> None:
    zot = clouds.Zot(repositories={"team/deep/app": ENTRIES, "other/app": ENTRIES})

    outcome = pull(zot)

    assert outcome.names == ["deep/app"]
    assert len(outcome.tags("deep/app")) == 3


def test_a_repository_that_vanishes_before_the_search_is_asked_for_as_oci_does() -> None:
    """The search answers an empty list for what does not exist."""
    zot = zot_with([])
    sha = real(zot, "1.0")
    zot.when(SEARCH, as_json(listing()))

    assert pull(zot, "app").rows() == [("1.0", sha, at(5))]


def test_what_is_searched_for_is_the_name_of_a_repository_and_nothing_else() -> None:
    outcome = pull(clouds.Zot(), 'app"){x}')

    assert "not a valid image name" in outcome.error
    assert outcome.server.calls == []
