"""The front matter of an existing page, renewed from its template: what people added stays."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import yaml

from generator.content.front_matter import parsed
from generator.errors import TagpagesError

KEPT = ("date", "lastmod")
"""The keys that a page keeps although its template has them, too."""

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def renewed(front: str, rendered: str) -> str:
    """The template's front matter with what a page's has besides, both with their `---` lines.

    The page's own `date` and `lastmod` stay, and the keys that the template lacks follow its keys;
    all of them keep their lines, and the comments above these, byte for byte. Line ends are the
    page's.
    Raises TagpagesError when the page's front matter cannot be read, or has such a form that keys
    and lines do not go together.
    """
    if "\r\n" in front:
        rendered = rendered.replace("\n", "\r\n")
    before, template = parsed(front), parsed(rendered)
    old, new = _lines_of_keys(front), _lines_of_keys(rendered)
    lines = [old.get(key, text) if key in KEPT else text for key, text in new.items()]
    lines += [text for key, text in old.items() if key not in new]
    opening, closing = front[: front.index("\n") + 1], front[front.rindex("---") :]
    changed = opening + "".join(lines) + closing
    kept = {key: value for key, value in before.items() if key in KEPT or key not in template}
    try:
        if parsed(changed) == {**template, **kept}:
            return changed
    except TagpagesError:  # keys that share a line, or what another key's value refers to
        pass
    raise TagpagesError(
        "cannot renew the front matter: write each key plainly, on lines of its own"
    )


def _lines_of_keys(front: str) -> dict[str, str]:
    """The lines of each key of a mapping: the comments above it, and all up to the next one's."""
    text = front[front.index("\n") + 1 : front.rindex("---")]
    root: Any = yaml.compose(text, _Loader)
    keys = [key for key, _ in root.value]
    bounds = [0, *(_first_line(text, key.start_mark.index) for key in keys[1:]), len(text)]
    return {key.value: text[slice(*at)] for key, at in zip(keys, pairwise(bounds), strict=False)}


def _first_line(text: str, index: int) -> int:
    """Where the line of a key begins, or that of the comments and empty lines right above it."""
    start = text.rfind("\n", 0, index) + 1
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text.startswith(("#", "\n", "\r\n"), above):
            break
        start = above
    return start
