"""Reading `catalog.yaml`: YAML → `Catalog`, or every mistake with its line and key.

msgspec checks the values. If it refuses the whole, it is asked again about each part: a part that
is refused although nothing within it is, is a mistake, and its place is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec
import yaml
from msgspec.structs import FieldInfo, fields

from generator.catalog.document import DocumentError, parsed
from generator.errors import UsageError
from generator.model import shown

T = TypeVar("T")

_ABOUT = re.compile(r"`([^`]+)`: (.*)", re.DOTALL)
_WORDS = {
    " | null`": "`",
    "Expected `str`, got ": "write a text (in quotes), not ",
    "Expected ": "write ",
    ", got ": ", not ",
    "Invalid RFC3339 encoded datetime": "write `datetime`",
    "list of length >= 1": "list with at least one entry",
    "`array`": "a list",
    "`bool`": "true or false",
    "`bool | str`": "a text",
    "`date`": "a date",
    "`datetime`": "a time as 2024-06-03T00:46:08Z",
    "`float`": "a decimal number",
    "`int`": "a whole number",
    "`null`": "an empty value",
    "`object`": "a mapping",
    "`str`": "a text",
}
"""What msgspec says of a value, and what we say: replaced in this order."""


def read_catalog(path: Path, kind: type[T]) -> T:
    """Return the catalog in a file; `kind` is the `Catalog` type with its sources and page kinds.

    Raises UsageError with one line for each mistake: file, line, key, and what to write instead.
    Of a file that is no YAML, only the first mistake is known.
    """
    try:
        node, value = parsed(path.read_bytes())
        return msgspec.convert(value, kind)
    except OSError as error:
        raise UsageError(f"cannot read the catalog {path}: {error.strerror}") from None
    except DocumentError as error:
        mistakes = [(error.line, str(error))]
    except msgspec.ValidationError:
        mistakes = sorted(_mistakes(_Part("", node.start_mark.line, node, value, kind)))
    raise UsageError("\n".join(f"{path}:{line + 1}: {text}" for line, text in mistakes))


class _Part(NamedTuple):
    """A value of the catalog: its path after a dot, its line from 0, the type it should have."""

    path: str
    line: int
    node: yaml.Node
    value: Any
    kind: Any

    def says(self, text: str) -> tuple[int, str]:
        """Return a mistake of this value: its line, and the text with its path."""
        return self.line, f"`{self.path[1:]}`: {text}" if self.path else text


def _mistakes(part: _Part) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with keys and inner parts, or else with the value as a whole."""
    try:
        msgspec.convert(part.value, part.kind)
    except msgspec.ValidationError as error:
        parts, keys = dict(_parts(part)), _keys(part.kind, part.value)
        found = [mistake for inner in parts.values() for mistake in _mistakes(inner)]
        for name in parts.keys() - keys.keys() if keys else ():
            found += [parts[name].says(f"unknown key{_nearest(name, keys)}")]
        for name, key in keys.items():
            if key.required and name not in parts:
                words = _nearest("", _words(key.type))
                found += [part.says(f"the key `{name}` is missing{words}")]
        yield from found or [_whole(part, str(error), is_ours=error.__cause__ is not None)]


def _whole(part: _Part, text: str, *, is_ours: bool) -> tuple[int, str]:
    """Return the mistake of a value whose parts are right: what msgspec says, or a check of ours.

    Our text may begin with the path of a part: "`images.include[0]`: not a valid image name".
    """
    if is_ours:
        about = _ABOUT.fullmatch(text)
        return _inner(part, f"{part.path}.{about[1]}").says(about[2]) if about else part.says(text)
    if isinstance(part.node, yaml.ScalarNode) and (words := _words(part.kind)):
        word = part.node.value
        near = get_close_matches(word, words, n=1, cutoff=0.5)
        meant = f"; did you mean `{near[0]}`? Valid are " if near else "; valid are "
        return part.says(f"unknown value `{word}`{meant}{_listed(words)}")
    wants_quotes = text.startswith(("Expected `str`, got", "Expected `str | null`, got"))
    if not wants_quotes and isinstance(part.node, yaml.ScalarNode) and _examples(part.kind):
        return part.says(f"write it like {_examples(part.kind)}, not {shown(part.node.value)}")
    for theirs, ours in _WORDS.items():
        text = text.replace(theirs, ours)
    return part.says(text)


