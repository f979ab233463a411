"""Logins from Docker's and podman's files, from helpers, and from the catalog."""

from __future__ import annotations

import base64
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from select import select
from typing import TYPE_CHECKING, cast
from unittest.mock import AsyncMock, Mock

import pytest

from generator.registry import Credentials, Keychain, RegistryError
from generator.registry.helper import Answer, _answer, ask_helper
from tests.registry.fake import run

if TYPE_CHECKING:
    from asyncio.subprocess import Process

HOST = "registry.example:5000"


def login(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def write(path: Path, **content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def helper(folder: Path, name: str, script: str) -> None:
    """A real credential helper: a Python script on the PATH."""
    folder.mkdir(exist_ok=True)
    program = folder / f"docker-credential-{name}"
    program.write_text(
        f"#!{sys.executable}\nimport sys, os, json, time\nserver = sys.stdin.read()\n{script}\n"
    )
    program.chmod(0o755)


def find(
    tmp_path: Path, host: str = HOST, repository: str = "team/app", **env: str
) -> Credentials | None:
    base = {
        "HOME": str(tmp_path / "home"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "PATH": str(tmp_path / "bin"),
    }
    return run(Keychain(base | env).find(host, repository))


def test_without_any_file_we_are_anonymous(tmp_path: Path) -> None:
    assert find(tmp_path) is None


def test_docker_config_in_the_home_folder_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "home/.docker/config.json", auths={HOST: login("alice", "a:b")}, other=1
    )
    found = find(tmp_path)
    assert found
    assert (found.username, found.password, found.source) == ("alice", "a:b", str(path))
    assert found.basic == "Basic YWxpY2U6YTpi"


def test_docker_config_names_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "home/.docker/config.json", auths={HOST: login("home", "x")})
    write(tmp_path / "ci/config.json", auths={HOST: login("ci", "x")})
    assert find(tmp_path, DOCKER_CONFIG=str(tmp_path / "ci")) == Credentials("ci", "x")


def test_podmans_files_come_before_dockers(tmp_path: Path) -> None:
    write(tmp_path / "home/.docker/config.json", auths={HOST: login("docker", "x")})
    write(tmp_path / "home/.config/containers/auth.json", auths={HOST: login("podman", "x")})
    assert find(tmp_path) == Credentials("podman", "x")
    write(tmp_path / "run/containers/auth.json", auths={HOST: login("runtime", "x")})
    assert find(tmp_path) == Credentials("runtime", "x")


def test_a_file_without_a_fitting_entry_leaves_it_to_the_next(tmp_path: Path) -> None:
    write(tmp_path / "home/.config/containers/auth.json", auths={"other.example": login("o", "x")})
    write(tmp_path / "home/.docker/config.json", auths={HOST: login("docker", "x")})
    assert find(tmp_path) == Credentials("docker", "x")


def test_registry_auth_file_stands_alone(tmp_path: Path) -> None:
    write(tmp_path / "home/.docker/config.json", auths={HOST: login("docker", "x")})
    path = write(tmp_path / "named.json", auths={"other.example": login("o", "x")})
    assert find(tmp_path, REGISTRY_AUTH_FILE=str(path)) is None


def test_a_registry_auth_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"gone.json cannot be read: No such file or directory"):
        find(tmp_path, REGISTRY_AUTH_FILE=str(tmp_path / "gone.json"))


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'{"auths": 7}'])
def test_a_file_that_is_none_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "named.json"
    path.write_bytes(content)
    with pytest.raises(RegistryError, match=r"named.json is no credentials file"):
        find(tmp_path, REGISTRY_AUTH_FILE=str(path))


def test_an_auth_that_is_no_base64_is_an_error_without_it(tmp_path: Path) -> None:
    write(tmp_path / "home/.docker/config.json", auths={HOST: {"auth": "s3cret!"}})
    with pytest.raises(RegistryError, match="not base64 of text") as caught:
        find(tmp_path)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("repository", "user"),
    [
        ("team/app", "app"),
        ("team/other", "team"),
        ("teams/app", "host"),
        ("team/app2", "team"),
        ("", "host"),
    ],
)
def test_the_longest_path_decides(tmp_path: Path, repository: str, user: str) -> None:
    write(
        tmp_path / "home/.docker/config.json",
        auths={
            HOST: login("host", "x"),
            f"{HOST}/team": login("team", "x"),
            f"{HOST}/team/app": login("app", "x"),
        },
    )
    assert find(tmp_path, repository=repository) == Credentials(user, "x")


