"""Registries that speak TLS with a certificate of one's own authority, and want a login."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.errors import TagpagesError
from tests.real.authority import certify
from tests.real.client import pull
from tests.real.distribution import Distribution
from tests.real.locked import PASSWORD, USER, locked
from tests.real.pusher import pusher
from tests.real.shelf import versions

KINDS = pytest.mark.parametrize("kind", ["token", "htpasswd"])
LOGIN = {"username": USER, "password": "${SECRET}"}


@pytest.fixture
def pushed(docker_registry: type[Distribution], disk: Path) -> dict[str, str]:
    """The digests of an image's tags."""
    with docker_registry(disk) as registry, pusher(registry.address) as push:
        versions(push, "team/app", 20, 5)
    return push.pushed["team/app"]


@KINDS
def test_an_authority_of_ones_own_is_trusted_where_the_environment_names_it(
    kind: str,
    pushed: dict[str, str],
    disk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trusted, own = certify(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    with locked(kind, disk, own) as (address, _):
        answers = pull(f"https://{address}", env={"SECRET": PASSWORD}, **LOGIN)

    assert {tag.name: tag.digest for tag in (answers["app"] or {}).values()} == pushed


@KINDS
def test_an_authority_that_nobody_named_is_not_trusted(
    kind: str,
    pushed: dict[str, str],
    disk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, own = certify(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(certify(other)[0]))

    with (
        locked(kind, disk, own) as (address, _),
        pytest.raises(TagpagesError, match="cannot be trusted: SSLCertVerificationError"),
    ):
        pull(f"https://{address}", "app", env={"SECRET": PASSWORD}, **LOGIN)
