"""A page of what its template gives and of what is there: what people edit stays.

The front matter of an existing page is people's. That of a page which stands for a retired image
(it has the key `retired`) is ours, and written anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from generator.content.front_matter import split, with_lastmod, with_values, without
from generator.content.renew import renewed
from generator.errors import TagpagesError

FOLDER_PAGE = "_index.md"
"""Hugo's page of a folder: in one that is no image's, it is people's."""
RETIRED = "retired"
_RETIRED = re.compile(rf"^{RETIRED}:[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)


class Draft:
    """A page as its template gives it; `values` are the catalog's, for its front matter.

    Without `lastmod` that key is left out of new pages, and taken out of a page whose body changes.
    Raises TagpagesError when it does not begin with YAML front matter.
    """

    def __init__(self, text: str, values: Mapping[str, object], *, lastmod: bool = True) -> None:
        self._front, self._body = split(text)
        self._values = values
        self._lastmod = lastmod

    def check(self, as_of: datetime) -> None:
        """Raise TagpagesError unless the front matter is YAML in which `lastmod` can be set."""
        with_lastmod(self._complete_front(), as_of)

    def shape(self, image: str) -> str:
        """What is left of the front matter without the name of its image, if it has one."""
        return self._front.replace(image, "\0") if image else self._front

    def new(self) -> str:
        """The page where there is none yet."""
        return self._complete_front() + self._body

    def over(self, page: str, as_of: datetime, *, renew: bool = False) -> str:
        """The page where there is one: another body, and `lastmod` where that has changed.

        Where the bodies are the same, line ends aside, this is the page as it is. Else the front
        matter is kept but for `lastmod`, and the new body gets the line ends of the old one. With
        `renew` the front matter is renewed first, whether the body has changed or not. The page of
        a retired image is replaced as a whole, and so is one that becomes such a page.
        Raises TagpagesError when the front matter cannot be read, or cannot be renewed.
        """
        front, body = split(page)
        if RETIRED in self._values or retired_for(page) is not None:
            return self.new()
        if renew:
            front = renewed(front, self._complete_front())
        if body.replace("\r\n", "\n") == self._body:
            return front + body
        new_body = self._body.replace("\n", "\r\n") if "\r\n" in body else self._body
        if not front.endswith("\n"):
            front += "\n"
        if not self._lastmod:
            return without(front, "lastmod") + new_body
        return with_lastmod(front, as_of, self._complete_front()) + new_body

    def _complete_front(self) -> str:
        front = with_values(self._front, self._values)
        return front if self._lastmod else without(front, "lastmod")


def retired_for(page: str) -> str | None:
    """What the key `retired` of a page says, as YAML; None where there is no such key."""
    if f"\n{RETIRED}:" not in page:
        return None
    found = _RETIRED.search(split(page)[0])
    return found[1] if found else None


def is_retired(page: str) -> bool:
    """Whether a page stands for a retired image; one that cannot be read does not."""
    try:
        return retired_for(page) is not None
    except TagpagesError:
        return False
