"""A page's front matter as text: people edit it, so it is changed line by line and never rewritten.

`python-frontmatter` reads it back to make sure that a change changed what it should; its own
writer would reorder keys and drop quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import yaml
from frontmatter.default_handlers import YAMLHandler

from generator.errors import TagpagesError
from generator.render import page_time, yaml_value

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(?:.*?\n)??---[ \t]*(?:\r?\n|\Z)", re.DOTALL)

_LINE = (
    r"""^({}[ \t]*:)[ \t]*("[^"\r\n]*"|'[^'\r\n]*'|[^\r\n]*?)((?:[ \t]+\#[^\r\n]*)?[ \t]*\r?)$"""
)


def split(text: str) -> tuple[str, str]:
    """A page's front matter, both `---` lines included, and its body.

    Raises TagpagesError when the page does not begin with YAML front matter.
    """
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise TagpagesError("the page has no YAML front matter between two lines of `---`")
    return text[: match.end()], text[match.end() :]


def with_body(page: str, rendered: str, as_of: datetime) -> str:
    """An existing page with the body of a newly rendered one.

    Where the bodies are the same, line ends aside, this is the page as it is. Else the front matter
    is kept but for `lastmod`, and the new body gets the line ends of the old one.
    Raises TagpagesError when the front matter cannot be read.
    """
    front, body = split(page)
    _, new_body = split(rendered)
    if body.replace("\r\n", "\n") == new_body:
        return page
    if "\r\n" in body:
        new_body = new_body.replace("\n", "\r\n")
    if not front.endswith("\n"):
        front += "\n"
    return _with_lastmod(front, as_of) + new_body


def _with_lastmod(front: str, as_of: datetime) -> str:
    old = re.search(_LINE.format("lastmod"), front, re.MULTILINE)
    quote = old[2][:1] if old and old[2][:1] in {'"', "'"} else ""
    return _with_value(front, "lastmod", f"{quote}{page_time(as_of)}{quote}")


def _with_value(front: str, key: str, value: str) -> str:
    """The front matter with another value (YAML text on one line) for a key.

    A comment behind the old value stays. A key that is not there comes last.
    Raises TagpagesError when that changes anything else, or the front matter cannot be read.
    """
    before = _parsed(front)
    if key in before:
        line = re.compile(_LINE.format(re.escape(key)), re.MULTILINE)
        changed = line.sub(lambda match: f"{match[1]} {value}{match[3]}", front)
    else:
        end = front.rindex("---")
        newline = "\r\n" if "\r\n" in front else "\n"
        changed = f"{front[:end]}{key}: {value}{newline}{front[end:]}"
    after = _parsed(changed)
    if key not in after or {**after, key: None} != {**before, key: None}:
        raise TagpagesError(
            f"cannot set `{key}` in the front matter: write it on a line of its own"
        )
    return changed


def with_values(page: str, values: Mapping[str, object]) -> str:
    """A new page with the catalog's fixed values in its front matter."""
    front, body = split(page)
    for key, value in values.items():
        front = _with_value(front, key, yaml_value(value))
    return front + body


def with_aliases(page: str, urls: Iterable[str]) -> str:
    """A page that also answers at other addresses, by Hugo's `aliases`.

    Raises TagpagesError when the page has aliases in a form that cannot be added to.
    """
    front, body = split(page)
    aliases = _parsed(front).get("aliases") or []
    missing = [url for url in urls if url not in aliases]
    if not missing:
        return page
    return _with_value(front, "aliases", yaml_value([*aliases, *missing])) + body


def _parsed(front: str) -> dict[str, Any]:
    handler = YAMLHandler()
    try:
        metadata = handler.load(handler.split(front)[0])
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise TagpagesError(f"the front matter is not valid YAML: {reason}") from None
    if not isinstance(metadata, dict):
        raise TagpagesError("the front matter is not a mapping of keys to values")
    return metadata
