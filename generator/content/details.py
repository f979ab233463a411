"""What is known of an image's digests: `<image>/details.json`, beside its `tags.json`.

Written one member a line, and one element of a list of objects a line, so that a diff reads well.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from generator.content.state import VERSION, check_version, newer
from generator.errors import UNREADABLE, TagpagesError
from generator.facts import FACTS, decode_facts
from generator.facts.base import Details, Facts, Move, Readme
from generator.model import check_digest, check_name

DETAILS_FILE = "details.json"
_STEP = b"  "


class _Readme(msgspec.Struct):
    table: str
    text: tuple[str, ...]


class DetailsFile(msgspec.Struct):
    """What a `details.json` says; facts are raw here, and read kind by kind."""

    version: int
    image: str
    digests: dict[str, dict[str, msgspec.Raw]]
    moves: dict[str, dict[str, tuple[Move, ...]]] = {}
    tables: dict[str, dict[str, dict[str, msgspec.Raw]]] = {}
    readme: _Readme | None = None


class _Lines(list[str]):
    """The lines of a text."""


_decode_file = msgspec.json.Decoder(DetailsFile).decode
_encode = msgspec.json.Encoder().encode


def encode_details(details: Details) -> bytes:
    """The text of an image's `details.json`, with its README line by line.

    Digests stand in the order of `details`; that of the documented tags (`documented`) lets a
    diff show what changed where a tag moved. Digests of which nothing is known are left out; so is
    `tables`, which has by table what its registry tells of digests, where it tells nothing.
    """
    file: dict[str, object] = {
        "version": VERSION,
        "image": details.image,
        "digests": _digests(details.facts),
    }
    if details.moves:
        file["moves"] = details.moves
    if details.tables:
        file["tables"] = {name: _digests(details.tables[name]) for name in details.tables}
    lines = msgspec.to_builtins(file)
    if details.readme:
        text = _Lines(details.readme.text.split("\n"))
        lines["readme"] = {"table": details.readme.table, "text": text}
    return _lines(lines, b"\n") + b"\n"


def _digests(facts_of: Mapping[str, Facts]) -> dict[str, Facts]:
    """What is known by digest, its kinds in the order of `FACTS`."""
    return {
        digest: {name: facts[name] for name in FACTS if name in facts}
        for digest, facts in facts_of.items()
        if facts
    }


def _lines(value: object, end: bytes) -> bytes:
    """The JSON of a value; `end` is a line's end with the indent that the value stands at.

    A list of objects, or of lines, has each of its items in a line of its own.
    """
    inner = end + _STEP
    if isinstance(value, dict) and value:
        members = (_encode(key) + b": " + _lines(item, inner) for key, item in value.items())
        return b"{" + inner + (b"," + inner).join(members) + end + b"}"
    of_objects = isinstance(value, list | tuple) and value and isinstance(value[0], dict)
    if isinstance(value, _Lines) or (isinstance(value, list | tuple) and of_objects):
        return b"[" + inner + (b"," + inner).join(map(_encode, value)) + end + b"]"
    return _encode(value)


def decode_details(data: bytes, name: str) -> Details:
    """What a `details.json` says, every value checked.

    Raises TagpagesError when the text is not what `encode_details` writes for that image.
    """
    try:
        return _details(_decode_file(data), name)
    except (*UNREADABLE, TagpagesError) as error:
        raise TagpagesError(f"{name}/{DETAILS_FILE}: {newer(data) or error}") from None


def _details(file: DetailsFile, name: str) -> Details:
    check_version(file.version)
    if check_name(file.image) != name:
        raise TagpagesError(f"it is about the image `{file.image}`")
    tables = {table: _facts(digests) for table, digests in file.tables.items()}
    readme = Readme(file.readme.table, "\n".join(file.readme.text)) if file.readme else None
    return Details(name, _facts(file.digests), file.moves, tables, readme)


def _facts(digests: Mapping[str, Mapping[str, msgspec.Raw]]) -> dict[str, Facts]:
    return {check_digest(digest): decode_facts(entry) for digest, entry in digests.items()}
