"""Our own secrets, kept so that no text which leaves tagpages shows one."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, insort
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from generator.registry.origin import URL_SAFE

SHORTEST = 8
"""Characters of a secret at least: a shorter one stands in too many words."""

_TELLING = 4
"""Characters of its beginning that give something of a secret away."""
_CUT = re.compile(r"(?=\.\.\.)")
"""Where `model.shown` may have cut a text."""


class Secrets:
    """Passwords and tokens, in each form that a text may have them in.

    To look for them takes as long for many as for few: a night may need a token for each image.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._by_end: dict[str, list[str]] = {}
        self._sorted: list[str] = []

    def add(self, secret: str) -> None:
        """Look for this one too, unless it is too short."""
        if len(secret) < SHORTEST or secret in self._known:
            return
        self._known.add(secret)
        for form in _forms(secret):
            self._by_end.setdefault(form[-SHORTEST:], []).append(form)
            insort(self._sorted, form)

    def redacted(self, text: str) -> str:
        """The text with `***` for each secret, and for the part of one that was cut short."""
        parts: list[str] = []
        at = 0
        for start, end in sorted([*self._found(text), *self._cut(text)]):
            if start >= at:
                parts += (text[at:start], "***")
            at = max(at, end)
        return "".join(parts) + text[at:]

    def shown_by(self, text: str) -> bool:
        """Whether the text shows a secret: of nearly all texts no eight characters do."""
        if len(self._by_end) < len(text):  # the fewer of the two are looked for
            may = any(end in text for end in self._by_end)
        else:
            ends = {text[end - SHORTEST : end] for end in range(SHORTEST, len(text) + 1)}
            may = not ends.isdisjoint(self._by_end)
        return may and any(self._found(text))

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """From where to where the text has a secret, by the last characters of it."""
        for end in range(SHORTEST, len(text) + 1):
            for secret in self._by_end.get(text[end - SHORTEST : end], ()):
                if text.endswith(secret, 0, end):
                    yield end - len(secret), end

    def _cut(self, text: str) -> Iterator[tuple[int, int]]:
        """From where to where the text has the beginning of a secret before a cut."""
        for cut in _CUT.finditer(text):
            end = cut.start()
            starts = (at for at in range(end - _TELLING + 1) if self._begins(text[at:end]))
            for start in starts:
                yield start, end
                break

    def _begins(self, text: str) -> bool:
        """Whether a secret begins with the text."""
        at = bisect_left(self._sorted, text)
        return at < len(self._sorted) and self._sorted[at].startswith(text)


def _forms(secret: str) -> set[str]:
    """The secret as it is, unpadded (base64), and as URLs, forms, JSON and `ascii` write it."""
    quoted = {quote(secret, safe, errors="replace") for safe in ("", "/", URL_SAFE)}
    escaped = secret.encode("unicode_escape").decode()
    return {
        secret,
        secret.rstrip("="),
        *quoted,
        quote_plus(secret, errors="replace"),
        json.dumps(secret, ensure_ascii=False)[1:-1],
        escaped,
        escaped.replace("'", r"\'"),
    }
