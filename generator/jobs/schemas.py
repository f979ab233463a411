"""The JSON Schemas of what people and programs read and write: the catalog, and the data files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from generator.content.details import DetailsFile
from generator.content.state import TagsFile
from generator.facts import FACTS
from generator.jobs.job import SiteCatalog
from generator.report.changes import Report

_Facts = msgspec.defstruct(
    "Facts",
    [(name, kind.shape | msgspec.UnsetType, msgspec.UNSET) for name, kind in FACTS.items()],
)
_Digests = dict[str, _Facts]  # type: ignore[valid-type] # made above


class Details(DetailsFile):
    """What is known of the documented digests of an image, by digest and by table."""

    digests: _Digests
    tables: dict[str, _Digests] = msgspec.field(default_factory=dict)


TYPES: Mapping[str, Any] = {
    "catalog": SiteCatalog,
    "tags": TagsFile,
    "details": Details,
    "report": Report,
}
"""What there is a schema of: `catalog.yaml`, `tags.json`, `details.json`, the report as JSON."""


def schema(name: str) -> str:
    """The JSON Schema of one of the `TYPES` (draft 2020-12)."""
    text = json.dumps(msgspec.json.schema(TYPES[name]), indent=2)
    # msgspec names a generic type with its parameters
    text = re.sub(r"(Catalog|TableSpec)_[^\"/]*", r"\1", text)
    return re.sub(r'"title": "(Catalog|TableSpec)\[.*"', r'"title": "\1"', text) + "\n"
