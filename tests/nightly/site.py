"""A site whose nightly job runs against a local remote and a stand-in for the hosting service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
TOKEN = "stand-in-for-a-secret"
BRANCH = "tagpages/main"
CATALOG = """\
content: content/images
url: /images/
window: off
gone_after: 3
tables:
  - {name: public, source: {kind: listing, path: ../public.json}}
images: {include: ["*"]}
"""


@dataclass
class Night:
    """How one night ended, and the clone that it ran in."""

    code: int
    log: str
    summary: str
    clone: Path


@dataclass
class Site:
    """A bare repository as remote, with a catalog and its pages on `main`, and a fake `gh`."""

    folder: Path
    nights: int = 0
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        programs = self.folder / "bin"
        programs.mkdir(exist_ok=True)
        for name, command in (
            ("tagpages", "-m generator"),
            ("gh", f"'{Path(__file__).with_name('fake_gh.py')}'"),
        ):
            program = programs / name
            program.write_text(f"#!/bin/sh\nexec '{sys.executable}' {command} \"$@\"\n")
            program.chmod(0o755)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
        self.environ = {
            **kept,
            "PATH": f"{programs}{os.pathsep}{kept['PATH']}",
            "PYTHONPATH": str(ROOT),
            "FAKE_GH": str(self.folder / "gh.json"),
            "FAKE_GH_REMOTE": str(self.remote),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        }

    @property
    def remote(self) -> Path:
        return self.folder / "remote.git"

    @property
    def pulls(self) -> list[dict[str, Any]]:
        return self._gh()["pulls"]  # type: ignore[no-any-return] # JSON

    @property
    def methods(self) -> list[str]:
        """The methods of the calls to the hosting service, from the first night on."""
        return [call[call.index("--method") + 1] for call in self._gh()["calls"]]

    def git(self, folder: Path, *arguments: str) -> str:
        person = ["-c", "user.name=Person", "-c", "user.email=person@example.com"]
        run = subprocess.run(
            ["git", "-C", folder, *person, *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout.strip()

    def seed(self, images: Mapping[str, Mapping[str, str]]) -> None:
        """Let `main` have the pages of these images."""
        (self.folder / "gh.json").write_text('{"pulls": [], "calls": []}')
        self.git(self.folder, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
        self.listing(images)
        seed = self.folder / "seed"
        self.git(self.folder, "init", "--quiet", "--initial-branch=main", "seed")
        (seed / "catalog.yaml").write_text(CATALOG)
        build = ["tagpages", "build", "--quiet"]
        subprocess.run(build, cwd=seed, env=self.environ | self.time(), check=True)
        self.git(seed, "add", "--all")
        self.git(seed, "commit", "--quiet", "--message=Seed")
        self.git(seed, "push", "--quiet", str(self.remote), "main")

    def listing(self, images: Mapping[str, Mapping[str, str]]) -> None:
        """Let the registry have these images: digest letters by tag."""
        entries = [
            {
                "repo": {"name": name},
                "tags": [
                    {
                        "name": tag,
                        "digest": f"sha256:{letter * 64}",
                        "lastUpdated": f"2024-05-{ord(letter) - ord('a') + 1:02}T00:00:00Z",
                    }
                    for tag, letter in tags.items()
                ],
            }
            for name, tags in images.items()
        ]
        (self.folder / "public.json").write_text(json.dumps(entries))

    def clone(self, name: str, branch: str = "main") -> Path:
        self.git(self.folder, "clone", "--quiet", "--branch", branch, str(self.remote), name)
        return self.folder / name

    def edit(self, branch: str, path: str, old: str, new: str) -> None:
        """Push a person's change of a file."""
        clone = self.clone(f"edit-{self.git(self.remote, 'rev-parse', branch)}", branch)
        text = (clone / path).read_text()
        assert old in text
        (clone / path).write_text(text.replace(old, new))
        self.git(clone, "commit", "--quiet", "--all", "--message=By hand")
        self.git(clone, "push", "--quiet", "origin", branch)

    def merge(self) -> None:
        """Squash the open pull request into `main`, as the button does."""
        clone = self.clone(f"merge-{self.nights}")
        self.git(clone, "merge", "--quiet", "--squash", f"origin/{BRANCH}")
        self.git(clone, "commit", "--quiet", "--message=Merged")
        self.git(clone, "push", "--quiet", "origin", "main")
        self.update_pulls(state="closed")

    def update_pulls(self, **values: str) -> None:
        state = self._gh()
        state["pulls"] = [{**pull, **values} for pull in state["pulls"]]
        (self.folder / "gh.json").write_text(json.dumps(state))

    def night(self, images: Mapping[str, Mapping[str, str]] | None = None, **env: str) -> Night:
        """Run the job as the workflow does: in a new clone, the token only where it needs it."""
        if images is not None:
            self.listing(images)
        clone = self.begin()
        for step in ("resume", "build", "publish"):
            night = self.step(clone, step, **env)
            if night.code:
                break
        return night

    def begin(self) -> Path:
        """The clone of a new night."""
        self.nights += 1
        (self.folder / "summary.md").write_text("")
        (self.folder / "log").write_text("")
        return self.clone(f"night-{self.nights}")

    def time(self) -> dict[str, str]:
        """What sets the clock of the build: 2024-06-03 for the seed, then a day later a night."""
        return {"SOURCE_DATE_EPOCH": str(1_717_372_800 + self.nights * 86_400)}

    def step(self, clone: Path, *steps: str, **env: str) -> Night:
        """Run some steps of the job, or all of them at once."""
        token = {} if steps == ("build",) else {"GH_TOKEN": TOKEN}
        summary, log = self.folder / "summary.md", self.folder / "log"
        with log.open("a") as output:
            run = subprocess.run(
                [ROOT / "scripts" / "nightly.sh", *steps],
                cwd=clone,
                env={
                    **self.environ,
                    **self.time(),
                    "GITHUB_STEP_SUMMARY": str(summary),
                    "GITHUB_REF_NAME": "main",
                    **token,
                    **env,
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        return Night(run.returncode, log.read_text(), summary.read_text(), clone)

    def branches(self) -> list[str]:
        return self.git(self.remote, "branch", "--format=%(refname:short)").splitlines()

    def tip(self) -> str:
        return self.git(self.remote, "rev-parse", BRANCH)

    def commits(self) -> list[tuple[str, list[str]]]:
        """The commits that the branch has over `main`, oldest first: subject and files."""
        revisions = self.git(self.remote, "rev-list", "--reverse", f"main..{BRANCH}").split()
        show = ["show", "--no-renames", "--name-only", "--format=%s"]
        texts = [self.git(self.remote, *show, revision).split("\n\n") for revision in revisions]
        return [(subject, files.splitlines()) for subject, files in texts]

    def show(self, path: str, branch: str = BRANCH) -> str:
        return self.git(self.remote, "show", f"{branch}:{path}")

    def _gh(self) -> dict[str, Any]:
        return json.loads((self.folder / "gh.json").read_text())  # type: ignore[no-any-return]
