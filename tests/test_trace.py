"""`-vv`: each request in a line, and nothing secret in any."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.collecting import leave_alone
from tests.registry.fake import FakeRegistry, TokenServer
from tests.registry.server import Answer, Call, Handler, Server, problem
from tests.sources.asking import serving
from tests.support import Run, Site

PASSWORD = "deadbeef-0123"
LINE = re.compile(r"^tagpages: ([A-Z]+ http.*) [0-9]+[.][0-9]{2} s$", re.MULTILINE)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeRegistry:
    leave_alone(monkeypatch, tmp_path)
    monkeypatch.setenv("PASSWORD", PASSWORD)
    monkeypatch.chdir(tmp_path)
    fake = FakeRegistry()
    fake.tag("app", "1.0", fake.image())
    return fake


def traced(run: Run, *servers: Server) -> list[str]:
    """What is told of requests, without their time."""
    text = "\n".join(LINE.findall(run.err))
    for number, server in enumerate(servers):
        text = text.replace(server.address, f"HOST{number}")
    return text.splitlines()


def site_of(server: Server, **keys: str) -> Site:
    site = Site(Path())
    table = {"name": "public", "source": {"kind": "oci", "registry": server.address, **keys}}
    site.catalog(tables=[table], as_of="2026-08-02T00:00:00Z")
    return site


@pytest.mark.parametrize("command", [["build"], ["collect", "--out", "answers.jsonl.gz"]])
def test_each_request_is_told_without_query_header_and_secret(
    registry: FakeRegistry, command: list[str]
) -> None:
    tokens = TokenServer(registry, prefix="a-token-to-pull-with-")
    elsewhere = Answer(307, headers=(("Location", f"/{PASSWORD}?sig=nature"),))
    registry.when("GET", "/blobs/", elsewhere)
    with serving(tokens.issue) as issuer, serving(tokens.guard) as server:
        tokens.server = issuer
        site = site_of(server, username="alice", password="${PASSWORD}")
        run = site.run(*command, "-vv")
    manifest = registry.repositories["app"]["1.0"]
    lines = traced(run, server, issuer)
    assert lines[:7] == [
        "GET http://HOST0/v2/_catalog 401",
        "GET http://HOST1/token 200",
        "GET http://HOST0/v2/_catalog 200",
        "GET http://HOST1/token 200",
        "GET http://HOST0/v2/app/tags/list 200",
        "HEAD http://HOST0/v2/app/manifests/1.0 200",
        f"GET http://HOST0/v2/app/manifests/{manifest} 200",
    ]
    assert "GET http://HOST0/*** 401" in lines
    for secret in (PASSWORD, "a-token-to-pull", "nature", "Basic", "Bearer", "YWxpY2U6"):
        assert secret not in run.err


def test_a_request_that_is_not_answered_is_told_too(registry: FakeRegistry) -> None:
    left = [Answer(reset=True, length=9)]

    def broken(call: Call) -> Answer:
        return left.pop() if left and "/tags/list" in call.path else registry.proper(call)

    with serving(broken) as server:
        run = site_of(server).run("build", "-vv")
    assert traced(run, server)[1:3] == [
        "GET http://HOST0/v2/app/tags/list no answer",
        "GET http://HOST0/v2/app/tags/list 200",
    ]


@pytest.mark.parametrize("flags", [[], ["-v"], ["--quiet"]])
def test_no_request_is_told_unasked(registry: FakeRegistry, flags: list[str]) -> None:
    with serving(registry) as server:
        run = site_of(server).run("build", *flags)
    assert (run.code, traced(run)) == (0, [])


def refuses(status: int) -> Handler:
    return lambda _: problem(status, "UNAUTHORIZED", WWW_Authenticate="Basic realm=r")


def test_who_has_logged_in_is_not_told_to_log_in(tmp_path: Path, registry: FakeRegistry) -> None:
    with serving(refuses(401)) as server:
        (tmp_path / ".docker").mkdir()
        file = tmp_path / ".docker" / "config.json"
        login = f'{{"username": "alice", "password": "{PASSWORD}"}}'
        file.write_text(f'{{"auths": {{"{server.address}": {login}}}}}')
        run = site_of(server).run("build")
    assert f"the login that {file} names is not taken: is it right, and still valid?" in run.err
    assert "docker login" not in run.err
