"""The commands of `docs/network.md`, on a real registry with a certificate of its own authority."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.documents import commands
from tests.real.authority import certify
from tests.real.distribution import Distribution
from tests.real.pusher import pusher
from tests.real.shelf import versions
from tests.support import tagpages


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 with its key; `ours.pem` is that of its authority."""
    trusted, own = certify(tmp_path)
    trusted.rename(tmp_path / "ours.pem")
    return own


@pytest.fixture
def registry(
    docker_registry: type[Distribution], certificate: Path, disk: Path
) -> Iterator[Distribution]:
    """A registry with one image, that speaks TLS."""
    with docker_registry(disk) as plain, pusher(plain.address) as push:
        versions(push, "team/app", 4, 2)
    with docker_registry(disk, certificate=certificate) as running:
        yield running


def test_an_authority_that_is_not_known_is_told_with_what_to_do(
    registry: Distribution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = started(registry, tmp_path, monkeypatch)
    run = tagpages("doctor", "--catalog", folder / "catalog.yaml", HOME="/nonexistent")
    assert run.code == 1
    assert "cannot be trusted: " in run.out
    assert "-> name the authority's certificates in SSL_CERT_FILE: https://" in run.out


def test_the_commands_of_the_documentation_lead_to_pages(
    registry: Distribution,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environ: Mapping[str, str],
) -> None:
    folder = started(registry, tmp_path, monkeypatch)
    first, join, *others = commands("docs/network.md")
    script = "\n".join(["set -e", join, first, *others])
    run = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"ok      source images: {registry.address} answers over TLS\n" in run.stdout
    assert (folder / "content/images/app/tags_history.md").is_file()


def started(registry: Distribution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a catalog for the registry, and the certificate of its authority."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    given = ("--registry", f"https://{registry.address}", "--path", "team/{image}")
    assert tagpages("init", *given).code == 0
    (folder / "ours.pem").write_bytes((tmp_path / "ours.pem").read_bytes())
    return folder
