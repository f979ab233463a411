"""Quay's API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from generator.sources.quay import Quay
from tests.registry.fake import NOW
from tests.registry.server import Answer, as_json
from tests.sources import vendors
from tests.sources.asking import Outcome, ask, at, digest, table


def pull(quay: vendors.Quay, *images: str, **changes: Any) -> Outcome:
    keys = changes.pop("keys", {})
    return ask(
        lambda url: Quay(repository="team/{image}", registry=url, **keys), quay, *images, **changes
    )


def many(count: int) -> list[tuple[str, str, Any]]:
    return [(f"1.{n}", digest(n), at(20) - timedelta(minutes=n)) for n in range(count)]


def test_tags_of_all_pages_come_with_the_time_that_they_began_to_point_there() -> None:
    outcome = pull(vendors.Quay(repositories={"team/app": many(250)}), "app")

    rows = outcome.rows()
    assert rows is not None
    assert len(rows) == 250
    assert rows[0] == ("1.0", digest(0), at(20))
    assert len(outcome.server.calls) == 3


def test_the_images_of_a_namespace_are_found_over_all_its_pages() -> None:
    quay = vendors.Quay(repositories={f"team/app{n:03}": many(1) for n in range(201)})

    outcome = pull(quay, wanted=lambda image: image in {"app000", "app200"})

    assert outcome.names == ["app000", "app200"]


def test_dead_revisions_are_left_out_even_if_quay_lists_them() -> None:
    quay = vendors.Quay(
        repositories={"team/app": [("1.0", digest(2), at(2))]},
        dead=[("1.0", digest(1), at(1)), ("0.9", digest(1), at(1))],
        knows_active_only=False,
    )

    assert pull(quay, "app").rows() == [("1.0", digest(2), at(2))]


def test_what_is_private_wants_an_access_token_and_says_so() -> None:
    outcome = pull(vendors.Quay(repositories={"team/app": many(1)}, private="secret"), "app")

    assert "answered 401" in outcome.error
    assert "`token: ${NAME}` with an OAuth access token" in outcome.error


def test_an_access_token_opens_what_is_private() -> None:
    quay = vendors.Quay(repositories={"team/app": many(1)}, private="secret")

    outcome = pull(quay, "app", keys={"token": "${QUAY}"}, env={"QUAY": "secret"})

    assert outcome.tags() == ["1.0"]


def test_a_password_is_refused_in_the_catalog() -> None:
    with pytest.raises(ValueError, match="Quay's API knows no passwords: use `token`"):
        Quay(username="alice", password="${PASSWORD}")


def test_a_rate_limit_that_is_a_page_of_html_is_waited_out() -> None:
    quay = vendors.Quay(repositories={"team/app": many(1)})
    quay.when("/tag/", Answer(429, b"<html>429</html>", (("Content-Type", "text/html"),)))

    outcome = pull(quay, "app")

    assert outcome.tags() == ["1.0"]
    assert len(outcome.slept) == 1


def test_a_rate_limit_that_does_not_end_is_an_error() -> None:
    quay = vendors.Quay()
    quay.rules.append(lambda _: Answer(429, b"<html>", (("Content-Type", "text/html"),)))

    assert "answered 429" in pull(quay, "app").error


def test_a_list_that_shifts_between_its_pages_is_listed_anew() -> None:
    quay = vendors.Quay(repositories={"team/app": many(150)})

    def push(call: Any) -> None:
        if "page=2" in call.target and len(quay.repositories["team/app"]) == 150:
            quay.repositories["team/app"].insert(0, ("new", digest(9), at(21)))

    quay.rules.append(push)

    outcome = pull(quay, "app")

    assert len(outcome.tags()) == 151
    assert len(outcome.server.calls) == 4


def test_tags_that_are_pushed_again_between_all_pages_are_all_there() -> None:
    quay = vendors.Quay(repositories={"team/app": many(350)})
    tags = {tag for tag, _, _ in quay.repositories["team/app"]}

    def push(_: Any) -> None:
        entries = quay.repositories["team/app"]
        entries.insert(0, (*entries.pop()[:2], at(21)))

    quay.rules.append(push)

    outcome = pull(quay, "app")

    assert set(outcome.tags()) == tags


def test_a_deletion_between_pages_drops_no_known_tag_unseen() -> None:
    quay = vendors.Quay(repositories={"team/app": many(150)})
    tags = [tag for tag, _, _ in quay.repositories["team/app"]]

    def delete(call: Any) -> None:
        if "page=2" in call.target and len(quay.repositories["team/app"]) == 150:
            quay.repositories["team/app"].pop(0)

    quay.rules.append(delete)

    outcome = pull(quay, "app", known={"app": table((1, at(1), " ".join(tags)))})

    assert set(outcome.tags()) == set(tags)  # the deleted one was seen, and goes the next night
    assert len(outcome.server.calls) == 4


def test_known_tags_that_are_gone_are_looked_for_once_more() -> None:
    quay = vendors.Quay(repositories={"team/app": many(150)})

    outcome = pull(quay, "app", known={"app": table((1, at(1), "gone"))})

    assert len(outcome.tags()) == 150
    assert len(outcome.server.calls) == 4


def test_a_list_of_one_page_is_read_once_whatever_is_gone() -> None:
    quay = vendors.Quay(repositories={"team/app": many(50)})

    outcome = pull(quay, "app", known={"app": table((1, at(1), "gone"))})

    assert len(outcome.tags()) == 50
    assert len(outcome.server.calls) == 1


def test_a_repository_that_quay_does_not_have_is_none() -> None:
    assert pull(vendors.Quay(), "app").rows() is None


def test_a_row_without_a_digest_is_an_error() -> None:
    quay = vendors.Quay()
    quay.rules.append(
        lambda _: Answer(200, b'{"tags": [{"name": "1", "start_ts": 1}], "has_additional": false}')
    )

    assert "lacks `manifest_digest`" in pull(quay, "app").error


def test_a_time_that_is_none_is_the_nights() -> None:
    quay = vendors.Quay()
    tag = {"name": "1", "manifest_digest": digest(1), "start_ts": 10**18}
    quay.rules.append(lambda _: as_json({"tags": [tag], "has_additional": False}))

    assert pull(quay, "app").rows() == [("1", digest(1), NOW)]


def test_a_repository_that_vanishes_between_its_pages_is_an_error() -> None:
    quay = vendors.Quay(repositories={"team/app": many(150)})
    quay.when("page=2", as_json({"error_type": "not_found"}, 404))

    assert pull(quay, "app").error.endswith("/team/app/tag/ vanished while it was listed")


def test_named_images_are_asked_for_where_none_can_be_listed() -> None:
    entry = many(1)
    quay = vendors.Quay(repositories={"team/app": entry})

    outcome = ask(lambda url: Quay(registry=url), quay, "team/app", listed=True)

    assert outcome.tags("team/app") == ["1.0"]
