"""One page: the text that a template makes, put into the file that is there.

The front matter of an existing page is people's, and kept. That of a page which stands for a
retired image (it has the key `retired`) is ours, and written anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from generator.content.front_matter import split, with_body, with_values
from generator.content.tree import Change, Tree
from generator.errors import TagpagesError, UsageError

RETIRED = "retired"
_RETIRED = re.compile(rf"^{RETIRED}:[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)


class Rendered(NamedTuple):
    """What a template made: front matter, both `---` lines included, and body."""

    template: str
    front: str
    body: str

    @classmethod
    def of(cls, template: str, text: str) -> Rendered:
        """The two parts of a text; raises UsageError when it has no front matter."""
        try:
            return cls(template, *split(text))
        except TagpagesError as error:
            raise UsageError(f"template {template}: {error}") from None

    def page(self, fixed: Mapping[str, Any]) -> bytes:
        """A new page, with `fixed` values in its front matter; UsageError where that fails."""
        try:
            return (with_values(self.front, fixed) + self.body).encode()
        except TagpagesError as error:
            raise UsageError(f"template {self.template}: {error}") from None


def page_change(
    tree: Tree, path: str, rendered: Rendered, fixed: Mapping[str, Any], as_of: datetime
) -> Change | None:
    """What it takes to bring a page to the `rendered` text; None for nothing.

    `fixed` are values for front matter that is written anew. Raises TagpagesError for a page that
    cannot be changed.
    """
    before = tree.read(path)
    if before is None:
        return Change(path, None, rendered.page(fixed))
    try:
        old = before.decode()
        is_ours = (RETIRED in fixed and bool(split(old))) or retired_for(old) is not None
        after = None if is_ours else with_body(old, rendered.body, as_of).encode()
    except UnicodeDecodeError:
        raise TagpagesError(f"{tree.content / path}: not UTF-8") from None
    except TagpagesError as error:
        raise TagpagesError(f"{tree.content / path}: {error}") from None
    after = rendered.page(fixed) if after is None else after
    return None if after == before else Change(path, before, after)


def retired_for(page: str) -> str | None:
    """What the key `retired` of a page says, as YAML; None where there is no such key."""
    if f"\n{RETIRED}:" not in page:
        return None
    found = _RETIRED.search(split(page)[0])
    return found[1] if found else None
