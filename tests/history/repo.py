"""A real git repository with pages of images, made commit by commit at given times."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from generator.content.state import encode_image
from generator.model import Image, Table, TagGroup
from tests.support import Run, digest, tagpages

CONTENT = "content/images"
Tables = Mapping[str, Mapping[str, str]]
"""By table: the sign of a digest by tag."""


def state(image: str, tables: Tables, day: str = "2024-05-01") -> bytes:
    """A `tags.json` in which every tag last changed on that day."""
    return encode_image(
        Image(
            image,
            tuple(
                Table(
                    table,
                    tuple(
                        TagGroup(digest(sign), datetime.fromisoformat(f"{day}T10:00:00Z"), (tag,))
                        for tag, sign in tags.items()
                    ),
                )
                for table, tags in tables.items()
            ),
        )
    )


def old_page(tables: Tables, day: str = "May 1st") -> str:
    """A page as the predecessor wrote it; the table named "" has no heading."""
    parts = ["---\ntitle: x\n---\n\nSome words.\n"]
    for table, tags in tables.items():
        parts.append(f"\n### {table}\nMore words.\n\n" if table else "\n")
        parts.append("| Tag (s) | Last Changed | Digest |\n|---|---|---|\n")
        parts += [f"|  `{tag}` | {day} | `{digest(sign)}` |\n" for tag, sign in tags.items()]
    return "".join(parts)


@dataclass
class Repo:
    """A repository in a folder; times are of committers, in UTC."""

    root: Path
    format: str = "sha1"
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environ = os.environ | {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": "t",
            "GIT_AUTHOR_EMAIL": "t@example.com",
            "GIT_COMMITTER_NAME": "t",
            "GIT_COMMITTER_EMAIL": "t@example.com",
        }

    def init(self) -> Repo:
        self.root.mkdir(exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", f"--object-format={self.format}")
        return self

    @property
    def content(self) -> Path:
        return self.root / CONTENT

    def git(self, *args: str | Path, time: str = "2024-01-01T00:00:00Z") -> str:
        run = subprocess.run(
            ["git", "-C", self.root, *args],
            env=self.environ | {"GIT_COMMITTER_DATE": time, "GIT_AUTHOR_DATE": time},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    def write(self, path: str, data: bytes | str | None) -> None:
        """Write a file below the content folder, or remove it."""
        file = self.content / path
        if data is None:
            file.unlink()
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data if isinstance(data, bytes) else data.encode())

    def commit(self, time: str) -> str:
        """Commit all that changed, at that time; the commit's name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a night", time=time)
        return self.git("rev-parse", "HEAD")

    def night(self, time: str, **images: Tables | None) -> str:
        """Commit the `tags.json` of images; None removes one."""
        for image, tables in images.items():
            self.write(f"{image}/tags.json", None if tables is None else state(image, tables))
        return self.commit(time)

    def nights(
        self, nights: Iterable[Mapping[str, bytes | None]], first: int = 1_717_372_800
    ) -> list[str]:
        """Commit nights at once, a day after another, by files below the content folder."""
        stream = [b"feature done\n"]
        for number, files in enumerate(nights):
            time = first + 86_400 * number
            stream.append(b"commit refs/heads/main\ncommitter t <t@e> %d +0000\ndata 0\n" % time)
            for file, data in files.items():
                path = f"{CONTENT}/{file}".encode()
                if data is None:
                    stream.append(b"D %s\n" % path)
                else:
                    stream.append(b"M 644 inline %s\ndata %d\n%s\n" % (path, len(data), data))
        command = ["git", "-C", str(self.root), "fast-import", "--quiet"]
        subprocess.run(command, input=b"".join([*stream, b"done\n"]), check=True)
        return self.git("rev-list", "--reverse", "main").split()

    def old_night(self, time: str, day: str = "May 1st", **images: Tables) -> str:
        """Commit old pages of images."""
        for image, tables in images.items():
            self.write(f"{image}/tags_history.md", old_page(tables, day))
        return self.commit(time)

    def ask(self, *args: str | Path, **environ: str) -> Run:
        """Run `tagpages history` for this repository, with a cache of its own."""
        cache = str(self.root.parent / "cache")
        environ = {"XDG_CACHE_HOME": cache} | environ
        return tagpages("history", "--content", self.content, *args, **environ)

    def spans(self, *args: str | Path, code: int = 0) -> list[dict[str, Any]]:
        """The spans that an answer has in JSON."""
        run = self.ask("--format", "json", *args)
        assert run.code == code, run.err
        spans = json.loads(run.out)["spans"]
        assert isinstance(spans, list)
        return spans


def told(spans: list[dict[str, Any]]) -> list[tuple[str, str, str, str | None]]:
    """Table, tag, the sign of the digest, and why it ended, of each span."""
    return [(span["table"], span["tag"], span["digest"][7], span["why"]) for span in spans]
