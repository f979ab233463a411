"""Reading versions from git, by subprocess: its plumbing reads every repository, and is fastest.

Only the line of first parents counts: what was published on a branch, whichever way it got there.
"""

from __future__ import annotations

import os
import posixpath
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Thread
from typing import IO, NamedTuple, cast

import msgspec

from generator.errors import TagpagesError, UsageError
from generator.history.values import Moment

# What people set for their own `git log` must not change ours.
_SETTINGS = ("log.showRoot=true", "log.follow=false", "log.showSignature=false")
_GIT = ("git", "--literal-pathspecs", *(part for key in _SETTINGS for part in ("-c", key)))
_LOG = (
    "log", "--first-parent", "--diff-merges=first-parent", "--no-renames", "--no-color",
    "-z", "--format=%ct %H %P",
)  # fmt: skip
_LATEST = int(datetime(9000, 1, 1, tzinfo=UTC).timestamp())
"""No commit is believed to be later: git holds times that no calendar has."""
_RAW = ("--raw", "--no-abbrev", "--sparse")
_ELSEWHERE = {"GIT_DIR", "GIT_WORK_TREE"}
"""What git tells a hook of the repository that it belongs to: here the folder says which."""


class Change(NamedTuple):
    """What a commit did to a file: its new blob, or None where it is gone or is no file."""

    moment: Moment
    path: str
    blob: str | None


class Line(msgspec.Struct, frozen=True):
    """Commits along first parents, and what they did to the files asked for; the oldest first.

    `parent` is the first parent of the oldest commit, if it has one.
    """

    moments: list[Moment]
    changes: list[Change]
    parent: str | None

    def number_at(self, time: datetime) -> int:
        """The number of the last commit by that time (UTC); -1 before the first one."""
        return sum(moment.time <= time for moment in self.moments) - 1


class Repository(msgspec.Struct, frozen=True, dict=True):
    """A git repository seen from one commit. `top` is its top folder, of the work tree if any.

    `folder` is where the content lies, as git names it: below `top`, with slashes. `cuts` are the
    commits at which a shallow clone ends: what came before them is not there.
    """

    top: Path
    folder: str
    commit: str
    cuts: frozenset[str]

    @classmethod
    def around(cls, content: Path, revision: str) -> Repository:
        """The repository that a content folder lies in, or lay in: it need not be there any more.

        Raises UsageError when there is none, or no such revision.
        """
        content = content.absolute()
        there = next(folder for folder in (content, *content.parents) if folder.is_dir())
        *up, shallow, commit = _resolved(there, revision, "--show-cdup", "--git-path", "shallow")
        top = (there.resolve() / "".join(up)).resolve()
        folder = (there.resolve() / content.relative_to(there)).relative_to(top).as_posix()
        cuts = (there / shallow).read_text().split() if (there / shallow).exists() else ()
        return cls(top, folder if folder != "." else "", commit, frozenset(cuts))

    def folders(self, was: Iterable[str]) -> tuple[str, ...]:
        """Where the content lies, and then where it lay before, from the top of the repository."""
        return (self.folder, *(posixpath.normpath(f"/{folder}").strip("/") for folder in was))

    def resolved(self, revision: str) -> str:
        """The commit that a revision names. Raises UsageError when there is none."""
        return _resolved(self.top, revision)[-1]

    def line(self, paths: Sequence[str] = (), after: Moment | None = None) -> Line:
        """The line of first parents down from the commit, with the changes of these paths.

        With `after`, only the commits that came after that one. A path may be a folder.
        """
        revisions = [self.commit, *([f"^{after.commit}"] if after else [])]
        asked = [*(_RAW if paths else ("--no-patch",)), *revisions, "--", *(paths or ())]
        commits: list[tuple[str, int]] = []
        changes: list[tuple[int, str, str | None]] = []
        parent = None
        fields = iter(_git(self.top, *_LOG, *asked).split(b"\0"))
        for field in fields:
            words = field.decode().split()
            if not words:
                continue
            if words[0].startswith(":"):
                blob = words[3] if words[1].startswith("100") else None
                changes.append((len(commits), os.fsdecode(next(fields)), blob))
            else:
                seconds, commit, *parents = words
                commits.append((commit, int(seconds)))
                parent = parents[0] if parents else None
        moments = _moments(commits, after)
        # git tells the newest first: the n-th commit is the n-th from the end
        found = [Change(moments[-n], path, blob) for n, path, blob in reversed(changes)]
        return Line(moments, found, parent)

    def blobs(self, ids: Sequence[str]) -> Iterator[bytes | None]:
        """The contents of blobs, in their order; None for one that git does not have.

        A second thread feeds git, or both would wait for each other once the pipes are full.
        Raises UsageError where a partial clone lacks some, and its remote does not give them.
        """
        if not ids:
            return
        self._fetch_missing(ids)
        command = [*_GIT, "-C", str(self.top), "cat-file", "--batch", "--buffer"]
        with Popen(command, stdin=PIPE, stdout=PIPE, env=_environ()) as process:  # noqa: S603 - git
            stdin, stdout = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
            Thread(target=_feed, args=(stdin, ids), daemon=True).start()
            try:
                for _ in ids:
                    yield _blob(stdout)
            finally:
                process.kill()  # it has ended already, unless nobody wants the rest

    def files(self, commit: str, folder: str) -> dict[str, str]:
        """The names and blobs of the files of a folder, as a commit has them."""
        name = f"{commit}:{folder}"
        run = _run(self.top, "ls-tree", "-z", name)
        entries = run.stdout.decode(errors="surrogateescape").split("\0")
        parts = (entry.partition("\t") for entry in entries if entry.startswith("100"))
        return {name: meta.split()[2] for meta, _, name in parts}

    def renamed(self, commit: str, path: str) -> str | None:
        """What a commit renamed to that path without a change, if it did."""
        options = ("-r", "-z", "-M100%", "--diff-filter=R", "--name-status")
        run = _run(self.top, "diff-tree", *options, f"{commit}^", commit)
        fields = iter(run.stdout.decode(errors="surrogateescape").split("\0"))
        for _, old, new in zip(fields, fields, fields, strict=False):
            if new == path:
                return old
        return None

    @cached_property
    def _promisor(self) -> str | None:
        """The remote that a partial clone gets missing objects from (git's `partial-clone`)."""
        run = _run(self.top, "config", "--name-only", "--get-regexp", r"^remote\..*\.promisor$")
        names = run.stdout.decode().split()
        return names[0].removeprefix("remote.").removesuffix(".promisor") if names else None

    def _fetch_missing(self, ids: Sequence[str]) -> None:
        """Fetch all blobs at once where a partial clone lacks any: else git asks for each alone.

        A git that must not fetch (`GIT_NO_LAZY_FETCH`, 2.39.4) fails at the first missing one, or
        says that it is missing.
        """
        if self._promisor is None:
            return
        feed = "\n".join(dict.fromkeys(ids)).encode()
        found = _run(self.top, "cat-file", "--batch-check", feed=feed, GIT_NO_LAZY_FETCH="1")
        if found.returncode or b" missing\n" in found.stdout:
            # as git itself does it: promisor-remote.c, fetch_objects
            settings = ("-c", "fetch.negotiationAlgorithm=noop", "-c", "maintenance.auto=false")
            options = ("--no-tags", "--no-write-fetch-head", "--recurse-submodules=no")
            fetch = (*settings, "fetch", "--quiet", self._promisor, *options)
            _git(self.top, *fetch, "--filter=blob:none", "--stdin", feed=feed)


