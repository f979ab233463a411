"""Tables of Markdown, and foreign text in their cells, which shows as it is and breaks no row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from generator.pages.plain import escaped_sign, fenced

TEXT_LIMIT = 1000
"""The most characters of one text that a page shows; configurations may be megabytes."""
ITEMS_LIMIT = 100
"""The most texts that one cell shows."""

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_NO_CODE = re.compile(r"\{\{|<!--|\|")
"""What may not stand in a code span: Hugo reads shortcodes and its summary divider in there, too,
and a `|` needs a backslash in a table and shows it elsewhere."""


def code(text: str) -> str:
    r"""Foreign text as code, in a line or a cell; as plain text where a code span cannot show it.

    What has no shape of its own (line breaks, control and bidirectional characters) shows as an
    escape: `\n`, `\u202e`. Text beyond the limit is cut.
    """
    line = _visible(text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]}…")
    if not line:
        return ""
    if _NO_CODE.search(line):  # as text, every sign escaped: Hugo makes no link and no dash of it
        return _PUNCTUATION.sub(escaped_sign, line)
    return fenced(line)


def codes(texts: Iterable[str]) -> str:
    """Several foreign texts in one cell."""
    items = iter(texts)
    shown = ", ".join(map(code, islice(items, ITEMS_LIMIT)))
    left = sum(1 for _ in items)
    return f"{shown} and {left:,} more" if left else shown


def table(rows: Iterable[Sequence[str]], *, pad: bool = True) -> str:
    """A Markdown table of rows of cells (Markdown), the first of them its header.

    Every cell is padded to its column's widest; without `pad` none is, so that one row changes no
    other.
    """
    lines = list(rows)
    columns = zip(*lines, strict=True)
    widths = [max(map(len, column)) if pad else len("---") for column in columns]
    line = "| " + " | ".join([f"{{:{width}}}" for width in widths]) + " |\n"
    head, *body = [line.format(*cells) for cells in lines]
    rule = "|".join(["-" * (width + 2) for width in widths])
    return f"{head}|{rule}|\n{''.join(body)}"


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )
