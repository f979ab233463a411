"""What was read of all images, kept in SQLite: derived from git alone, and safe to delete.

A cache is a file outside of git, for one place of content, one revision and one version of
tagpages. It is never changed: a newer one is moved into its place whole. Where the commit that it
was made for comes before today's, only what came after is read; else (force push) it is made anew.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import msgspec

import generator
from generator.errors import TagpagesError, UsageError
from generator.history.moves import Story
from generator.history.repository import Line, Repository
from generator.history.values import Moment, Span
from generator.history.versions import read
from generator.model import short_digest

FORMAT = 2
"""To be raised when the same versions give other records."""

_TABLES = """
CREATE TABLE head (value BLOB);
CREATE TABLE images (name TEXT PRIMARY KEY, files BLOB, tip BLOB, passed INTEGER);
CREATE TABLE earlier (image TEXT, spans BLOB);
CREATE INDEX earlier_of_image ON earlier (image);
CREATE TABLE digests (digest TEXT, image TEXT, PRIMARY KEY (digest, image)) WITHOUT ROWID;
"""


class Head(msgspec.Struct, frozen=True):
    """The line that a cache was made of: its two ends, and whether a shallow clone cut it."""

    oldest: Moment
    newest: Moment
    is_cut: bool


_encode = msgspec.msgpack.Encoder().encode
_decode_head = msgspec.msgpack.Decoder(Head).decode
_decode_story = msgspec.msgpack.Decoder(Story).decode
_decode_files = msgspec.msgpack.Decoder(dict[str, str]).decode
_decode_spans = msgspec.msgpack.Decoder(dict[int, list[Span]]).decode


class Index:
    """The stories of all images, up to the repository's commit.

    The last span of each line is kept apart from the earlier ones, so that one more night costs the
    same however long the history is. Of digests the beginnings are kept that tell them apart.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    @property
    def head(self) -> Head:
        """The line that all this was read from."""
        return _decode_head(self._database.execute("SELECT value FROM head").fetchone()[0])

    def whole(self, image: str) -> Story:
        """An image's story with all its spans; an empty one where it never had a page."""
        story = self.story(image)
        self._complete(image, story)
        return story

    def files(self) -> dict[str, dict[str, str]]:
        """The blobs, by image and path, of the files that are there."""
        rows = self._database.execute("SELECT name, files FROM images")
        return {name: _decode_files(files) for name, files in rows}

    def story(self, image: str) -> Story:
        """An image's story without its earlier spans."""
        rows = self._database.execute("SELECT tip FROM images WHERE name = ?", (image,))
        return next((_decode_story(tip) for (tip,) in rows), Story())

    def complete(self, image: str, story: Story, digests: Collection[str]) -> None:
        """Give a story its earlier spans, to be stored anew, unless all the digests are new to it.

        The digests are noted as those of the image.
        """
        rows = {(short_digest(digest), image) for digest in digests}
        noted = self._database.executemany("INSERT OR IGNORE INTO digests VALUES (?, ?)", rows)
        if noted.rowcount < len(rows):
            self._complete(image, story)
            self._database.execute("DELETE FROM earlier WHERE image = ?", (image,))

    def _complete(self, image: str, story: Story) -> None:
        query = "SELECT spans FROM earlier WHERE image = ? ORDER BY rowid"
        earlier: dict[int, list[Span]] = {}
        for (spans,) in self._database.execute(query, (image,)):
            for number, line in _decode_spans(spans).items():
                earlier.setdefault(number, []).extend(line)
        story.complete(earlier)

    def images(self) -> list[str]:
        """All images that ever had a page, by name."""
        return self._names("SELECT name FROM images ORDER BY name")

    def stories_with(self, digest: str) -> dict[str, Story]:
        """The whole stories of the images that had a digest of that beginning, by name.

        It is written as `sha256:` and twelve characters or more.
        """
        query = "SELECT image FROM digests WHERE digest = ? ORDER BY image"
        stories = {
            image: self.whole(image) for image in self._names(query, (short_digest(digest),))
        }
        return {image: story for image, story in stories.items() if story.has(digest)}

    def unreadable(self) -> list[str]:
        """The images that have a version which cannot be read, by name."""
        return self._names("SELECT name FROM images WHERE passed ORDER BY name")

    def _names(self, query: str, values: tuple[str, ...] = ()) -> list[str]:
        return [name for (name,) in self._database.execute(query, values)]


