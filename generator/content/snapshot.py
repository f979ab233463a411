"""The content tree at some moment: a folder as it is now, or a git revision of it."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from generator.content.files import Owned
from generator.content.state import (
    BUILD_FILE,
    TAGS_FILE,
    decode_build,
    decode_image,
    read_bytes,
)
from generator.errors import TagpagesError, UsageError
from generator.model import Build, Image


@dataclass(frozen=True)
class Snapshot:
    """tagpages' files of a content tree, by their path below it."""

    files: Mapping[str, bytes]

    def images(self) -> dict[str, Image]:
        """The last known good of every image. Raises TagpagesError when one is unreadable."""
        return {
            str(PurePosixPath(path).parent): decode_image(data, str(PurePosixPath(path).parent))
            for path, data in self.files.items()
            if path.endswith(f"/{TAGS_FILE}")
        }

    def build(self) -> Build:
        """What the last build left. Raises TagpagesError when it is unreadable."""
        data = self.files.get(BUILD_FILE)
        return decode_build(data, BUILD_FILE) if data is not None else Build()

    def changed_files(self, other: Snapshot) -> dict[str, list[str]]:
        """The files that differ between the two, by image; `build.json` is under ""."""
        changed: dict[str, list[str]] = {}
        for path in sorted(self.files.keys() | other.files.keys()):
            if self.files.get(path) != other.files.get(path):
                folder = path.rpartition("/")[0]
                changed.setdefault(folder, []).append(path)
        return changed


def take(where: str, content: Path, ours: Owned) -> Snapshot:
    """The tree at `where`: a folder, or a revision of the git repository that `content` is in.

    Raises UsageError when it is neither.
    """
    if where and Path(where).is_dir():
        return of_folder(Path(where), ours)
    return Snapshot(dict(_git_files(where, content, ours)))


def of_folder(folder: Path, ours: Owned) -> Snapshot:
    """The tree as it lies in a folder."""
    try:
        paths = (
            Path(parent, name).relative_to(folder).as_posix()
            for parent, _, names in os.walk(folder)
            for name in names
        )
        return Snapshot({path: read_bytes(f"{folder}/{path}") for path in paths if ours.has(path)})
    except OSError as error:
        raise TagpagesError(f"cannot read {error.filename}: {error.strerror}") from None


def _git_files(revision: str, content: Path, ours: Owned) -> Iterator[tuple[str, bytes]]:
    """Our files of a git revision, as `git ls-tree` and `git cat-file --batch` give them."""
    if not content.is_dir():
        raise UsageError(f"there is no content folder {content}")
    tree = _git(content, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{tree}}")
    entries = _git(content, "ls-tree", "-r", "-z", tree.decode().strip()).decode().split("\0")
    paths, ids = [], []
    for entry in filter(None, entries):
        meta, _, path = entry.partition("\t")
        mode, _, blob = meta.split()
        if mode.startswith("100") and ours.has(path):
            paths.append(path)
            ids.append(blob)
    output = io.BytesIO(_git(content, "cat-file", "--batch", stdin="\n".join(ids)))
    for path in paths:
        size = int(output.readline().split()[-1])
        yield path, output.read(size)
        output.read(1)


def _git(content: Path, *arguments: str, stdin: str = "") -> bytes:
    try:
        return subprocess.run(  # noqa: S603 - git, with a revision that cannot be an option
            ["git", "-C", str(content), *arguments],  # noqa: S607 - as found on the PATH
            input=stdin.encode(),
            capture_output=True,
            check=True,
        ).stdout
    except FileNotFoundError:
        raise TagpagesError("git is not installed: name two folders instead") from None
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise UsageError(f"git cannot show {arguments[-1]!r}: {reason}") from None
