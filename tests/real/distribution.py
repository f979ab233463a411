"""Debian's `docker-registry`, a process of its own on a port that the system chooses."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

_LISTENING = re.compile(r"listening on (127\.0\.0\.1:\d+)")
_REQUEST = re.compile(r'"([A-Z]+) (\S+) HTTP/1\.1" ([0-9]{3}) ')


MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
"""Where Linux keeps files in memory: the registry syncs every file that it writes to its disk."""


@contextmanager
def storage() -> Iterator[Path]:
    """A folder for a registry, for as long as it is entered; in memory, where that can be."""
    with TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        yield Path(folder)


class Distribution:
    """The registry on the storage in `folder`, for as long as it is entered.

    `auth` is that section of its configuration (distribution, docs/configuration.md). `address` is
    where it listens; by default on a port that the system chooses. It speaks TLS if there is a
    `certificate`, a file that holds the key too.
    """

    def __init__(
        self,
        folder: Path,
        auth: Mapping[str, object] | None = None,
        address: str = "127.0.0.1:0",
        certificate: Path | None = None,
    ) -> None:
        self.address = address
        self._auth = auth
        self._tls = {"certificate": str(certificate), "key": str(certificate)}
        self._certificate = certificate
        self._folder = folder
        self._access = folder / "access.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        settings = {
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": str(self._folder / "storage")}},
            "http": {"addr": self.address} | ({"tls": self._tls} if self._certificate else {}),
        } | ({"auth": self._auth} if self._auth else {})
        configuration = self._folder / "config.yml"
        configuration.write_text(json.dumps(settings))
        log = self._folder / "registry.log"
        with self._access.open("wb") as out, log.open("wb") as err:
            self._process = subprocess.Popen(
                ["docker-registry", "serve", configuration], stdout=out, stderr=err
            )
        while not (match := _LISTENING.search(log.read_text())):
            with suppress(subprocess.TimeoutExpired):
                raise RuntimeError(f"exit {self._process.wait(0.01)}: {log.read_text()}")
        self.address = match[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process
        self._process.terminate()
        self._process.wait()

    def requests(self) -> list[tuple[str, str, int]]:
        """Method, target and status of what it was asked; whole only after its end."""
        found = _REQUEST.findall(self._access.read_text())
        return [(method, target, int(status)) for method, target, status in found]
