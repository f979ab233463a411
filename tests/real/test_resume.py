"""A pull that is stopped, against Debian's registry: the next run asks for the rest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.real.client import NOBODY
from tests.real.distribution import Distribution, storage
from tests.real.pusher import pusher
from tests.real.shelf import versions
from tests.support import tree_of

ROOT = Path(__file__).parents[2]
TAGS = 4
AN_IMAGE = 1 + TAGS + 2 * 2
"""Requests: its list, a digest for each tag, a manifest and a configuration for each two
tags: these say both when they were built, and what the documented ones contain."""


class Disk(NamedTuple):
    """A registry's folder, and how many images are in it."""

    folder: Path
    images: int


@pytest.fixture(scope="module", params=[60, pytest.param(300, marks=pytest.mark.long)])
def disk(docker_registry: type[Distribution], request: pytest.FixtureRequest) -> Iterator[Disk]:
    """A registry with images of four tags each."""
    with storage() as folder:
        with docker_registry(folder) as registry, pusher(registry.address) as push:
            for number in range(request.param):
                versions(push, f"team/app-{number:03}", TAGS, 2)
        yield Disk(folder, request.param)


class Pulls:
    """Builds of one site from one registry, which listens at the same address every time."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder = folder
        self._disk = disk
        self._address = "127.0.0.1:0"

    @property
    def journal(self) -> Path:
        return self.folder / ".tagpages" / "answers.jsonl"

    def build(self, content: str, stop: signal.Signals | None = None) -> tuple[int, str, int]:
        """Exit code, what was said, and the requests of a build, stopped once half is answered."""
        with Distribution(self._disk.folder, address=self._address) as registry:
            self._address = registry.address
            self._catalog()
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "generator", "build"),
                    *("--catalog", self.folder / "catalog.yaml"),
                    *("--content", self.folder / content),
                ],
                cwd=ROOT,
                env={**os.environ, **NOBODY},
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            if stop:
                self._wait_for_half(process)
                process.send_signal(stop)
            said = process.communicate()[1]
            with pytest.raises(ProcessLookupError):
                os.killpg(process.pid, 0)
        asked = [target for _, target, _ in registry.requests() if target != "/v2/"]
        return process.returncode, said, len(asked)

    def _catalog(self) -> None:
        source = {
            "kind": "oci",
            "registry": self._address,
            "repository": "team/{image}",
            "concurrency": 4,  # what is under way is lost
        }
        keys = {
            "content": "content",
            "url": "/images/",
            "window": "12 months",
            "as_of": "2026-08-01T12:00:00Z",
            "variants": ["0.*"],
            "tables": [{"name": "public", "source": source}],
        }
        (self.folder / "catalog.yaml").write_text(json.dumps(keys))

    def _wait_for_half(self, process: subprocess.Popen[str]) -> None:
        while process.poll() is None:
            answered = self.journal.read_text().count('"tags":') if self.journal.exists() else 0
            if answered >= self._disk.images // 2:
                return
            time.sleep(0.005)
        raise AssertionError("it ended before it could be stopped")


@pytest.mark.xdist_group("resume")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_pull_that_was_stopped_is_gone_on_with(disk: Disk, tmp_path: Path, name: str) -> None:
    pulls = Pulls(tmp_path, disk)
    code, _, whole = pulls.build("whole")
    assert (code, whole) == (0, 1 + disk.images * AN_IMAGE)
    assert not pulls.journal.exists()

    code, said, before = pulls.build("content", signal.Signals[name])
    if name == "SIGKILL":
        assert code == -signal.SIGKILL
    else:
        assert code == 130
        assert said.endswith("tagpages: interrupted; no file is half written\n")
    assert not list((tmp_path / "content").rglob("*.md"))
    assert pulls.journal.exists()

    code, said, after = pulls.build("content")
    assert code == 0, said
    assert "going on with the pull of " in said
    assert before + after <= whole + AN_IMAGE
    assert tree_of(tmp_path / "content") == tree_of(tmp_path / "whole")
    assert not pulls.journal.exists()
    assert [path.name for path in pulls.journal.parent.iterdir()] == [".gitignore"]
