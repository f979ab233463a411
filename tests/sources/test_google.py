"""Google's registries."""

from __future__ import annotations

from typing import Any

from generator.sources.google import Google
from tests.registry.fake import NOW
from tests.registry.server import as_json
from tests.sources import vendors
from tests.sources.asking import Outcome, ask, at, digest

PATH = "acme-prod/images"


def pull(google: vendors.Google, *images: str, **changes: Any) -> Outcome:
    return ask(
        lambda url: Google(registry=url, repository=f"{PATH}/{{image}}"), google, *images, **changes
    )


def test_all_tags_come_in_one_answer_with_the_upload_time_of_their_manifest() -> None:
    entries = [(f"1.{n}", digest(n // 2), at(1, n // 2 % 24)) for n in range(1500)]

    outcome = pull(vendors.Google(repositories={f"{PATH}/app": entries}), "app")

    rows = outcome.rows()
    assert rows is not None
    assert len(rows) == 1500
    assert ("1.61", digest(30), at(1, 6)) in rows
    assert [call.query for call in outcome.server.calls] == [{"n": ["10000"]}]


def test_the_images_below_a_path_are_found() -> None:
    entry = [("1", digest(1), at(1))]
    google = vendors.Google(repositories={f"{PATH}/app": entry, f"{PATH}/web": entry})

    outcome = pull(google)

    assert outcome.names == ["app", "web"]
    assert outcome.tags("web") == ["1"]


def test_a_path_without_children_is_an_error_that_says_to_name_the_images() -> None:
    outcome = pull(vendors.Google(repositories={PATH: [("1", digest(1), at(1))]}))

    assert "lists nothing below acme-prod/images: name the images" in outcome.error


def test_an_answer_as_long_as_its_limit_is_an_error_for_it_may_be_cut() -> None:
    entries = [(f"1.{n}", digest(n), at(1)) for n in range(10_001)]

    outcome = pull(vendors.Google(repositories={f"{PATH}/app": entries}), "app")

    assert "lists 10,000 entries" in outcome.error
    assert "it may have left some out" in outcome.error


def test_pages_are_followed_if_there_are_any() -> None:
    def page(tag: str, number: int) -> dict[str, Any]:
        row = {"tag": [tag], "timeUploadedMs": "1782864000000"}
        return {"tags": [tag], "manifest": {digest(number): row}}

    google = vendors.Google()
    google.when("n=10000", as_json(page("1", 1), Link='<?last=1>; rel="next"'))
    google.when("last=1", as_json(page("2", 2)))

    assert pull(google, "app").rows() == [("1", digest(1), at(1)), ("2", digest(2), at(1))]


def test_tags_of_which_no_manifest_speaks_are_an_error() -> None:
    google = vendors.Google()
    google.rules.append(lambda _: as_json({"tags": ["1", "2"], "manifest": {}}))

    assert "listed with gaps" in pull(google, "app").error


def test_a_registry_that_is_not_googles_is_an_error() -> None:
    google = vendors.Google()
    google.rules.append(lambda _: as_json({"name": "app", "tags": ["1"]}))

    assert "use `kind: oci` for others" in pull(google, "app").error


def test_a_tag_without_an_upload_time_has_the_nights() -> None:
    google = vendors.Google()
    row = {"tag": ["1"], "timeCreatedMs": "1782864000000", "timeUploadedMs": "0"}
    google.rules.append(lambda _: as_json({"tags": ["1"], "manifest": {digest(1): row}}))

    assert pull(google, "app").rows() == [("1", digest(1), NOW)]


def test_a_refused_login_is_an_error_that_says_how_to_log_in() -> None:
    google = vendors.Google()
    google.rules.append(lambda _: as_json({"errors": [{"code": "DENIED"}]}, 403))

    outcome = pull(google, "app")

    assert "answered 403 DENIED" in outcome.error
    assert "`gcloud auth configure-docker`" in outcome.error


def test_a_repository_that_google_does_not_have_is_none() -> None:
    assert pull(vendors.Google(), "app").rows() is None
