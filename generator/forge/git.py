"""The git repository of a site: what a night asks of it, by subprocess.

A token reaches git through the environment alone: it is in no argument, no file and no URL.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from generator.errors import TagpagesError, UsageError
from generator.forge.base import Author, Login

_HELPER = '!f() { echo "username=$TAGPAGES_GIT_USER"; echo "password=$TAGPAGES_GIT_TOKEN"; }; f'
"""A credential helper (gitcredentials(7)) that answers from the environment."""

_UNTOLD = (
    '^  "as_of": ',
    '^    "[0-9]{4}-[0-9]{2}-[0-9]{2}": ',
    '^    "[^"]+": [{]"since":',
)
"""Lines of `build.json` that make no news: the time of the build, how much the sources showed in
the nights of the week, and since when they answer the same."""


class PushError(TagpagesError):
    """A branch that the remote did not let us replace."""


class Git:
    """The repository that a folder lies in. Every call raises TagpagesError when git fails."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._environ = {**environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        self.top = folder
        self.top = Path(os.fsdecode(self._git("rev-parse", "--show-toplevel").rstrip(b"\n")))

    def branch(self) -> str:
        """The branch that is checked out; empty when there is none."""
        return self._text("branch", "--show-current")

    def address(self, remote: str) -> str:
        """The URL of a remote; what is no remote's name is a URL already."""
        return self._text("ls-remote", "--get-url", remote)

    def resolved(self, revision: str) -> str:
        """The id of a commit, or of what else a revision names."""
        return self._text("rev-parse", "--verify", "--end-of-options", revision)

    def tip(self, remote: str, branch: str, login: Login) -> str:
        """The commit that a branch of the remote is at; empty when there is no such branch."""
        found = self._remote(remote, login, "ls-remote", remote, f"refs/heads/{branch}")
        return found.decode().partition("\t")[0]

    def fetch(self, remote: str, commit: str, login: Login) -> None:
        """Fetch a commit and what came before it."""
        self._remote(remote, login, "fetch", "--quiet", remote, commit)

    def push(self, remote: str, branch: str, login: Login, *, expected: str, commit: str) -> None:
        """Replace a branch of the remote if it is still at `expected` (empty: not there).

        Raises PushError when it is refused.
        """
        name = f"refs/heads/{branch}"
        lease = f"--force-with-lease={name}:{expected}"
        try:
            self._remote(remote, login, "push", "--quiet", lease, remote, f"{commit}:{name}")
        except TagpagesError as error:
            raise PushError(str(error)) from None

    def fork(self, commit: str) -> str:
        """The last commit that HEAD and another one have in common."""
        try:
            return self._text("merge-base", "HEAD", commit)
        except TagpagesError:
            raise TagpagesError(
                f"git finds nothing that HEAD and {commit[:12]} have in common: is the clone"
                " shallow? Fetch all commits (GitHub: `fetch-depth: 0`, GitLab: `GIT_DEPTH: 0`)"
            ) from None

    def changed(self, before: str, after: str, folder: Path) -> set[bytes]:
        """The files of a folder in which two commits differ, by their path from the top."""
        options = ("--no-renames", "--name-only", "-z", before, after, "--")
        return set(filter(None, self._git("diff", *options, self._below(folder)).split(b"\0")))

    def restore(self, commit: str, paths: Iterable[bytes]) -> None:
        """Let files of the work tree be what they are in a commit, the index left alone."""
        feed = b"\0".join(sorted(paths))
        if feed:
            source = ("restore", f"--source={commit}", "--worktree")
            self._git(*source, "--pathspec-from-file=-", "--pathspec-file-nul", feed=feed)

    def committed(
        self, parent: str, folder: Path, paths: Iterable[str], message: str, author: Author | None
    ) -> str:
        """A commit on top of the parent with files of a folder as they are in the work tree.

        It is the parent itself if nothing differs. HEAD and the index are left alone. The commit is
        the author's, unless the environment says otherwise.
        """
        index = Path(self._text("rev-parse", "--git-path", "tagpages-index"))
        own = {"GIT_INDEX_FILE": str(self.top / index)}
        try:
            self._git("read-tree", parent, environ=own)
            self._update_index(folder, paths, own)
            tree = self._git("write-tree", environ=own).decode().strip()
        finally:
            (self.top / index).unlink(missing_ok=True)
        if tree == self.resolved(f"{parent}^{{tree}}"):
            return parent
        who = _names(author) | self._environ if author else {}
        command = ("commit-tree", tree, "-p", parent, "-m", message)
        return self._git(*command, environ=who).decode().strip()

    def undo(self, folder: Path, paths: Iterable[str]) -> None:
        """Let files of a folder be in the work tree what they are in HEAD."""
        below = self._below(folder)
        self.restore("HEAD", [os.fsencode(f"{below}/{path}") for path in paths])

    def advance(self, commit: str, folder: Path, paths: Iterable[str]) -> None:
        """Let the branch that is checked out stand at the commit, and the index with its files."""
        self._update_index(folder, paths, {})
        self._git("update-ref", "-m", "tagpages nightly", "HEAD", commit, self.resolved("HEAD"))

    def is_same(self, before: str, after: str) -> bool:
        """Whether two commits differ in nothing that is news."""
        lines = [f"--ignore-matching-lines={line}" for line in _UNTOLD]
        return self._run("diff", "--quiet", *lines, before, after).returncode == 0

    def _update_index(self, folder: Path, paths: Iterable[str], environ: Mapping[str, str]) -> None:
        below = self._below(folder)
        feed = b"".join(os.fsencode(f"{below}/{path}\0") for path in paths)
        self._git("update-index", "--add", "--remove", "-z", "--stdin", feed=feed, environ=environ)

    def _below(self, folder: Path) -> str:
        try:
            return folder.resolve().relative_to(self.top.resolve()).as_posix()
        except ValueError:
            raise UsageError(f"{folder} does not lie in the git repository {self.top}") from None

    def _remote(self, remote: str, login: Login, *arguments: str) -> bytes:
        """What git prints of a command that talks to the remote, and may log in there."""
        parts = urlsplit(self.address(remote))
        if parts.scheme not in {"http", "https"}:
            return self._git(*arguments)
        site = (
            f"credential.{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
        )
        first = int(self._environ.get("GIT_CONFIG_COUNT") or 0)
        environ = {
            "TAGPAGES_GIT_USER": login.user,
            "TAGPAGES_GIT_TOKEN": login.token,
            "GIT_CONFIG_COUNT": str(first + 2),
            f"GIT_CONFIG_KEY_{first}": f"{site}.helper",
            f"GIT_CONFIG_VALUE_{first}": "",  # none but ours
            f"GIT_CONFIG_KEY_{first + 1}": f"{site}.helper",
            f"GIT_CONFIG_VALUE_{first + 1}": _HELPER,
        }
        return self._git(*arguments, environ=environ)

    def _text(self, *arguments: str) -> str:
        return os.fsdecode(self._git(*arguments)).strip()

    def _git(self, *arguments: str, feed: bytes = b"", environ: Mapping[str, str] = {}) -> bytes:
        run = self._run(*arguments, feed=feed, environ=environ)
        if run.returncode:
            reason = run.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
            raise TagpagesError(f"git {arguments[0]} in {self.top}: {reason}")
        return run.stdout

    def _run(
        self, *arguments: str, feed: bytes = b"", environ: Mapping[str, str] = {}
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # noqa: S603 - git, with names that cannot be options
                ["git", "--literal-pathspecs", "-C", str(self.top), *arguments],  # noqa: S607 - likewise
                input=feed,
                capture_output=True,
                check=False,
                env={**self._environ, **environ},
            )
        except FileNotFoundError:
            raise UsageError("git is not installed: `tagpages nightly` works with it") from None


def _names(author: Author) -> dict[str, str]:
    return {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", author.name), ("EMAIL", author.email))
    }
