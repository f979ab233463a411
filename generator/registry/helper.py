"""Docker credential helpers: programs that keep logins (docker-credential-helpers' protocol)."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping

import msgspec

from generator.model import shown
from generator.registry.errors import RegistryError
from generator.registry.limits import MIB

TIMEOUT = 30.0
"""Seconds that a helper may take; some ask their vendor's server."""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NO_LOGIN = b"credentials not found in native keychain"


class Answer(msgspec.Struct, frozen=True, rename="pascal"):
    """What a helper knows. The username `<token>` marks the secret as an identity token."""

    username: str
    secret: str

    def __repr__(self) -> str:
        """Without the secret."""
        return "Answer(...)"


async def ask_helper(
    name: str,
    server: str,
    env: Mapping[str, str],
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - ends the process
) -> Answer | None:
    """What `docker-credential-<name> get` says of a server; None means to be anonymous.

    Runs without a shell. Raises RegistryError, with nothing that the helper printed, when it is
    missing, fails, takes longer than `timeout` seconds, or answers something else.
    """
    program = f"docker-credential-{name}"
    if not _NAME.fullmatch(name):
        raise RegistryError(f"not a credential helper's name: {shown(name)}")
    path = shutil.which(program, path=env.get("PATH"))
    if path is None:
        raise RegistryError(
            f"{program} keeps the login for {server}, but is not in PATH: install it"
        )
    process = await asyncio.create_subprocess_exec(
        path,
        "get",
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env=dict(env),
        limit=MIB,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout):
            output, _ = await process.communicate(server.encode())
    except TimeoutError:
        raise RegistryError(f"{program} took longer than {timeout:g} s for {server}") from None
    finally:
        await _ended(process)
    if process.returncode == 0:
        return _decoded(output, program)
    if _NO_LOGIN in output:
        return None
    raise RegistryError(
        f"{program} failed for {server} (exit code {process.returncode}): try it by hand"
    )


def _decoded(output: bytes, program: str) -> Answer:
    try:
        return msgspec.json.decode(output, type=Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise RegistryError(f"{program} did not answer with a username and a secret") from None


async def _ended(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
