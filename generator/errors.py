"""Errors that a user can act on, and the value that stands for one."""

from __future__ import annotations

import re

import msgspec

_EXPECTED = re.compile(
    r"Expected `(?P<expected>[^`]+)`(?P<rest>[^,]*?)(?:, got `(?P<got>[^`]+)`)?"
    r"(?: - at `(?P<place>.*)`)?"
)
_LACKS = re.compile(r"Object missing required field `(?P<field>[^`]+)`(?: - at `(?P<place>.*)`)?")
_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "datetime": "a time",
    "float": "a number",
    "int": "a whole number",
    "null": "empty",
    "object": "a mapping",
    "str": "a text",
}

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises for JSON that is broken, or of another shape."""


class TagpagesError(Exception):
    """What happened, to what, and what to do, in one text for the user.

    Every error that tagpages raises on purpose is one of these; the command line
    prints its text without a traceback. The text never contains a secret.
    """


class UsageError(TagpagesError):
    """A mistake in the catalog or on the command line: nothing was written (exit code 2)."""


class SourceError(TagpagesError):
    """A source that is not worth asking for anything more this time."""


def in_words(error: Exception) -> str:
    """What msgspec says of JSON that is not as it should be, in plain words."""
    text = str(error)
    if match := _LACKS.fullmatch(text):
        return f"{_place(match)} lacks `{match['field']}`"
    if match := _EXPECTED.fullmatch(text):
        got = f"{_named(match['got'])}, not " if match["got"] else "not "
        return f"{_place(match)} is {got}{_named(match['expected'])}{match['rest']}"
    return text


def _place(match: re.Match[str]) -> str:
    return f"`{match['place']}`" if match["place"] else "it"


def _named(kinds: str) -> str:
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds.split(" | "))


class Failure(msgspec.Struct, frozen=True):
    """An answer that could not be had, with the reason to report."""

    reason: str
