"""Output `badges`: three files of each image for shields.io: its latest tag, last change, signed.

Protocol: shields.io, "Endpoint Badge". All three are about the default tag of the first table that
has tags, as it is on the Overview.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from generator.facts.base import Absent, Found
from generator.facts.evidence import EVIDENCE, is_signed
from generator.facts.policy import NotVerified, Verified
from generator.grouping import default_tag, version_key
from generator.model import Table, TagGroup
from generator.pages.base import DataFiles, Site, Subject, json_text


class _Badge(msgspec.Struct, rename="camel"):
    """What a badge says; the protocol's version comes first."""

    schema_version: int
    label: str
    message: str
    color: str


def badges(subject: Subject, site: Site) -> Iterator[str]:
    """The texts of the three files."""
    table = next((table for table in subject.image.tables if table.groups), None)
    default = default_tag(table.groups, site.tag_order) if table else None
    if not (table and default):
        badges = [
            ("tag", "none", "lightgrey"),
            ("updated", "never", "lightgrey"),
            ("signed", "unknown", "lightgrey"),
        ]
    else:
        badges = [
            ("tag", _precise(table, default), "blue"),
            ("updated", default.last_changed.date().isoformat(), "blue"),
            ("signed", *_signed(subject, table, default)),
        ]
    for badge in badges:
        yield json_text(_Badge(1, *badge)) + "\n"


def _precise(table: Table, default: TagGroup) -> str:
    """The most precise tag of the default one's digest: `3.12.4` where `latest` is there too."""
    group = next(group for group in table.groups if group.digest == default.digest)
    return max(group.tags, key=lambda tag: (version_key(tag).is_version, tag.count("."), tag))


def _signed(subject: Subject, table: Table, default: TagGroup) -> tuple[str, str]:
    """Whether the default tag's digest is signed, and the colour that says how good that is."""
    fact = EVIDENCE.of(subject.details.of(table.name, default.digest))
    if not isinstance(fact, Found):
        return ("no", "red") if isinstance(fact, Absent) else ("unknown", "lightgrey")
    signed = [item for item in fact.value if is_signed([item])]
    verdicts = [item.verdict for item in signed if item.verdict]
    if any(isinstance(verdict, Verified) for verdict in verdicts):
        return "verified", "brightgreen"
    if any(isinstance(verdict, NotVerified) for verdict in verdicts):
        return "not verified", "red"
    return ("yes", "green") if signed else ("no", "red")


OUTPUT = DataFiles(
    ("badge-tag.json", "badge-updated.json", "badge-signed.json"),
    badges,
    needs=frozenset({EVIDENCE.name}),
)
