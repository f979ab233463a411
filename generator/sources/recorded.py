"""Recorded files: JSON, plain or gzipped; and the one with what a listing's images contain.

Its shape is `[{"image", "variants": [{"tag", "config"}, …]}, …]`; `config` is the image
configuration that apko made the tag's image from. Other keys are ignored.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec

from generator.errors import UNREADABLE, Failure, TagpagesError, in_words
from generator.model import shown

T = TypeVar("T")


@dataclass(frozen=True)
class RecordedFile:
    """A file that the catalog names, relative to `root`.

    Messages name it as the catalog does: what could not be looked up, and why, becomes state, which
    must not tell where on which machine it was made.
    """

    root: Path
    name: str

    def __str__(self) -> str:
        return self.name

    def read(self, what: str, decode: Callable[[bytes], T]) -> T:
        """The decoded file, unpacked if its name ends with `.gz`; raises TagpagesError."""
        try:
            data = (self.root / self.name).read_bytes()
            return decode(gzip.decompress(data) if self.name.endswith(".gz") else data)
        except OSError as error:
            reason = error.strerror or str(error)
            raise TagpagesError(f"cannot read the {what} {self}: {reason}") from None
        except (EOFError, zlib.error) as error:
            raise TagpagesError(f"the {what} {self} is cut short or broken: {error}") from None
        except UNREADABLE as error:
            raise TagpagesError(
                f"the {what} {self} is not as it should be: {in_words(error)}"
            ) from None


class _Variant(msgspec.Struct):
    tag: str
    config: msgspec.Raw


class _Entry(msgspec.Struct):
    image: str
    variants: msgspec.Raw


_decode_entries = msgspec.json.Decoder(list[_Entry]).decode
_decode_variants = msgspec.json.Decoder(list[_Variant]).decode


class DetailsFile:
    """The recorded configurations by image and tag; read when the first one is asked for."""

    def __init__(self, file: RecordedFile) -> None:
        self._file = file

    def config(self, image: str, tags: Collection[str]) -> bytes:
        """The configuration of an image's tags, which have one digest.

        Raises TagpagesError if none of them is recorded, or if two differ: then the details are
        of another time than the listing.
        """
        configs = {bytes(entry.config) for entry in self._variants(image) if entry.tag in tags}
        if len(configs) != 1:
            found = "more than one configuration" if configs else "no configuration"
            raise TagpagesError(
                f"{self._file}: image {shown(image)}: there is {found} for the digest of "
                f"{shown(', '.join(sorted(tags)))}: record listing and details at the same time"
            )
        return configs.pop()

    def _variants(self, image: str) -> list[_Variant]:
        if isinstance(self._images, Failure):
            raise TagpagesError(self._images.reason)
        entries = self._images.get(image, [])
        if len(entries) != 1:
            often = "twice: remove one entry" if entries else "nowhere"
            raise TagpagesError(f"{self._file} has the image {shown(image)} {often}")
        try:
            return _decode_variants(entries[0])
        except UNREADABLE as error:
            raise TagpagesError(f"{self._file}: image {shown(image)}: {in_words(error)}") from None

    @cached_property
    def _images(self) -> Mapping[str, list[msgspec.Raw]] | Failure:
        """Every image's entries; a file that cannot be read is not read again."""
        images: dict[str, list[msgspec.Raw]] = {}
        try:
            for entry in self._file.read("details", _decode_entries):
                images.setdefault(entry.image, []).append(entry.variants)
        except TagpagesError as error:
            return Failure(str(error))
        return images
