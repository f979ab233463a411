"""Real programs, and a registry filled once for the tests that only read it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.real.client import Skopeo, run_skopeo
from tests.real.distribution import Distribution
from tests.real.pusher import pusher
from tests.real.shelf import Shelf, fill



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


@pytest.fixture(scope="session")
def shelf(docker_registry: type[Distribution], tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("shelf")
    with docker_registry(folder) as registry, pusher(registry.address) as push:
        fill(push)
    return Shelf(folder, push.pushed)


@pytest.fixture(scope="session")
def registry(docker_registry: type[Distribution], shelf: Shelf) -> Iterator[Distribution]:
    """The shelf's registry, running."""
    with docker_registry(shelf.folder) as running:
        yield running
