"""Outputs: what a new kind of file takes, and what becomes of its files when it is dropped again.

Two trivial data files stand for kinds to come: one of each image, one of the site.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest

from generator.catalog.spec import Catalog
from generator.jobs import job
from generator.pages import IMAGE_OUTPUTS, SITE_OUTPUTS, base
from generator.pages.base import DataFile, Subject
from generator.sources import Spec
from tests.support import ROOT, Listing, Run, Site, stamps_of

TIME = "2024-06-01T10:00:00Z"
LATER = "2024-06-04T00:46:08Z"
NIGHT: Listing = {
    "app": [("latest", "a", TIME), ("1.0", "b", TIME)],
    "tool": [("latest", "c", TIME)],
}
NAMES = {"twin": ["app/twin.txt", "tool/twin.txt"], "all": ["all.txt"]}
"""The files of each kind."""
KINDS = pytest.mark.parametrize("kind", NAMES)


def twin(subject: Subject, _: base.Site) -> str:
    """The tags of an image, a line each."""
    groups = (group for table in subject.image.tables for group in table.groups)
    return "".join(f"{tag}\n" for group in groups for tag in group.tags)


def everything(subjects: Sequence[Subject], site: base.Site) -> str:
    """The images with the number of their tags, a line each."""
    return "".join(
        f"{subject.image.name} {len(twin(subject, site).splitlines())}\n" for subject in subjects
    )


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more lines in the tables of outputs; what else there is follows from these."""
    monkeypatch.setitem(IMAGE_OUTPUTS, "twin", DataFile("twin.txt", twin))
    monkeypatch.setitem(SITE_OUTPUTS, "all", DataFile("all.txt", everything))
    names = Literal["tags_history", "twin", "all"]
    monkeypatch.setattr(job, "SiteCatalog", Catalog[Spec, names])


def wants(site: Site, *kinds: str, **keys: object) -> None:
    """Let the catalog name these kinds of data file."""
    site.catalog(outputs=list(kinds), **keys)


@pytest.fixture
def built(site: Site) -> Site:
    """A site of two images without any data file."""
    site.lists(NIGHT)
    site.build()
    return site


def texts(site: Site, kind: str) -> dict[str, str]:
    """The files of a kind that are there."""
    return {path: text.decode() for path, text in site.tree().items() if path in NAMES[kind]}


def remembered(site: Site) -> set[str]:
    """The kinds that `build.json` names."""
    return set(json.loads(site.tree()["build.json"])["outputs"])


def checked(site: Site, *changes: str) -> bool:
    """Whether `check` finds just these changes."""
    lines = "".join(f"{change}\n" for change in changes)
    return site.run("check") == Run(1 if changes else 0, lines, "")


MODULE = '''
"""Made up."""
from generator.pages.base import DataFile

OUTPUT = DataFile("made-up.txt", lambda subject, site: f"{len(subject)} of {site.url}\\n")
'''


@pytest.mark.parametrize(
    ("table", "file"),
    [
        ("IMAGE_OUTPUTS: dict[str, Output[Subject]]", "app/made-up.txt"),
        ("SITE_OUTPUTS: dict[str, Output[Sequence[Subject]]]", "made-up.txt"),
    ],
)
def test_a_new_kind_is_one_module_and_its_line(built: Site, table: str, file: str) -> None:
    package = built.root / "generator"
    shutil.copytree(ROOT / "generator", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "pages/made_up.py").write_text(MODULE)
    kinds = package / "pages/__init__.py"
    text = kinds.read_text()
    new = text.replace(f"{table} = {{", f'{table} = {{"made_up": made_up.OUTPUT, ')
    assert new != text
    place = "from generator.pages.base import"
    kinds.write_text(new.replace(place, f"from generator.pages import made_up\n{place}"))
    wants(built, "made_up")

    subprocess.run(
        [sys.executable, "-m", "generator", "build"],
        cwd=built.root,
        env={**os.environ, "PYTHONPATH": str(built.root)},
        check=True,
    )

    assert built.tree()[file] == b"2 of /ref/\n"


@KINDS
def test_it_is_written_and_only_when_it_changes_again(built: Site, kind: str) -> None:
    wants(built, kind)
    built.build()
    assert (
        texts(built, kind)
        == {
            "twin": {"app/twin.txt": "latest\n1.0\n", "tool/twin.txt": "latest\n"},
            "all": {"all.txt": "app 2\ntool 1\n"},
        }[kind]
    )
    assert remembered(built) == {"tags_history", kind}
    assert checked(built)

    before = stamps_of(built.content)
    built.build()
    assert stamps_of(built.content) == before

    built.lists(NIGHT | {"app": [*NIGHT["app"], ("1.1", "d", TIME)]})
    built.build()
    after = stamps_of(built.content)
    changed = {path for path in NAMES[kind] if after[path] != before[path]}
    assert changed == {NAMES[kind][0]}


@KINDS
def test_what_people_make_of_it_is_found_by_check_and_mended_by_render(
    built: Site, kind: str
) -> None:
    wants(built, kind)
    built.build()
    before = built.tree()
    first = NAMES[kind][0]
    (built.content / first).write_text("mine\n")
    assert checked(built, f"changed {first}")
    (built.content / first).unlink()
    assert checked(built, f"added {first}")

    assert built.run("render").code == 0

    assert built.tree() == before


@KINDS
@pytest.mark.parametrize("command", ["build", "render"])
def test_it_goes_when_the_catalog_names_it_no_more(built: Site, kind: str, command: str) -> None:
    before = built.tree()
    wants(built, kind)
    built.build()
    wants(built)
    assert checked(built, *(f"removed {path}" for path in NAMES[kind]))

    assert built.run(command).code == 0

    assert built.tree() == before
    assert checked(built)


