"""A build that is killed, or cannot write: every file is old or new, and the next run completes."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, NamedTuple

import pytest

from generator.content.state import read_bytes
from generator.content.tree import LOCK_FILE, Tree
from tests.support import PAIR, ROOT, Listing, Run, Site, night, recorded, stamps_of, tree_of

KILLS = 200
PARTS = 8
"""The kills are shared out among so many tests, which may run side by side."""

CHAIN = 8
"""A build that is killed is followed by another, which finds less to do, up to so many times."""

ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}

Files = dict[str, bytes]


# Killed

FORK_SERVER = """
import gc, json, os, select, signal, sys, time
from generator import cli, progress
from generator.jobs import build
from generator.report import text as report_text

gc.freeze()
for line in sys.stdin:
    seconds, *arguments = json.loads(line)
    start = time.monotonic()
    pid = os.fork()
    if not pid:
        sys.settrace(None)  # what coverage saw of a killed process is lost with it
        sys.stderr = open(os.devnull, "w")
        sys.argv = ["tagpages", *arguments]
        try:
            cli.main()
        except SystemExit as ended:
            os._exit(ended.code)
    process = os.pidfd_open(pid)
    if not select.select([process], [], [], seconds)[0]:
        signal.pidfd_send_signal(process, signal.SIGKILL)
    os.close(process)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(json.dumps([code, time.monotonic() - start]), flush=True)
"""
"""Runs builds in forks of itself, which then need not start Python anew, and kills them in time."""


BUILD = "build.json"


class Ended(NamedTuple):
    """How a build ended, and after how many seconds."""

    code: int
    seconds: float


@dataclass(frozen=True)
class Builder:
    """Builds in processes of their own."""

    orders: IO[str]
    answers: IO[str]

    def build(self, catalog: Path, content: Path, seconds: float = 600) -> Ended:
        """Build, and kill the build (code -9) if it takes longer than so many seconds."""
        order = [seconds, "build", "--catalog", str(catalog), "--content", str(content)]
        print(json.dumps(order), file=self.orders, flush=True)
        return Ended(*json.loads(self.answers.readline()))


@contextmanager
def builder() -> Iterator[Builder]:
    with subprocess.Popen(
        [sys.executable, "-c", FORK_SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdin
        assert process.stdout
        yield Builder(process.stdin, process.stdout)
        process.stdin.close()


@contextmanager
def folder_in_memory(fallback: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: kills then fall where files are written."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own in it
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else fallback) as folder:
        yield Path(folder)


class Step(NamedTuple):
    """A night's build of a tree: undisturbed it makes `new` of `old` within so many seconds."""

    catalog: Path
    old: Files
    new: Files
    seconds: float


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """A first build of one whole night, and a build of the night after it."""
    root, tree = tmp_path_factory.mktemp("nights"), Files()
    steps: list[Step] = []
    with builder() as builds, folder_in_memory(root) as folder:
        for date in PAIR:
            site = Site(root / date)
            site.root.mkdir()
            recorded(site, date, as_of=night(date).as_of)
            ended = builds.build(site.catalog_file, folder / "content")
            assert ended.code == 0
            old, tree = tree, files_of(folder / "content")
            steps.append(Step(site.catalog_file, old, tree, ended.seconds))
    return steps


def reset(content: Path, files: Mapping[str, bytes]) -> None:
    shutil.rmtree(content, ignore_errors=True)
    for path, data in files.items():
        (content / path).parent.mkdir(parents=True, exist_ok=True)
        (content / path).write_bytes(data)


def files_of(content: Path) -> Files:
    """All files of a tree: `tree_of`, fast enough for hundreds of large trees."""
    found = {}
    for folder, _, names in os.walk(content):
        for name in names:
            path = f"{folder}/{name}"
            found[path[len(f"{content}/") :]] = read_bytes(path)
    return found


def is_leftover(path: str) -> bool:
    return path == LOCK_FILE or path.endswith(".tagpages-tmp")


