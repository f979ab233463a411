"""The last known good: `<image>/tags.json` beside each page, and `build.json` above them.

Both are written one entry a line, so that a diff reads well, and carry `"version": 1`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from generator.errors import UNREADABLE, TagpagesError
from generator.guard.memory import Build
from generator.model import Image, Table, check_digests, check_name, check_tags

VERSION = 1
TAGS_FILE = "tags.json"
BUILD_FILE = "build.json"
_BLOCK = 1 << 16
"""Bytes read at a time: most files are read at once."""


class TagsFile(msgspec.Struct):
    """What a `tags.json` says."""

    version: int
    image: str
    tables: tuple[Table, ...]


class _BuildFile(Build, frozen=True, kw_only=True):
    version: int


class _Version(msgspec.Struct):
    version: int


_decode_tags_file = msgspec.json.Decoder(TagsFile).decode
_decode_build_file = msgspec.json.Decoder(_BuildFile).decode
_decode_version = msgspec.json.Decoder(_Version).decode
_encode = msgspec.json.Encoder().encode


def encode_image(image: Image) -> bytes:
    """The text of an image's `tags.json`."""
    tables = b",\n".join(
        b'    {"name": %b, "time_kind": %b, %b%b"groups": [%b]}'
        % (
            _encode(table.name),
            _encode(table.time_kind),
            b'"as_of": %b, ' % _encode(table.as_of) if table.as_of else b"",
            b'"changed": %b, ' % _encode(table.changed) if table.changed else b"",
            b"\n      " + b",\n      ".join(map(_encode, table.groups)) + b"\n    "
            if table.groups
            else b"",
        )
        for table in image.tables
    )
    return b'{\n  "version": %d,\n  "image": %b,\n  "tables": [\n%b\n  ]\n}\n' % (
        VERSION,
        _encode(image.name),
        tables,
    )


def decode_image(data: bytes, name: str) -> Image:
    """The image that a `tags.json` holds, every value checked.

    Raises TagpagesError when the text is not what `encode_image` writes for that image.
    """
    try:
        file = _decode_tags_file(data)
        _check_file(file, name)
    except (*UNREADABLE, TagpagesError) as error:
        raise TagpagesError(f"{name}/{TAGS_FILE}: {newer(data) or error}") from None
    return Image(name, file.tables)


def _check_file(file: TagsFile, name: str) -> None:
    check_version(file.version)
    if check_name(file.image) != name:
        raise TagpagesError(f"it is about the image `{file.image}`")
    if len({table.name for table in file.tables}) < len(file.tables):
        raise TagpagesError("a table is there twice")
    for table in file.tables:
        _check_table(table)


def _check_table(table: Table) -> None:
    _check_time(table.as_of)
    check_tags([tag for group in table.groups for tag in group.tags])
    check_digests([group.digest for group in table.groups])
    for group in table.groups:
        _check_time(group.last_changed)
        if not group.tags:
            raise TagpagesError(f"{group.digest} has no tag")


def _check_time(time: datetime | None) -> None:
    if time is not None and time.tzinfo is not UTC:
        raise TagpagesError(f"the time {time} is not in UTC")


def check_version(version: int) -> None:
    """Raise TagpagesError for the version of a file that this tagpages cannot read."""
    if version != VERSION:
        raise TagpagesError(f"its version is {version}, and this tagpages reads {VERSION} only")


def newer(data: bytes) -> str:
    """What to say of a file that another version of tagpages wrote, if that is what is wrong."""
    try:
        check_version(_decode_version(data).version)
    except TagpagesError as error:
        return str(error)
    except UNREADABLE:
        pass
    return ""


def encode_build(build: Build) -> bytes:
    """The text of `build.json`: one entry a line, keys sorted."""
    fields = [f'  "version": {VERSION}', f'  "as_of": {_encode(build.as_of).decode()}']
    fields.append(f'  "outputs": {_encode(build.outputs).decode()}')
    for name in ("totals", "failed", "held", "gone", "answers", "week", "artifacts"):
        entries: Mapping[str | date, object] = getattr(build, name)
        if name == "artifacts" and not entries:
            continue
        lines = [
            f"    {json.dumps(str(key))}: {_encode(entries[key]).decode()}"
            for key in sorted(entries, key=str)
        ]
        body = "\n" + ",\n".join(lines) + "\n  " if lines else ""
        fields.append(f'  "{name}": {{{body}}}')
    fields += [
        f'  "{name}": {_encode(value).decode()}'
        for name in ("scope", "filling", "matched")
        if (value := getattr(build, name))
    ]
    fields.append(f'  "standing": {_encode_lines(build.standing, 2)}')
    nights = ",\n".join(
        f"    {_encode(time).decode()}: {_encode_lines(build.noticed[time], 4)}"
        for time in sorted(build.noticed)
    )
    fields.append(f'  "noticed": {{\n{nights}\n  }}' if nights else '  "noticed": {}')
    return ("{\n" + ",\n".join(fields) + "\n}\n").encode()


def _encode_lines(items: Iterable[msgspec.Struct], indent: int) -> str:
    """A JSON list that begins in a line indented by so many spaces, one item a line."""
    space = " " * indent
    lines = ",\n".join(f"{space}  {_encode(item).decode()}" for item in items)
    return f"[\n{lines}\n{space}]" if lines else "[]"


def load_build(content: Path) -> Build:
    """What the last build left; an empty value where there was none.

    Raises TagpagesError when the file is unreadable.
    """
    path = content / BUILD_FILE
    try:
        data = read_bytes(str(path))
    except FileNotFoundError:
        return Build()
    except OSError as error:
        raise TagpagesError(f"cannot read {path}: {error.strerror}") from None
    return decode_build(data, str(path))


def decode_build(data: bytes, path: str) -> Build:
    """What a `build.json` says; raises TagpagesError, which names the path, when it is wrong."""
    try:
        decoded = _decode_build_file(data)
        check_version(decoded.version)
        _check_time(decoded.as_of)
    except (*UNREADABLE, TagpagesError) as error:
        raise TagpagesError(
            f"{path}: {newer(data) or error}; restore it from git or delete it"
        ) from None
    return Build(**{name: getattr(decoded, name) for name in Build.__struct_fields__})


def read_bytes(path: str) -> bytes:
    """The bytes of a file that is no symbolic link; raises OSError. Does not wait on a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        parts = []
        while part := os.read(descriptor, _BLOCK):  # it may be shorter before the end, too
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)
