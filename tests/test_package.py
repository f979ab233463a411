from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]


pytestmark = pytest.mark.xdist_group("wheel")  # built once


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel, built from the sdist, is installed into, without the network."""
    dist = tmp_path_factory.mktemp("dist")
    target = tmp_path_factory.mktemp("outside of the clone")
    python = [sys.executable, "-m"]
    subprocess.run([*python, "build", "--no-isolation", "--outdir", dist, ROOT], check=True)
    (wheel,) = dist.glob("*.whl")
    pip = [*python, "pip", "--disable-pip-version-check", "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", target, wheel], check=True)
    return target


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_with_its_templates_and_nothing_else(installed: Path) -> None:
    package = {f"generator/{name}" for name in files(ROOT / "generator")}
    assert "generator/templates/tags_history.md.j2" in package
    assert {
        name
        for name in files(installed)
        if not name.startswith(("bin/", f"tagpages-{PROJECT['version']}.dist-info/"))
    } == package


def test_the_wheel_brings_the_command(installed: Path) -> None:
    (distribution,) = Distribution.discover(name="tagpages", path=[str(installed)])
    (command,) = distribution.entry_points
    assert (command.group, command.name, command.value) == (
        "console_scripts",
        "tagpages",
        "generator.cli:main",
    )


def test_the_installed_package_runs_outside_of_the_clone(installed: Path, tmp_path: Path) -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv.pop(1));"
        "import generator.cli; print(generator.cli.__file__);"
        "sys.argv[0] = 'tagpages'; generator.cli.main()"
    )
    run = subprocess.run(
        [sys.executable, "-P", "-c", script, installed, "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    module, usage, *_ = run.stdout.splitlines()
    assert Path(module) == installed / "generator" / "cli" / "__init__.py"
    assert usage.startswith("Usage: tagpages ")


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_a_dependency_is_pinned_and_has_its_reason(requirement: str) -> None:
    name = re.split(r"[^a-z0-9-]", requirement)[0]
    pins = (ROOT / "constraints.txt").read_text()
    reasons = (ROOT / "docs" / "dependencies.md").read_text()
    assert re.search(rf"^{name}==[0-9]", pins, re.MULTILINE)
    assert re.search(rf"^\| `{name}` \| \S", reasons, re.MULTILINE)


def test_the_pins_name_no_package_host() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text()