def torn(step: Step, now: Files) -> list[str]:
    """Files that are neither as they were nor as they are to be, and states without their page.

    `build.json` notes down what happens before it does, and is whole at any instant.
    """
    wrong = []
    if BUILD in now:
        json.loads(now[BUILD])
    for path in (step.old.keys() | step.new.keys() | now.keys()) - {
        path for path in now if is_leftover(path) or path == BUILD
    }:
        if now.get(path) not in (step.old.get(path), step.new.get(path)):
            wrong.append(path)
        page = path.replace("tags.json", "tags_history.md")
        if now.get(path) != step.old.get(path) and now.get(page) != step.new.get(page):
            wrong.append(page)
    return wrong


@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=[pytest.mark.long] * (part % 2)) for part in range(PARTS)]
)
def test_a_build_killed_at_any_instant_leaves_whole_files_and_the_next_one_completes(
    steps: list[Step], tmp_path: Path, part: int
) -> None:
    instants = random.Random(part)
    kills = within = 0
    with builder() as builds, folder_in_memory(tmp_path) as folder:
        content = folder / "content"
        while kills < KILLS // PARTS:
            step = instants.choice(steps)
            reset(content, step.old)
            for _ in range(CHAIN):
                instant = instants.uniform(0, 0.8 * step.seconds)
                code = builds.build(step.catalog, content, instant).code
                now = files_of(content)
                assert torn(step, now) == []
                kills += code < 0
                within += now not in (step.old, step.new)
                if code >= 0:
                    break
            else:
                code = builds.build(step.catalog, content).code
            assert code == 0
            assert files_of(content) == step.new
    assert within > 0, "no build was killed while it wrote: the test shows nothing"


# A tree that cannot be written to

