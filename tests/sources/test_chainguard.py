"""Chainguard: the console API and the registry's tag history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from generator.sources.chainguard import Chainguard
from generator.sources.chainguard_history import ChainguardHistory
from generator.sources.quick import quick_since
from tests.registry.fake import NOW
from tests.registry.server import Answer, Call, as_json, problem
from tests.sources.asking import Outcome, ask, at, digest, table
from tests.sources.vendors import GROUP, Console, History

ENV = {"CHAINGUARD_TOKEN": "console-token"}
FULL_NIGHT = NOW.toordinal() % 7
"""`NOW` is so many nights after the last full one, with `full_every: 7`."""


def pull(console: Console, *images: str, **changes: Any) -> Outcome:
    keys = {"group": GROUP, "token": "${CHAINGUARD_TOKEN}"} | changes.pop("keys", {})
    changes.setdefault("env", ENV)
    return ask(lambda url: Chainguard(api=url, **keys), console, *images, **changes)


def quickly(console: Console, known: Any, **changes: Any) -> Outcome:
    """A pass on a night that is not a full one."""
    night = NOW - timedelta(days=FULL_NIGHT - 1)
    return pull(console, known=known, keys={"full_every": 7}, as_of=night, **changes)


def history(fake: History, *images: str, **changes: Any) -> Outcome:
    def spec(url: str) -> ChainguardHistory:
        return ChainguardHistory(registry=url, repository="chainguard/{image}")

    return ask(spec, fake, *images, **changes)


@pytest.mark.parametrize(
    ("path", "images", "said"),
    [("tags", ("app", "web"), "uidp.children_of"), ("repos", (), "uidp.descendants_of")],
)
def test_a_filter_that_the_server_does_not_know_is_an_error(
    path: str, images: tuple[str, ...], said: str
) -> None:
    console = Console(repositories={name: [("1", digest(1), at(1))] for name in ("app", "web")})
    other = {"uid": "o/1", "name": "9", "digest": digest(9), "updateTime": at(1).isoformat()}

    def unfiltered(call: Call) -> Answer | None:
        return as_json({path: [other]}) if call.path.endswith(path) else None

    console.rules.append(unfiltered)
    assert f"it does not know the filter `{said}`" in pull(console, *images).error


def test_the_whole_catalog_comes_in_pages_of_200() -> None:
    console = Console(
        repositories={
            f"app{n}": [(f"1.{n}", digest(n), at(1)), ("latest", digest(n), at(2))]
            for n in range(150)
        }
    )

    outcome = pull(console)

    assert len(outcome.names) == 150
    assert outcome.rows("app149") == [
        ("1.149", digest(149), at(1)),
        ("latest", digest(149), at(2)),
    ]
    assert [call.path for call in outcome.server.calls] == [
        "/registry/v2/repos",
        "/registry/v2/tags",
        "/registry/v2/tags",
    ]


def test_a_few_named_images_are_asked_for_one_by_one() -> None:
    entry = [("latest", digest(1), at(1))]
    console = Console(repositories={"app": entry, "web": entry})

    outcome = pull(console, "web", "nothing")

    assert outcome.tags("web") == ["latest"]
    assert outcome.images["nothing"] is None
    assert len(outcome.server.asked("GET", "/tags")) == 1
    assert outcome.server.calls[-1].query["uidp.children_of"] == [f"{GROUP}/{1:016x}"]


def test_an_override_names_another_repository_of_the_group() -> None:
    console = Console(repositories={"nginx-fips": [("latest", digest(1), at(1))]})

    outcome = pull(console, "web", repositories={"web": "nginx-fips"})

    assert outcome.tags("web") == ["latest"]


def test_hidden_tags_are_shown_on_request() -> None:
    entries = [("1.2", digest(1), at(1)), ("1.2-r3", digest(1), at(1))]
    console = Console(repositories={"app": entries})

    assert pull(console).tags() == ["1.2"]
    assert pull(console, keys={"show": ("epochs",)}).tags() == ["1.2", "1.2-r3"]


def test_a_quick_pass_puts_what_changed_over_what_is_known() -> None:
    console = Console(
        repositories={
            "app": [("1.0", digest(1), at(1)), ("2.0", digest(2), at(29))],
            "still": [("1.0", digest(3), at(2))],
        }
    )
    known = {
        "app": table((1, at(1), "1.0"), (9, at(28), "2.0")),
        "still": table((3, at(2), "1.0")),
    }

    outcome = quickly(console, known)

    assert outcome.rows("app") == [("1.0", digest(1), at(1)), ("2.0", digest(2), at(29))]
    assert outcome.rows("still") == [("1.0", digest(3), at(2))]
    assert len(outcome.server.calls) == 2
    assert "updated_since" in outcome.server.calls[-1].query


def test_a_tag_that_was_deleted_stays_in_a_quick_pass_and_goes_in_a_full_one() -> None:
    console = Console(repositories={"app": [("2.0", digest(2), at(30))]})
    known = {"app": table((2, at(30), "2.0"), (1, at(28), "1.0"))}

    assert quickly(console, known).tags() == ["2.0", "1.0"]
    assert pull(console, known=known).tags() == ["2.0"]


def test_an_image_whose_known_group_came_apart_is_asked_for_alone() -> None:
    console = Console(
        repositories={"app": [("1.1", digest(1), at(3)), ("latest", digest(2), at(30))]}
    )
    known = {"app": table((1, at(28), "latest 1.1"))}

    outcome = quickly(console, known)

    assert outcome.rows() == [("latest", digest(2), at(30)), ("1.1", digest(1), at(3))]
    assert outcome.server.calls[-1].query["uidp.children_of"] == [f"{GROUP}/{0:016x}"]


def test_an_image_that_is_not_known_is_asked_for_alone_in_a_quick_pass() -> None:
    console = Console(
        repositories={
            "app": [("1.0", digest(1), at(30))],
            "new": [("1.0", digest(2), at(1)), ("2.0", digest(3), at(30))],
        }
    )

    outcome = quickly(console, {"app": table((1, at(30), "1.0"))})

    assert outcome.tags("new") == ["1.0", "2.0"]


def test_a_known_tag_that_is_no_longer_wanted_goes_in_a_quick_pass_too() -> None:
    console = Console(repositories={"app": [("1.0", digest(1), at(30))]})
    old = f"sha256-{'a' * 64}"

    outcome = quickly(console, {"app": table((1, at(30), f"1.0 {old}"))})

    assert outcome.tags() == ["1.0"]


@pytest.mark.parametrize(
    ("night", "newest", "expected"),
    [
        (0, 30, None),
        (1, 30, timedelta(days=8)),
        (6, 30, timedelta(days=13)),
        (6, 1, None),
    ],
)
def test_a_quick_pass_reaches_back_to_the_full_pass_before_the_last(
    night: int, newest: int, expected: timedelta | None
) -> None:
    as_of = NOW - timedelta(days=FULL_NIGHT - night)

    since = quick_since(7, as_of, [table((1, at(newest), "1.0")), None])

    midnight = as_of.replace(hour=0)
    assert since == (midnight - expected if expected else None)


def test_a_quick_pass_needs_something_known() -> None:
    assert quick_since(7, NOW - timedelta(days=FULL_NIGHT - 1), [None]) is None


def test_a_refused_token_is_an_error_that_says_where_tokens_come_from() -> None:
    outcome = pull(Console(), env={"CHAINGUARD_TOKEN": "old"})

    assert "answered 401 'unauthenticated'" in outcome.error
    assert "`chainctl auth token`" in outcome.error


def test_a_count_that_the_pages_do_not_add_up_to_is_an_error() -> None:
    outcome = pull(Console(repositories={"app": []}, total=1))

    assert "lists 1 of 2 entries, 3 times in a row" in outcome.error


def test_a_group_that_nobody_sees_is_an_error() -> None:
    assert "lists no repository below the group" in pull(Console()).error


def test_an_address_that_is_no_console_is_an_error_even_for_a_named_image() -> None:
    console = Console()
    console.rules.append(lambda _: as_json({"code": 5, "message": "Not Found"}, 404))

    assert "is not found: is `api` right?" in pull(console, "app").error


def test_tags_of_repositories_that_are_not_listed_are_an_error() -> None:
    console = Console(repositories={"app": []})
    tag = {"uid": "a/b", "name": "1", "digest": digest(1), "updateTime": "2026-07-01T00:00:00Z"}
    console.when("/tags", as_json({"tags": [tag]}))

    assert "lists tags, but of no repository that it lists" in pull(console).error


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, "needs `group`"),
        ({"group": GROUP}, "and `token"),
        ({"via": "history"}, "write `kind: chainguard-history`"),
        ({"via": "console", "group": GROUP, "token": "${T}"}, "remove the key"),
    ],
)
def test_keys_that_do_not_fit_together_are_refused(keys: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Chainguard(**keys)


def test_the_last_move_of_each_tag_is_its_time() -> None:
    fake = History(
        tags={"latest": [(digest(1), at(1)), (digest(2), at(2))], "1.0": [(digest(1), at(1))]}
    )

    outcome = history(fake, "app")

    assert outcome.rows() == [("1.0", digest(1), at(1)), ("latest", digest(2), at(2))]
    assert len(outcome.server.asked("GET", "/token")) == 1


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("count", [999, 1000, 1001, 2000, 2500])
def test_a_history_of_any_length_is_read_to_its_end(count: int, *, inclusive: bool) -> None:
    moves = [(digest(n), at(1) + timedelta(minutes=n)) for n in range(count)]

    outcome = history(History(tags={"latest": moves}, inclusive=inclusive), "app")

    last = at(1) + timedelta(minutes=count - 1)
    assert outcome.rows() == [("latest", digest(count - 1), last)]


def test_a_history_that_does_not_move_on_is_an_error() -> None:
    moves = [(digest(n), at(1)) for n in range(1000)]

    assert history(History(tags={"latest": moves}), "app").error.endswith(
        "chainguard/app:latest has an endless history"
    )


def test_a_tag_without_a_history_is_an_error() -> None:
    outcome = history(History(tags={"latest": []}), "app")

    assert outcome.error.endswith("chainguard/app:latest has no history")


def test_a_move_without_an_offset_from_utc_is_an_error() -> None:
    fake = History(tags={"latest": []})
    move = {"updateTimestamp": "2026-07-01T00:00:00", "digest": digest(1)}
    fake.when("/history/", as_json({"history": [move]}))

    assert "is not a time with a timezone component" in history(fake, "app").error


def test_the_registry_lists_no_images_so_they_must_be_named() -> None:
    assert "name them in `images.include`" in history(History()).error


def test_an_image_that_the_registry_does_not_have_is_none() -> None:
    fake = History()
    fake.when("/tags/list", problem(404, "NAME_UNKNOWN"))

    assert history(fake, "app").rows() is None
