"""Kind `packages`: the packages that an image was made from, with their versions where known."""

from __future__ import annotations

import re

import msgspec

from generator.facts.apko import decode_apko
from generator.facts.attached import ATTACHED
from generator.facts.base import Absent, CouldNotLook, Fact, Found, Kind
from generator.facts.image import IMAGE

_CONSTRAINT = re.compile(r"([^=<>~@]+)(?:=([^@]+))?")
"""apk's world file: a name, then perhaps `=` and a version, or a constraint that is none."""


class Package(msgspec.Struct, frozen=True, omit_defaults=True):
    """A package; `version` is empty where nobody told it."""

    name: str
    version: str = ""


Packages = tuple[Package, ...]
"""In the order in which they were told."""


def read(recorded: bytes) -> Fact[Packages]:
    """The packages of a recorded apko configuration; raises TagpagesError if it is none."""
    packages = tuple(_package(text) for text in decode_apko(recorded).contents.packages)
    return Found(packages) if packages else Absent()


def _package(text: str) -> Package:
    match = _CONSTRAINT.match(text)
    return Package(match[1], match[2] or "") if match else Package(text)


_decode = msgspec.json.Decoder(Found[Packages] | Absent | CouldNotLook).decode
PACKAGES = Kind[Packages](
    "packages", _decode, read=read, after=(IMAGE.name, ATTACHED.name), settled=(Found,)
)
