"""Harbor's API."""

from __future__ import annotations

from typing import Any

from generator.sources.harbor import Harbor
from tests.sources import vendors
from tests.sources.asking import Outcome, ask, at, digest

Versions = list[tuple[str, str, Any]]


def pull(harbor: vendors.Harbor, *images: str, **changes: Any) -> Outcome:
    keys = {"repository": "team/{image}"} | changes.pop("keys", {})
    return ask(lambda url: Harbor(registry=url, **keys), harbor, *images, **changes)


def many(count: int) -> Versions:
    return [(f"1.{n} v1.{n}", digest(n), at(1, n % 24)) for n in range(count)]


def test_tags_of_all_pages_come_with_their_own_push_time() -> None:
    outcome = pull(vendors.Harbor(repositories={"team/app": many(201)}), "app")

    rows = outcome.rows()
    assert rows is not None
    assert len(rows) == 402
    assert ("v1.30", digest(30), at(1, 6)) in rows
    assert [call.query["page"] for call in outcome.server.calls] == [["1"], ["2"], ["3"]]


def test_the_slashes_of_a_repository_are_quoted_twice_on_every_page() -> None:
    outcome = pull(vendors.Harbor(repositories={"team/a/b": many(101)}), "a/b")

    assert len(outcome.tags("a/b")) == 202
    assert all("/repositories/a%252Fb/" in call.target for call in outcome.server.calls)


def test_artifacts_without_a_tag_are_not_listed() -> None:
    harbor = vendors.Harbor(
        repositories={"team/app": [("", digest(1), at(1)), ("1.0", digest(2), at(2))]}
    )

    assert pull(harbor, "app").rows() == [("1.0", digest(2), at(2))]


def test_the_images_of_a_project_are_found_over_all_its_pages() -> None:
    harbor = vendors.Harbor(repositories={f"team/deep/app{n:03}": many(1) for n in range(101)})

    outcome = pull(harbor, wanted=lambda image: image in {"deep/app000", "deep/app100"})

    assert outcome.names == ["deep/app000", "deep/app100"]


def test_a_count_that_stays_off_by_one_is_told() -> None:
    outcome = pull(vendors.Harbor(repositories={"team/app": many(3)}, count=1), "app")

    assert len(outcome.tags()) == 6
    assert [note for _, note in outcome.notes] == [
        "team/app: the count of its entries is off by 1, every time"
    ]


def test_a_count_that_the_pages_do_not_add_up_to_is_an_error() -> None:
    outcome = pull(vendors.Harbor(repositories={"team/app": many(3)}, count=4), "app")

    assert outcome.error.startswith("team/app is listed with gaps or repetitions")


def test_a_project_that_is_not_public_wants_a_login_and_says_so() -> None:
    outcome = pull(vendors.Harbor(login="Basic x"), "app")

    assert "answered 401 UNAUTHORIZED" in outcome.error
    assert "a robot account" in outcome.error


def test_a_robot_account_logs_in_with_basic() -> None:
    harbor = vendors.Harbor(
        repositories={"team/app": many(1)}, login="Basic cm9ib3QkdGVhbStjaTpzZWNyZXQ="
    )

    outcome = pull(
        harbor,
        "app",
        keys={"username": "robot$team+ci", "password": "${ROBOT}"},
        env={"ROBOT": "secret"},
    )

    assert outcome.tags() == ["1.0", "v1.0"]


def test_a_repository_that_harbor_does_not_have_is_none() -> None:
    assert pull(vendors.Harbor(), "app").rows() is None


def test_a_repository_without_a_project_is_an_error() -> None:
    outcome = pull(vendors.Harbor(), "app", keys={"repository": "{image}"})

    assert outcome.error == "`app` is no repository of Harbor: write PROJECT/{image}"


def test_globs_need_a_project_to_list() -> None:
    outcome = pull(vendors.Harbor(), keys={"repository": "{image}"})

    assert "name them in `images.include`" in outcome.error
