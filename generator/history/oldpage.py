"""Pages that other tools wrote, or that tagpages did before it kept a state: Markdown → values.

Whatever the layout, a table of tags has a column whose heading begins with `tag`, and one that says
`digest`; one that begins with `last` has days. Its name is the nearest heading above it. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from generator.errors import TagpagesError
from generator.history.days import day_of
from generator.history.values import Key, Page, Row
from generator.model import check_digest, check_tag, shown

_FRONT_MATTER = re.compile(r"---[ \t]*\n.*?\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")
_HTML_HEADING = re.compile(r"\s*<h[1-6][^>]*>(.*?)</h[1-6]>.*")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*")
_RULE = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?\|?\s*|\s*\|\s*:?-+:?\s*\|?\s*")
_SHORTCODE = re.compile(r"""\{\{[<%]\s*(/?)\s*(tabs?|tabpane)\b([^}]*)[>%]\}\}""")
_TITLE = re.compile(r"""(?:(?:title|name|header)\s*=\s*)?["`]([^"`]*)["`]""")
_ANCHOR = re.compile(r"\s*\{#[^}]*\}\s*$")
_CELL = re.compile(r"(?<!\\)\|")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>|!\[[^\]]*\]\([^)]*\)|\](?:\([^)]*\)|\[[^\]]*\])|[*\[]")
_CODE = re.compile(r"`+([^`]+)`+")
_BETWEEN = re.compile(r"[,\s]+")
_DIGEST = re.compile(r"\b(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})\b")


def read(data: bytes, written: date) -> Page:
    """What a page lists; `written` is the day (UTC) of its commit.

    Raises TagpagesError for a page that cannot be read whole: then nothing is known of any tag.
    """
    try:
        text = data.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise TagpagesError("it is not UTF-8") from None
    if _CONFLICT.search(text):
        raise TagpagesError("a merge conflict was committed in it")
    front = _FRONT_MATTER.match(text)
    reader = _Reader(written)
    body = _COMMENT.sub("", text[front.end() if front else 0 :])
    for line in _without_code(body.split("\n")):
        reader.take(line)
    return Page(reader.rows, tuple(reader.tables), frozenset(reader.names))


class _Columns(NamedTuple):
    """Which cells of a row have what; `day` may be nowhere."""

    tag: int
    digest: int
    day: int | None


@dataclass
class _Reader:
    """Reads a page line by line.

    `below` counts the tables of each heading, `around` are the headings outside of open tabs.
    """

    written: date
    rows: dict[Key, Row] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    below: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    heading: str = ""
    around: list[str] = field(default_factory=list)
    columns: _Columns | None = None
    before: str = ""

    def take(self, line: str) -> None:
        """The next line of the page."""
        if "|" in line and self.columns:
            if line.strip("| \t"):
                self._row(line, self.columns)
        elif "|" in line and _RULE.fullmatch(line):
            self.columns = _columns(self.before)
            if self.columns:
                self._begin_table()
        elif "|" in line and _DIGEST.search(line) and "{{" not in line:
            raise TagpagesError("a table has digests, and no column that is headed as tags")
        else:
            self.columns = None
            self._mark(line)
        self.before = line

    def _begin_table(self) -> None:
        """Name a table by its heading; the second one below the same heading gets a number."""
        self.below[self.heading] += 1
        number = self.below[self.heading]
        self.tables.append(self.heading if number == 1 else f"{self.heading} ({number})".strip())
        self.names.add(self.tables[-1])

    def _mark(self, line: str) -> None:
        """Note what a line says of the tables below it."""
        if heading := _HEADING.fullmatch(line) or _HTML_HEADING.fullmatch(line):
            self._head(heading[1])
        elif self.before.strip() and "|" not in self.before and _UNDERLINE.fullmatch(line):
            self._head(self.before)
        else:
            for closing, kind, parameters in _SHORTCODE.findall(line):
                self._tab(bool(closing), kind, parameters)

    def _tab(self, closing: bool, kind: str, parameters: str) -> None:  # noqa: FBT001 - a slash
        """A tab's title is a heading to the end of all tabs: a bar of tabs heads nothing."""
        if kind != "tab":
            if not closing:
                self.around.append(self.heading)
            elif self.around:
                self.heading = self.around.pop()
        elif self.around and not closing and (title := _TITLE.search(parameters)):
            self._head(title[1])

    def _head(self, text: str) -> None:
        self._name(_MARKUP.sub("", _ANCHOR.sub("", text)).replace("`", ""))

    def _name(self, text: str) -> None:
        """Let a text be the heading of what follows; signs that cannot be printed are left out."""
        self.heading = "".join(filter(str.isprintable, text)).strip()
        self.names.add(self.heading)

    def _row(self, line: str, columns: _Columns) -> None:
        tags, digest, day = _cells(line, columns)
        row = Row(digest, day_of(day, self.written) if day else None)
        for tag in tags:
            key = (self.tables[-1], tag)
            if self.rows.setdefault(key, row).digest != digest:
                raise TagpagesError(f"tag `{tag}` is there twice in one table")


def _without_code(lines: Sequence[str]) -> Iterator[str]:
    """The lines outside of fenced code (CommonMark 0.31, section 4.5)."""
    fence = ""
    for line in lines:
        if not fence:
            opening = _FENCE.match(line)
            fence = opening[1] if opening else ""
            yield "" if opening else line
        elif line.strip().startswith(fence) and not line.strip(f" \t{fence[0]}"):
            fence = ""


@lru_cache(maxsize=64)
def _columns(header: str) -> _Columns | None:
    """The columns of a table of tags, by its header; None where it is a table of something else."""
    heads = [_MARKUP.sub("", cell).replace("`", "").strip().lower() for cell in _split(header)]
    tag = next((place for place, head in enumerate(heads) if head.startswith("tag")), None)
    digest = next((place for place, head in enumerate(heads) if "digest" in head), None)
    day = next((place for place, head in enumerate(heads) if head.startswith("last")), None)
    return None if tag is None or digest is None else _Columns(tag, digest, day)


@lru_cache(maxsize=16384)
def _cells(line: str, columns: _Columns) -> tuple[tuple[str, ...], str, str]:
    """The tags, the digest and the day of a row: most rows are those of the version before."""
    cells = _split(line)
    cells += [""] * (max(place or 0 for place in columns) + 1 - len(cells))
    cell = _MARKUP.sub(" ", cells[columns.tag].replace("\\", ""))  # no tag has a backslash
    text = " ".join(_CODE.findall(cell)) or cell
    tags = tuple(check_tag(tag) for tag in _BETWEEN.split(text) if tag)
    digest = _DIGEST.search(cells[columns.digest])
    if not (tags and digest):
        missing = "digest" if tags else "tag"
        raise TagpagesError(f"a row of a table has no {missing}: {shown(line.strip())}")
    return tags, check_digest(digest[0]), cells[columns.day] if columns.day is not None else ""


def _split(line: str) -> list[str]:
    return _CELL.split(line.strip().removeprefix("|").removesuffix("|"))