@contextmanager
def index(
    repository: Repository, folders: Sequence[str], revision: str, folder: Path | None = None
) -> Iterator[Index]:
    """The index of a repository, brought up to date in a folder for caches.

    Where that folder cannot be written to, the index is made in memory. Raises TagpagesError for a
    cache that cannot be used.
    """
    key = "\0".join((str(repository.top), *folders, revision, generator.__version__, str(FORMAT)))
    file = f"history-{sha256(key.encode()).hexdigest()[:16]}.sqlite"
    cache = _Cache(repository, folders, (folder or default_folder()) / file)
    try:
        with closing(cache.current()) as database:
            yield Index(database)
    except (OSError, sqlite3.Error, msgspec.MsgspecError) as error:
        raise TagpagesError(
            f"the cache {cache.path} cannot be used: {error}; delete it and ask again"
        ) from None


def default_folder() -> Path:
    """Where caches lie (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tagpages"


class _Cache(msgspec.Struct, frozen=True):
    repository: Repository
    folders: Sequence[str]
    path: Path

    def current(self) -> sqlite3.Connection:
        """The cache of this commit: the one that is there, or a newer one in its place."""
        head = self._head()
        if head and head.newest.commit == self.repository.commit:
            return sqlite3.connect(self.path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(".tmp", self.path.name, self.path.parent)
            os.close(descriptor)
        except OSError:
            return self._filled(":memory:", None)
        try:
            self._filled(temporary, head).close()
            Path(temporary).replace(self.path)
        except BaseException:
            Path(temporary).unlink()
            raise
        return sqlite3.connect(self.path)

    def _head(self) -> Head | None:
        """The head of the cache that is there, if it can be read and nothing older was fetched."""
        with suppress(sqlite3.Error, msgspec.MsgspecError, TypeError):
            uri = f"{self.path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True)) as database:
                head = Index(database).head
            if not head.is_cut or head.oldest.commit in self.repository.cuts:
                return head
        return None

    def _filled(self, place: str, head: Head | None) -> sqlite3.Connection:
        """A cache of this commit at that place: forward from the one that is there, or anew."""
        line = self._after(head) if head else None
        if line:
            shutil.copyfile(self.path, place)
        database = sqlite3.connect(place)
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        if line is None or head is None:
            line = self.repository.line(self._paths)
            oldest = line.moments[0]
            head = Head(oldest, oldest, oldest.commit in self.repository.cuts)
            database.executescript(_TABLES)
        self._take_in(database, line)
        database.execute("DELETE FROM head")
        newer = Head(head.oldest, line.moments[-1], head.is_cut)
        database.execute("INSERT INTO head VALUES (?)", (_encode(newer),))
        database.commit()
        return database

    def _after(self, head: Head) -> Line | None:
        """What came after the newest commit of a head; None if that is not on today's line."""
        try:
            line = self.repository.line(self._paths, after=head.newest)
        except UsageError:  # git has forgotten that commit
            return None
        return line if line.parent == head.newest.commit else None

    def _take_in(self, database: sqlite3.Connection, line: Line) -> None:
        known = Index(database)
        for image, story, files in read(self.repository, line.changes, self.folders, known):
            row = (image, _encode(files), _encode(story.tip()), len(story.passed))
            database.execute("REPLACE INTO images VALUES (?, ?, ?, ?)", row)
            if earlier := story.earlier():
                database.execute("INSERT INTO earlier VALUES (?, ?)", (image, _encode(earlier)))

    @property
    def _paths(self) -> list[str]:
        return [folder or "." for folder in self.folders]
