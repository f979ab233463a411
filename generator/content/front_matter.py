"""A page's front matter as text: people edit it, so it is changed line by line and never rewritten.

`python-frontmatter` reads it back to make sure that a change changed what it should; its own
writer would reorder keys and drop quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import yaml

from generator.errors import TagpagesError
from generator.model import shown
from generator.pages.environment import page_time, yaml_value

FRONT_MATTER_LIMIT = 20_000
"""The most characters that are read: PyYAML's C code recurses, and deep nesting would crash it."""

_FENCE = re.compile(r"---[ \t]*(?:\r?\n|\Z)")
_LINE = (
    r"""^({}[ \t]*:)[ \t]*("[^"\r\n]*"|'[^'\r\n]*'|[^\r\n]*?)((?:[ \t]+\#[^\r\n]*)?[ \t]*\r?)$"""
    r"""(?=(\n(?:[ \t]+[^\s\#]|-\s))?)"""
)
_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_TIME_LINE = re.compile(rf"""((?:date|lastmod): )(["']?)({_TIME})\2""")


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


def with_values(front: str, values: Mapping[str, object]) -> str:
    """A template's front matter with the catalog's fixed values.

    Raises TagpagesError for a key whose value goes over several lines.
    """
    for key, value in values.items():
        front = _replaced(front, key, yaml_value(value))
    return front


def with_lastmod(front: str, as_of: datetime, rendered: str = "") -> str:
    """The front matter with another `lastmod`, in the form of the one before.

    Where it is `rendered` but for the times, as the front matter of most pages is, it is changed
    as text: nobody has edited it, and PyYAML would take longer than all the rest of a page. Else
    it is parsed before and after.
    Raises TagpagesError when it cannot be read, or `lastmod` not be set.
    """
    old = _line("lastmod").search(front)
    value = old[2] if old else ""
    quote = value[:1] if value[:1] in {'"', "'"} else ""
    new = f"{quote}{time_like(value.strip(quote), as_of)}{quote}"
    if _is_alike(front, rendered):
        return _replaced(front, "lastmod", new)
    return _changed(front, "lastmod", new)


def without(front: str, key: str) -> str:
    """The front matter without the line of a key whose value is on that line."""
    return re.sub(rf"^{key}:.*\n", "", front, count=1, flags=re.MULTILINE)


def _is_alike(front: str, rendered: str) -> bool:
    """Whether two front matters differ in nothing but the plain times of `date` and `lastmod`."""
    ours, others = front.split("\n"), rendered.split("\n")
    return len(ours) == len(others) and all(
        line == other or _without_time(line) == _without_time(other)
        for line, other in zip(ours, others, strict=True)
    )


@lru_cache(maxsize=1024)
def _without_time(line: str) -> str:
    """The line with nothing where `date` or `lastmod` has a plain time."""
    found = _TIME_LINE.fullmatch(line)
    return f"{found[1]}{found[2]}" if found and _is_time(found[3]) else line


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


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
    """The front matter with another value (YAML on one line) for a key, and nothing else changed.

    Raises TagpagesError when that cannot be done, or the front matter cannot be read.
    """
    before = parsed(front)
    changed = _replaced(front, key, value)
    is_new = changed.count("\n") > front.count("\n")
    try:
        if is_new != (key in before) and parsed(changed) == before | {key: yaml.safe_load(value)}:
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


def parsed(front: str) -> dict[str, Any]:
    """The keys and values of front matter; raises TagpagesError when it is not a YAML mapping."""
    from frontmatter.default_handlers import YAMLHandler  # noqa: PLC0415 - unchanged pages need none

    if len(front) > FRONT_MATTER_LIMIT:
        raise TagpagesError(f"the front matter is longer than {FRONT_MATTER_LIMIT:,} characters")
    handler = YAMLHandler()
    try:
        metadata = handler.load(handler.split(front.removeprefix("\ufeff"))[0])
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(front, error) from None
    # PyYAML lets the built-in errors of its conversions out: `!!timestamp x`, `!!bool x`
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise TagpagesError(f"the front matter is not valid YAML: {reason}") from None
    if not isinstance(metadata, dict):
        raise TagpagesError("the front matter is not a mapping of keys to values")
    return metadata


def _not_yaml(front: str, error: yaml.MarkedYAMLError) -> TagpagesError:
    """The parser's error with the line that it is about, or that what it is about begins in."""
    reason = "the front matter is not valid YAML"
    if mark := error.context_mark or error.problem_mark:
        # PyYAML counts from 0, and from the end of the first line, which is `---`
        line = "".join(front.splitlines()[mark.line : mark.line + 1]).strip()
        reason += f", line {mark.line + 1}, {shown(line)}"
    return TagpagesError(f"{reason}: {error.problem}")
