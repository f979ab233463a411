"""The inline part of a README, written anew: text, code, emphasis, links and pictures.

What `markdown-it-py` does not read as one of these is text, in which everything that Hugo, or its
Markdown parser, could read as something else has a backslash before it (CommonMark 0.31, "Backslash
escapes"). So the two parsers need not agree on anything but what is written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple
from urllib.parse import quote, urljoin

from markdown_it import MarkdownIt
from markdown_it.token import Token

from generator.pages.plain import escaped_sign, fenced, one_line, seen

PARAGRAPH_LIMIT = 4_000
"""A paragraph, heading or cell of more characters is shown as text: parsing takes a millisecond for
forty signs of the worst kind."""
PARSED_LIMIT = 131_072
"""Beyond so many characters of paragraphs, the rest of a README is shown as text, too."""

MARK = re.compile(r"<!--\s*([\w.-]+):(start|end)\s*-->\s*")
"""The begin or the end of a marked section."""

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
"""Reads blocks only: `Inline` reads what is in them."""
PARSER.core.ruler.enableOnly(["normalize", "block"])

_TEXTS = {"text", "text_special"}
_BREAKS = {"softbreak": "\n", "hardbreak": "\\\n"}
_SIGNS = re.compile(r"[\\`*_{}\[\]<>&~|#$]|-(?=-)|\.(?=\.\.)|:(?=//)")
"""What could begin something in a text: a sign of Markdown or of a shortcode, a dash or an ellipsis
of the typographer, an address that becomes a link by itself."""
_IS_LITERAL = re.compile(r"<|\{\{")
_SIGNS_OF_LITERAL = re.compile(rf"{_SIGNS.pattern}|[\"']")
"""The quotes, too, in a text that shows HTML or a shortcode: the typographer would change them."""
_OPENING = re.compile(r"^([0-9]+(?=[.)])|(?=[+=:-])|(?=[*_][*_\s]*$))")
"""Before what could begin a list, a rule, a heading or a definition at the start of a line."""
_ADDRESS = re.compile(r"(https?://[\w.~:/?#@!$&'*+,;=%-]*[\w/])")
_LIVE = re.compile(r"(?:https?://|mailto:)[^\s/]", re.IGNORECASE)
_HAS_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_SAFE = ":/?#@!&'*+,;=%"
_LEXED = r"\{(?=\{[<%])|<(?=!--more-->)"
_LEXED_IN_CODE = re.compile(f"({_LEXED})")
_LEXED_IN_CELL = re.compile(rf"({_LEXED}|\|)")


class Origin(NamedTuple):
    """Where relative links and pictures lead; empty where that is not known."""

    links: str = ""
    images: str = ""


class Inline:
    """Writes the inline parts of one README; `keep_html` leaves raw HTML to Hugo."""

    def __init__(self, references: dict[str, object], origin: Origin, *, keep_html: bool) -> None:
        self._references = references
        self._origin = origin
        self._keep_html = keep_html
        self._left = PARSED_LIMIT

    def lines(self, content: str) -> list[str]:
        """The lines of a paragraph, none of which begins anything else."""
        return list(map(_begun, self._written(content, cell=False)))

    def line(self, content: str, *, cell: bool = False) -> str:
        """The same in one line, for a heading or a cell of a table."""
        return " ".join(line.removesuffix("\\") for line in self._written(content, cell=cell))

    def text(self, content: str) -> str:
        """What one reads of it."""
        return "".join(_texts(self._tokens(content)))

    def _written(self, content: str, *, cell: bool) -> list[str]:
        written = ""
        for part in self._parts(self._tokens(content), cell=cell):
            if part.startswith("[") and written.endswith("!"):  # a link, and no picture
                written = f"{written[:-1]}\\!"
            written += part
        return written.split("\n")

    def _tokens(self, content: str) -> list[Token]:
        if len(content) > min(PARAGRAPH_LIMIT, self._left):
            return list(_unparsed(content))
        self._left -= len(content)
        tokens: list[Token] = []
        PARSER.inline.parse(content, PARSER, self._references, tokens)
        return tokens

    def _parts(self, tokens: Iterable[Token], *, cell: bool) -> Iterator[str]:
        ends: list[str] = []
        for is_text, run in groupby(tokens, self._is_text):
            if is_text:
                text = "".join(_texts(run))
                yield escaped(text) if any(ends) else _linked(text)
            else:
                yield from (self._part(token, ends, cell=cell) for token in run)

    def _part(self, token: Token, ends: list[str], *, cell: bool) -> str:
        """What is no text; `ends` has what ends each link that is open."""
        match token.type:
            case "code_inline":
                return code(token.content, cell=cell)
            case "link_open":
                ends.append(self._link(token))
                return "[" if ends[-1] else ""
            case "link_close":
                return ends.pop()
            case "image":
                return self._image(token)
            case "html_inline":
                return "" if MARK.fullmatch(token.content) else raw(token.content)
        return _BREAKS.get(token.type, token.markup)

    def _is_text(self, token: Token) -> bool:
        html = token.type == "html_inline" and not self._keep_html
        return token.type in _TEXTS or (html and not MARK.fullmatch(token.content))

    def _link(self, token: Token) -> str:
        """What ends a link; nothing where it must not lead anywhere, or does so by itself."""
        if token.markup == "autolink":
            return ""
        target = _target(str(token.attrs["href"]), self._origin.links)
        return f"]({target}{_title(token)})" if target else ""

    def _image(self, token: Token) -> str:
        text = escaped("".join(_texts(token.children or ())))
        target = _target(str(token.attrs["src"]), self._origin.images)
        return f"![{text}]({target}{_title(token)})" if target else text


def literal(text: str) -> list[str]:
    """The lines of a text, as paragraphs that show what is in them."""
    return [_begun(escaped(line)) for line in text.strip("\n").split("\n")]


def escaped(text: str) -> str:
    """Text in a line, whatever is in it."""
    signs = _SIGNS_OF_LITERAL if _IS_LITERAL.search(text) else _SIGNS
    return signs.sub(escaped_sign, _spaced(text))


def code(text: str, *, cell: bool = False) -> str:
    """Inline code; a sign that must not stand in there stands between two pieces of code.

    Hugo reads shortcodes and its summary divider in code, too, and a table its `|`.
    """
    breaks = _LEXED_IN_CELL if cell else _LEXED_IN_CODE
    pieces = breaks.split(_spaced(text))
    return "".join(
        f"\\{piece}" if at % 2 else fenced(piece) for at, piece in enumerate(pieces) if piece
    )


def is_lexed(text: str) -> bool:
    """Whether Hugo would read something in the text, even if that is code."""
    return _LEXED_IN_CODE.search(text) is not None


def raw(html: str) -> str:
    """Raw HTML in which Hugo reads no shortcode."""
    return _LEXED_IN_CODE.sub(lambda found: f"&#{ord(found[0])};", html)


def _begun(line: str) -> str:
    """A line that begins nothing but a line."""
    return _OPENING.sub(r"\1\\", line.strip(" "))


def _spaced(text: str) -> str:
    """The text without what nobody sees, in one line."""
    return re.sub(r"[\n\t\v\f]", " ", seen(text))


def _linked(text: str) -> str:
    """Text whose addresses are links."""
    return "".join(
        f"<{_quoted(piece)}>" if at % 2 else escaped(piece)
        for at, piece in enumerate(_ADDRESS.split(_spaced(text)))
    )


def _target(href: str, base: str) -> str:
    """Where a link may lead, for a link's destination; empty where that is not allowed or known."""
    if base and not _HAS_SCHEME.match(href):
        try:
            href = urljoin(base, href)
        except ValueError:
            return ""
    return _quoted(href).replace("&", "\\&") if _LIVE.match(href) else ""


def _quoted(url: str) -> str:
    return quote(url, safe=_SAFE)


def _title(token: Token) -> str:
    title = _SIGNS_OF_LITERAL.sub(escaped_sign, one_line(str(token.attrs.get("title", ""))))
    return f' "{title}"' if title else ""


def _texts(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        if token.children:
            yield from _texts(token.children)
        elif token.type in {"softbreak", "hardbreak"}:
            yield " "
        else:
            yield token.content


def _unparsed(content: str) -> Iterator[Token]:
    """Text that is not parsed."""
    for at, line in enumerate(content.split("\n")):
        if at:
            yield Token("softbreak", "br", 0)
        yield Token("text", "", 0, content=line.strip())
