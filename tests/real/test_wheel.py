"""The wheel with nothing but what it needs, on a real registry: `make test-long`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.client import NOBODY
from tests.real.distribution import Distribution
from tests.support import ROOT, shell

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("wheel")]
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--constraint")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    dist = tmp_path_factory.mktemp("dist")
    python = [sys.executable, "-m", "build", "--no-isolation"]
    subprocess.run([*python, "--outdir", dist, ROOT], check=True, capture_output=True)
    (wheel,) = dist.glob("*.whl")
    return wheel


@pytest.mark.parametrize("extra", ["", "[verify]"])
def test_a_wheel_in_a_bare_environment_leads_from_an_empty_folder_to_pages(
    wheel: Path, extra: str, registry: Distribution, tmp_path: Path
) -> None:
    bare, folder = tmp_path / "bare", tmp_path / "here"
    folder.mkdir()
    subprocess.run([sys.executable, "-m", "venv", bare], check=True)
    python = bare / "bin" / "python"
    subprocess.run([python, *PIP, ROOT / "constraints.txt", f"{wheel}{extra}"], check=True)
    environ = {**os.environ, **NOBODY, "PATH": f"{bare}/bin:/usr/bin:/bin"}
    for name in ("PYTHONPATH", "VIRTUAL_ENV"):
        environ.pop(name, None)
    where = f"--registry {registry.address} --path 'team/{{image}}'"
    shell(f"tagpages init {where}", folder, environ)
    assert "\nerror" not in shell("tagpages doctor", folder, environ)
    assert "0 failed or held back" in shell("tagpages build", folder, environ)
    assert shell("tagpages check", folder, environ) == ""
    assert (folder / "content/images/oci/tags_history.md").is_file()
