from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution
from pathlib import Path

import pytest

import generator

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]


pytestmark = pytest.mark.xdist_group("wheel")  # built once


def build(project: Path, dist: Path) -> None:
    """Build the sdist, and the wheel from it, without the network."""
    python = [sys.executable, "-m", "build", "--no-isolation"]
    subprocess.run([*python, "--outdir", dist, project], check=True, capture_output=True)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sdist and the wheel."""
    dist = tmp_path_factory.mktemp("dist")
    build(ROOT, dist)
    return dist


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel is installed into, without the network."""
    target = tmp_path_factory.mktemp("outside of the clone")
    (wheel,) = dist.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--no-deps", "--no-index", "--target", target, wheel], check=True)
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


def run(installed: Path, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the installed package's command in a folder, with nothing of the clone to import."""
    script = (
        "import sys; sys.path.insert(0, sys.argv.pop(1));"
        "import generator.cli; print(generator.cli.__file__);"
        "sys.argv[0] = 'tagpages'; generator.cli.main()"
    )
    python = [sys.executable, "-P", "-c", script]
    return subprocess.run(
        [*python, installed, *args], cwd=folder, capture_output=True, text=True, check=True
    )


def test_the_installed_package_runs_outside_of_the_clone(installed: Path, tmp_path: Path) -> None:
    module, usage, *_ = run(installed, tmp_path, "--help").stdout.splitlines()
    assert Path(module) == installed / "generator" / "cli" / "__init__.py"
    assert usage.startswith("Usage: tagpages ")
    version = run(installed, tmp_path, "--version").stdout.splitlines()[1]
    assert version == f"tagpages, version {PROJECT['version']}"


def test_the_wheel_has_all_that_a_start_is_made_of(installed: Path, tmp_path: Path) -> None:
    for kind in ("oci", "harbor", "quay"):
        folder = tmp_path / kind
        folder.mkdir()
        given = ("--registry", "registry.example.com", "--path", "team/{image}", "--kind", kind)
        run(installed, folder, "init", *given, "--ci", "github")
        assert {"catalog.yaml", "hugo.yaml", ".github/workflows/tagpages.yml"} <= files(folder)


def test_two_builds_are_the_same_bytes(dist: Path, tmp_path: Path) -> None:
    copy = tmp_path / "another folder"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, copy / name)
    shutil.copytree(ROOT / "generator", copy / "generator", copy_function=shutil.copyfile)
    build(copy, tmp_path / "dist")
    first, second = (
        {path.name: path.read_bytes() for path in folder.iterdir()}
        for folder in (dist, tmp_path / "dist")
    )
    assert len(first) == 2
    assert {name: hash(data) for name, data in first.items()} == {
        name: hash(data) for name, data in second.items()
    }


def test_the_container_image_runs_as_nobody_special_and_has_no_more_than_the_package() -> None:
    *_, final = (ROOT / "Dockerfile").read_text().split("\nFROM ")
    assert re.findall(r"^USER (\d+)$", final, re.MULTILINE) == ["10001"]
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    assert sent[0] == "*"
    assert {line[1:] for line in sent if line.startswith("!")} == {
        "LICENSE",
        "README.md",
        "constraints.txt",
        "generator",
        "pyproject.toml",
    }


def test_the_hooks_for_pre_commit_are_valid() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest"]
    subprocess.run([*command, ROOT / ".pre-commit-hooks.yaml"], check=True, capture_output=True)


@pytest.mark.long
def test_the_hooks_run_in_another_repository_and_tell_mistakes(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    catalog = tmp_path / "catalog.yaml"
    shutil.copy(ROOT / "examples/oci.yaml", catalog)
    subprocess.run(["git", "add", "catalog.yaml"], cwd=tmp_path, check=True)

    def tried(hook: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), hook]
        run = subprocess.run(
            [*command, "--files", "catalog.yaml"],
            cwd=tmp_path,
            env=os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
        )
        return run.returncode, run.stdout

    assert tried("tagpages-schema")[0] == 0
    catalog.write_text(f"{catalog.read_text()}tabels: 1\n")
    for hook in ("tagpages-schema", "tagpages-check"):
        code, said = tried(hook)
        assert code == 1
        assert "`tabels`: unknown key; did you mean `tables`?" in said


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_a_dependency_is_pinned_and_has_its_reason(requirement: str) -> None:
    name = re.split(r"[^a-z0-9-]", requirement)[0]
    pins = (ROOT / "constraints.txt").read_text()
    reasons = (ROOT / "docs" / "dependencies.md").read_text()
    assert re.search(rf"^{name}==[0-9]", pins, re.MULTILINE)
    assert re.search(rf"^\| `{name}` \| \S", reasons, re.MULTILINE)


def test_the_pins_name_no_package_host() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text()


def test_the_package_knows_its_own_version() -> None:
    assert generator.__version__ == PROJECT["version"]
