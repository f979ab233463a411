from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("socket.getaddrinfo", ("registry.example.com", 443, 0, 0, 0)),
        ("socket.connect", (None, ("192.0.2.1", 443))),
        ("socket.sendto", (None, ("2001:db8::1", 53, 0, 0))),
    ],
)
def test_reaching_another_host_fails_the_test(event: str, args: tuple[object, ...]) -> None:
    with pytest.raises(pytest.fail.Exception, match="a test may not reach"):
        sys.audit(event, *args)


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("socket.getaddrinfo", ("localhost", 80, 0, 0, 0)),
        ("socket.getaddrinfo", (None, 80, 0, 0, 0)),
        ("socket.connect", (None, ("127.0.0.1", 80))),
        ("socket.connect", (None, ("::1", 80, 0, 0))),
        ("socket.connect", (None, "/a/unix/socket")),
    ],
)
def test_reaching_this_host_is_allowed(event: str, args: tuple[object, ...]) -> None:
    sys.audit(event, *args)


@pytest.mark.parametrize(
    ("no_skips", "summary"), [("", "1 skipped in"), ("true", "1 failed in")], ids=["local", "ci"]
)
def test_a_skipped_test_fails_where_none_may_be_skipped(
    tmp_path: Path, no_skips: str, summary: str
) -> None:
    (tmp_path / "conftest.py").write_bytes(CONFTEST.read_bytes())
    (tmp_path / "test_it.py").write_text("import pytest\ndef test_it(): pytest.skip('no tool')\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", tmp_path, "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=os.environ | {"TAGPAGES_NO_SKIPS": no_skips},
        capture_output=True,
        text=True,
        check=False,
    )
    assert summary in run.stdout
