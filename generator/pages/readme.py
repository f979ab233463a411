"""The README of an image, made fit for its page.

It is text that others wrote and may change at any time. It is parsed with `markdown-it-py`, and
what was understood is written anew, so that nothing stands on the page that was not meant to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from markdown_it.tree import SyntaxTreeNode

from generator.catalog.base import IMAGE
from generator.catalog.readmes import Readmes
from generator.pages.plain import seen
from generator.pages.readme_blocks import Blocks
from generator.pages.readme_inline import MARK, PARSER, Inline, Origin, literal

TOP = 3
"""The level of a README's highest heading: the page has its title, and sections of its own."""

_FILLERS = frozenset({"container", "docker", "image", "images", "overview", "readme", "the"})
"""Words that make no title another one."""
_WORDS = re.compile(r"[^\W_]+")
_FENCES = {"---": re.compile(r"[\w\"'][^:]*:(\s|$)"), "+++": re.compile(r"\[|[\w\"'.-]+\s*=")}
"""The lines around front matter, and how a first line of it begins."""

Part = SyntaxTreeNode | str
"""A block of a README, or Markdown from the catalog in place of some."""


def readme_markdown(text: str, image: str, rules: Readmes) -> str:
    """The Markdown that shows a README on the page of an image; empty if there is nothing in it."""
    text = _without_front_matter(seen(text))
    references: dict[str, object] = {}
    tokens = PARSER.parse(text, references)
    if any(token.level + 1 >= PARSER.options.maxNesting for token in tokens):
        return "\n".join(literal(text))  # the parser leaves out what is deeper
    inline = Inline(references, _origin(rules, image), keep_html=rules.html == "keep")
    parts = _sections(SyntaxTreeNode(tokens).children, rules.sections)
    parts = list(_without_title(parts, image, inline))
    headings = (node for part in parts for node in _walked(part) if node.type == "heading")
    highest = min((int(node.tag[1:]) for node in headings), default=TOP)
    blocks = Blocks(inline, max(TOP - highest, 0), keep_html=rules.html == "keep")
    written: list[str] = []
    for is_ours, run in groupby(parts, lambda part: isinstance(part, str)):
        if is_ours:
            written += (part for part in run if isinstance(part, str))
        else:
            nodes = (part for part in run if isinstance(part, SyntaxTreeNode))
            written.append("\n".join(blocks.lines(nodes)))
    return "\n\n".join(filter(None, written))


def _origin(rules: Readmes, image: str) -> Origin:
    links = (rules.links or "").replace(IMAGE, image)
    return Origin(links, (rules.images or "").replace(IMAGE, image) or links)


def _without_front_matter(text: str) -> str:
    """The text after the front matter that it may begin with: YAML, TOML or JSON, as Hugo knows it.

    It is not parsed as YAML or TOML, so that nothing in it takes long.
    """
    if text.startswith("{"):
        try:
            value, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            return text
        return text[end:] if isinstance(value, dict) else text
    fence, _, rest = text.partition("\n")
    begins = _FENCES.get(fence.rstrip())
    inner, closing, after = f"\n{rest}".partition(f"\n{fence.rstrip()}\n")
    lines = (line for line in inner.split("\n") if line and not line.startswith("#"))
    is_front_matter = begins and closing and begins.match(next(lines, ""))
    return after if is_front_matter else text


def _sections(nodes: Sequence[SyntaxTreeNode], ours: Mapping[str, str]) -> list[Part]:
    """The blocks with the catalog's Markdown in place of marked sections."""
    marks = [MARK.fullmatch(node.content) if node.type == "html_block" else None for node in nodes]
    ends = {mark[1]: at for at, mark in enumerate(marks) if mark and mark[2] == "end"}
    parts: list[Part] = []
    after = 0
    for at, (node, mark) in enumerate(zip(nodes, marks, strict=True)):
        if at < after:
            continue
        if mark and mark[2] == "start" and mark[1] in ours and ends.get(mark[1], 0) > at:
            after = ends[mark[1]] + 1
            parts.append(ours[mark[1]].strip())
        else:
            parts.append(node)
    return parts


def _without_title(parts: Iterable[Part], image: str, inline: Inline) -> Iterator[Part]:
    """The parts without the first heading, if that says no more than the title of the page."""
    is_first = True
    for part in parts:
        if is_first and isinstance(part, SyntaxTreeNode) and part.type == "heading":
            is_first = False
            title = _words(inline.text(part.children[0].content))
            if title in (_words(image), _words(image.rpartition("/")[2])):
                continue
        yield part


def _words(title: str) -> list[str]:
    return [word for word in _WORDS.findall(title.casefold()) if word not in _FILLERS]


def _walked(part: Part) -> Iterator[SyntaxTreeNode]:
    return part.walk() if isinstance(part, SyntaxTreeNode) else iter(())
