"""Kind `listing`: a recorded listing in a JSON file, plain or gzipped.

The shape is what `chainctl images list -o json` prints (`docs/sources.md`):
`[{"repo": {"name"}, "tags": [{"name", "digest", "lastUpdated"}, …]}, …]`; other keys are ignored.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from generator.catalog.spec import IMAGE, PathText
from generator.errors import TagpagesError
from generator.model import Tag, TimeKind, checked_tags, shown
from generator.sources.base import Address, Ask, Source, SourceSpec
from generator.sources.remote import Host, check_repository


class Listing(SourceSpec, frozen=True, kw_only=True, tag="listing"):
    """A recorded listing."""

    time_kind: ClassVar[TimeKind] = "listed"
    image_timeout: ClassVar[float | None] = None

    path: Annotated[
        PathText, Meta(description="The file (`.json` or `.json.gz`), relative to the catalog.")
    ]

    registry: Annotated[
        Host | None, Meta(description="The registry that was listed, for pages that name it.")
    ] = None
    repository: Annotated[
        str,
        Meta(
            description=(
                "With `registry`: the repository of an image, with `{image}` in place of its name"
                " in the file."
            ),
        ),
    ] = IMAGE

    def __post_init__(self) -> None:
        """Check the repository."""
        super().__post_init__()
        check_repository(self.repository)

    def address(self, image: str, override: str | None = None) -> Address:
        """Where an image is pulled from, as far as the catalog says so."""
        if not self.registry:
            return Address()
        repository = self.repository.replace(IMAGE, override or image)
        return Address(self.registry.rpartition("://")[2], repository)

    def open(self, ask: Ask) -> Source:
        """The listing, not read yet."""
        return _ListingFile(ask.root / self.path, ask.repositories)


class _Repo(msgspec.Struct):
    name: str


class _Entry(msgspec.Struct):
    repo: _Repo
    tags: msgspec.Raw


class _ListedTag(Tag, frozen=True, gc=False, rename={"last_changed": "lastUpdated"}):
    """A tag in the listing's words."""

    last_changed: datetime


_decode_entries = msgspec.json.Decoder(list[_Entry]).decode
_decode_tags = msgspec.json.Decoder(list[_ListedTag]).decode


class _ListingFile:
    """One file: its shape is checked as a whole, each image's tags on their own."""

    def __init__(self, path: Path, overrides: Mapping[str, str]) -> None:
        self._path = path
        self._overrides = overrides
        self._tags: dict[str, msgspec.Raw] = {}
        self._twice: set[str] = set()

    async def names(self) -> Collection[str]:
        for entry in self._entries():
            if entry.repo.name in self._tags:
                self._twice.add(entry.repo.name)
            self._tags[entry.repo.name] = entry.tags
        return self._overrides.keys() | (self._tags.keys() - set(self._overrides.values()))

    async def tags(self, name: str) -> Sequence[Tag] | None:
        name = self._overrides.get(name, name)
        raw = self._tags.get(name)
        if raw is None:
            return None
        if name in self._twice:
            raise TagpagesError(f"{self._path} lists the image twice: remove one entry")
        try:
            return checked_tags(_decode_tags(raw))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TagpagesError) as error:
            raise TagpagesError(f"{self._path}: image {shown(name)}: {error}") from None

    def _entries(self) -> list[_Entry]:
        try:
            data = self._path.read_bytes()
            if self._path.name.endswith(".gz"):
                data = gzip.decompress(data)
            return _decode_entries(data)
        except OSError as error:
            reason = error.strerror or str(error)
            raise TagpagesError(f"cannot read the listing {self._path}: {reason}") from None
        except (EOFError, zlib.error) as error:
            raise TagpagesError(
                f"the listing {self._path} is cut short or broken: {error}"
            ) from None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise TagpagesError(
                f"the listing {self._path} is not as it should be: {error}"
            ) from None