FIRST: Listing = {"bash": [("latest", "a", "2024-06-01T10:00:00Z")]}
MORE: Listing = {
    f"image-{number:02}": [("latest", "b", "2024-06-01T10:00:00Z")] for number in range(30)
}
CHANGED: Listing = {"bash": [("latest", "c", "2024-06-02T10:00:00Z")]}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with one image, and thirty more to come."""
    site = Site(tmp_path)
    site.catalog()
    site.lists(FIRST, FIRST)
    site.build()
    site.lists(MORE | CHANGED, MORE | CHANGED)
    return site


def shell(site: Site, script: str, *, mounts: bool) -> Run:
    """Run a script in `sh`, where it may mount what it likes, or where even root must obey modes.

    `$build` is the command to build the site with; the mounts end with the script.
    """
    namespaces = ["--user"]
    if mounts:
        namespaces = ["--mount"] if os.geteuid() == 0 else ["--mount", "--map-root-user"]
    probe = "mount -t tmpfs none /mnt" if mounts else "true"
    isolated = ["unshare", *namespaces, "sh", "-euc"]
    if (
        not shutil.which("unshare")
        or subprocess.run([*isolated, probe], capture_output=True, check=False).returncode
    ):
        pytest.skip(f"this machine does not allow `unshare {' '.join(namespaces)}`")
    build = f"{sys.executable} -m generator build --catalog {site.catalog_file}"
    done = subprocess.run(
        [*isolated, script],
        cwd=site.root,
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT | {"build": build},
    )
    assert "Traceback" not in done.stderr
    return Run(done.returncode, done.stdout, done.stderr)


def completes(site: Site, content: Path) -> None:
    """The next run, where it can write, makes of a tree what it makes of an undisturbed one."""
    site.build()
    site.build("--content", content)
    assert tree_of(content) == site.tree()


def test_a_full_disk_is_a_clear_error_and_leaves_whole_files(site: Site) -> None:
    old = site.tree()
    run = shell(
        site,
        "cp -a content old; mount -t tmpfs -o size=128k none content; cp -a old/. content;"
        "code=0; $build || code=$?; cp -a content left; exit $code",
        mounts=True,
    )
    assert run.code == 1
    assert re.fullmatch(
        r"tagpages: cannot write \S+/image-\d\d/tags\S+: No space left on device\n", run.err
    )
    left = tree_of(site.root / "left")
    assert len(left) > len(old)
    site.build()
    new = site.tree()
    assert all(
        data in (old.get(path), new.get(path)) for path, data in left.items() if path != BUILD
    )
    completes(site, site.root / "left")


def test_a_disk_without_a_byte_left_is_a_clear_error_too(site: Site) -> None:
    old = site.tree()
    run = shell(
        site,
        "cp -a content old; mount -t tmpfs -o size=128k none content; cp -a old/. content;"
        "cat /dev/zero >content/filler 2>/dev/null || true;"
        "code=0; $build || code=$?; rm content/filler; cp -a content left; exit $code",
        mounts=True,
    )
    assert run.code == 1
    assert re.fullmatch(r"tagpages: cannot write to \S+: No space left on device\n", run.err)
    assert tree_of(site.root / "left") == old


def test_a_read_only_tree_is_a_clear_error_and_nothing_is_touched(site: Site) -> None:
    old = stamps_of(site.content)
    run = shell(
        site,
        "mount --bind content content; mount -o remount,bind,ro content; $build",
        mounts=True,
    )
    assert run.code == 1
    assert re.fullmatch(r"tagpages: cannot write to \S+: Read-only file system\n", run.err)
    assert stamps_of(site.content) == old
    completes(site, site.content)


def test_a_dry_run_needs_no_tree_that_can_be_written_to(site: Site) -> None:
    run = shell(
        site,
        "mount --bind content content; mount -o remount,bind,ro content; $build --dry-run",
        mounts=True,
    )
    assert run.code == 0
    assert "30 added, 0 removed, 1 changed, 0 unchanged, 0 failed or held back" in run.err


def test_a_content_folder_that_cannot_be_written_to_is_a_clear_error(site: Site) -> None:
    old = stamps_of(site.content)
    run = shell(site, "chmod 555 content; code=0; $build || code=$?; exit $code", mounts=False)
    assert run.code == 1
    assert re.fullmatch(r"tagpages: cannot write to \S+: Permission denied\n", run.err)
    assert stamps_of(site.content) == old
    site.content.chmod(0o755)
    completes(site, site.content)


def test_an_image_whose_folder_cannot_be_written_to_does_not_stop_the_others(site: Site) -> None:
    old = site.tree()
    run = shell(site, "chmod 555 content/bash; $build", mounts=False)
    assert run.code == 1
    assert re.match(
        r"Failed \(1\)\n  bash: `cannot write \S+/bash/tags_history\.md: Permission denied`\n",
        run.err,
    )
    now = site.tree()
    assert {path: now[path] for path in now if path.startswith("bash/")} == {
        path: old[path] for path in old if path.startswith("bash/")
    }
    assert site.page("image-29").exists()
    (site.content / "bash").chmod(0o755)
    completes(site, site.content)


def test_a_file_in_place_of_an_image_s_folder_does_not_stop_the_others(site: Site) -> None:
    (site.content / "image-07").write_text("mine")
    run = site.run("build")
    assert run.code == 1
    assert re.match(
        r"Failed \(1\)\n  image-07: `cannot read \S+/image-07/tags_history\.md: Not a directory`\n",
        run.err,
    )
    assert (site.content / "image-07").read_text() == "mine"
    assert site.page("image-08").exists()


def test_a_file_in_place_of_the_content_folder_is_a_clear_error(site: Site) -> None:
    shutil.rmtree(site.content)
    site.content.write_text("mine")
    run = site.run("build")
    assert run.code == 1
    assert run.err == f"tagpages: cannot write to {site.content}: File exists\n"
    assert site.content.read_text() == "mine"


# Two at once


@pytest.mark.parametrize("command", ["build", "render"])
def test_a_second_run_on_the_same_tree_ends_with_a_clear_error(site: Site, command: str) -> None:
    with Tree(site.content).lock():
        before = stamps_of(site.content)
        run = site.run(command)
        assert run.code == 1
        assert run.err == (
            f"tagpages: another tagpages is at work on {site.content}: wait until it has ended\n"
        )
        assert stamps_of(site.content) == before
    site.build()


def test_runs_that_write_nothing_need_not_wait(site: Site) -> None:
    with Tree(site.content).lock():
        assert site.run("build", "--dry-run").code == 0
        assert site.run("check").code == 0


def test_what_a_killed_run_left_is_cleaned_up_by_the_next_one(site: Site) -> None:
    (site.content / LOCK_FILE).write_text("1\n")
    (site.content / "bash" / ".tags.json.tagpages-tmp").write_text("half a fi")
    site.build()
    assert [path for path in site.tree() if is_leftover(path)] == []
