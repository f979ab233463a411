"""Pages of an image: one module per kind, one small protocol.

A new kind is one new module here, one template, and its name and module below.
"""

from __future__ import annotations

from typing import Literal

from generator.pages import tags_history
from generator.pages.base import PageKind

Name = Literal["tags_history"]
KINDS: dict[Name, PageKind] = {"tags_history": tags_history}