@pytest.mark.parametrize("key", [f"https://{HOST}", f"http://{HOST}/", f"https://{HOST}/v2/"])
def test_keys_may_have_a_scheme_and_a_version(tmp_path: Path, key: str) -> None:
    write(tmp_path / "home/.docker/config.json", auths={key: login("alice", "x")})
    assert find(tmp_path) == Credentials("alice", "x")


@pytest.mark.parametrize("host", ["registry-1.docker.io", "docker.io"])
def test_docker_hub_goes_by_its_old_key(tmp_path: Path, host: str) -> None:
    write(
        tmp_path / "home/.docker/config.json",
        auths={"https://index.docker.io/v1/": login("hub", "x")},
    )
    assert find(tmp_path, host=host) == Credentials("hub", "x")


def test_another_port_is_another_registry(tmp_path: Path) -> None:
    write(tmp_path / "home/.docker/config.json", auths={"registry.example": login("alice", "x")})
    assert find(tmp_path) is None


def test_trailing_nuls_are_no_part_of_the_password(tmp_path: Path) -> None:
    write(tmp_path / "home/.docker/config.json", auths={HOST: login("alice", "x\0\0")})
    assert find(tmp_path) == Credentials("alice", "x")


def test_identity_and_registry_tokens_are_read(tmp_path: Path) -> None:
    write(
        tmp_path / "home/.docker/config.json",
        auths={HOST: {"identitytoken": "i"}, "b.example": {"registrytoken": "r"}, "c.example": {}},
    )
    assert find(tmp_path) == Credentials(identity="i")
    assert find(tmp_path, host="b.example") == Credentials(bearer="r")
    assert find(tmp_path, host="c.example") is None


ANSWER = 'print(json.dumps({"ServerURL": server, "Username": "alice", "Secret": server}))'


def test_a_hosts_own_helper_is_asked_for_the_host(tmp_path: Path) -> None:
    helper(tmp_path / "bin", "mine", ANSWER)
    write(
        tmp_path / "home/.docker/config.json",
        auths={HOST: login("file", "x")},
        credHelpers={HOST: "mine"},
        credsStore="missing",
    )
    assert find(tmp_path) == Credentials("alice", HOST)


def test_the_store_is_asked_where_the_file_only_marks_the_host(tmp_path: Path) -> None:
    helper(tmp_path / "bin", "store", ANSWER)
    write(tmp_path / "home/.docker/config.json", auths={HOST: {}}, credsStore="store")
    assert find(tmp_path) == Credentials("alice", HOST)


def test_docker_hubs_helper_is_asked_for_its_old_key(tmp_path: Path) -> None:
    helper(tmp_path / "bin", "store", ANSWER)
    write(tmp_path / "home/.docker/config.json", credsStore="store")
    found = find(tmp_path, host="registry-1.docker.io")
    assert found == Credentials("alice", "https://index.docker.io/v1/")


def test_a_helpers_token_is_an_identity_token(tmp_path: Path) -> None:
    helper(
        tmp_path / "bin", "mine", 'print(json.dumps({"Username": "<token>", "Secret": "refresh"}))'
    )
    write(tmp_path / "home/.docker/config.json", credHelpers={HOST: "mine"})
    assert find(tmp_path) == Credentials(identity="refresh")


def test_a_helper_that_knows_no_login_means_anonymous(tmp_path: Path) -> None:
    helper(
        tmp_path / "bin", "mine", 'print("credentials not found in native keychain"); sys.exit(1)'
    )
    write(tmp_path / "home/.docker/config.json", credHelpers={HOST: "mine"})
    assert find(tmp_path) is None


