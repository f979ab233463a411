"""What shells are told to complete: commands, images and tables."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT, Listing, Site

NIGHT: Listing = {
    name: [("latest", "a", "2024-06-01T10:00:00Z")] for name in ("app", "app-fips", "team/tool")
}


def asked(line: str, shell: str = "zsh") -> subprocess.CompletedProcess[str]:
    """What a shell's script is answered when it asks what could end the line."""
    words = str(len(line.split(" ")) - 1)
    asks = {"_TAGPAGES_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": words}
    return subprocess.run(
        [sys.executable, "-m", "generator"],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | asks,
        capture_output=True,
        text=True,
        check=True,
    )


def completed(line: str) -> list[str]:
    """What stands to choose at the end of a line."""
    return asked(line).stdout.splitlines()[1::3]


@pytest.fixture
def built(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site that has been built; commands run in its folder."""
    site.lists(NIGHT)
    site.build()
    monkeypatch.chdir(site.root)
    return site


def test_commands_are_completed() -> None:
    assert completed("tagpages c") == ["check", "collect"]


def test_images_are_completed_with_their_names(built: Site) -> None:
    assert completed("tagpages history app") == ["app", "app-fips"]
    assert completed("tagpages build --only ") == ["app", "app-fips", "team/tool"]
    assert completed("tagpages check --only t") == ["team/tool"]


def test_tables_are_completed_with_their_names(built: Site) -> None:
    assert completed("tagpages history --table ") == ["private", "public"]


def test_the_catalog_of_the_line_counts(built: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert completed("tagpages history app") == []
    assert completed(f"tagpages history --catalog {built.catalog_file} app") == ["app", "app-fips"]


def test_a_catalog_with_a_mistake_completes_nothing_and_says_nothing(built: Site) -> None:
    built.catalog_file.write_text("tables: 1")
    run = asked("tagpages history ")
    assert (run.stdout.strip(), run.stderr) == ("", "")


def documented(shell: str) -> str:
    """The line for a shell, as the documentation has it."""
    text = (ROOT / "docs" / "commands.md").read_text()
    (line,) = re.findall(rf"^\| {shell}\b.* \| `([^`]+)` \|$", text, re.MULTILINE)
    return str(line).replace("\\|", "|")


@pytest.mark.parametrize(
    ("shell", "before", "after"),
    [
        ("bash", "", "complete -p tagpages"),
        ("zsh", "autoload -U compinit; compinit -u -D;", "print $_comps[tagpages]"),
        ("fish", "", "complete -c tagpages"),
    ],
)
def test_the_line_of_the_documentation_works_in_a_real_shell(
    shell: str, before: str, after: str, tmp_path: Path
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    program = tmp_path / "tagpages"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m generator "$@"\n')
    program.chmod(0o755)
    found = subprocess.run(
        [shell, "-c", f"{before} {documented(shell)}\n{after}"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "_tagpages_completion" in found.stdout
