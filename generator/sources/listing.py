"""Kind `listing`: a recorded listing in a JSON file, plain or gzipped.

The shape is what `chainctl images list -o json` prints (`docs/sources.md`):
`[{"repo": {"name"}, "tags": [{"name", "digest", "lastUpdated"}, …]}, …]`, with `repo.readme` where
there is one; other keys are ignored. What its images contain may be recorded beside it, in a file
of its own: `details`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from generator.catalog.base import IMAGE, PathText
from generator.errors import UNREADABLE, TagpagesError, in_words
from generator.model import Tag, TimeKind, checked_tags, shown
from generator.sources.base import Address, Ask, Source, SourceSpec, checked_readme
from generator.sources.recorded import DetailsFile, RecordedFile
from generator.sources.remote import Host, check_repository


class Listing(SourceSpec, frozen=True, kw_only=True, tag="listing"):
    """A recorded listing."""

    time_kind: ClassVar[TimeKind] = "listed"
    image_timeout: ClassVar[float | None] = None

    path: Annotated[
        PathText, Meta(description="The file (`.json` or `.json.gz`), relative to the catalog.")
    ]
    details: Annotated[
        PathText | None,
        Meta(
            description=(
                "A file (`.json` or `.json.gz`) with what the listed tags contain: apko's image "
                "configurations, recorded at the same time."
            )
        ),
    ] = None
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
        details = DetailsFile(RecordedFile(ask.root, self.details)) if self.details else None
        return _ListingFile(RecordedFile(ask.root, self.path), ask.repositories, details)


class _Repo(msgspec.Struct):
    name: str
    readme: str | None = None


class _Entry(msgspec.Struct):
    repo: _Repo
    tags: msgspec.Raw


class _ListedTag(Tag, frozen=True, gc=False, rename={"last_changed": "lastUpdated"}):
    """A tag in the listing's words."""

    last_changed: datetime


_decode_entries = msgspec.json.Decoder(list[_Entry]).decode
_decode_tags = msgspec.json.Decoder(list[_ListedTag]).decode


class _ListingFile(Source):
    """One file: its shape is checked as a whole, each image's tags on their own."""

    def __init__(
        self, file: RecordedFile, overrides: Mapping[str, str], details: DetailsFile | None
    ) -> None:
        self._file = file
        self._overrides = overrides
        self._details = details
        self._tags: dict[str, msgspec.Raw] = {}
        self._readmes: dict[str, str] = {}
        self._twice: set[str] = set()

    async def names(self) -> Collection[str]:
        for entry in self._file.read("listing", _decode_entries):
            if entry.repo.name in self._tags:
                self._twice.add(entry.repo.name)
            self._tags[entry.repo.name] = entry.tags
            if entry.repo.readme is not None:
                self._readmes[entry.repo.name] = entry.repo.readme
        return self._overrides.keys() | (self._tags.keys() - set(self._overrides.values()))

    async def tags(self, name: str) -> Sequence[Tag] | None:
        name = self._overrides.get(name, name)
        raw = self._tags.get(name)
        if raw is None:
            return None
        if name in self._twice:
            raise TagpagesError(f"{self._file} lists the image twice: remove one entry")
        try:
            return checked_tags(_decode_tags(raw))
        except (*UNREADABLE, TagpagesError) as error:
            raise TagpagesError(f"{self._file}: image {shown(name)}: {in_words(error)}") from None

    async def readme(self, name: str) -> str:
        """What the listing has."""
        return checked_readme(self._readmes.get(self._overrides.get(name, name), ""))

    async def recorded(self, name: str, digest: str) -> bytes | None:
        """What `details` has of the tags that the listing has at that digest."""
        if self._details is None:
            return None
        tags = {tag.name for tag in await self.tags(name) or () if tag.digest == digest}
        if not tags:
            raise TagpagesError(f"{self._file} has no tag of {shown(name)} at {digest}")
        return self._details.config(self._overrides.get(name, name), tags)
