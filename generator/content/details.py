"""What is known of an image's digests: `<image>/details.json`, beside its `tags.json`.

Written one member a line, and one element of a list of objects a line, so that a diff reads well.
"""

from __future__ import annotations

import msgspec

from generator.content.state import UNREADABLE, VERSION, check_version, newer
from generator.errors import TagpagesError
from generator.facts import FACTS, decode_facts
from generator.facts.base import Details, Move
from generator.model import check_digest, check_name

DETAILS_FILE = "details.json"
_STEP = b"  "


class _DetailsFile(msgspec.Struct):
    version: int
    image: str
    digests: dict[str, dict[str, msgspec.Raw]]
    moves: dict[str, dict[str, tuple[Move, ...]]] = {}


_decode_file = msgspec.json.Decoder(_DetailsFile).decode
_encode = msgspec.json.Encoder().encode


def encode_details(details: Details) -> bytes:
    """The text of an image's `details.json`.

    Digests stand in the order of `details`; that of the documented tags (`documented`) lets a
    diff show what changed where a tag moved. Digests of which nothing is known are left out.
    """
    file: dict[str, object] = {
        "version": VERSION,
        "image": details.image,
        "digests": {
            digest: {name: facts[name] for name in FACTS if name in facts}
            for digest, facts in details.facts.items()
            if facts
        },
    }
    if details.moves:
        file["moves"] = details.moves
    return _lines(msgspec.to_builtins(file), b"\n") + b"\n"


def _lines(value: object, end: bytes) -> bytes:
    """The JSON of a value; `end` is a line's end with the indent that the value stands at."""
    inner = end + _STEP
    if isinstance(value, dict) and value:
        members = (_encode(key) + b": " + _lines(item, inner) for key, item in value.items())
        return b"{" + inner + (b"," + inner).join(members) + end + b"}"
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
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


def _details(file: _DetailsFile, name: str) -> Details:
    check_version(file.version)
    if check_name(file.image) != name:
        raise TagpagesError(f"it is about the image `{file.image}`")
    facts = {check_digest(digest): decode_facts(entry) for digest, entry in file.digests.items()}
    return Details(name, facts, file.moves)
