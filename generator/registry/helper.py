"""Docker credential helpers: programs that keep logins (docker-credential-helpers' protocol)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

import msgspec

from generator.model import shown
from generator.registry.errors import RegistryError

if TYPE_CHECKING:
    from asyncio import StreamWriter

TIMEOUT = 30.0
"""Seconds that a helper may take; some ask their vendor's server."""

OUTPUT_LIMIT = 1 << 16
"""Bytes that a helper may print."""

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
    with _pipe() as (printed, stdout):
        try:
            process = await asyncio.create_subprocess_exec(
                path,
                "get",
                stdin=PIPE,
                stdout=stdout,
                stderr=DEVNULL,
                env=dict(env),
                start_new_session=True,
            )
        except OSError as error:
            raise RegistryError(f"{path} cannot be run: {error.strerror}") from None
        try:
            async with asyncio.timeout(timeout):
                output = await _answer(process, server, printed)
        except TimeoutError:
            raise RegistryError(f"{program} took longer than {timeout:g} s for {server}") from None
        finally:
            await _ended(process)
    if len(output) > OUTPUT_LIMIT:
        raise RegistryError(f"{program} printed more than {OUTPUT_LIMIT >> 10} KiB for {server}")
    if process.returncode == 0:
        return _decoded(output, program)
    if _NO_LOGIN in output:
        return None
    raise RegistryError(
        f"{program} failed for {server} (exit code {process.returncode}): try it by hand"
    )


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """A pipe of our own, its two ends: what a helper leaves running cannot keep ours open."""
    source, sink = os.pipe()
    os.set_blocking(source, False)
    try:
        yield source, sink
    finally:
        os.close(source)
        os.close(sink)


def _decoded(output: bytes, program: str) -> Answer:
    try:
        return msgspec.json.decode(output, type=Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise RegistryError(f"{program} did not answer with a username and a secret") from None


async def _answer(process: Process, server: str, printed: int) -> bytes:
    """What the process prints until it ends, up to one byte more than the limit."""
    loop = asyncio.get_running_loop()
    output = bytearray()

    def read() -> None:
        with contextlib.suppress(BlockingIOError, ProcessLookupError):  # all is read, or it ended
            while len(output) <= OUTPUT_LIMIT:
                output.extend(os.read(printed, OUTPUT_LIMIT))
            process.kill()

    stdin = cast("StreamWriter", process.stdin)
    loop.add_reader(printed, read)
    try:
        with contextlib.suppress(ConnectionError):  # it need not read
            stdin.write(server.encode())
            await stdin.drain()
        stdin.close()
        await process.wait()
        read()
    finally:
        loop.remove_reader(printed)
    return bytes(output[: OUTPUT_LIMIT + 1])


async def _ended(process: Process) -> None:
    """End the process, and whatever it has started that is still in its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
