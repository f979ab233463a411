"""Globs over names: what they match, and what may have been meant by one that matches nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from generator.grouping import matching

_SIGNS = re.compile(r"\[[^\]]+\]|[*?]")
_SHORTEST = 4
"""Letters of a glob at least: a shorter one is like too many names."""


def is_glob(text: str) -> bool:
    """Whether the text is no name, but stands for several."""
    return any(sign in text for sign in "*?[")


def unmatched(globs: Iterable[str], names: Collection[str]) -> list[str]:
    """The globs and names that match none of the names."""
    return [
        glob
        for glob in dict.fromkeys(globs)
        if glob not in names and not any(map(matching((glob,)), names))
    ]


def nearest(glob: str, names: Iterable[str]) -> str:
    """The name that the letters of a glob are most like; empty if none is much like them."""
    return next(iter(get_close_matches(_SIGNS.sub("", glob), names, n=1)), "")


def meant(near: Iterable[str]) -> str:
    """A question that follows what matches nothing, with the first name that is not empty."""
    name = next(filter(None, near), "")
    return f"; did you mean `{name}`?" if name else ""


def misspelt(glob: str, names: Iterable[str]) -> str:
    """The first name that a glob would match with one letter more, less, another, or two swapped.

    Empty if there is none, and for a glob of few letters.
    """
    if len(_SIGNS.sub("", glob)) < _SHORTEST:
        return ""
    return next(filter(matching(tuple(_one_letter_off(glob))), names), "")


def _one_letter_off(glob: str) -> Iterator[str]:
    """The globs for `misspelt`; what stands for several letters stays as it is."""
    fixed = {at for signs in _SIGNS.finditer(glob) for at in range(*signs.span())}
    for at, letter in enumerate(glob):
        before, after = glob[:at], glob[at + 1 :]
        if at in fixed:
            continue
        yield f"{before}?{letter}{after}"
        yield f"{before}{letter}?{after}"
        if letter.isalnum():
            yield f"{before}{after}"
            yield f"{before}?{after}"
            if at + 1 < len(glob) and at + 1 not in fixed:
                yield f"{before}{after[0]}{letter}{after[1:]}"
