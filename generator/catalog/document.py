"""A YAML document → its nodes, which know their lines, and its values."""

from __future__ import annotations

from typing import Any

import yaml

_SIGN = "a text with such a sign at its start stands in quotes"
_SAID = {
    r"'\t'": "a tab: write spaces",
    "expected ',' or '}', but got '{'": "a text with a brace within braces: put it in quotes",
    "mapping values are not allowed here": (
        "a `:` where none can be: put the text in quotes, or align the key with those above"
    ),
    "that cannot start any token": _SIGN,
    "while scanning an alias": _SIGN,
    "while scanning an anchor": _SIGN,
    "but found '<scalar>'": "a text goes on after a brace, bracket or quote: put it all in quotes",
    "found undefined alias": f"there is no such alias: {_SIGN}",
    "but found '<block mapping start>'": "the line is not aligned with those above",
    "sequence entries are not allowed here": (
        "a `-` where none can be: begin the list on a line of its own"
    ),
    "another document": "a line `---` begins another document: a catalog is one",
    "recursive": "an alias within what it stands for",
}
"""By what PyYAML says of a mistake, our words; the first that fits."""
_SAID_OF_ITS_START = {
    "could not find expected ':'": "a key without its `:`",
    "expected ',' or": "a list or mapping in brackets that is not closed, or lacks a comma",
    "while scanning a quoted scalar": "a quote that is not closed",
}
"""Likewise, for what is found late: the mistake is where it begins."""
_KEY_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")


class DocumentError(Exception):
    """What is wrong with the document, and its line, counted from 0."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


def parsed(data: bytes) -> tuple[yaml.MappingNode, dict[str, Any]]:
    """Return the mapping that the document is, as a node and as a value.

    Raises DocumentError for the first thing that is no YAML, or a key that is no text or not new.
    """
    text = data.decode(errors="surrogateescape")  # YAML refuses what this makes of other than UTF-8
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise DocumentError(0, "a catalog is a mapping of keys to values")
        return node, loader.construct_object(node, deep=True)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        reason = "not UTF-8, or a control character"
    except yaml.MarkedYAMLError as error:
        line, reason = _told(error)
    except RecursionError:
        line, reason = loader.get_mark().line, "nested too deeply"
    raise DocumentError(line, f"not valid YAML: {reason}")


def _told(error: yaml.MarkedYAMLError) -> tuple[int, str]:
    """The line of a mistake, and what it is."""
    said = ", ".join(filter(None, (error.context, error.problem)))
    mark, table = error.problem_mark, _SAID
    if error.context_mark and not any(theirs in said for theirs in _SAID):
        mark, table = error.context_mark, _SAID_OF_ITS_START
    reason = next((ours for theirs, ours in table.items() if theirs in said), "")
    if not reason:
        mark = error.problem_mark
    return mark.line if mark else 0, reason or said


class _Loader(yaml.SafeLoader):
    """PyYAML's Python code: its C code cannot be extended, and deep nesting ends the process."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Compose a mapping; its keys must be texts, all different.

        Merge keys (`<<`) are resolved later: a key may override one that they bring.
        """
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            line = key.start_mark.line
            if not isinstance(key, yaml.ScalarNode) or key.tag not in _KEY_TAGS:
                raise DocumentError(line, "a key must be a text: put it in quotes")
            if key.value in seen:
                raise DocumentError(line, f"`{key.value}` is there twice: remove one")
            seen.add(key.value)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - PyYAML's
        """Construct a value; errors of Python, which PyYAML lets out, get a line."""
        try:
            value = super().construct_object(node, deep=deep)
            if isinstance(value, str):
                value.encode()  # half of a surrogate pair cannot be written to a page
        except (ValueError, LookupError, AttributeError, RecursionError):
            text = f"not valid YAML: this is no `{node.tag.rpartition(':')[2]}`"
            raise DocumentError(node.start_mark.line, text) from None
        return value
