"""The content tree at some moment: a folder as it is now, or a git revision of it.

Files are told apart by git's names for their contents (git-hash-object(1)), so that of a large tree
only what differs is read and decoded.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generator.content.files import Owned
from generator.content.page import FOLDER_PAGE, is_retired
from generator.content.state import (
    BUILD_FILE,
    TAGS_FILE,
    decode_build,
    decode_image,
    load_build,
    read_bytes,
)
from generator.errors import Failure, TagpagesError, UsageError
from generator.guard.memory import Build
from generator.model import Image

Contents = Mapping[str, bytes | Failure]
"""Files by their path; a Failure for one that cannot be read."""

_SHA1_LENGTH = 40


@dataclass(frozen=True)
class Snapshot:
    """Our files of a content tree: the ids of their contents by path, and how to read them.

    `unreadable` are the images of which a file cannot be read.
    """

    ids: Mapping[str, str]
    read: Callable[[Collection[str]], Contents]
    unreadable: Mapping[str, Failure] = field(default_factory=dict)

    def images(self, names: Collection[str]) -> tuple[dict[str, Image], dict[str, Failure]]:
        """The last known good of those of the images that have any, and why some are unreadable.

        An image is unreadable when any of its files is.
        """
        images: dict[str, Image] = {}
        broken = {name: why for name, why in self.unreadable.items() if name in names}
        paths = {f"{name}/{TAGS_FILE}": name for name in names if name not in broken}
        for path, data in self.read([path for path in paths if path in self.ids]).items():
            name = paths[path]
            try:
                images[name] = decode_image(_readable(data), name)
            except TagpagesError as error:
                broken[name] = Failure(str(error))
        return images, broken

    def build(self) -> Build:
        """What the last build left. Raises TagpagesError when it is unreadable."""
        if BUILD_FILE not in self.ids:
            return Build()
        return decode_build(_readable(self.read([BUILD_FILE])[BUILD_FILE]), BUILD_FILE)

    def with_state(self) -> set[str]:
        """The images that have a last known good."""
        suffix = f"/{TAGS_FILE}"
        return {path.removesuffix(suffix) for path in self.ids if path.endswith(suffix)}

    def changed_files(self, other: Snapshot) -> dict[str, list[str]]:
        """The files that differ between the two, by image; those of the site are under `SITE`.

        The page of a folder that is no image's is none of ours.
        """
        changed: dict[str, list[str]] = {}
        for path in sorted(self.ids.keys() | other.ids.keys()):
            if self.ids.get(path) != other.ids.get(path):
                changed.setdefault(path.rpartition("/")[0], []).append(path)
        return {
            image: paths
            for image, paths in changed.items()
            if not image
            or paths != [f"{image}/{FOLDER_PAGE}"]
            or self._is_image(image)
            or other._is_image(image)
        }

    def _is_image(self, folder: str) -> bool:
        """Whether the page of a folder is an image's, which has a state or is retired."""
        path = f"{folder}/{FOLDER_PAGE}"
        if f"{folder}/{TAGS_FILE}" in self.ids:
            return True
        page = self.read([path])[path] if path in self.ids else b""
        return isinstance(page, bytes) and is_retired(page.decode(errors="replace"))


def take(where: str, content: Path, ours: Callable[[Build], Owned]) -> Snapshot:
    """The tree at `where`: a folder, or a revision of the git repository that `content` is in.

    `ours` says which files are ours after a build. Raises UsageError when it is neither,
    TagpagesError when its `build.json` is unreadable.
    """
    if where and Path(where).is_dir():
        return of_folder(Path(where), ours)
    if not content.is_dir():
        raise UsageError(f"there is no content folder {content}")
    ids = dict(_git_ids(where, content))

    def read(paths: Collection[str]) -> Contents:
        return dict(_git_contents(content, {path: ids[path] for path in paths}))

    owned = ours(Snapshot(ids, read).build())
    return Snapshot({path: blob for path, blob in ids.items() if owned.has(path)}, read)


def of_folder(
    folder: Path, ours: Callable[[Build], Owned], like: Snapshot | None = None
) -> Snapshot:
    """The tree as it lies in a folder; its ids are of the same kind as those of `like`.

    Raises TagpagesError when its `build.json` is unreadable.
    """
    owned = ours(load_build(folder))
    sample = next(iter(like.ids.values()), "") if like else ""
    algorithm = "sha256" if len(sample) > _SHA1_LENGTH else "sha1"

    def contents(path: str) -> bytes | Failure:
        try:
            return read_bytes(f"{folder}/{path}")
        except OSError as error:
            return Failure(f"cannot read {folder}/{path}: {error.strerror}")

    def read(paths: Collection[str]) -> Contents:
        return {path: contents(path) for path in paths}

    ids: dict[str, str] = {}
    unreadable: dict[str, Failure] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.relpath(f"{parent}/{name}", folder)
            if not owned.has(path):
                continue
            data = contents(path)
            if isinstance(data, Failure):
                unreadable[path.rpartition("/")[0]] = data
            ids[path] = data.reason if isinstance(data, Failure) else _id(data, algorithm)
    return Snapshot(ids, read, unreadable)


def _id(data: bytes, algorithm: str) -> str:
    blob = b"blob %d\0%b" % (len(data), data)
    return hashlib.new(algorithm, blob, usedforsecurity=False).hexdigest()


def _readable(data: bytes | Failure) -> bytes:
    if isinstance(data, Failure):
        raise TagpagesError(data.reason)
    return data


def _git_ids(revision: str, content: Path) -> Iterator[tuple[str, str]]:
    """The ids of the files in a git revision, as `git ls-tree` gives them."""
    tree = _git(content, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{tree}}")
    entries = os.fsdecode(_git(content, "ls-tree", "-r", "-z", tree.decode().strip())).split("\0")
    for entry in filter(None, entries):
        meta, _, path = entry.partition("\t")
        mode, _, blob = meta.split()
        if mode.startswith("100"):
            yield path, blob


def _git_contents(content: Path, ids: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """The contents of blobs, as `git cat-file --batch` gives them."""
    output = io.BytesIO(_git(content, "cat-file", "--batch", stdin="\n".join(ids.values())))
    for path in ids:
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
