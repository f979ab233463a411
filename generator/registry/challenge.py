"""`WWW-Authenticate` → what a server wants to see (RFC 9110, section 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110's `token`
_PARAMETER = re.compile(rf'[\s,]*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_SCHEME = re.compile(rf"[\s,]*({_TOKEN})(?=\s|,|$)")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Challenge:
    """One challenge; scheme and parameter names in lower case."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)


def challenges(values: Iterable[str]) -> list[Challenge]:
    """The challenges of all the header's values: there can be several in one.

    Reads up to the first thing that is no challenge, and leaves the rest.
    """
    found: list[Challenge] = []
    for value in values:
        found += _challenges(value)
    return found


def _challenges(value: str) -> list[Challenge]:
    found: list[Challenge] = []
    at = 0
    while at < len(value):
        if found and (match := _PARAMETER.match(value, at)):
            text = _ESCAPE.sub(r"\1", match[2]) if match[2] is not None else match[3]
            found[-1].parameters.setdefault(match[1].lower(), text)
        elif match := _SCHEME.match(value, at):
            found.append(Challenge(match[1].lower()))
        else:
            break
        at = match.end()
    return found
