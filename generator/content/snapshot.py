"""The content tree at some moment: a folder as it is now, or a git revision of it."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from generator.content.files import is_own
from generator.content.state import (
    TAGS_FILE,
    decode_build,
    decode_image,
    is_build_file,
    read_bytes,
)
from generator.errors import TagpagesError, UsageError
from generator.guard.memory import Build
from generator.model import Image


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
        """What the last build left, all its shards. Raises TagpagesError when it is unreadable."""
        builds = [
            decode_build(data, path)
            for path, data in sorted(self.files.items())
            if is_build_file(path)
        ]
        return Build(
            max((build.as_of for build in builds if build.as_of), default=None),
            failed={key: item for build in builds for key, item in build.failed.items()},
            held={key: item for build in builds for key, item in build.held.items()},
            gone={key: item for build in builds for key, item in build.gone.items()},
            standing=tuple(item for build in builds for item in build.standing),
            noticed={
                time: tuple(item for build in builds for item in build.noticed.get(time, ()))
                for time in {time for build in builds for time in build.noticed}
            },
        )

    def changed_files(self, other: Snapshot) -> dict[str, list[str]]:
        """The files that differ between the two, by image; `build.json` is under ""."""
        changed: dict[str, list[str]] = {}
        for path in sorted(self.files.keys() | other.files.keys()):
            if self.files.get(path) != other.files.get(path):
                folder = path.rpartition("/")[0]
                changed.setdefault(folder, []).append(path)
        return changed


def take(where: str, content: Path) -> Snapshot:
    """The tree at `where`: a folder, or a revision of the git repository that `content` is in.

    Raises UsageError when it is neither.
    """
    if where and Path(where).is_dir():
        return of_folder(Path(where))
    return Snapshot(dict(_git_files(where, content)))


def of_folder(folder: Path) -> Snapshot:
    """The tree as it lies in a folder."""
    try:
        return Snapshot(
            {
                Path(parent, name).relative_to(folder).as_posix(): read_bytes(f"{parent}/{name}")
                for parent, _, names in os.walk(folder)
                for name in names
                if is_own(name)
            }
        )
    except OSError as error:
        raise TagpagesError(f"cannot read {error.filename}: {error.strerror}") from None


def _git_files(revision: str, content: Path) -> Iterator[tuple[str, bytes]]:
    """Our files of a git revision, as `git ls-tree` and `git cat-file --batch` give them."""
    if not content.is_dir():
        raise UsageError(f"there is no content folder {content}")
    tree = _git(content, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{tree}}")
    entries = _git(content, "ls-tree", "-r", "-z", tree.decode().strip()).decode().split("\0")
    paths, ids = [], []
    for entry in filter(None, entries):
        meta, _, path = entry.partition("\t")
        mode, _, blob = meta.split()
        if mode.startswith("100") and is_own(PurePosixPath(path).name):
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
