"""The nightly job on recorded nights, for incidents to be made from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from tests.support import PAIR, Run, Site, night

Listings = dict[str, list[dict[str, Any]]]
Tags = list[dict[str, str]]
BEFORE, TONIGHT = PAIR
SCREEN = 60
"""The most lines of what needs a look, whatever the night."""

KUBECTL = "kubectl"
"""The image that lost its `latest` in the real incident."""


@cache
def recorded_text(date: str) -> tuple[str, str]:
    """A recorded night as text: when it was built, and a tenth of the images of both listings."""
    found = night(date)
    return found.as_of, json.dumps(
        {
            table: [entry for entry in entries if _is_chosen(entry["repo"]["name"])]
            for table, entries in found.listings.items()
        }
    )


def _is_chosen(image: str) -> bool:
    return image == KUBECTL or crc32(image.encode()) % 10 == 0


def listings(date: str) -> Listings:
    """Listings to change, of a recorded night, with some seventy images."""
    value: Listings = json.loads(recorded_text(date)[1])
    return value


def tags_where(found: Listings, keep: Callable[[str, dict[str, str]], bool]) -> Listings:
    """The listings with only the tags, by image, that are to be kept."""
    return {
        table: [
            {**entry, "tags": [tag for tag in entry["tags"] if keep(entry["repo"]["name"], tag)]}
            for entry in entries
        ]
        for table, entries in found.items()
    }


def without(found: Listings, images: Iterable[str]) -> Listings:
    """The listings without some images."""
    gone = set(images)
    return {
        table: [entry for entry in entries if entry["repo"]["name"] not in gone]
        for table, entries in found.items()
    }


def timed(tag: dict[str, str]) -> datetime:
    return datetime.fromisoformat(tag["lastUpdated"])


def moved_in_time(found: Listings, by: timedelta) -> Listings:
    return {
        table: [
            {
                **entry,
                "tags": [
                    {**tag, "lastUpdated": (timed(tag) + by).isoformat()} for tag in entry["tags"]
                ],
            }
            for entry in entries
        ]
        for table, entries in found.items()
    }


def by_image(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {entry["repo"]["name"]: entry for entry in entries}


def latest(entry: dict[str, Any]) -> str:
    """The digest of `latest`."""
    return next((tag["digest"] for tag in entry["tags"] if tag["name"] == "latest"), "")


def names(found: Listings) -> list[str]:
    return sorted({entry["repo"]["name"] for entries in found.values() for entry in entries})


@dataclass
class Job:
    """The nightly job on one tree, night after night."""

    site: Site
    now: datetime
    keys: dict[str, object] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)

    def run(self, found: Listings, *args: str, days: float = 1, broken: Sequence[str] = ()) -> Run:
        """The next night; tables that are `broken` answer with half a file."""
        self.now += timedelta(days=days)
        for table, entries in found.items():
            text = json.dumps(entries)
            if table in broken:
                text = text[: len(text) // 2]
            (self.site.root / f"{table}.json").write_text(text)
        self.site.catalog(**{"as_of": None, "older": "hide"} | self.keys)
        file = self.site.root / "night.json"
        file.unlink(missing_ok=True)
        markdown = self.site.root / "night.md"
        reports = ("--report", file, "--report", markdown)
        run = self.site.run("build", "--as-of", self.now.isoformat(), *reports, *args)
        self.report = json.loads(file.read_bytes()) if file.exists() else {}
        assert "Traceback" not in run.err
        if self.report:
            look = (
                markdown.read_text().partition("\n## Needs a look")[2].partition("\n## Routine")[0]
            )
            assert look.count("\n") <= SCREEN
        return run

    def told(self, kind: str) -> list[tuple[str | None, str | None, str]]:
        """Image, table and detail (without the limit) of the findings of one kind."""
        return [
            (
                item.get("image"),
                item.get("table"),
                item.get("detail", "").partition("; the limit")[0],
            )
            for item in self.report["findings"]
            if item["kind"] == kind
        ]

    def kinds(self) -> set[str]:
        return {item["kind"] for item in self.report["findings"]}


def started(folder: Path) -> Job:
    """A job after the night of 30 May; the next one is that of 31 May."""
    job = Job(Site(folder), datetime.fromisoformat(recorded_text(BEFORE)[0]))
    assert job.run(listings(BEFORE), days=0).code == 0
    return job


def pages(tree: dict[str, bytes]) -> dict[str, bytes]:
    """Pages and states, without `build.json`."""
    return {path: data for path, data in tree.items() if "/" in path}


def tables_of(job: Job) -> dict[str, dict[str, Any]]:
    """What every `tags.json` says, by table and image."""
    tables: dict[str, dict[str, Any]] = {}
    for path in job.site.content.glob("*/tags.json"):
        for table in json.loads(path.read_bytes())["tables"]:
            tables.setdefault(table["name"], {})[path.parent.name] = table["groups"]
    return tables
