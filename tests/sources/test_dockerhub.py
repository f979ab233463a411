"""Docker Hub's API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from generator.sources.dockerhub import DockerHub
from generator.sources.remote import TagGlobs
from tests.registry.fake import NOW
from tests.registry.server import Answer, Call, as_json
from tests.sources.asking import Outcome, ask, at, digest, table
from tests.sources.vendors import Hub

LOGIN = {"username": "alice", "password": "${PASSWORD}"}
ENV = {"PASSWORD": "hunter2"}


def pull(hub: Hub, *images: str, env: dict[str, str] | None = None, **changes: Any) -> Outcome:
    keys = changes.pop("keys", {})

    def spec(url: str) -> DockerHub:
        return DockerHub(**({"repository": "team/{image}", "api": url, "registry": url} | keys))

    return ask(spec, hub, *images, env=env, **changes)


def many(count: int) -> list[tuple[str, str, Any]]:
    return [(f"1.{n}", digest(n), at(20) - timedelta(minutes=n)) for n in range(count)]


def test_tags_of_all_pages_come_with_their_digest_and_push_time() -> None:
    hub = Hub(repositories={"team/app": many(150)})

    outcome = pull(hub, "app")

    rows = outcome.rows()
    assert rows is not None
    assert len(rows) == 150
    assert rows[0] == ("1.0", digest(0), at(20))
    assert len(outcome.server.calls) == 2


def test_the_images_of_a_namespace_are_found_over_all_its_pages() -> None:
    hub = Hub(repositories={f"team/app{n}": many(1) for n in range(101)})

    outcome = pull(hub, wanted=lambda image: image in {"app0", "app100"})

    assert outcome.names == ["app0", "app100"]
    assert outcome.tags("app100") == ["1.0"]


def test_an_override_is_asked_for_though_it_lies_in_another_namespace() -> None:
    hub = Hub(repositories={"team/app": many(1), "library/nginx": many(2)})

    outcome = pull(hub, repositories={"web": "nginx"})

    assert outcome.names == ["app", "web"]
    assert outcome.tags("web") == ["1.0", "1.1"]


def test_more_than_1000_tags_are_an_error_that_says_to_log_in_for_whom_hub_does_not_know() -> None:
    outcome = pull(Hub(repositories={"team/app": many(1001)}), "app")

    assert "answered 403" in outcome.error
    assert "sign in to page further" in outcome.error
    assert "`docker login`" in outcome.error
    assert outcome.images == {}


def test_a_login_reads_on_past_1000_tags_with_one_token() -> None:
    outcome = pull(Hub(repositories={"team/app": many(1001)}), "app", keys=LOGIN, env=ENV)

    assert len(outcome.tags()) == 1001
    assert len(outcome.server.asked("POST")) == 1


def test_a_token_that_ends_is_renewed_once() -> None:
    hub = Hub(repositories={"team/app": many(250)})
    hub.when("page=2", Answer(503, headers=(("Retry-After", "240"),)), as_json({}, 401))

    outcome = pull(hub, "app", keys=LOGIN, env=ENV)

    assert len(outcome.tags()) == 250
    assert len(outcome.server.asked("POST")) == 2


def test_a_fresh_token_that_is_refused_is_not_fetched_again() -> None:
    hub = Hub(repositories={"team/app": many(1)})
    hub.rules.append(lambda call: None if call.method == "POST" else as_json({}, 401))

    outcome = pull(hub, "app", keys=LOGIN, env=ENV)

    assert "answered 401" in outcome.error
    assert [call.method for call in outcome.server.calls] == ["POST", "GET"]


def test_a_refused_login_is_told_without_its_secret_and_not_tried_again() -> None:
    hub = Hub(repositories={"team/app": many(1), "team/web": many(1)})

    outcome = pull(hub, "app", "web", keys=LOGIN, env={"PASSWORD": "wrong-one"})

    assert "refuses the login that the catalog names: it answered 401" in outcome.errors["app"]
    assert outcome.errors["web"] == outcome.errors["app"]
    assert "wrong-one" not in outcome.errors["app"]
    assert len(outcome.server.calls) == 1


def test_a_tag_without_a_digest_gets_the_one_that_the_registry_has() -> None:
    hub = Hub(
        repositories={"team/app": [("2.0", digest(2), at(2)), ("1.0", "", at(1))]},
        registry={"1.0": digest(1)},
    )

    outcome = pull(hub, "app")

    assert outcome.rows() == [("1.0", digest(1), at(1)), ("2.0", digest(2), at(2))]
    assert [call.path for call in outcome.server.asked("HEAD")] == ["/v2/team/app/manifests/1.0"]


def test_the_api_token_of_the_catalog_is_not_sent_to_the_registry() -> None:
    hub = Hub(repositories={"team/app": [("1.0", "", at(1))]}, registry={"1.0": digest(1)})
    hub.tokens.append("api-token")

    outcome = pull(hub, "app", keys={"token": "${TOKEN}"}, env={"TOKEN": "api-token"})

    assert outcome.tags() == ["1.0"]
    assert [call.authorization for call in outcome.server.calls] == ["Bearer api-token", ""]


def test_a_repository_that_hub_does_not_have_is_none() -> None:
    assert pull(Hub(), "app").rows() is None


def test_a_known_repository_that_is_not_found_is_an_error_because_hub_hides_private_ones() -> None:
    outcome = pull(Hub(), "app", known={"app": table((1, at(1), "1.0"))})

    assert outcome.error.startswith("team/app is not found any more: it is deleted, or hidden")


def test_a_namespace_that_does_not_exist_is_an_error() -> None:
    hub = Hub()
    hub.when("/repositories", as_json({"message": "object not found"}, 404))

    assert "/v2/namespaces/team/repositories is not found" in pull(hub).error


def test_a_list_that_changes_between_its_pages_is_listed_anew() -> None:
    hub = Hub(repositories={"team/app": many(150)})
    tag = {"name": "1.0", "digest": digest(0), "last_updated": "2026-07-01T00:00:00Z"}
    hub.when("page=2", as_json({"count": 101, "next": None, "results": [tag]}))

    outcome = pull(hub, "app")

    assert len(outcome.tags()) == 150
    assert len(outcome.server.calls) == 4


def test_a_list_that_never_adds_up_is_an_error() -> None:
    hub = Hub(repositories={"team/app": many(3)})
    short = as_json({"count": 4, "next": None, "results": []})
    hub.rules.append(lambda _: short)

    outcome = pull(hub, "app")

    assert outcome.error.startswith("team/app is listed with gaps or repetitions, 3 times in a row")
    assert len(outcome.server.calls) == 3


def test_a_next_page_at_another_host_is_not_followed() -> None:
    hub = Hub()
    hub.rules.append(
        lambda _: as_json({"count": 2, "next": "https://evil.example/v2/x", "results": []})
    )

    assert "names a next page at https://evil.example: not followed" in pull(hub, "app").error


def test_a_rate_limit_is_waited_out() -> None:
    hub = Hub(repositories={"team/app": many(1)})
    hub.when("/tags", Answer(429, b"Too Many Requests", (("Retry-After", "7"),)))

    outcome = pull(hub, "app")

    assert outcome.tags() == ["1.0"]
    assert outcome.slept == [7.0]


def test_tags_that_are_not_wanted_and_those_of_signatures_are_left_out() -> None:
    signature = f"sha256-{'a' * 64}.sig"
    names = ["1.0", "1.0-rc1", signature, "sha256-short"]
    hub = Hub(repositories={"team/app": [(name, digest(1), at(1)) for name in names]})

    outcome = pull(hub, "app", keys={"tags": TagGlobs(exclude=("*-rc*",))})

    assert outcome.tags() == ["1.0", "sha256-short"]


def rowed(*rows: Mapping[str, object], count: int = 0) -> Hub:
    """A Hub with these rows and no more."""
    hub = Hub()
    page = as_json({"count": count or len(rows), "next": None, "results": list(rows)})
    hub.rules.append(lambda call: page if "/manifests/" not in call.path else None)
    return hub


PLACEHOLDER = "0001-01-01T00:00:00Z"
GOOD = "2026-07-03T00:00:00Z"


@pytest.mark.parametrize(
    "times",
    [
        {"tag_last_pushed": PLACEHOLDER, "last_updated": GOOD},
        {"tag_last_pushed": GOOD, "last_updated": PLACEHOLDER},
        {"tag_last_pushed": None, "last_updated": GOOD},
        {"images": [{"last_pushed": PLACEHOLDER}, {"last_pushed": GOOD}, {"last_pushed": None}]},
        {"tag_last_pushed": "", "last_updated": "soon", "images": [{"last_pushed": GOOD}]},
    ],
)
def test_of_several_times_the_first_that_is_believable_counts(times: dict[str, object]) -> None:
    hub = rowed({"name": "1.0", "digest": digest(1), **times})

    assert pull(hub, "app").rows() == [("1.0", digest(1), at(3))]


def test_a_tag_without_any_time_has_that_of_its_known_digest_or_of_the_night() -> None:
    null = {"tag_last_pushed": None, "last_updated": None}
    hub = rowed(
        {"name": "1.0", "digest": digest(1), **null}, {"name": "2.0", "digest": digest(2), **null}
    )

    outcome = pull(hub, "app", known={"app": table((1, at(5), "1.0"))})

    assert outcome.rows() == [("1.0", digest(1), at(5)), ("2.0", digest(2), NOW)]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_tag_that_nobody_knows_a_digest_of_is_left_out_and_told(status: int) -> None:
    hub = rowed(
        {"name": "bare", "digest": None, "last_updated": GOOD},
        {"name": "1.0", "digest": digest(1), "last_updated": GOOD},
    )
    hub.rules.append(lambda _: Answer(status))

    outcome = pull(hub, "app")

    assert outcome.tags() == ["1.0"]
    assert outcome.notes == [("app", "team/app: tag `bare` has no digest and is left out")]


def test_an_answer_in_which_no_tag_has_a_digest_is_an_error() -> None:
    hub = rowed({"name": "bare", "digest": None, "last_updated": GOOD})
    hub.rules.append(lambda _: Answer(404))

    assert pull(hub, "app").error == "team/app: no tag has a digest"


def test_a_registry_that_fails_leaves_no_tag_out() -> None:
    hub = Hub(repositories={"team/app": [("1.0", "", at(1)), ("2.0", digest(2), at(2))]})
    hub.rules.append(lambda call: Answer(500) if "/manifests/" in call.path else None)

    assert "answered 500" in pull(hub, "app").error


@pytest.mark.parametrize("count", [1, 3])
def test_a_count_that_stays_off_by_one_is_told_and_costs_nothing(count: int) -> None:
    rows = [{"name": f"{n}", "digest": digest(n), "last_updated": GOOD} for n in (1, 2)]

    outcome = pull(rowed(*rows, count=count), "app")

    assert outcome.tags() == ["1", "2"]
    assert outcome.notes == [
        ("app", f"team/app: the count of its entries is off by {count - 2}, every time")
    ]


@pytest.mark.parametrize(("rows", "count"), [(100, 101), (60, 80), (0, 1)])
def test_a_count_that_may_be_right_is_an_error(rows: int, count: int) -> None:
    listed = [{"name": f"{n}", "digest": digest(n), "last_updated": GOOD} for n in range(rows)]

    outcome = pull(rowed(*listed, count=count), "app")

    assert "is listed with gaps or repetitions" in outcome.error


def test_a_tag_that_is_listed_twice_with_two_digests_is_an_error() -> None:
    rows = [{"name": "1", "digest": digest(n), "last_updated": GOOD} for n in (1, 2)]

    assert "is listed with gaps or repetitions" in pull(rowed(*rows), "app").error


def test_tags_that_are_pushed_again_while_they_are_listed_do_not_shift_the_list() -> None:
    hub = Hub(repositories={"team/app": many(350)})

    def push(call: Call) -> None:
        entries = hub.repositories["team/app"]
        key = (lambda entry: entry[0]) if call.query["ordering"] == ["name"] else None
        entries.append((*entries.pop(-1)[:2], at(21)))
        entries.sort(key=key or (lambda entry: -entry[2].timestamp()))

    hub.rules.append(push)

    outcome = pull(hub, "app")

    assert len(outcome.tags()) == 350
    assert len(outcome.server.calls) == 4


def test_a_deletion_while_the_pages_are_read_drops_no_other_tag() -> None:
    hub = Hub(repositories={"team/app": many(150)})

    def delete(call: Call) -> None:
        if "page=2" in call.target and len(hub.repositories["team/app"]) == 150:
            hub.repositories["team/app"].pop(0)

    hub.rules.append(delete)

    outcome = pull(hub, "app")

    assert sorted(outcome.tags()) == sorted(tag for tag, _, _ in hub.repositories["team/app"])


def test_a_deletion_and_a_push_that_leave_the_count_alone_drop_no_known_tag() -> None:
    hub = Hub(repositories={"team/app": many(150)})
    tags = [tag for tag, _, _ in hub.repositories["team/app"]]

    def swap(call: Call) -> None:
        entries = hub.repositories["team/app"]
        if "page=2" in call.target and entries[0][0] == tags[0]:
            entries[:] = [*entries[1:], ("9.9", digest(999), at(21))]

    hub.rules.append(swap)

    outcome = pull(hub, "app", known={"app": table((1, at(1), " ".join(tags)))})

    assert set(outcome.tags()) == {*tags[1:], "9.9"}
    assert len(outcome.server.calls) == 4


@pytest.mark.parametrize(("entries", "calls"), [(50, 1), (150, 4)])
def test_known_tags_that_are_gone_are_looked_for_once_more_where_there_are_several_pages(
    entries: int, calls: int
) -> None:
    hub = Hub(repositories={"team/app": many(entries)})

    outcome = pull(hub, "app", known={"app": table((1, at(1), "gone"))})

    assert len(outcome.tags()) == entries
    assert len(outcome.server.calls) == calls


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"digest": "sha256:short", "last_updated": "2026-07-01T00:00:00Z"}, "not a valid digest"),
        ({"digest": 7}, "is a whole number, not a text or empty"),
    ],
)
def test_a_tag_that_is_not_as_it_should_be_is_an_error(
    row: dict[str, object], expected: str
) -> None:
    hub = Hub()
    hub.rules.append(
        lambda _: as_json({"count": 1, "next": None, "results": [{"name": "1.0", **row}]})
    )

    assert expected in pull(hub, "app").error


def test_a_page_of_html_is_an_error() -> None:
    hub = Hub()
    hub.rules.append(lambda _: Answer(404, b"<html>", (("Content-Type", "text/html"),)))

    assert "did not answer what it should ('text/html')" in pull(hub, "app").error
