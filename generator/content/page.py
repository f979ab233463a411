"""A page of what its template gives and of what is there: what people edit stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from generator.content.front_matter import split, with_lastmod, with_values


class Draft:
    """A page as its template gives it; `values` are the catalog's, for its front matter.

    Raises TagpagesError when it does not begin with YAML front matter.
    """

    def __init__(self, text: str, values: Mapping[str, object]) -> None:
        self._front, self._body = split(text)
        self._values = values

    def check(self, as_of: datetime) -> None:
        """Raise TagpagesError unless the front matter is YAML in which `lastmod` can be set."""
        with_lastmod(self._complete_front(), as_of)

    def shape(self, image: str) -> str:
        """What is left of the front matter without the name of its image."""
        return self._front.replace(image, "\0")

    def new(self) -> str:
        """The page where there is none yet."""
        return self._complete_front() + self._body

    def over(self, page: str, as_of: datetime) -> str:
        """The page where there is one: another body, and `lastmod` where that has changed.

        Where the bodies are the same, line ends aside, this is the page as it is. Else the front
        matter is kept but for `lastmod`, and the new body gets the line ends of the old one.
        Raises TagpagesError when the front matter cannot be read.
        """
        front, body = split(page)
        if body.replace("\r\n", "\n") == self._body:
            return page
        new_body = self._body.replace("\n", "\r\n") if "\r\n" in body else self._body
        if not front.endswith("\n"):
            front += "\n"
        return with_lastmod(front, as_of, self._complete_front()) + new_body

    def _complete_front(self) -> str:
        return with_values(self._front, self._values)
