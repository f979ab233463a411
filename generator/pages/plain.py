"""Text that others wrote, made to show as it is: no sign in it hides or reorders what is around."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Control characters but for tab and line feed, and Unicode's of the class Cf that order text
(Unicode Standard Annex 9), tag it, or have no width; joiners stay, which scripts and emoji need."""
_BACKTICKS = re.compile("`+")
_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")


def seen(text: str) -> str:
    """The text with line feeds at the ends of its lines, and nothing in it that nobody sees."""
    return _UNSEEN.sub("", _ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """The same in one line: white space of any kind is one space."""
    return " ".join(seen(text).split())


def longest_run(text: str) -> int:
    """The most backticks that stand together in the text."""
    return max(map(len, _BACKTICKS.findall(text)), default=0)


def fenced(text: str) -> str:
    """A code span that shows the text, which must not be empty (CommonMark 0.31, "Code spans")."""
    ticks = "`" * (longest_run(text) + 1)
    pad = " " if "`" in text or (text[0] == text[-1] == " " and text.strip()) else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def escaped_sign(found: re.Match[str]) -> str:
    r"""A sign of ASCII that means itself in Markdown: with a backslash before it, or by its number.

    CommonMark 0.31, "Backslash escapes". But Hugo's extension `passthrough`, where a site has it,
    reads `\[` and `\(` as the begin of mathematics, in which it leaves HTML as it is.
    """
    sign = found[0]
    return f"&#{ord(sign)};" if sign in "[]()" else f"\\{sign}"
