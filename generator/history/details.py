"""What a digest contained, from the history of `details.json`: what is compared of it, and how.

Only that is read: a file that was written long ago may have facts that nobody knows any more. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from generator.errors import TagpagesError


class _Package(msgspec.Struct, frozen=True):
    name: str
    version: str = ""


class _Platform(msgspec.Struct, frozen=True):
    os: str
    architecture: str
    variant: str = ""
    size: int | None = None

    @property
    def name(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


class _Image(msgspec.Struct, frozen=True):
    platforms: tuple[_Platform, ...] = ()
    config: dict[str, Any] = {}


class _ImageFact(msgspec.Struct, frozen=True):
    value: _Image | None = None


class _PackagesFact(msgspec.Struct, frozen=True):
    value: tuple[_Package, ...] | None = None


class Contents(msgspec.Struct, frozen=True):
    """What was recorded of a digest; of what was not found, there is no value."""

    image: _ImageFact = _ImageFact()
    packages: _PackagesFact = _PackagesFact()

    @property
    def size(self) -> int | None:
        """The compressed bytes of the usual platform: linux/amd64, else the first one."""
        platforms = self.image.value.platforms if self.image.value else ()
        usual = sorted(platforms, key=lambda platform: platform.name != "linux/amd64")
        return usual[0].size if usual else None


class _File(msgspec.Struct, frozen=True):
    digests: dict[str, Contents]


class Change(msgspec.Struct, frozen=True):
    """One thing that is not as it was; an empty text is one that was not there, or is not."""

    name: str
    before: str
    after: str


class Difference(msgspec.Struct, frozen=True):
    """What differs between two digests; None is what is not known of both."""

    packages: tuple[Change, ...] | None
    configuration: tuple[Change, ...] | None


UNKNOWN = Difference(None, None)

_decode = msgspec.json.Decoder(_File).decode


def read(data: bytes) -> Mapping[str, Contents]:
    """By digest, what a `details.json` says. Raises TagpagesError where it cannot be read."""
    try:
        return _decode(data).digests
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise TagpagesError(str(error)) from None


def difference(before: Contents, after: Contents) -> Difference:
    """What differs between the contents of two digests."""
    old, new = before.packages.value, after.packages.value
    packages = _changes(_versions(old), _versions(new)) if old and new else None
    was, now = before.image.value, after.image.value
    configuration = _changes(dict(_settings(was)), dict(_settings(now))) if was and now else None
    return Difference(packages, configuration)


def _versions(packages: tuple[_Package, ...]) -> dict[str, str]:
    """The versions of each package by its name; a dash where nobody told any."""
    versions: dict[str, set[str]] = {}
    for package in packages:
        versions.setdefault(package.name, set()).add(package.version or "-")
    return {name: " ".join(sorted(found)) for name, found in versions.items()}


def _settings(image: _Image) -> Iterator[tuple[str, str]]:
    """An image's configuration and platforms, as texts by name."""
    for name, value in image.config.items():
        if isinstance(value, dict):
            yield from ((f"{name} {key}", str(item)) for key, item in value.items())
        elif isinstance(value, list):
            yield name, " ".join(map(str, value))
        else:
            yield name, str(value)
    for platform in image.platforms:
        size = "?" if platform.size is None else f"{platform.size:,} bytes"
        yield f"platform {platform.name}", size


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    return tuple(
        Change(name, before.get(name, ""), after.get(name, ""))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )
