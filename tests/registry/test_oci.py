"""The source kind `oci`: which tags, which digests, which times, with how many requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from generator.errors import TagpagesError
from generator.model import Table, TagGroup
from generator.registry import Keychain, Origin, Reply, Session
from generator.registry.message import Headers, Request
from generator.sources.oci import Oci
from generator.sources.remote import TagGlobs
from tests.registry.fake import (
    INDEX,
    MANIFEST,
    NOW,
    FakeClock,
    FakeRegistry,
    asked,
    describe,
    pull,
    run,
    session_for,
)
from tests.registry.server import Answer, Call, Server, as_json, problem

BUILT = datetime(2026, 7, 1, tzinfo=UTC)
EARLIER = datetime(2026, 6, 1, tzinfo=UTC)


def time_of(registry: FakeRegistry, digest: str) -> datetime:
    registry.repositories["app"] = {"1.0": digest}
    outcome = pull(registry)
    assert outcome.tags, outcome.error
    return outcome.tags[0].last_changed


def test_pages_are_followed_to_the_end(registry: FakeRegistry) -> None:
    registry.page_size = 2
    for number in range(5):
        registry.tag("app", f"2.{number}", registry.repositories["app"]["1.0"])
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "2.0", "2.1", "2.2", "2.3", "2.4", "latest"]
    assert len(outcome.server.asked("GET", "/tags/list")) == 4


@pytest.mark.parametrize(
    ("status", "code"), [(400, "PAGINATION_NUMBER_INVALID"), (405, "UNSUPPORTED")]
)
def test_a_server_that_refuses_our_page_size_is_asked_without(
    registry: FakeRegistry, status: int, code: str
) -> None:
    registry.when(
        "GET", "/tags/list", lambda call: problem(status, code) if "n" in call.query else None
    )
    assert pull(registry).digests == registry.repositories["app"]


def test_all_manifest_types_are_accepted(registry: FakeRegistry) -> None:
    outcome = pull(registry)
    assert outcome.server.asked("HEAD")[0].headers["accept"] == (
        "application/vnd.oci.image.index.v1+json, "
        "application/vnd.docker.distribution.manifest.list.v2+json, "
        "application/vnd.oci.image.manifest.v1+json, "
        "application/vnd.docker.distribution.manifest.v2+json, "
        "application/vnd.docker.distribution.manifest.v1+json, "
        "application/vnd.docker.distribution.manifest.v1+prettyjws"
    )


def test_referrer_and_signature_tags_are_left_out(registry: FakeRegistry) -> None:
    digest = registry.repositories["app"]["1.0"]
    for ending in ("", ".sig", ".att", ".sbom", "-cosign.bundle"):
        registry.tag("app", f"sha256-{'a' * 64}{ending}", digest)
        registry.tag("app", f"sha512-{'b' * 64}{ending}", digest)
    registry.tag("app", "sha256-of-something", digest)
    assert list(pull(registry).digests) == ["1.0", "latest", "sha256-of-something"]


def test_tags_are_chosen_by_globs(registry: FakeRegistry) -> None:
    for tag in ("2.0", "2.0-rc1", "edge"):
        registry.tag("app", tag, registry.repositories["app"]["1.0"])
    outcome = pull(registry, tags=_globs(include=["[0-9]*"], exclude=["*-rc*"]))
    assert list(outcome.digests) == ["1.0", "2.0"]
    assert len(outcome.server.asked("HEAD")) == 2


def test_a_new_digest_has_its_build_time(registry: FakeRegistry) -> None:
    outcome = pull(registry)
    assert outcome.tags
    assert {tag.last_changed for tag in outcome.tags} == {BUILT}


def test_each_new_digest_is_looked_up_once(registry: FakeRegistry) -> None:
    outcome = pull(registry)
    assert len(outcome.server.asked("GET", "/manifests/")) == 1
    assert len(outcome.server.asked("GET", "/blobs/")) == 1


def test_an_index_has_the_build_time_of_its_first_image(registry: FakeRegistry) -> None:
    attestation = registry.put(MANIFEST, {"schemaVersion": 2, "n": 1})
    image = registry.image("2026-05-05T05:05:05.123456789+02:00")
    digest = registry.index(describe(attestation, os="unknown"), describe(image))
    assert time_of(registry, digest) == datetime(2026, 5, 5, 3, 5, 5, 123457, tzinfo=UTC)


def test_an_index_within_an_index_is_followed(registry: FakeRegistry) -> None:
    inner = registry.index(describe(registry.image()))
    assert time_of(registry, registry.index(describe(inner, media_type=INDEX))) == BUILT


def test_indexes_that_never_end_are_left_alone(registry: FakeRegistry) -> None:
    digest = registry.index(describe(registry.image()))
    for _ in range(5):
        digest = registry.index(describe(digest, media_type=INDEX))
    assert time_of(registry, digest) == NOW


@pytest.mark.parametrize(
    "created",
    [None, "1970-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "2026-08-01T12:00:01Z", "soon"],
)
def test_a_build_time_that_is_none_gives_way_to_the_annotation(
    registry: FakeRegistry, created: str | None
) -> None:
    digest = registry.index(
        describe(registry.image(created, annotated="2026-07-01T00:00:00Z")),
        annotated="2026-07-03T00:00:00Z",
    )
    assert time_of(registry, digest) == BUILT


def test_the_indexs_annotation_is_the_last_to_be_believed(registry: FakeRegistry) -> None:
    digest = registry.index(describe(registry.image(None)), annotated="2026-07-01T00:00:00Z")
    assert time_of(registry, digest) == BUILT


def test_without_a_believable_time_it_is_the_time_of_the_build(registry: FakeRegistry) -> None:
    assert time_of(registry, registry.image("0001-01-01T00:00:00Z")) == NOW


def test_the_bounds_of_belief_belong_to_it(registry: FakeRegistry) -> None:
    assert time_of(registry, registry.image("2026-08-01T12:00:00Z")) == NOW
    earliest = datetime(2000, 1, 1, tzinfo=UTC)
    assert time_of(registry, registry.image("2000-01-01T00:00:00Z")) == earliest


@pytest.mark.parametrize(
    "document",
    [
        {"schemaVersion": 2},
        {"schemaVersion": 2, "manifests": []},
        {
            "schemaVersion": 2,
            "config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "x"},
        },
        {"schemaVersion": 2, "config": "broken"},
        {"schemaVersion": 2, "manifests": [describe(f"sha256:{'1' * 64}")]},
    ],
)
def test_what_is_no_image_has_the_time_of_the_build(
    registry: FakeRegistry, document: object
) -> None:
    assert time_of(registry, registry.put(MANIFEST, document)) == NOW


def test_a_config_that_is_gone_says_nothing(registry: FakeRegistry) -> None:
    digest = registry.image()
    registry.when("GET", "/blobs/", problem(404, "BLOB_UNKNOWN"))
    assert time_of(registry, digest) == NOW


def test_a_config_that_cannot_be_had_is_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", "/blobs/", problem(403, "DENIED"))
    assert "answered 403 DENIED" in pull(registry).error


def test_a_manifest_that_cannot_be_had_is_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", "/manifests/", problem(403, "DENIED"))
    assert "answered 403 DENIED" in pull(registry).error


def test_a_config_that_is_no_json_says_nothing(registry: FakeRegistry) -> None:
    config = registry.put("text/plain", "no object")
    document = {
        "schemaVersion": 2,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config},
    }
    assert time_of(registry, registry.put(MANIFEST, document)) == NOW


def test_signed_schema_1_goes_by_its_header(registry: FakeRegistry) -> None:
    digest = f"sha256:{'5' * 64}"
    headers = (
        ("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws"),
        ("Docker-Content-Digest", digest),
    )
    registry.when("*", "/manifests/", Answer(200, b'{"signatures": []}', headers))
    assert time_of(registry, digest) == NOW


def test_a_digest_in_an_algorithm_that_we_cannot_check_is_an_error(registry: FakeRegistry) -> None:
    registry.when("HEAD", "", Answer(200, headers=(("Docker-Content-Digest", "blake3:abc"),)))
    registry.when("GET", "/manifests/", Answer(200, b'{"schemaVersion": 2}'))
    assert pull(registry).error.endswith("'blake3:abc' has a digest that cannot be verified")


def test_a_tag_that_is_gone_since_the_list_is_left_out(registry: FakeRegistry) -> None:
    del registry.repositories["app"]["1.0"]
    registry.when("GET", "/tags/list", as_json({"tags": ["1.0", "latest"]}))
    assert list(pull(registry).digests) == ["latest"]


@pytest.mark.parametrize(
    "answer", [Answer(404), problem(404, "NAME_UNKNOWN"), Answer(404, b"<html>")]
)
def test_a_listed_tag_that_is_missing_for_another_reason_is_an_error(
    registry: FakeRegistry, answer: Answer
) -> None:
    registry.when("*", "/manifests/1.0", answer)
    assert "/manifests/1.0 answered 404" in pull(registry).error


@pytest.mark.parametrize("status", [400, 403, 405, 501])
def test_a_head_that_is_refused_gives_way_to_a_get(registry: FakeRegistry, status: int) -> None:
    registry.when("HEAD", "/manifests/", Answer(status))
    assert pull(registry).digests == registry.repositories["app"]


def test_a_get_that_is_refused_after_the_head_is_an_error(registry: FakeRegistry) -> None:
    registry.when("*", "/manifests/1.0", problem(403, "DENIED"))
    assert "/v2/app/manifests/1.0 answered 403 DENIED" in pull(registry).error


def test_a_head_that_fails_otherwise_is_an_error(registry: FakeRegistry) -> None:
    registry.when("HEAD", "/1.0", Answer(418))
    assert pull(registry).error.endswith("/v2/app/manifests/1.0 answered 418")


def known(registry: FakeRegistry, *tags: str) -> Table:
    digest = registry.repositories["app"]["1.0"]
    return Table("public", (TagGroup(digest, EARLIER, tags),), "built")


def test_a_second_night_without_changes_costs_one_list_and_a_head_for_each_tag(
    registry: FakeRegistry,
) -> None:
    outcome = pull(registry, known=known(registry, "1.0", "latest"))
    assert outcome.tags
    assert [(tag.name, tag.last_changed) for tag in outcome.tags] == [
        ("1.0", EARLIER),
        ("latest", EARLIER),
    ]
    assert sorted((call.method, call.path) for call in outcome.server.calls) == [
        ("GET", "/v2/app/tags/list"),
        ("HEAD", "/v2/app/manifests/1.0"),
        ("HEAD", "/v2/app/manifests/latest"),
    ]


def test_a_tag_that_moved_has_the_new_digests_time(registry: FakeRegistry) -> None:
    before = known(registry, "1.0", "latest")
    registry.tag("app", "latest", registry.image("2026-07-30T00:00:00Z"))
    outcome = pull(registry, known=before)
    assert outcome.tags
    assert [(tag.name, tag.last_changed) for tag in outcome.tags] == [
        ("1.0", EARLIER),
        ("latest", datetime(2026, 7, 30, tzinfo=UTC)),
    ]


def test_known_tags_keep_their_order_and_new_ones_follow_by_name(registry: FakeRegistry) -> None:
    for tag in ("b", "a"):
        registry.tag("app", tag, registry.repositories["app"]["1.0"])
    outcome = pull(registry, known=known(registry, "latest", "gone", "1.0"))
    assert list(outcome.digests) == ["latest", "1.0", "a", "b"]


def test_an_immutable_tag_is_not_asked_again_once_it_is_known(registry: FakeRegistry) -> None:
    registry.tag("app", "1.1", registry.image())
    night = NOW + timedelta(days=1)
    table = known(registry, "1.0", "latest")
    outcome = pull(registry, known=table, as_of=night, immutable=r"\d+\.\d+")
    assert list(outcome.digests) == ["1.0", "latest", "1.1"]
    assert sorted(call.path for call in outcome.server.asked("HEAD")) == [
        "/v2/app/manifests/1.1",
        "/v2/app/manifests/latest",
    ]


def test_each_known_immutable_tag_is_asked_for_again_once_in_seven_nights(
    registry: FakeRegistry,
) -> None:
    old, new = registry.repositories["app"]["1.0"], registry.image("2026-07-02T00:00:00Z")
    tags = [f"1.{number}" for number in range(70)]
    registry.repositories["app"] = dict.fromkeys(tags, old)
    table = Table("public", (TagGroup(old, EARLIER, tuple(tags)),))
    registry.repositories["app"] = dict.fromkeys(tags, new)

    nights = [
        pull(registry, known=table, as_of=NOW + timedelta(days=day), immutable=r"\d+\.\d+")
        for day in range(7)
    ]

    asked = [{call.path for call in night.server.asked("HEAD")} for night in nights]
    assert sum(map(len, asked)) == len(set().union(*asked)) == 70
    assert max(map(len, asked)) < 25
    moved = [sum(digest == new for digest in night.digests.values()) for night in nights]
    assert moved == list(map(len, asked))


def test_the_catalog_says_within_how_many_nights_immutable_tags_are_asked_for_again(
    registry: FakeRegistry,
) -> None:
    table = known(registry, "1.0", "latest")
    outcome = pull(registry, known=table, immutable=r"\d+\.\d+", immutable_within=1)
    assert len(outcome.server.asked("HEAD")) == 2


def test_immutable_means_the_whole_tag(registry: FakeRegistry) -> None:
    outcome = pull(registry, known=known(registry, "1.0", "latest"), immutable=r"1|late")
    assert len(outcome.server.asked("HEAD")) == 2


class Everywhere(Session):
    """A session in which one registry answers for all hosts; it remembers what was asked."""

    def __init__(self, registry: FakeRegistry) -> None:
        super().__init__(clock=FakeClock(), keychain=Keychain({"HOME": "/nonexistent"}))
        self.registry = registry
        self.urls: list[str] = []

    async def fetch(self, request: Request, *, home: Origin, limit: int) -> Reply:  # noqa: ARG002 - as in `Session`
        self.urls.append(request.url.partition("?")[0])
        target = request.url.removeprefix(str(Origin.of(request.url)))
        answer = self.registry(Call(request.method, target, request.headers))
        fields = [(name.encode(), value.encode()) for name, value in answer.headers]
        return Reply(request.url, answer.status, Headers(fields), answer.body)


@pytest.mark.parametrize(
    "host", ["docker.io", "Docker.io", "index.docker.io", "registry-1.docker.io"]
)
@pytest.mark.parametrize("repository", ["{image}", "library/{image}"])
def test_docker_hub_is_understood_by_its_usual_names(host: str, repository: str) -> None:
    registry = FakeRegistry()
    registry.tag("library/app", "1.0", registry.image())

    async def scenario() -> tuple[Any, list[str]]:
        session = Everywhere(registry)
        async with asked(session) as ask:
            spec = Oci(registry=host, repository=repository)
            assert spec.address("app") == ("docker.io", repository.replace("{image}", "app"))
            return await spec.open(ask).tags("app"), session.urls

    tags, urls = run(scenario())
    assert [tag.name for tag in tags] == ["1.0"]
    assert urls[:2] == [
        "https://registry-1.docker.io/v2/library/app/tags/list",
        "https://registry-1.docker.io/v2/library/app/manifests/1.0",
    ]


def test_other_registries_have_no_library() -> None:
    registry = FakeRegistry()
    registry.tag("app", "1.0", registry.image())

    async def scenario() -> list[str]:
        session = Everywhere(registry)
        async with asked(session) as ask:
            await Oci(registry="registry.example").open(ask).tags("app")
            return session.urls

    assert run(scenario())[0] == "https://registry.example/v2/app/tags/list"


def names(
    registry: FakeRegistry,
    *,
    ask: dict[str, Any] | None = None,
    **keys: Any,
) -> tuple[list[str], Server]:
    async def scenario() -> tuple[list[str], Server]:
        session = session_for(FakeClock())
        async with Server(registry).running() as server, asked(session, **(ask or {})) as question:
            source = Oci(registry=server.address, **keys).open(question)
            return list(await source.names()), server

    return run(scenario())


def test_exact_names_need_no_catalog_of_the_registry(registry: FakeRegistry) -> None:
    found, server = names(registry, ask={"names": ("app", "other")})
    assert found == ["app", "other"]
    assert server.calls == []


def test_the_registrys_catalog_is_mapped_back_to_images(registry: FakeRegistry) -> None:
    for name in ("team/b", "team/a", "team/sub/c", "team", "teams/d", "Upper", "x/legacy"):
        registry.tag(name, "1", registry.image())
    registry.page_size = 2
    overrides = {"old": "x/legacy"}
    found, server = names(
        registry, repository="team/{image}", ask={"listed": True, "repositories": overrides}
    )
    assert found == ["a", "b", "old", "sub/c"]
    assert len(server.asked("GET", "/v2/_catalog")) == 4


def test_only_wanted_images_are_listed(registry: FakeRegistry) -> None:
    registry.tag("Bad", "1", registry.image())
    found, _ = names(registry, ask={"listed": True, "wanted": lambda name: name == "app"})
    assert found == ["app"]
    found, _ = names(registry, ask={"listed": True})
    assert "Bad" in found


def test_an_overridden_image_is_named_though_the_registry_does_not_list_it(
    registry: FakeRegistry,
) -> None:
    found, _ = names(registry, ask={"listed": True, "repositories": {"extra": "else/hidden"}})
    assert {"app", "extra"} <= set(found)


def test_a_registry_that_does_not_list_says_what_to_do(registry: FakeRegistry) -> None:
    registry.when("GET", "/v2/_catalog", problem(404, "UNSUPPORTED"))
    with pytest.raises(
        TagpagesError, match=r"does not list its repositories: .*name the images in"
    ):
        names(registry, ask={"listed": True})


def test_a_registry_that_wants_us_to_wait_is_none_that_does_not_list(
    registry: FakeRegistry,
) -> None:
    registry.when("GET", "/v2/_catalog", problem(429, "TOOMANYREQUESTS"))
    with pytest.raises(TagpagesError, match="/v2/_catalog answered 429") as raised:
        names(registry, ask={"listed": True})
    assert "does not list" not in str(raised.value)


def test_an_overridden_repository_is_asked(registry: FakeRegistry) -> None:
    registry.tag("team/legacy", "7", registry.image())

    async def scenario() -> list[str]:
        session = session_for(FakeClock())
        overrides = {"app": "team/legacy"}
        async with (
            Server(registry).running() as server,
            asked(session, repositories=overrides) as ask,
        ):
            tags = await Oci(registry=server.address).open(ask).tags("app")
            return [tag.name for tag in tags or ()]

    assert run(scenario()) == ["7"]


def _globs(**globs: list[str]) -> TagGlobs:
    return msgspec.convert(globs, TagGlobs)


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ({"password": "hunter2", "username": "a"}, "the catalog is no place for secrets"),
        ({"token": "prefix-${TOKEN}"}, "the catalog is no place for secrets"),
        ({"password": "${P}"}, "credentials are `username` and `password`, or `token`"),
        ({"username": "a"}, "credentials are `username` and `password`, or `token`"),
        (
            {"username": "a", "password": "${P}", "token": "${T}"},
            "credentials are `username` and `password`, or `token`",
        ),
        ({"repository": "team/app"}, "`repository` names `{image}` once"),
        ({"repository": "Team/{image}"}, "`repository`: not a valid image name"),
        ({"immutable": "("}, "`immutable` is no regular expression"),
        ({"registry": "http://registry.example"}, "http://registry.example is plain http"),
        ({"registry": "http://127.0.0.1.evil.example"}, "evil.example is plain http"),
        ({"registry": "registry.example/team"}, "matching regex"),
        ({"registry": "user@registry.example"}, "matching regex"),
        ({"concurrency": 0}, "`int` >= 1"),
        ({"tag": {}}, "unknown field `tag`"),
    ],
)
def test_mistakes_in_the_catalog_are_named_without_secrets(
    keys: dict[str, Any], error: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"registry": "registry.example", **keys}, Oci)
    assert error in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "keys",
    [
        {"registry": "registry.example:5000", "repository": "team/{image}"},
        {"registry": "http://localhost:5000"},
        {"registry": "http://[::1]:5000"},
        {"registry": "http://10.0.0.1", "insecure": True},
        {"registry": "https://registry.example", "username": "robot$ci", "password": "${SECRET}"},
        {"registry": "registry.example", "token": "${TOKEN}", "immutable": r"^v?\d+\.\d+\.\d+$"},
    ],
)
def test_a_good_source_is_accepted(keys: dict[str, Any]) -> None:
    assert msgspec.convert({"kind": "oci", **keys}, Oci).time_kind == "built"


def test_a_catalogs_variable_that_is_not_set_is_an_error(registry: FakeRegistry) -> None:
    outcome = pull(registry, token="${MISSING}")
    assert outcome.error == "the catalog names the environment variable MISSING, which is not set"


def test_a_build_that_lies_in_the_past_does_not_believe_later_times(registry: FakeRegistry) -> None:
    async def scenario() -> datetime:
        session = session_for(FakeClock())
        past = BUILT - timedelta(days=1)
        async with Server(registry).running() as server, asked(session, as_of=past) as ask:
            tags = await Oci(registry=server.address).open(ask).tags("app")
            assert tags
            return tags[0].last_changed

    assert run(scenario()) == BUILT - timedelta(days=1)
