"""Real programs, and a registry filled once for the tests that only read it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.client import NOBODY, Skopeo, run_skopeo
from tests.real.distribution import Distribution, storage
from tests.real.pusher import pusher
from tests.real.shelf import Shelf, fill
from tests.real.site import Site
from tests.support import ROOT


def _require(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed: `apt-get install {program}` installs it")


@pytest.fixture(scope="session")
def docker_registry() -> type[Distribution]:
    """What starts a registry."""
    _require("docker-registry")
    return Distribution


@pytest.fixture(scope="session")
def skopeo() -> Skopeo:
    """What runs skopeo: its arguments in, the JSON that it prints out."""
    _require("skopeo")
    return run_skopeo


@pytest.fixture
def disk() -> Iterator[Path]:
    """A folder for one test's registry."""
    with storage() as folder:
        yield folder


@pytest.fixture(scope="session")
def shelf(docker_registry: type[Distribution]) -> Iterator[Shelf]:
    """A registry's folder that has been filled, for tests that only read."""
    with storage() as folder:
        with docker_registry(folder) as registry, pusher(registry.address) as push:
            fill(push)
        yield Shelf(folder, push.pushed)


@pytest.fixture(scope="session")
def registry(docker_registry: type[Distribution], shelf: Shelf) -> Iterator[Distribution]:
    """The shelf's registry, running."""
    with docker_registry(shelf.folder) as running:
        yield running


@pytest.fixture
def site(docker_registry: type[Distribution], disk: Path, tmp_path: Path) -> Site:
    """Pages of a registry that is empty yet."""
    return Site(tmp_path, lambda: docker_registry(disk))


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody with a name for git, and with `tagpages` and `hugo` to call."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, module in (("tagpages", "generator"), ("hugo", "hugo")):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        program.chmod(0o755)
    names = [f"{role}_{what}" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
    return {
        **os.environ,
        **NOBODY,
        **{f"GIT_{name}": "us" for name in names},
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