@KINDS
def test_render_writes_it_too_and_remembers_that(built: Site, kind: str) -> None:
    before = built.tree()
    wants(built, kind)
    assert built.run("render").code == 0
    assert list(texts(built, kind)) == NAMES[kind]
    assert checked(built)

    wants(built)
    assert built.run("render").code == 0

    assert built.tree() == before


@KINDS
def test_a_run_about_one_image_remembers_what_it_wrote(built: Site, kind: str) -> None:
    wants(built, kind)
    built.build("--only", "app")
    assert list(texts(built, kind)) == NAMES[kind][:1]
    wants(built)
    built.build("--only", "tool")

    built.build()

    assert texts(built, kind) == {}
    assert remembered(built) == {"tags_history"}


@KINDS
@pytest.mark.parametrize("once", [False, True])
def test_people_s_file_of_that_name_stays(built: Site, kind: str, once: bool) -> None:
    """Where tagpages never wrote such a file, or has removed the last one."""
    if once:
        wants(built, kind)
        built.build()
        wants(built)
        built.run("render")
    first = built.content / NAMES[kind][0]
    first.write_text("mine\n")

    assert checked(built)
    for command in ("render", "build"):
        assert built.run(command).code == 0
        assert first.read_text() == "mine\n"


def test_a_file_that_could_not_be_removed_is_removed_when_it_can(built: Site) -> None:
    wants(built, "twin")
    built.build()
    wants(built)
    page = built.page("app").read_text()
    built.page("app").write_text("no front matter\n")
    built.lists(NIGHT | {"app": [("2.0", "e", TIME)]})
    assert built.run("build").code == 1
    assert list(texts(built, "twin")) == ["app/twin.txt"]
    built.page("app").write_text(page)

    built.build()

    assert texts(built, "twin") == {}
    assert remembered(built) == {"tags_history"}


@pytest.mark.parametrize(
    "keys",
    [{"images": {"exclude": ["app"]}}, {"retired": {"app": {}}}],
)
def test_an_image_without_pages_has_none_and_is_not_in_the_site_s(
    built: Site, keys: dict[str, object]
) -> None:
    wants(built, "twin", "all")
    built.build()
    wants(built, "twin", "all", **keys)

    built.build()

    assert list(texts(built, "twin")) == ["tool/twin.txt"]
    assert texts(built, "all") == {"all.txt": "tool 1\n"}
    assert checked(built)


def test_an_image_that_is_gone_leaves_the_site_s(built: Site) -> None:
    wants(built, "twin", "all")
    built.build()
    built.lists({"tool": NIGHT["tool"]})

    built.build("--accept-any-loss", "app")

    assert list(texts(built, "twin")) == ["tool/twin.txt"]
    assert texts(built, "all") == {"all.txt": "tool 1\n"}
    assert checked(built)


def test_the_site_s_has_every_image_that_has_a_page(built: Site) -> None:
    """Also those that a night is not about, fails to write, or that no build keeps up to date."""
    wants(built, "all")
    built.build("--only", "tool")
    assert texts(built, "all") == {"all.txt": "app 2\ntool 1\n"}

    built.page("app").write_text("no front matter\n")
    built.lists({image: [("2.0", "e", TIME)] for image in NIGHT})
    assert built.run("build").code == 1
    assert texts(built, "all") == {"all.txt": "app 2\ntool 1\n"}

    built.page("app").unlink()
    wants(built, "all", images={"include": ["tool"]})
    built.run("build")
    assert texts(built, "all") == {"all.txt": "app 2\ntool 1\n"}
    assert checked(built, "added app/tags_history.md")


def git(site: Site, *arguments: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    done = subprocess.run(
        ["git", *who, *arguments], cwd=site.root, check=True, capture_output=True, text=True
    )
    return done.stdout


def lanes(site: Site) -> set[str]:
    """The changed files of both lanes, below the content folder."""
    lines = [site.run("lanes", lane).out.split() for lane in ("look", "routine")]
    return {
        Path(line).resolve().relative_to(site.content).as_posix() for each in lines for line in each
    }


@KINDS
def test_the_commits_of_a_night_have_it(built: Site, kind: str) -> None:
    git(built, "init", "--quiet")

    def changed() -> set[str]:
        git(built, "add", "--all")
        names = git(built, "diff", "--cached", "--name-only", "--no-renames").split()
        prefix = "content/"
        return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}

    def commit() -> None:
        git(built, "add", "--all")
        git(built, "commit", "--quiet", "--message", "night")

    commit()
    wants(built, kind)
    built.build()
    assert lanes(built) == changed() == {*NAMES[kind], "build.json"}
    commit()
    built.lists(NIGHT | {"app": [*NIGHT["app"], ("1.1", "d", TIME)]})
    built.build("--as-of", LATER)
    assert lanes(built) == changed() >= {NAMES[kind][0], "app/tags.json"}
    commit()
    wants(built)
    built.build("--as-of", LATER)
    assert lanes(built) == changed() == {*NAMES[kind], "build.json"}


def test_the_name_of_another_scope_is_people_s(built: Site) -> None:
    git(built, "init", "--quiet")
    git(built, "add", "--all")
    git(built, "commit", "--quiet", "--message", "night")
    wants(built, "twin", "all")
    mine = {"app/all.txt", "twin.txt"}
    for path in mine:
        (built.content / path).write_text("mine\n")

    built.build()

    assert {path for path, text in built.tree().items() if text == b"mine\n"} == mine
    assert lanes(built) == {*NAMES["twin"], *NAMES["all"], "build.json"}
    wants(built)
    assert checked(built, *(f"removed {path}" for path in [*NAMES["twin"], *NAMES["all"]]))
