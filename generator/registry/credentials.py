"""Credentials as Docker and podman keep them, and as the catalog names them.

Formats: Docker's `config.json`, containers-auth.json(5), docker-credential-helpers.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from generator.errors import UNREADABLE, in_words
from generator.model import shown
from generator.registry.errors import RegistryError
from generator.registry.helper import Answer, ask_helper

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HUB = "https://index.docker.io/v1/"
"""Docker Hub's key in the files, and what its helpers are asked for."""
DOCKER_HUB = ("index.docker.io", "docker.io", "registry-1.docker.io")
"""The hosts that mean Docker Hub."""


@dataclass(frozen=True)
class Credentials:
    """One login; secrets are never shown. `source` says where it comes from, for errors.

    `identity` is a refresh token for the registry's token server; `bearer` is sent as it is.
    """

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Raise RegistryError for what no user and no password has (RFC 7617, section 2)."""
        for what, text in (("user", self.username), ("password", self.password)):
            if _CONTROL.search(text):
                raise RegistryError(
                    f"the {what} that {self.source} names has characters that no {what} may have: "
                    "does it end with a line break?"
                )

    @property
    def basic(self) -> str:
        """The value of a Basic `Authorization` (RFC 7617, in UTF-8)."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of it nobody may see, in the forms that are sent."""
        return self.password, self.identity, self.bearer, self.basic.removeprefix("Basic ")

    @classmethod
    def named(
        cls, username: str, password: str, token: str, env: Mapping[str, str]
    ) -> Credentials | None:
        """The catalog's credentials, `${NAME}` filled in from `env`; None if it names none.

        Raises RegistryError for a variable that is not set.
        """
        if not (username or password or token):
            return None
        return cls(
            username=_filled(username, env),
            password=_filled(password, env),
            bearer=_filled(token, env),
            source="the catalog",
        )


def _filled(text: str, env: Mapping[str, str]) -> str:
    match = _REFERENCE.fullmatch(text)
    if not match:
        return text
    if not env.get(match[1]):
        raise RegistryError(
            f"the catalog names the environment variable {match[1]}, which is not set"
        )
    return env[match[1]]


class _Entry(msgspec.Struct, frozen=True):
    """An entry of `auths`; what is null says nothing."""

    auth: str | None = None
    identitytoken: str | None = None
    registrytoken: str | None = None
    username: str | None = None
    password: str | None = None


class _File(msgspec.Struct, frozen=True, rename={"helpers": "credHelpers", "store": "credsStore"}):
    """The part of a credentials file that matters here; entries are looked into when they fit."""

    auths: dict[str, msgspec.Raw] | None = None
    helpers: dict[str, object] | None = None
    store: str | None = None


class Keychain:
    """The logins of this machine: files read once, helpers asked once for each host."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self._env = os.environ if env is None else env
        self._files: list[tuple[Path, _File]] | None = None
        self._helped: dict[tuple[str, str], Credentials | RegistryError | None] = {}
        self._lock = asyncio.Lock()

    @property
    def env(self) -> Mapping[str, str]:
        """The environment that the catalog's `${NAME}` refer to."""
        return self._env

    async def find(self, host: str, repository: str = "") -> Credentials | None:
        """The login for a repository (`host` with its port); None means anonymous.

        The first file with a fitting entry decides. Within it: the host's own helper, the
        longest fitting path of `auths`, the store. Raises RegistryError for a file or a helper
        that does not do its part.
        """
        async with self._lock:
            if self._files is None:
                self._files = [(path, _read(path)) for path in _paths(self._env)]
            for path, file in self._files:
                if found := await self._in_file(path, file, host, repository):
                    return found
        return None

    async def _in_file(
        self, path: Path, file: _File, host: str, repository: str
    ) -> Credentials | None:
        names = DOCKER_HUB if host in DOCKER_HUB else (host,)
        helpers = {_key(key): helper for key, helper in (file.helpers or {}).items()}
        if name := next((name for name in names if name in helpers), ""):
            own = helpers[name] or ""
            if not isinstance(own, str):
                raise RegistryError(f"{path} names no credential helper for {name}: correct it")
            if own:
                return await self._from_helper(own, names)
        auths = {_key(key): entry for key, entry in (file.auths or {}).items()}
        for name in names:
            key = f"{name}/{repository}".rstrip("/")
            while key:
                if key in auths and (entry := _login(auths[key], path, key)):
                    return entry
                key = key.rpartition("/")[0]
        return await self._from_helper(file.store, names) if file.store else None

    async def _from_helper(self, helper: str, names: tuple[str, ...]) -> Credentials | None:
        key = (helper, _HUB if names == DOCKER_HUB else names[0])
        if key not in self._helped:
            try:
                answer = await ask_helper(*key, self._env)
                self._helped[key] = _from_answer(answer, helper) if answer else None
            except RegistryError as error:
                self._helped[key] = error
        found = self._helped[key]
        if isinstance(found, RegistryError):
            raise found
        return found


def _from_answer(answer: Answer, helper: str) -> Credentials:
    source = f"docker-credential-{helper}"
    if answer.username == "<token>":
        return Credentials(identity=answer.secret, source=source)
    return Credentials(answer.username, answer.secret, source=source)


def _paths(env: Mapping[str, str]) -> list[Path]:
    """The files to look in, in order.

    `REGISTRY_AUTH_FILE` alone if it is set; else `$DOCKER_CONFIG/config.json`, podman's files,
    `~/.docker/config.json`: those that exist.
    """
    if named := env.get("REGISTRY_AUTH_FILE"):
        return [Path(named)]
    home = Path(env["HOME"]) if env.get("HOME") else Path.home()
    runtime = env.get("XDG_RUNTIME_DIR")
    podman = Path("/run/containers", str(os.getuid()), "auth.json")
    candidates = [
        *([Path(env["DOCKER_CONFIG"], "config.json")] if env.get("DOCKER_CONFIG") else []),
        Path(runtime, "containers", "auth.json") if runtime else podman,
        Path(env.get("XDG_CONFIG_HOME") or home / ".config", "containers", "auth.json"),
        home / ".docker" / "config.json",
    ]
    return [path for path in candidates if path.is_file()]


def _read(path: Path) -> _File:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise RegistryError(f"the credentials in {path} cannot be read: {error.strerror}") from None
    except UNREADABLE as error:
        raise RegistryError(f"{path} is no credentials file: {shown(in_words(error))}") from None


def _key(key: str) -> str:
    """A key of `auths` or `credHelpers` without its scheme and Docker's API version."""
    return re.sub(r"/v[12]$", "", key.removeprefix("https://").removeprefix("http://").rstrip("/"))


def _login(raw: msgspec.Raw, path: Path, key: str) -> Credentials | None:
    """The entry's login; None for an empty one, which only marks that a helper has it."""
    try:
        entry = msgspec.json.decode(raw, type=_Entry | None)
    except msgspec.MsgspecError as error:
        raise RegistryError(
            f"the login for {key} in {path} is none: {shown(in_words(error))}: log in again"
        ) from None
    if entry is None:
        return None
    username, password = entry.username or "", entry.password or ""
    if entry.auth:
        username, _, password = _decoded(entry.auth, path).partition(":")
    tokens = entry.identitytoken or "", entry.registrytoken or ""
    if not (username or any(tokens)):
        return None
    return Credentials(username, password.rstrip("\0"), *tokens, source=str(path))


def _decoded(auth: str, path: Path) -> str:
    try:
        return base64.b64decode(auth, validate=True).decode()
    except ValueError:
        raise RegistryError(
            f"{path} has an `auth` that is not base64 of text: log in again"
        ) from None
