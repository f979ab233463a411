"""What all tests share: no network but loopback, no clock, and in CI no skipped test."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.support import Site

NO_SKIPS = bool(os.environ.get("TAGPAGES_NO_SKIPS"))
"""Set by `.ci/run` where all that a test may need can be had, so that none is skipped unseen."""

settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def _is_loopback(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return True
    try:
        return ip_address(str(name)).is_loopback
    except ValueError:
        return False


def _forbid_network(event: str, args: tuple[Any, ...]) -> None:
    """Audit hook: fail the test that resolves or calls a host other than this one."""
    match event, args:
        case "socket.getaddrinfo", (host, *_):
            pass
        case "socket.connect" | "socket.sendto", (_, (host, *_)):
            pass
        case _:
            return
    if not _is_loopback(host):
        pytest.fail(f"a test may not reach {host!r}")


sys.addaudithook(_forbid_network)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure under `TAGPAGES_NO_SKIPS`."""
    report = yield
    if NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where no test may be: {report.longreprtext}"
    return report


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with two empty listings."""
    from tests.support import Site  # noqa: PLC0415 - a test runs this file outside of the project

    site = Site(tmp_path)
    site.catalog()
    site.lists()
    return site
