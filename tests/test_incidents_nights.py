"""The recorded nights in a row, from a warm tree: believed, and reported to the last tag.

What changed is worked out here anew from the listings and the files, without the code under test.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support import DATES, PAIR, Night, Site, night, recorded

NEWEST_HIDDEN = {
    "2024-05-28": "2024-04-28T00:45:11Z",
    "2024-05-29": "2024-04-29T00:38:53Z",
    "2024-05-30": "2024-04-30T00:47:59Z",
    "2024-05-31": "2024-04-30T23:59:59.999999Z",
    "2024-06-01": "2024-05-01T00:50:07Z",
    "2024-06-03": "2024-05-03T00:46:08Z",
}
"""The newest time that lies one calendar month or more before each night's build."""


class Row(NamedTuple):
    """What the page says of one digest."""

    tags: frozenset[str]
    time: datetime


Rows = dict[str, Row]
"""The rows of a table, by digest."""
Place = tuple[str, str]
"""An image and a table."""


def rows_of(found: list[dict[str, str]]) -> Rows:
    """A listing's tags of one image, by digest."""
    times: dict[str, dict[str, datetime]] = {}
    for tag in found:
        time = datetime.fromisoformat(tag["lastUpdated"])
        times.setdefault(tag["digest"], {})[tag["name"]] = time
    return {digest: Row(frozenset(tags), max(tags.values())) for digest, tags in times.items()}


@dataclass
class Ledger:
    """What the tree must hold, by the listings, and what must be told of each night."""

    held: dict[Place, Rows] = field(default_factory=dict)
    hidden: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    told: Counter[str] = field(default_factory=Counter)
    kept: set[str] = field(default_factory=set)

    def add(self, date: str, listings: Night) -> None:
        """Enter a night."""
        self.told, self.kept = Counter(), set()
        now = {
            (entry["repo"]["name"], table): rows_of(entry["tags"])
            for table, entries in listings.listings.items()
            for entry in entries
        }
        images = {image for (image, _), rows in now.items() if rows}
        before, self.held = self.held, {}
        was_hidden, self.hidden = self.hidden, datetime.fromisoformat(NEWEST_HIDDEN[date])
        for place in sorted(before.keys() | now.keys()):
            if place[0] not in images:  # no source has it: it stays for three nights
                self.held[place] = before[place]
            else:
                self.held[place] = self._kept_days(
                    place[0], before.get(place, {}), now.get(place, {})
                )
            if place[0] in {image for image, _ in before}:
                self._tell(before.get(place, {}), self.held[place], was_hidden)

    def _kept_days(self, image: str, before: Rows, now: Rows) -> Rows:
        """Rule 8: the day of a row stands while its digest and tags do."""
        rows = {}
        for digest, row in now.items():
            old = before.get(digest)
            later = old and old.tags == row.tags and old.time.date() < row.time.date()
            rows[digest] = old if old and later else row
            if later:
                self.told["kept_day"] += 1
                self.kept.add(image)
        return rows

    def _tell(self, before: Rows, now: Rows, was_hidden: datetime) -> None:
        """Count what moved in one table of an image that was there before."""
        old = {tag: digest for digest, row in before.items() for tag in row.tags}
        new = {tag: digest for digest, row in now.items() for tag in row.tags}
        for tag, digest in new.items():
            if now[digest].time > self.hidden:
                self.told["added"] += tag not in old
                self.told["rolled"] += tag in old and old[tag] != digest
        for tag, digest in old.items():
            if before[digest].time <= was_hidden:
                continue
            if tag in new and now[new[tag]].time > self.hidden:
                continue
            aged = tag in new or before[digest].time <= self.hidden
            self.told["aged_out" if aged else "removed"] += 1


def changed_images(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, set[str]]:
    """Images by what happened to their folders."""
    folders = {path.rpartition("/")[0] for path in before.keys() | after.keys()} - {""}
    changed: dict[str, set[str]] = {"added": set(), "removed": set(), "changed": set()}
    for image in folders:
        old, new = (
            {path: data for path, data in tree.items() if path.rpartition("/")[0] == image}
            for tree in (before, after)
        )
        if old != new:
            changed["added" if not old else "removed" if not new else "changed"].add(image)
    return changed


def reported(report: dict[str, Any]) -> Counter[str]:
    """The report's numbers about tags, for images that were there before."""
    tables = [
        table
        for change in report["changes"]
        if change["kind"] == "changed"
        for table in change.get("tables", ())
    ]
    told = Counter(
        {
            key: sum(len(table.get(key, ())) for table in tables)
            for key in ("added", "removed", "aged_out")
        }
    )
    told["rolled"] = sum(len(roll["tags"]) for table in tables for roll in table.get("rolled", ()))
    told["kept_day"] = sum(item["kind"] == "kept_day" for item in report["findings"])
    return told


def wrong_pages(site: Site, expected: Night) -> set[str]:
    """Images whose page is not that of the recorded night."""
    return {
        image
        for image, digest in expected.pages.items()
        if sha256(site.page(image).read_bytes().split(b"\n---\n", 1)[1]).hexdigest() != digest
    }


@pytest.mark.parametrize("dates", [PAIR, DATES], ids=["two", "six"])
def test_nights_in_a_row_are_believed_and_reported_to_the_last_tag(
    tmp_path: Path, dates: tuple[str, ...]
) -> None:
    site, ledger, file = Site(tmp_path), Ledger(), tmp_path / "night.json"
    tree: dict[str, bytes] = {}
    for date in dates:
        expected = night(date)
        recorded(site, date)
        site.build("--as-of", expected.as_of, "--report", file, "--report", tmp_path / "night.md")
        ledger.add(date, expected)
        report = json.loads(file.read_bytes())
        before, tree = tree, site.tree()

        kinds = {item["kind"] for item in report["findings"]}
        assert not kinds & {"held", "failed", "gone", "released", "waiting"}, date
        assert wrong_pages(site, expected) == ledger.kept & expected.pages.keys(), date
        assert {
            kind: {item["image"] for item in report["changes"] if item["kind"] == kind}
            for kind in ("added", "removed", "changed")
        } == changed_images(before, tree), date
        assert reported(report) == ledger.told, date
        assert report["unchanged"] == len({image for image, _ in ledger.held}) - len(
            report["changes"]
        )
        text = (tmp_path / "night.md").read_text()
        assert len(text) < 65_000
        look = text.partition("\n## Needs a look")[2].partition("\n## Routine")[0]
        assert look.count("\n") <= (25 if before else 60), date
    assert ledger.told["rolled"] > 1000