def _inner(part: _Part, path: str) -> _Part:
    """Return the part at a path; where nothing is there, that path with the line above it."""
    for inner in sorted(dict(_parts(part)).values(), key=lambda one: -len(one.path)):
        if path.startswith(inner.path):  # the longest: a name may have dots
            return _inner(inner, path)
    return part._replace(path=path)


def _parts(part: _Part) -> Iterator[tuple[str, _Part]]:
    """Yield the entries of a mapping or a list."""
    path, _, whole, value, kind = part
    if isinstance(value, dict):
        keys = {name: key.type for name, key in _keys(kind, value).items()}
        for key, node in whole.value:
            name = key.value
            inner = keys.get(name, _entry(kind, dict))
            yield name, _Part(f"{path}.{name}", key.start_mark.line, node, value[name], inner)
    elif isinstance(value, list):
        for index, node in enumerate(whole.value):
            place = f"[{index}]"
            inner = _entry(kind, tuple)
            yield place, _Part(path + place, node.start_mark.line, node, value[index], inner)


def _keys(kind: Any, value: Any) -> dict[str, FieldInfo]:
    """Return the keys that a mapping may have; none if it may have any, or should be none.

    In a union, the mapping's tag says which struct it should be. While no struct has that tag,
    the keys of all structs may be there, and hold anything.
    """
    configs = {
        one: getattr(get_origin(one) or one, "__struct_config__", None) for one in _members(kind)
    }
    structs = {one: config for one, config in configs.items() if config}
    if not structs or not isinstance(value, dict):
        return {}
    tags = tuple(config.tag for config in structs.values())
    field = next(iter(structs.values())).tag_field
    meant = [one for one, config in structs.items() if config.tag == value.get(field)]
    keys = {key.encode_name: key for one in meant or structs for key in fields(one)}
    if not meant:
        keys = {name: FieldInfo(name, name, Any, None) for name in keys}
    if field:
        keys[field] = FieldInfo(field, field, Literal[tags])
    return keys


def _entry(kind: Any, form: type) -> Any:
    """Return the type of each entry of a `dict` of any keys, or of a `tuple`; else `Any`."""
    found = [get_args(one) for one in _members(kind) if get_origin(one) is form]
    return found[0][form is dict] if found else Any


def _words(kind: Any) -> list[str]:
    """Return the words that a `Literal` permits."""
    return [word for one in _members(kind) if get_origin(one) is Literal for word in get_args(one)]


def _examples(kind: Any) -> str:
    """Return the examples of a text that the catalog gives, with what there is to say of them."""
    parts = [kind]
    for part in parts:
        parts += get_args(part) if get_origin(part) in {Annotated, Union, UnionType} else ()
    metas = (meta for part in parts for meta in getattr(part, "__metadata__", ()))
    meta = next((meta for meta in metas if getattr(meta, "examples", None)), msgspec.Meta())
    examples = " or ".join(f"`{text}`" for text in meta.examples or ())
    return f"{examples}{(meta.extra or {}).get('advice', '')}"


def _members(kind: Any) -> list[Any]:
    """Return the members of a union, or else the type itself; without metadata."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        return [one for member in get_args(kind) for one in _members(member)]
    return [kind]


def _nearest(word: str, valid: Iterable[str]) -> str:
    if close := get_close_matches(word, valid := list(valid), n=1, cutoff=0.5):
        return f"; did you mean `{close[0]}`?"
    return f"; valid are {_listed(valid)}" if valid else ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
