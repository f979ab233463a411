"""What a server repeats of our own secrets reaches no page, state, report or log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.collect.journal import Journal
from generator.model import Seen
from generator.sources.oci import Oci
from tests.collecting import HEADER, leave_alone, seen_of
from tests.registry.fake import MANIFEST, FakeRegistry, TokenServer
from tests.registry.server import Answer, Call, as_json, problem
from tests.sources.asking import at, digest, serving
from tests.sources.vendors import Harbor
from tests.support import tagpages

PASSWORD = "deadbeef-0123"
BASIC = "YWxpY2U6ZGVhZGJlZWYtMDEyMw"
"""base64 of `alice:deadbeef-0123`, without its padding."""
REFUSED = (
    "the answer contains one of your own passwords or tokens, so it is not published: change that "
    "secret, or leave the image out of the catalog"
)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    leave_alone(monkeypatch, tmp_path)
    monkeypatch.setenv("PASSWORD", PASSWORD)


@pytest.fixture
def registry() -> FakeRegistry:
    """A registry with two images."""
    fake = FakeRegistry()
    for name in ("app", "other"):
        fake.tag(name, "1.0", fake.image())
    return fake


def guarded(registry: FakeRegistry) -> Callable[[Call], Answer]:
    """The registry to who has logged in."""
    return lambda call: (
        registry(call)
        if call.authorization
        else problem(401, "UNAUTHORIZED", WWW_Authenticate="Basic realm=r")
    )


def seen_at(registry: FakeRegistry, *, password: str = PASSWORD, **told: Any) -> Seen:
    """What is seen of a registry that a user logs in to."""
    with pytest.MonkeyPatch.context() as patch, serving(guarded(registry)) as server:
        patch.setenv("PASSWORD", password)
        spec = Oci(registry=server.address, username="alice", password="${PASSWORD}")
        return seen_of(spec, **told)


@pytest.mark.parametrize(
    "tag", [PASSWORD, f"1.0-{PASSWORD}", f"{PASSWORD}.x", BASIC, f"1.0-{BASIC}.x"]
)
def test_an_answer_with_a_secret_in_a_tag_is_refused(registry: FakeRegistry, tag: str) -> None:
    registry.tag("app", tag, registry.image())

    seen = seen_at(registry)

    assert list(seen.images) == ["other"]
    assert {name: failure.reason for name, failure in seen.failed.items()} == {"app": REFUSED}


def test_an_answer_with_a_secret_in_a_digest_is_refused(registry: FakeRegistry) -> None:
    secret = registry.image()[10:40]

    seen = seen_at(registry, password=secret)

    assert seen.images == {}
    assert {failure.reason for failure in seen.failed.values()} == {REFUSED}


def test_an_answer_with_a_token_of_the_token_server_is_refused(registry: FakeRegistry) -> None:
    tokens = TokenServer(registry, prefix="a-long-token-")
    registry.tag("app", "a-long-token-2", registry.image())

    with serving(tokens.issue) as server:
        tokens.server.port = server.port
        with serving(tokens.guard) as guard:
            seen = seen_of(Oci(registry=guard.address, concurrency=1))

    assert {name: failure.reason for name, failure in seen.failed.items()} == {"app": REFUSED}
    assert list(seen.images) == ["other"]


def test_an_image_whose_name_is_a_secret_fails_without_its_name(registry: FakeRegistry) -> None:
    registry.tag(f"my-{PASSWORD}", "1.0", registry.image())

    seen = seen_at(registry)

    assert list(seen.images) == ["app", "other"]
    assert {name: failure.reason for name, failure in seen.failed.items()} == {"my-***": REFUSED}


def test_an_image_that_failed_anyway_is_told_without_the_secret_in_its_name(
    registry: FakeRegistry,
) -> None:
    registry.tag(f"my-{PASSWORD}", "not a tag", registry.image())

    assert list(seen_at(registry).failed) == ["my-***"]


@pytest.mark.parametrize(
    "told", [{"known": ("postgres",)}, {"include": ("*", "postgres")}], ids=["page", "catalog"]
)
def test_an_image_that_no_server_told_us_keeps_its_name(
    registry: FakeRegistry, told: dict[str, tuple[str, ...]]
) -> None:
    registry.tag("postgres", "1.0", registry.image())

    seen = seen_at(registry, password="postgres", **told)

    assert sorted(seen.images) == ["app", "other", "postgres"]
    assert seen.failed == {}


def test_the_reason_why_an_image_failed_is_redacted(registry: FakeRegistry) -> None:
    registry.when("GET", "/v2/app/", as_json({"tags": [f"{PASSWORD}!"]}))

    reason = seen_at(registry).failed["app"].reason

    assert reason.endswith("/app lists not a valid tag: '***!'")


def test_the_reason_why_an_image_failed_has_no_half_of_a_secret(registry: FakeRegistry) -> None:
    registry.when("GET", "/v2/app/", as_json({"tags": ["!" * 70 + PASSWORD]}))

    reason = seen_at(registry).failed["app"].reason

    assert reason.endswith(f"/app lists not a valid tag: '{'!' * 70}***...'")


def test_the_reason_why_a_source_failed_is_redacted(registry: FakeRegistry) -> None:
    link = f'<http://{PASSWORD}.example/>; rel="next"'
    registry.when("GET", "/v2/_catalog", as_json({"repositories": ["app"]}, Link=link))

    failure = seen_at(registry).failure

    assert failure is not None
    assert failure.reason.endswith(" names a next page at http://***.example: not followed")


@pytest.mark.parametrize("secret", [PASSWORD, 'quoted"twice"'])
def test_a_journal_keeps_no_secret(registry: FakeRegistry, tmp_path: Path, secret: str) -> None:
    registry.tag("app", secret, registry.image())
    registry.tag(f"my-{secret}", "1.0", registry.image())

    with Journal(tmp_path / "kept" / "journal.jsonl", HEADER) as journal:
        seen = seen_at(registry, password=secret, journal=journal)

    kept = journal.path.read_text()
    assert list(seen.images) == ["other"]
    assert '"image":"other"' in kept
    assert '"key":"other:1.0"' in kept
    assert secret not in kept.replace("\\", "")


@pytest.mark.parametrize("part", ["tag", "name", "message", "artifact", "invalid tag"])
def test_a_build_writes_and_prints_no_secret(
    registry: FakeRegistry, tmp_path: Path, part: str
) -> None:
    match part:
        case "tag":
            registry.tag("app", PASSWORD, registry.image())
        case "name":
            registry.tag(PASSWORD, "1.0", registry.image())
        case "message":
            registry.when("GET", "/v2/app/", problem(400, "X", "=" * 70 + PASSWORD))
        case "artifact":
            kind = f"application/{PASSWORD}"
            config = {"mediaType": kind, "digest": registry.put(kind, {}), "size": 2}
            chart = registry.put(MANIFEST, {"schemaVersion": 2, "config": config})
            registry.tag("chart", "1.0", chart)
        case _:
            registry.when("GET", "/v2/app/", as_json({"tags": ["!" * 70 + PASSWORD]}))

    with serving(guarded(registry)) as server:
        source = {
            "kind": "oci",
            "registry": server.address,
            "username": "alice",
            "password": "${PASSWORD}",
        }
        tables = [{"name": "public", "source": source}]
        catalog: dict[str, Any] = {"content": "content", "url": "/images/", "tables": tables}
        catalog["images"] = {"exclude": ["[d]eadbeef-0124"]}  # one letter off: the nearest is told
        (tmp_path / "catalog.yaml").write_text(json.dumps(catalog))
        done = tagpages("build", "--catalog", tmp_path / "catalog.yaml")

    written = {path: path.read_text() for path in tmp_path.glob("content/**/*.*")}
    assert done.code == (part != "artifact")
    assert f"{tmp_path}/content/other/tags_history.md" in map(str, written)
    everything = "".join([done.out, done.err, *map(str, written), *written.values()])
    assert PASSWORD[:5] not in everything


def test_a_readme_with_a_secret_in_it_is_not_taken(tmp_path: Path) -> None:
    harbor = Harbor(
        repositories={"team/app": [("1.0", digest(1), at(1))]}, login=f"Basic {BASIC}=="
    )
    path = "/api/v2.0/projects/team/repositories/app"
    told = as_json({"description": f"Log in with {PASSWORD}."})
    harbor.rules.append(lambda call: told if call.path == path else None)
    with serving(harbor) as server:
        login = {"username": "alice", "password": "${PASSWORD}"}
        source = {"kind": "harbor", "registry": server.url, "repository": "team/{image}", **login}
        catalog = {"content": "c", "url": "/r/", "tables": [{"name": "public", "source": source}]}
        (tmp_path / "catalog.yaml").write_text(json.dumps(catalog | {"pages": ["overview"]}))
        run = tagpages("build", "--catalog", tmp_path / "catalog.yaml", PASSWORD=PASSWORD)

    assert run.code == 0
    assert f"README: {REFUSED}" in run.err
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in written
