"""A page's front matter as text: people edit it, so it is changed line by line and never rewritten.

`python-frontmatter` reads it back to make sure that a change changed what it should; its own
writer would reorder keys and drop quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import yaml

from generator.errors import TagpagesError
from generator.pages.environment import page_time, yaml_value

FRONT_MATTER_LIMIT = 20_000
"""The most characters that are read: PyYAML's C code recurses, and deep nesting would crash it."""

_FENCE = re.compile(r"---[ \t]*(?:\r?\n|\Z)")
_LINE = (
    r"""^({}[ \t]*:)[ \t]*("[^"\r\n]*"|'[^'\r\n]*'|[^\r\n]*?)((?:[ \t]+\#[^\r\n]*)?[ \t]*\r?)$"""
    r"""(?=(\n(?:[ \t]+[^\s\#]|-\s))?)"""
)
_PATH = re.compile(r"/[^\s\"',\]]*")
_ALIASES = re.compile(
    r"(^aliases[ \t]*:[ \t]*(?:\#[^\r\n]*)?\r?\n)((?:([ \t]*-[ \t])[^\r\n]*(\r?\n))+)",
    re.MULTILINE,
)


def split(text: str) -> tuple[str, str]:
    """A page's front matter, both `---` lines included, and its body.

    Raises TagpagesError when the page does not begin with YAML front matter.
    """
    if _FENCE.match(text, len("\ufeff") if text.startswith("\ufeff") else 0):
        end = text.find("\n---")
        while end != -1:
            if fence := _FENCE.match(text, end + 1):
                return text[: fence.end()], text[fence.end() :]
            end = text.find("\n---", end + 1)
    raise TagpagesError("the page has no YAML front matter between two lines of `---`")


def with_body(page: str, new_body: str, as_of: datetime) -> str:
    """An existing page with another body.

    Where the bodies are the same, line ends aside, this is the page as it is. Else the front matter
    is kept but for `lastmod`, and the new body gets the line ends of the old one.
    Raises TagpagesError when the front matter cannot be read.
    """
    front, body = split(page)
    if body.replace("\r\n", "\n") == new_body:
        return page
    if "\r\n" in body:
        new_body = new_body.replace("\n", "\r\n")
    if not front.endswith("\n"):
        front += "\n"
    return _with_lastmod(front, as_of) + new_body


def with_values(front: str, values: Mapping[str, object]) -> str:
    """The front matter of a new page with the catalog's fixed values.

    Raises TagpagesError for a key whose value goes over several lines.
    """
    for key, value in values.items():
        front = _replaced(front, key, yaml_value(value))
    return front


def with_aliases(page: str, urls: Collection[str], is_taken: Callable[[object], bool]) -> str:
    """A page that also answers at other addresses, by Hugo's `aliases`.

    Aliases that people wrote stay, but for those that are taken by other pages.
    Raises TagpagesError when the page has aliases in a form that cannot be changed.
    """
    front, body = split(page)
    if not urls and not any(map(is_taken, _PATH.findall(front))):
        return page
    before = _parsed(front)
    aliases = before.get("aliases") or []
    if not isinstance(aliases, list):
        raise TagpagesError("`aliases` in the front matter is not a list")
    kept = [url for url in aliases if not is_taken(url)]
    new = kept + [url for url in urls if url not in kept]
    if new == aliases:
        return page
    block = _ALIASES.search(front)
    if not block:
        return _changed(front, "aliases", yaml_value(new)) + body
    head, items, dash, newline = block.groups()
    lines = [line for line in items.splitlines(keepends=True) if not is_taken(_item(line))]
    lines += [f"{dash}{yaml_value(url)}{newline}" for url in new[len(kept) :]]
    text = head + "".join(lines) if lines else f"aliases: []{newline}"
    changed = front[: block.start()] + text + front[block.end() :]
    return _checked(changed, before, "aliases", new) + body


def _item(line: str) -> object:
    """The value of one line of a list."""
    value = yaml.safe_load(line)
    return value[0] if isinstance(value, list) else value


def _with_lastmod(front: str, as_of: datetime) -> str:
    old = _line("lastmod").search(front)
    value = old[2] if old else ""
    quote = value[:1] if value[:1] in {'"', "'"} else ""
    return _changed(front, "lastmod", f"{quote}{time_like(value.strip(quote), as_of)}{quote}")


@lru_cache(maxsize=64)
def time_like(old: str, time: datetime) -> str:
    """The time with the offset that the old text has, or without one where that has none.

    Where the old text is no time it is UTC with its offset, which every site reads alike.
    """
    try:
        zone = datetime.fromisoformat(old).tzinfo
        if zone is None:
            return page_time(time)
        text = time.astimezone(zone).isoformat(" " if " " in old else "T", "seconds")
    except (ValueError, OverflowError):
        return yaml_value(time)
    return text.replace("+00:00", "Z") if old.endswith("Z") else text


def _changed(front: str, key: str, value: str) -> str:
    """People's front matter with another value for a key, and nothing else changed.

    Raises TagpagesError when that cannot be done, or the front matter cannot be read.
    """
    before = _parsed(front)
    changed = _replaced(front, key, value)
    if (changed.count("\n") > front.count("\n")) == (key in before):
        raise _cannot_set(key)
    return _checked(changed, before, key, yaml.safe_load(value))


def _checked(changed: str, before: dict[str, Any], key: str, value: object) -> str:
    """The changed front matter, if it says that of the key and of the others what it did before."""
    try:
        if _parsed(changed) == {**before, key: value}:
            return changed
    except TagpagesError:  # a part of the old value is left on other lines
        pass
    raise _cannot_set(key)


def _cannot_set(key: str) -> TagpagesError:
    return TagpagesError(
        f"cannot set `{key}` in the front matter: write it plainly, on a line of its own"
    )


def _replaced(front: str, key: str, value: str) -> str:
    """The text with another value (YAML on one line) for a key; a comment behind it stays.

    A key that is not there comes last.
    """
    if match := _line(key).search(front):
        if match[4]:
            raise _cannot_set(key)
        return f"{front[: match.start()]}{match[1]} {value}{match[3]}{front[match.end() :]}"
    end = front.rindex("---")
    newline = "\r\n" if "\r\n" in front else "\n"
    return f"{front[:end]}{key}: {value}{newline}{front[end:]}"


@lru_cache(maxsize=64)
def _line(key: str) -> re.Pattern[str]:
    return re.compile(_LINE.format(re.escape(key)), re.MULTILINE)


def _parsed(front: str) -> dict[str, Any]:
    from frontmatter.default_handlers import YAMLHandler  # noqa: PLC0415 - unchanged pages need none

    if len(front) > FRONT_MATTER_LIMIT:
        raise TagpagesError(f"the front matter is longer than {FRONT_MATTER_LIMIT:,} characters")
    handler = YAMLHandler()
    try:
        metadata = handler.load(handler.split(front.removeprefix("\ufeff"))[0])
    # PyYAML lets the built-in errors of its conversions out: `!!timestamp x`, `!!bool x`
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise TagpagesError(f"the front matter is not valid YAML: {reason}") from None
    if not isinstance(metadata, dict):
        raise TagpagesError("the front matter is not a mapping of keys to values")
    return metadata
