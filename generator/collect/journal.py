"""What a pull has been answered so far, kept line by line, so that the next run asks for the rest.

A journal belongs to one catalog's sources and one shard. It is written as the answers come, and
removed when nothing is left to ask: whoever finds one knows that a pull was interrupted, killed
or given up. Only what comes over the network is kept.
"""

from __future__ import annotations

import fcntl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar, cast

from msgspec.structs import replace

from generator.collect.answers import Answer, Answers, Header
from generator.collect.file import as_line, read
from generator.errors import TagpagesError

FOLDER = ".tagpages"
"""Lies beside the catalog, and tells git to leave it alone."""
FRESH = timedelta(hours=6)
"""Answers that are older than this are asked for again."""

T = TypeVar("T")


class Journal:
    """The journal of one pull, closed when its context ends.

    `answers` has what an earlier run was answered, if that was about the same images of the same
    sources and not too long ago.
    """

    def __init__(self, path: Path, header: Header) -> None:
        """Open the journal; raises TagpagesError when that fails, or another run is writing it."""
        self.path = path
        try:
            path.parent.mkdir(exist_ok=True)
            (path.parent / ".gitignore").write_text("*\n")
            self._file = path.open("ab", buffering=0)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TagpagesError(
                f"another tagpages is collecting into {path}: wait until it has ended"
            ) from None
        except OSError as error:
            raise TagpagesError(f"cannot write {path}: {error.strerror}") from None
        self.answers = _earlier(path, header) or Answers(replace(header, begun=datetime.now(UTC)))
        self._file.truncate(path.read_bytes().rfind(b"\n") + 1 if self.answers.tables else 0)
        if not self.answers.tables:
            self._write(as_line(self.answers.header))

    @property
    def resumed(self) -> str:
        """What the run goes on with, in a sentence; empty if it starts anew."""
        images = sum(len(source.images) for source in self.answers.tables.values())
        begun = self.answers.header.begun
        if not (images and begun):
            return ""
        return (
            f"going on with the pull of {begun:%Y-%m-%d %H:%M} UTC: {images:,} answers are in"
            f" {self.path} (delete it to start anew)"
        )

    def add(self, answer: Answer) -> None:
        """Keep an answer; it is safe when this returns, even if the process is killed then."""
        self._write(as_line(answer))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def remove(self) -> None:
        """Remove the journal: nothing is left to ask."""
        self.path.unlink(missing_ok=True)

    def _write(self, text: bytes) -> None:
        try:
            while text:
                text = text[self._file.write(text) :]
        except OSError as error:
            raise TagpagesError(f"cannot write {self.path}: {error.strerror}") from None


class Memo:
    """The values that a source's single requests gave, so that none is sent twice in one pull."""

    def __init__(
        self, table: str, values: dict[str, object], keep: Callable[[Answer], None]
    ) -> None:
        self._table = table
        self._values = values
        self._keep = keep

    async def once(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        """The value of the request that `key` names: as kept, or by asking. JSON must hold it."""
        if key not in self._values:
            self._values[key] = value = await ask()
            self._keep(Answer(self._table, key=key, value=value))
        return cast("T", self._values[key])


def _earlier(path: Path, header: Header) -> Answers | None:
    try:
        earlier = read(path)
    except TagpagesError:  # a new file, or one of another version
        return None
    begun, now = earlier.header.begun, datetime.now(UTC)
    about_the_same = replace(earlier.header, as_of=header.as_of, begun=None) == header
    fresh = begun is not None and now - FRESH < begun <= now
    if not (about_the_same and fresh and abs(earlier.header.as_of - header.as_of) < FRESH):
        return None
    return Answers(replace(header, begun=begun), earlier.tables)
