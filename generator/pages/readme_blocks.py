"""The blocks of a README, written anew: every line of them is one that we wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from markdown_it.tree import SyntaxTreeNode

from generator.pages.plain import longest_run
from generator.pages.readme_inline import MARK, Inline, code, is_lexed, literal, raw

DEEPEST = 6
LANGUAGES = frozenset(
    (
        *("bash", "c", "console", "cpp", "css", "diff", "docker", "dockerfile", "go", "hcl"),
        *("html", "ini", "java", "javascript", "js", "json", "lua", "makefile", "nginx", "php"),
        *("powershell", "properties", "python", "ruby", "rust", "sh", "shell", "sql", "terraform"),
        *("text", "toml", "ts", "typescript", "xml", "yaml", "yml", "zsh"),
    )
)
"""The languages that a code block may name; Hugo and themes draw pictures of some others."""

_INDENT = re.compile("^ +")
_LARGEST = 999_999_999
_ALIGNED = {"text-align:left": ":--", "text-align:center": ":-:", "text-align:right": "--:"}


class Blocks:
    """Writes the blocks of one README, its headings `shift` levels deeper."""

    def __init__(self, inline: Inline, shift: int, *, keep_html: bool) -> None:
        self._inline = inline
        self._shift = shift
        self._keep_html = keep_html

    def lines(self, nodes: Iterable[SyntaxTreeNode]) -> list[str]:
        """The lines of blocks that follow each other."""
        lines: list[str] = []
        follows_tightly = False
        for node in nodes:
            written = self._block(node)
            if lines and written and not (follows_tightly and node.type.endswith("_list")):
                lines.append("")
            lines += written
            follows_tightly = node.type == "paragraph" and node.hidden
        return lines

    def _block(self, node: SyntaxTreeNode) -> list[str]:
        match node.type:
            case "paragraph":
                written = self._inline.lines(node.children[0].content)
            case "heading":
                written = self._heading(node)
            case "blockquote":
                written = [f"> {line}".rstrip() for line in self.lines(node.children)]
            case "bullet_list" | "ordered_list":
                written = list(self._list(node))
            case "fence" | "code_block":
                written = _code_block(node)
            case "html_block":
                written = self._html(node.content)
            case "table":
                written = list(self._table(node))
            case _:
                written = ["___"]
        return written

    def _heading(self, node: SyntaxTreeNode) -> list[str]:
        level = min(int(node.tag[1:]) + self._shift, DEEPEST)
        text = self._inline.line(node.children[0].content)
        return [f"{'#' * level} {text}"] if text.strip() else []

    def _list(self, node: SyntaxTreeNode) -> Iterator[str]:
        start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
        is_loose = any(
            child.type == "paragraph" and not child.hidden
            for item in node.children
            for child in item.children
        )
        for at, item in enumerate(node.children):
            number = "" if start is None else str(min(start + at, _LARGEST))
            marker = f"{number}{node.markup} "
            if at and is_loose:
                yield ""
            indent = marker
            for line in self.lines(item.children) or [""]:
                yield f"{indent}{line}" if line else indent.rstrip()
                indent = " " * len(marker)

    def _html(self, content: str) -> list[str]:
        """Raw HTML: as it is, or as the text that one would write it with."""
        if MARK.fullmatch(content):
            return []
        if self._keep_html:
            return raw(content).rstrip("\n").split("\n")
        return literal(content)

    def _table(self, node: SyntaxTreeNode) -> Iterator[str]:
        head, *rows = [row.children for part in node.children for row in part.children]
        yield self._row(head)
        styles = (str(cell.attrs.get("style", "")) for cell in head)
        yield f"| {' | '.join(_ALIGNED.get(style, '---') for style in styles)} |"
        yield from map(self._row, rows)

    def _row(self, cells: Iterable[SyntaxTreeNode]) -> str:
        texts = (self._inline.line(cell.children[0].content, cell=True) for cell in cells)
        return f"| {' | '.join(texts)} |"


def _code_block(node: SyntaxTreeNode) -> list[str]:
    lines = node.content.strip("\n").split("\n")
    if not node.content.strip():
        return []
    if is_lexed(node.content):  # a fence cannot hide it from Hugo
        *most, last = map(_code_line, lines)
        return [*(f"{line}\\" for line in most), last]
    fence = "`" * max(3, longest_run(node.content) + 1)
    language = (node.info.lower().split() or [""])[0]
    return [f"{fence}{language if language in LANGUAGES else ''}", *lines, fence]


def _code_line(line: str) -> str:
    """A line of code as inline code, as far to the right as it is in its block."""
    return code(_INDENT.sub(lambda found: "\u00a0" * len(found[0]), line.expandtabs(4)))