def _resolved(folder: Path, revision: str, *asked: str) -> list[str]:
    """The lines that answer what else is asked of a repository, and the commit of a revision."""
    name = f"{revision}^{{commit}}"
    asking = ("rev-parse", *asked, "--verify", "--quiet", "--end-of-options", name)
    run = _run(folder, *asking)
    if run.returncode == 1:
        raise UsageError(f"git knows no commit {revision!r} in {folder}")
    return os.fsdecode(_checked(run, folder)).rstrip("\n").split("\n")


def _moments(commits: list[tuple[str, int]], after: Moment | None) -> list[Moment]:
    """The commits (the newest first) as moments (the oldest first)."""
    number = after.number + 1 if after else 0
    latest = int(after.time.timestamp()) if after else 0
    moments = []
    for commit, seconds in reversed(commits):
        latest = max(latest, min(seconds, _LATEST))
        moments.append(Moment(number, commit, datetime.fromtimestamp(latest, UTC)))
        number += 1
    return moments


def _feed(stdin: IO[bytes], ids: Sequence[str]) -> None:
    with suppress(BrokenPipeError):  # nobody wants the rest any more
        stdin.write("\n".join(ids).encode())
        stdin.close()


def _blob(stdout: IO[bytes]) -> bytes | None:
    """The next answer of `git cat-file --batch`."""
    header = stdout.readline().split()
    if header and header[-1] == b"missing":
        return None
    size = int(header[2]) if header else 0
    data = stdout.read(size)
    if stdout.read(1) != b"\n":
        raise TagpagesError("git has ended in the middle of reading: is the repository damaged?")
    return data


def _git(folder: Path, *arguments: str, feed: bytes = b"") -> bytes:
    """What git prints. Raises UsageError with what it says is wrong."""
    return _checked(_run(folder, *arguments, feed=feed), folder)


def _checked(run: subprocess.CompletedProcess[bytes], folder: Path) -> bytes:
    if run.returncode:
        reason = run.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise UsageError(f"git cannot read the history in {folder}: {reason}")
    return run.stdout


def _run(
    folder: Path, *arguments: str, feed: bytes = b"", **environ: str
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - git, with a revision that cannot be an option
            [*_GIT, "-C", str(folder), *arguments],
            input=feed,
            capture_output=True,
            check=False,
            env=_environ() | environ,
        )
    except FileNotFoundError:
        raise UsageError("git is not installed: `tagpages history` reads with it") from None


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
