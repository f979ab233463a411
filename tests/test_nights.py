"""The recorded nights, each on its own and one after another."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import (
    DATA,
    DATES,
    PAIR,
    ROOT,
    Night,
    Site,
    body_of,
    front_of,
    night,
    recorded,
    sample_form,
    stamps_of,
    tagpages,
    tree_of,
)

PREFIX = body_of((DATA / "reference-page.md").read_text()).partition("### Public Registry")[0]
HEADINGS = {
    "public": """### Public Registry
The Public Registry contains our **Developer Images**, which typically comprise the `latest*` \
versions of an image.
""",
    "private": """### Private/Dedicated Registry
The Private/Dedicated Registry contains our **Production Images**, which include all versioned \
tags of an image and special images that are not available in the public registry (including FIPS \
images and other custom builds).
""",
}
VERSIONS = {"public": "Developer versions", "private": "Production versions"}
SENTENCE_OF_AGE = " of this image have changed in the last month.\n"
HEADER_AND_RULE = re.compile(r"^\| Tag .*\n\|--.*\n(.*\n)", re.MULTILINE)
MONTHS = "January February March April May June July August September October November December"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_shipped_catalog_gives_the_reference_page_byte_for_byte(tmp_path: Path) -> None:
    run = tagpages("build", "--catalog", ROOT / "catalog.yaml", "--content", tmp_path)
    assert run.code == 0
    page = tmp_path / "calico-apiserver" / "tags_history.md"
    assert page.read_bytes() == (DATA / "reference-page.md").read_bytes()


@pytest.mark.parametrize("date", DATES)
def test_every_page_of_a_recorded_night_matches_its_hash(site: Site, date: str) -> None:
    recording = night(date)
    recorded(site, date, as_of=recording.as_of)
    site.build()
    bodies = {path.parent.name: body_of(path.read_text()) for path in site.content.glob("*/*.md")}
    assert bodies.keys() == recording.pages.keys() | recording.rowless
    assert {image: sha256(bodies[image]) for image in recording.pages} == recording.pages

    rowless = {image for image, body in bodies.items() if SENTENCE_OF_AGE in body}
    assert rowless == recording.rowless
    tables = [table for body in bodies.values() for table in HEADER_AND_RULE.findall(body)]
    assert len(tables) > 1000
    assert all(first_row.startswith("|  `") for first_row in tables)


class Row(NamedTuple):
    digest: str
    newest: datetime
    tags: list[str]


@dataclass
class Model:
    """What should be known after each night, by rules 1 and 8 alone, in the plainest way."""

    tables: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    nights_away: dict[str, int] = field(default_factory=dict)

    def learn(self, recording: Night) -> dict[str, int]:
        """Take a night in; by image, how many rows keep a day that the listings have later."""
        listed = {
            table: {entry["repo"]["name"]: entry["tags"] for entry in entries if entry["tags"]}
            for table, entries in recording.listings.items()
        }
        kept: dict[str, int] = {}
        seen = listed["public"].keys() | listed["private"].keys()
        for image in sorted(self.tables.keys() - seen):
            self.nights_away[image] = self.nights_away.get(image, 0) + 1
            if self.nights_away[image] == 3:
                del self.tables[image]
        for image in seen:
            self.nights_away.pop(image, None)
            before = self.tables.get(image, {})
            self.tables[image] = {}
            for table, images in listed.items():
                known = {row.digest: row for row in before.get(table, [])}
                rows = []
                for row in rows_of(images.get(image, [])):
                    old = known.get(row.digest)
                    is_same = old is not None and set(old.tags) == set(row.tags)
                    if old and is_same and row.newest.date() > old.newest.date():
                        kept[image] = kept.get(image, 0) + 1
                        rows.append(old)
                    else:
                        rows.append(row)
                self.tables[image][table] = sorted(rows, key=lambda row: row.newest, reverse=True)
        return kept

    def body(self, image: str, as_of: datetime) -> str:
        """The page of an image, but for its front matter."""
        parts = [PREFIX.replace("/calico-apiserver/", f"/{image}/")]
        for table, rows in self.tables[image].items():
            shown = [row for row in rows if not is_a_month_old(row.newest, as_of)]
            if shown:
                text = "".join(table_lines(shown)) + "\n"
            elif rows:
                text = (
                    f"Currently, no {VERSIONS[table]} of this image have changed"
                    " in the last month.\n"
                )
            else:
                text = f"Currently, there are no {VERSIONS[table]} of this image available.\n"
            parts.append(f"{HEADINGS[table]}\n{text}\n")
        return "".join(parts)[:-1]


def rows_of(tags: list[dict[str, str]]) -> list[Row]:
    rows: dict[str, Row] = {}
    for tag in sorted(tags, key=lambda tag: tag["lastUpdated"], reverse=True):
        row = Row(tag["digest"], datetime.fromisoformat(tag["lastUpdated"]), [])
        rows.setdefault(tag["digest"], row).tags.append(tag["name"])
    return list(rows.values())


def is_a_month_old(time: datetime, as_of: datetime) -> bool:
    year, month = (time.year + 1, 1) if time.month == 12 else (time.year, time.month + 1)
    a_month_later = (year, month, time.day, time.time())  # 31 May is later than any 30 April
    return a_month_later <= (as_of.year, as_of.month, as_of.day, as_of.time())


def table_lines(rows: list[Row]) -> Iterator[str]:
    cells = [("Tag (s)", "Last Changed", "Digest")]
    for row in rows:
        day = row.newest.day
        ending = "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
        cells.append(
            (
                "".join(f" `{tag}`" for tag in row.tags),
                f"{MONTHS.split()[row.newest.month - 1]} {day}{ending}",
                f"`{row.digest}`",
            )
        )
    widths = [max(len(line[column]) for line in cells) for column in range(3)]
    for number, line in enumerate(cells):
        yield "| " + " | ".join(map(str.ljust, line, widths)) + " |\n"
        if number == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|\n"


ROWS_THAT_KEEP_THEIR_DAY = [
    {"2024-05-30": 0, "2024-05-31": 15},
    {
        "2024-05-28": 0,
        "2024-05-29": 17,
        "2024-05-30": 18,
        "2024-05-31": 21,
        "2024-06-01": 25,
        "2024-06-03": 19,
    },
]
"""By rule 8, in nights one after another: the listing has them with a later day, for the digest and
tags of the night before."""


def front_matter_times(page: Path) -> tuple[str, str]:
    lines = dict(line.split(": ", 1) for line in front_of(page.read_text()).splitlines()[1:])
    return lines["date"], lines["lastmod"]


@pytest.mark.parametrize("rows", ROWS_THAT_KEEP_THEIR_DAY, ids=["two", "six"])
def test_nights_one_after_another_change_what_they_should_and_nothing_else(
    site: Site, rows: dict[str, int]
) -> None:
    model = Model()
    known: dict[str, tuple[str, str, str]] = {}
    counted = {}
    for date in rows:
        recording = night(date)
        recorded(site, date, as_of=recording.as_of)
        site.build("--report", site.root / "report.json")
        as_of = datetime.fromisoformat(recording.as_of)
        stamp = recording.as_of.replace("T", " ").removesuffix("Z")
        kept = model.learn(recording)
        counted[date] = sum(kept.values())
        findings = json.loads((site.root / "report.json").read_text())["findings"]

        pages = {path.parent.name: path for path in site.content.glob("*/tags_history.md")}
        assert pages.keys() == model.tables.keys()
        for image, page in pages.items():
            body = site.body(image)
            assert body == model.body(image, as_of)
            if image in recording.pages and image not in kept:
                assert sha256(body) == recording.pages[image]
            created, changed = front_matter_times(page)
            if image in known:
                assert created == known[image][0]
                assert changed == (known[image][1] if body == known[image][2] else stamp)
            else:
                assert created == changed == stamp
            known[image] = (created, changed, body)

        days_kept = [finding["image"] for finding in findings if finding["kind"] == "kept_day"]
        assert {image: days_kept.count(image) for image in days_kept} == kept
        assert {finding["kind"] for finding in findings}.isdisjoint({"held", "failed", "waiting"})

        before = stamps_of(site.content)
        site.build()
        assert stamps_of(site.content) == before
    assert counted == rows


@pytest.mark.parametrize("seed", [1, 4])
def test_in_version_order_a_shuffled_listing_gives_the_same_bytes(site: Site, seed: int) -> None:
    shuffled = Site(site.root / "shuffled")
    shuffled.root.mkdir()
    rng = random.Random(seed)
    for date in PAIR:
        recording = night(date)
        recorded(site, date, as_of=recording.as_of, tag_order="version")
        site.build()
        for table, entries in recording.listings.items():
            for entry in entries:
                rng.shuffle(entry["tags"])
            rng.shuffle(entries)
            shuffled.raw_listing(table, entries)
        shuffled.catalog(as_of=recording.as_of, tag_order="version", **sample_form(shuffled.root))
        shuffled.build()
        assert shuffled.tree() == site.tree()


def test_the_committed_pages_are_what_the_committed_listings_give(tmp_path: Path) -> None:
    run = tagpages("build", "--catalog", ROOT / "catalog.yaml", "--content", tmp_path)
    assert run.code == 0
    assert tree_of(tmp_path) == tree_of(ROOT / "content/chainguard/chainguard-images/reference")


def test_the_committed_pages_are_up_to_date() -> None:
    run = tagpages("check", "--catalog", ROOT / "catalog.yaml")
    assert run == (0, "", "")


def test_the_committed_schema_is_what_the_command_prints() -> None:
    run = tagpages("schema")
    assert run == (0, (ROOT / "catalog.schema.json").read_text(), "")