@pytest.mark.parametrize("answer", [ANSWER, "sys.exit(1)"])
def test_a_helper_is_asked_once_for_a_host(tmp_path: Path, answer: str) -> None:
    log = tmp_path / "log"
    helper(tmp_path / "bin", "mine", f'open({str(log)!r}, "a").write("asked\\n")\n{answer}')
    write(tmp_path / "home/.docker/config.json", credHelpers={HOST: "mine"})

    async def scenario() -> None:
        keychain = Keychain({"HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "bin")})
        for repository in ("a", "b"):
            with suppress(RegistryError):
                await keychain.find(HOST, repository)

    run(scenario())
    assert log.read_text() == "asked\n"


@pytest.mark.parametrize(
    "script", ['print("s3cret"); sys.exit(2)', 'print("s3cret")', 'print("{}")']
)
def test_a_helper_that_fails_is_an_error_without_what_it_said(tmp_path: Path, script: str) -> None:
    helper(tmp_path / "bin", "mine", script)
    write(tmp_path / "home/.docker/config.json", credHelpers={HOST: "mine"})
    with pytest.raises(
        RegistryError, match=r"docker-credential-mine (failed|did not answer)"
    ) as caught:
        find(tmp_path)
    assert "s3cret" not in str(caught.value)


def test_a_helper_that_is_missing_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "home/.docker/config.json", credHelpers={HOST: "mine"})
    with pytest.raises(
        RegistryError, match=r"docker-credential-mine keeps the login .* install it"
    ):
        find(tmp_path)


def test_a_helper_that_hangs_is_ended(tmp_path: Path) -> None:
    helper(tmp_path / "bin", "mine", "time.sleep(60)")
    with pytest.raises(RegistryError, match=r"docker-credential-mine took longer than 0\.3 s"):
        run(ask_helper("mine", HOST, {"PATH": str(tmp_path / "bin")}, timeout=0.3))


def test_what_a_helper_that_hangs_has_started_is_ended_too(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    reader = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
    child = f'["{sys.executable}", "-c", "import time; time.sleep(600)"]'
    helper(
        tmp_path / "bin",
        "mine",
        f"import subprocess\nsubprocess.Popen({child}, stdin=open({str(alive)!r}, 'w'))\n"
        "time.sleep(600)\n",
    )
    try:
        with pytest.raises(RegistryError, match="took longer than 2 s"):
            run(ask_helper("mine", HOST, {"PATH": str(tmp_path / "bin")}, timeout=2))
        assert select([reader], [], [], 20)[0]  # readable: nobody holds the other end any more
        assert os.read(reader, 1) == b""
    finally:
        os.close(reader)


def test_a_helper_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    helper(tmp_path / "bin", "mine", 'while True: print("x" * 1000)')
    with pytest.raises(RegistryError, match="docker-credential-mine printed more than 64 KiB"):
        run(ask_helper("mine", HOST, {"PATH": str(tmp_path / "bin")}))


def test_a_helper_that_is_no_program_is_an_error(tmp_path: Path) -> None:
    helper(tmp_path / "bin", "mine", "")
    (tmp_path / "bin" / "docker-credential-mine").write_text("no program\n")
    with pytest.raises(RegistryError, match="docker-credential-mine cannot be run: Exec format"):
        run(ask_helper("mine", HOST, {"PATH": str(tmp_path / "bin")}))


def test_a_file_may_have_nulls(tmp_path: Path) -> None:
    write(tmp_path / "home/.docker/config.json", auths=None, credHelpers=None, credsStore=None)
    assert find(tmp_path) is None
    write(tmp_path / "home/.docker/config.json", auths={HOST: None})
    assert find(tmp_path) is None


@pytest.mark.parametrize("name", ["", "../evil", "a;b", "x y"])
def test_a_helper_with_a_name_that_is_none_is_not_run(name: str) -> None:
    with pytest.raises(RegistryError, match="not a credential helper's name"):
        run(ask_helper(name, HOST, {}))


def test_nothing_shows_a_secret() -> None:
    credentials = Credentials("alice", "s3cret", "s3cret", "s3cret", source="here")
    assert repr(credentials) == "Credentials(source='here')"
    assert repr(Answer("alice", "s3cret")) == "Answer(...)"


def test_the_catalogs_references_are_filled_in() -> None:
    env = {"NAME": "alice", "PASS": "s3cret", "TOKEN": "t"}
    assert Credentials.named("${NAME}", "${PASS}", "", env) == Credentials("alice", "s3cret")
    assert Credentials.named("robot$x", "${PASS}", "", env) == Credentials("robot$x", "s3cret")
    assert Credentials.named("", "", "${TOKEN}", env) == Credentials(bearer="t")
    assert Credentials.named("", "", "", env) is None


@pytest.mark.parametrize("env", [{}, {"PASS": ""}])
def test_a_variable_that_is_not_set_is_an_error(env: dict[str, str]) -> None:
    with pytest.raises(RegistryError, match="environment variable PASS, which is not set"):
        Credentials.named("alice", "${PASS}", "", env)


@pytest.mark.parametrize(
    "odd",
    [
        {"auth": None},
        {"auth": 7},
        7,
        [],
        {"identitytoken": None, "password": None, "username": None},
        {"registrytoken": {}},
        {"auth": "not base64"},
    ],
)
def test_an_odd_entry_does_not_spoil_the_others(tmp_path: Path, odd: object) -> None:
    entries = {"odd.example": odd, HOST: login("alice", "x")}
    write(tmp_path / "home/.docker/config.json", auths=entries, credHelpers={"o.example": odd})
    assert find(tmp_path) == Credentials("alice", "x")


@pytest.mark.parametrize("empty", [{"auth": None}, {"auth": ""}, {"username": None}])
def test_an_entry_of_nulls_is_an_empty_one(tmp_path: Path, empty: object) -> None:
    write(tmp_path / "home/.docker/config.json", auths={HOST: empty}, credHelpers={HOST: None})
    assert find(tmp_path) is None


def test_an_odd_entry_is_an_error_where_it_is_needed(tmp_path: Path) -> None:
    path = write(tmp_path / "home/.docker/config.json", auths={HOST: {"auth": ["s3cret"]}})
    with pytest.raises(RegistryError) as error:
        find(tmp_path)
    assert str(error.value) == (
        f"the login for {HOST} in {path} is none: '`$.auth` is a list, not a text or empty': "
        "log in again"
    )


def test_an_odd_helper_is_an_error_where_it_is_needed(tmp_path: Path) -> None:
    path = write(tmp_path / "home/.docker/config.json", credHelpers={HOST: 7})
    with pytest.raises(RegistryError) as error:
        find(tmp_path)
    assert str(error.value) == f"{path} names no credential helper for {HOST}: correct it"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\t"])
def test_a_password_with_a_line_break_is_an_error_before_it_is_sent(end: str) -> None:
    with pytest.raises(RegistryError) as error:
        Credentials.named("alice", "${PASS}", "", {"PASS": f"s3cret{end}"})
    assert str(error.value) == (
        "the password that the catalog names has characters that no password may have: "
        "does it end with a line break?"
    )


def test_a_password_with_a_line_break_in_a_file_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "home/.docker/config.json", auths={HOST: login("alice", "s3cret\n")})
    with pytest.raises(RegistryError) as error:
        find(tmp_path)
    assert str(error.value) == (
        f"the password that {path} names has characters that no password may have: "
        "does it end with a line break?"
    )


def test_a_helper_s_password_with_a_line_break_is_an_error_for_all_images(tmp_path: Path) -> None:
    answer = json.dumps({"Username": "alice", "Secret": "s3cret\n"})
    count = f'open({str(tmp_path / "count")!r}, "a").write("x")'
    helper(tmp_path / "bin", "mine", f"{count}\nprint({answer!r})")
    write(tmp_path / "home/.docker/config.json", credHelpers={HOST: "mine"})
    env = {"HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "bin")}
    keychain = Keychain(env | {"XDG_RUNTIME_DIR": str(tmp_path)})

    async def scenario() -> None:
        for _ in range(2):
            with pytest.raises(RegistryError, match="does it end with a line break"):
                await keychain.find(HOST)

    run(scenario())
    assert (tmp_path / "count").read_text() == "x"


@pytest.mark.parametrize("session", [True, False])
def test_what_a_helper_leaves_running_is_not_waited_for(tmp_path: Path, session: bool) -> None:
    """It holds the pipe open that the answer came through, longer than a test may take."""
    child = f'["{sys.executable}", "-c", "import time; time.sleep(25)"]'
    started = f"import subprocess\nsubprocess.Popen({child}, start_new_session={session})\n"
    answer = json.dumps({"Username": "alice", "Secret": "x" * 60_000})
    helper(tmp_path / "bin", "mine", f"{started}print({answer!r})")
    found = run(ask_helper("mine", HOST, {"PATH": str(tmp_path / "bin")}))
    assert found == Answer("alice", "x" * 60_000)


class Ended:
    """A helper that has ended before anybody has read a byte of what it printed."""

    stdin = Mock(drain=AsyncMock())
    wait = AsyncMock(return_value=0)


def test_what_a_helper_printed_before_it_ended_is_read() -> None:
    source, sink = os.pipe()
    os.set_blocking(source, False)
    os.write(sink, b"printed")
    try:
        assert run(_answer(cast("Process", Ended()), HOST, source)) == b"printed"
    finally:
        os.close(source)
        os.close(sink)
