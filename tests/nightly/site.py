"""A site whose nightly job runs against a local remote and a stand-in for its forge."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.nightly.forges import TOKEN, StandIn
from tests.support import tagpages

ROOT = Path(__file__).parent.parent.parent
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


class Night(NamedTuple):
    """How one night ended, and the clone that it ran in."""

    code: int
    log: str
    summary: str
    outputs: str
    clone: Path


@dataclass
class Site:
    """A bare repository as remote, with a catalog and its pages on `main`, and its forge.

    Without a forge (None) a night commits to the branch of its clone.
    """

    folder: Path
    forge: StandIn | None = None
    nights: int = 0
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        programs = self.folder / "bin"
        programs.mkdir(exist_ok=True)
        program = programs / "tagpages"
        program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m generator \"$@\"\n")
        program.chmod(0o755)
        ci = ("CI", "GITHUB_", "GITLAB_", "GITEA_", "GIT_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(ci)}
        self.environ = {
            **kept,
            "PATH": f"{programs}{os.pathsep}{kept['PATH']}",
            "PYTHONPATH": str(ROOT),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        }

    @property
    def remote(self) -> Path:
        return self.folder / "remote.git"

    @property
    def methods(self) -> list[str]:
        """The methods of the calls to the forge, from the first night on."""
        return [call.method for call in self.forge.calls] if self.forge else []

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
        self.listing(images)
        seed = self.found(CATALOG)
        build = ["tagpages", "build", "--quiet"]
        subprocess.run(build, cwd=seed, env=self.environ | self.time(), check=True)
        self.git(seed, "add", "--all")
        self.git(seed, "commit", "--quiet", "--message=Seed")
        self.git(seed, "push", "--quiet", "origin", "main")

    def found(self, catalog: str) -> Path:
        """Make the remote, with a catalog on `main`; a clone of it."""
        self.git(self.folder, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
        self.git(self.folder, "clone", "--quiet", str(self.remote), "seed")
        seed = self.folder / "seed"
        (seed / "catalog.yaml").write_text(catalog)
        self.git(seed, "add", "--all")
        self.git(seed, "commit", "--quiet", "--message=Catalog")
        self.git(seed, "push", "--quiet", "origin", "HEAD:main")
        return seed

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
        self.end()

    def end(self) -> None:
        """Close all pull requests, merged or not: the forge does not tell a night which."""
        for pull in self.forge.pulls if self.forge else ():
            pull.state = "closed"

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
        for name in ("summary.md", "outputs", "log"):
            (self.folder / name).write_text("")
        return self.clone(f"night-{self.nights}")

    def time(self) -> dict[str, str]:
        """What sets the clock of the build: 2024-06-03 for the seed, then a day later a night."""
        return {"SOURCE_DATE_EPOCH": str(1_717_372_800 + self.nights * 86_400)}

    def step(self, clone: Path, *steps: str, **env: str) -> Night:
        """Run some steps of the job, or all of them at once."""
        forge, environ = "none", {}
        if self.forge:
            forge, environ = self.forge.kind, self.forge.environ()
            if steps != ("build",):
                environ[self.forge.token] = TOKEN
        files = {
            "GITHUB_STEP_SUMMARY": self.folder / "summary.md",
            "GITHUB_OUTPUT": self.folder / "outputs",
        }
        named = {name: str(path) for name, path in files.items()}
        with chdir(clone):
            environ = {**self.environ, **self.time(), **environ, **named, **env}
            run = tagpages("nightly", "--forge", forge, *steps, **environ)
        with (self.folder / "log").open("a") as log:
            log.write(run.out + run.err)
        said, summary, outputs = (
            (self.folder / name).read_text() for name in ("log", "summary.md", "outputs")
        )
        return Night(run.code, said, summary, outputs, clone)

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
