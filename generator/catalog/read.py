"""Reading `catalog.yaml`: YAML → `Catalog`, or every mistake with its line and key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml
from msgspec import inspect

from generator.errors import UsageError

T = TypeVar("T")

SIZE_LIMIT = 1 << 20
"""The largest catalog, in bytes."""
DEPTH_LIMIT = 64
"""How deep lists and mappings of a catalog may lie in each other: PyYAML's C code recurses."""
VALUES_LIMIT = 200_000
"""The most values of a catalog, those that aliases repeat included."""

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Path = tuple[str | int, ...]

# Of msgspec "Expected `int` - at `$.gone_after`", and of our own checks "`window`: write …"
_MESSAGE = re.compile(r"(.*?)(?: - at `(?:key` in `)?\$(.*)`)?", re.DOTALL)
_OWN = re.compile(r"`([^`]+)`: (.*)", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_ANY_KEY = "..."
_TEXT = "tag:yaml.org,2002:str"
# PyYAML lets the built-in errors of its conversions out: `!!timestamp x`, `!!bool x`, `!!int ""`
_NOT_YAML = (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_INVALID = re.compile(r"Invalid (?:enum )?value '(.*)'")


def read_catalog(path: Path, kind: type[T]) -> T:
    """The catalog in a file; `kind` is the `Catalog` type with its sources and page kinds.

    Raises UsageError with all mistakes, one a line: file, line, key, and what to write instead.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the catalog {path}: {error.strerror}") from None
    try:
        return _decoded(data, kind)
    except _MistakesError as error:
        lines = [f"{path}:{line}: {text}" for line, text in sorted(set(error.mistakes))]
        raise UsageError("\n".join(lines)) from None


class _MistakesError(Exception):
    """Line numbers and texts of all mistakes found."""

    def __init__(self, *mistakes: tuple[int, str]) -> None:
        super().__init__(mistakes)
        self.mistakes = mistakes


def _decoded(data: bytes, kind: type[T]) -> T:
    """Decode, and gather mistakes: each time without what was wrong the time before."""
    node, value, mistakes = _parsed(data)
    forgotten: set[str | int] = set()
    while True:
        try:
            catalog = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            message, path = _located(str(error), value, kind)
            missing = _MISSING.fullmatch(message)
            if path or not missing or missing[1] not in forgotten:
                mistakes.append(_mistake(node, value, kind, message, path))
            if not _forget(value, message, path, forgotten):
                raise _MistakesError(*mistakes) from None
        else:
            if mistakes:
                raise _MistakesError(*mistakes)
            return catalog


def _parsed(data: bytes) -> tuple[yaml.Node, dict[Any, Any], list[tuple[int, str]]]:
    """The catalog as YAML nodes, which know their lines, as values, and the keys there twice."""
    if len(data) > SIZE_LIMIT:
        raise _MistakesError((1, f"larger than {SIZE_LIMIT >> 20} MiB, the limit for a catalog"))
    try:
        _check_depth(data)
        loader = _Loader(data)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise _MistakesError((1, "a catalog is a mapping of keys to values"))
        if sum(1 for _ in zip(_walk(node), range(VALUES_LIMIT + 1), strict=False)) > VALUES_LIMIT:
            raise _MistakesError((1, f"more than {VALUES_LIMIT:,} values: is an alias too deep?"))
        twice = list(_duplicate_keys(node))  # before merge keys (`<<`) are resolved in the node
        value = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _MistakesError((line, f"not valid YAML: {error.problem}")) from None
    except _NOT_YAML as error:
        reason = " ".join(str(error).split())
        raise _MistakesError((1, f"not valid YAML: {reason}")) from None
    if odd := list(_odd_keys(node)):
        raise _MistakesError(*odd)
    return node, value, twice


def _check_depth(data: bytes) -> None:
    depth = 0
    for event in yaml.parse(data, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_LIMIT:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise _MistakesError((line, f"deeper than {DEPTH_LIMIT} lists and mappings"))


def _walk(root: yaml.Node) -> Iterator[yaml.Node]:
    """All nodes below a node, each as often as it is referred to: without end for a cycle."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, yaml.MappingNode):
            stack += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            stack += node.value


def _duplicate_keys(root: yaml.Node) -> Iterator[tuple[int, str]]:
    for node in _walk(root):
        if not isinstance(node, yaml.MappingNode):
            continue
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key.start_mark.line + 1, f"`{key.value}` is there twice: remove one"
                seen.add(key.value)


def _odd_keys(root: yaml.Node) -> Iterator[tuple[int, str]]:
    for node in _walk(root):
        if isinstance(node, yaml.MappingNode):
            for key, _ in node.value:
                if key.tag != _TEXT:
                    yield key.start_mark.line + 1, f"`{key.value}` is no text: put it in quotes"


def _located(text: str, value: dict[Any, Any], kind: type) -> tuple[str, _Path]:
    """What a mistake is, and the path to it: `… - at `$.tables[0].name`` of msgspec.

    Our own messages begin with the rest of the path: "`window`: write …".
    """
    match = _MESSAGE.fullmatch(text)
    path = _existing(match[2], text, value, kind) if match and match[2] else ()
    message = match[1] if match and path else text
    if own := _OWN.fullmatch(message):
        return own[2], (*path, *own[1].split("."))
    return message, path


def _existing(steps: str, text: str, value: dict[Any, Any], kind: type) -> _Path:
    """The path that msgspec wrote, as far as there is something."""
    path: _Path = ()
    for name, item in _STEP.findall(steps):
        step = int(item) if item.isdigit() else name
        if item == _ANY_KEY:
            step = _wrong_key(text, value, kind, path)
        try:
            _at(value, (*path, step))
        except (LookupError, TypeError):  # a text of the catalog that looks like a path
            return path
        path = (*path, step)
    return path


def _wrong_key(text: str, value: dict[Any, Any], kind: type, path: _Path) -> str:
    """Which key of the mapping at a path is meant: the one that is wrong without the others."""
    for key in _at(value, path):
        try:
            msgspec.convert(_alone(value, path, key), kind)
        except msgspec.ValidationError as error:
            if str(error) == text:
                return str(key)
    return _ANY_KEY


def _alone(value: Any, path: _Path, key: str) -> Any:
    """The value with only one key in the mapping at a path."""
    if not path:
        return {key: value[key]}
    copy = value.copy()
    copy[path[0]] = _alone(value[path[0]], path[1:], key)
    return copy


def _at(value: Any, path: _Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _mistake(root: yaml.Node, value: Any, kind: type, message: str, path: _Path) -> tuple[int, str]:
    if unknown := _UNKNOWN.fullmatch(message):
        path = (*path, unknown[1])
        valid = _valid_words(kind, value, path[:-1])
        message = f"unknown key{_nearest(unknown[1], valid)}"
    elif missing := _MISSING.fullmatch(message):
        message = f"the key `{missing[1]}` is missing"
    elif invalid := _INVALID.fullmatch(message):
        message = (
            f"unknown value `{invalid[1]}`{_nearest(invalid[1], _valid_words(kind, value, path))}"
        )
    key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    where = f"`{key.removeprefix('.')}`: " if key else ""
    return _line(root, path), where + message


def _nearest(word: str, valid: list[str]) -> str:
    if close := get_close_matches(word, valid, n=1, cutoff=0.5):
        return f"; did you mean `{close[0]}`?"
    return f"; valid are {', '.join(f'`{item}`' for item in valid)}" if valid else ""


def _valid_words(kind: type, value: Any, path: _Path) -> list[str]:
    """The keys of the mapping at a path, or the words that may stand there."""
    info = _plain(inspect.type_info(kind), value)
    for position, step in enumerate(path):
        at = _at(value, path[:position])
        match info:
            case inspect.UnionType():
                return [
                    str(item.tag) for item in info.types if isinstance(item, inspect.StructType)
                ]
            case inspect.StructType():
                info = next(field.type for field in info.fields if field.name == step)
            case inspect.VarTupleType():
                info = info.item_type
            case inspect.DictType():
                info = info.value_type
        info = _plain(info, at[step])
    match info:
        case inspect.StructType():
            return [field.name for field in info.fields] + (
                [info.tag_field] if info.tag_field else []
            )
        case inspect.LiteralType():
            return [str(item) for item in info.values]
    return []


def _plain(info: inspect.Type, value: Any) -> inspect.Type:
    """The type without its metadata; of a union, the member that the value's `kind` names.

    A key that may be left out is a union with None, of which the other member is meant.
    """
    while isinstance(info, inspect.Metadata):
        info = info.type
    if isinstance(info, inspect.UnionType):
        members = [item for item in info.types if not isinstance(item, inspect.NoneType)]
        info = members[0] if len(members) == 1 else info
    if isinstance(info, inspect.UnionType) and isinstance(value, dict):
        for item in info.types:
            if isinstance(item, inspect.StructType) and item.tag == value.get("kind"):
                return item
    return info


def _line(root: yaml.Node, path: _Path) -> int:
    """The line of a key or an item, or of the nearest thing around it that is there."""
    node, line = root, root.start_mark.line + 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, item) for key, item in node.value if key.value == step]
            if not pairs:
                return line
            line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def _forget(value: dict[Any, Any], message: str, path: _Path, forgotten: set[str | int]) -> bool:
    """Take out what was wrong, so that the next mistake shows; False when there is no way on."""
    if unknown := _UNKNOWN.fullmatch(message):
        del _at(value, path)[unknown[1]]
        return True
    if not path or path[0] not in value:
        return False
    del value[path[0]]
    forgotten.add(path[0])
    return True
