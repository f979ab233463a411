"""The content tree: changes of files, written atomically, by one run at a time.

A file is replaced by a whole one (temporary file in its folder, `os.replace`), so that a process
killed at any instant leaves every file old or new. Nothing is written or read through a symbolic
link below the content folder. POSIX only.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from stat import S_ISLNK
from typing import Literal

import msgspec

from generator.content.state import read_bytes
from generator.errors import TagpagesError

LOCK_FILE = ".tagpages.lock"
_TEMPORARY = ".tagpages-tmp"
_FATAL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


FileAction = Literal["added", "removed", "changed"]
"""What is done to a file."""


class Change(msgspec.Struct, frozen=True):
    """One file to write or remove; `before` is None for a new file, `after` for a removed one."""

    path: str
    before: bytes | None
    after: bytes | None

    @property
    def action(self) -> FileAction:
        """What is done to the file: added, removed or changed."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


class FullError(TagpagesError):
    """The tree cannot be written to any more: no image could be."""


class Tree:
    """The content folder; paths are relative to it, with slashes."""

    def __init__(self, content: Path) -> None:
        self.content = content
        self._root = os.path.realpath(content)
        self._folders = {"": True}

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where there is none.

        Raises TagpagesError for a symbolic link, or a file that cannot be read.
        """
        if not self._has_folder(path.rpartition("/")[0]):
            return None
        try:
            return read_bytes(self._absolute(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _cannot("read", self.content / path, error) from None

    def change(self, path: str, after: bytes | None) -> Change | None:
        """What it takes to bring a file to that text; None when it is so already."""
        before = self.read(path)
        return None if before == after else Change(path, before, after)

    def apply(self, change: Change) -> None:
        """Carry out a change. Raises TagpagesError; FullError when no other one could succeed."""
        folder = change.path.rpartition("/")[0]
        try:
            if change.after is None:
                self._remove(change.path)
            else:
                if not self._has_folder(folder):
                    os.makedirs(self._absolute(folder), exist_ok=True)
                    self._folders[folder] = True
                self._write(self._absolute(change.path), change.after)
        except OSError as error:
            raise _cannot("write", self.content / change.path, error) from None

    def others(self, folder: str, ours: Collection[str]) -> list[str]:
        """What lies in a folder beside our own files and the folders that hold such, sorted.

        Of a name that is not UTF-8 the odd bytes are written in hexadecimal, as in a Python text.
        """
        path = self._absolute(folder)
        try:
            return sorted(
                os.fsencode(name).decode(errors="backslashreplace")
                for name in os.listdir(path)
                if name not in ours
                and not any(set(ours) & set(files) for *_, files in os.walk(f"{path}/{name}"))
            )
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _cannot("read", self.content / folder, error) from None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs off the tree, and clean up behind one that was killed.

        Raises TagpagesError when another run holds it, or the tree cannot be written to.
        """
        path = os.path.join(self._root, LOCK_FILE)
        root = Path(self._root)
        missing = list(takewhile(lambda folder: not folder.exists(), [root, *root.parents]))
        try:
            os.makedirs(self._root, exist_ok=True)
            descriptor = _locked(path)
        except BlockingIOError:
            raise TagpagesError(
                f"another tagpages is at work on {self.content}: wait until it has ended"
            ) from None
        except OSError as error:
            raise _cannot("write to", self.content, error) from None
        try:
            self._begin(descriptor)
            yield
        finally:
            with suppress(OSError):  # nothing can be written any more
                os.unlink(path)
            os.close(descriptor)
            with suppress(OSError):  # it holds something by now
                for folder in missing:
                    folder.rmdir()

    def is_locked(self) -> bool:
        """Whether another run holds the tree; False where that cannot be told."""
        try:
            descriptor = os.open(
                os.path.join(self._root, LOCK_FILE), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
            )
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def _begin(self, lock: int) -> None:
        try:
            if os.fstat(lock).st_size:
                self._sweep()
            os.write(lock, b"%d\n" % os.getpid())
        except OSError as error:
            raise _cannot("write to", self.content, error) from None

    def _absolute(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _has_folder(self, folder: str) -> bool:
        """Whether a folder is there; looked up once.

        Raises TagpagesError for a symbolic link between the content folder and it.
        """
        if folder not in self._folders:
            parent = folder.rpartition("/")[0]
            self._folders[folder] = self._has_folder(parent) and self._is_folder(folder)
        return self._folders[folder]

    def _is_folder(self, folder: str) -> bool:
        try:
            mode = os.lstat(self._absolute(folder)).st_mode
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _cannot("read", self.content / folder, error) from None
        if S_ISLNK(mode):
            raise TagpagesError(
                f"{self.content / folder} is a symbolic link: tagpages does not follow it"
            )
        return True

    def _write(self, path: str, data: bytes) -> None:
        folder, name = os.path.split(path)
        temporary = f"{folder}/.{name}{_TEMPORARY}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o666)
        try:
            try:
                while data:
                    data = data[os.write(descriptor, data) :]
            finally:
                os.close(descriptor)
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):  # it is in place already, or nothing can be written any more
                os.unlink(temporary)
            raise

    def _remove(self, path: str) -> None:
        """Remove a file, and the folders that it leaves empty."""
        os.unlink(self._absolute(path))
        folder = os.path.dirname(path)
        while folder:
            try:
                os.rmdir(self._absolute(folder))
            except OSError:
                return
            folder = os.path.dirname(folder)

    def _sweep(self) -> None:
        for folder, _, names in os.walk(self._root):
            for name in names:
                if name.endswith(_TEMPORARY):
                    os.unlink(os.path.join(folder, name))


def _locked(path: str) -> int:
    """An open and locked lock file; raises BlockingIOError when another process holds it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.exists(path) and os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _cannot(what: str, path: Path, error: OSError) -> TagpagesError:
    kind = FullError if error.errno in _FATAL else TagpagesError
    return kind(f"cannot {what} {path}: {error.strerror}")
