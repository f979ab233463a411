"""Packages from npm, for the tests that `make test-long` runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest


def installed(folder: Path, packages: Mapping[str, str]) -> Path:
    """Install packages by name and version, without their scripts: the folder `node_modules`."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: `apt-get install npm` installs it")
    (folder / "package.json").write_text(json.dumps({"dependencies": packages}))
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "node_modules"
