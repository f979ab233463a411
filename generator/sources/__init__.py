"""Where tags come from: one module per kind of source, one small protocol.

A new kind is one new module here, and one line in `Spec`.
"""

from __future__ import annotations

from typing import Union

from generator.sources.listing import Listing

Spec = Union[Listing,]  # noqa: UP007 - one line per kind
