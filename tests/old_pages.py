"""The recorded details of a night as a site in the sample's form; hashes of tables are known."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support import AS_OF, NIGHTS, Site, sample_form

FOLDER = NIGHTS / "2024-06-03"


@dataclass(frozen=True)
class OldPages:
    """A content tree, and what is expected of it: hashes of tables, by image and kind."""

    content: Path
    expected: Mapping[str, Mapping[str, str]]

    def wrong(self, file: str, *kinds: str) -> list[tuple[str, str, str]]:
        """Image, kind and text of the tables that are not as expected.

        They are the first tables of the file, in the order of the `kinds`.
        """
        wrong = []
        for image, hashes in self.expected.items():
            tables = tables_of((self.content / image / file).read_text())
            for kind, text in zip(kinds, tables, strict=False):
                if sha256(text) != hashes[kind]:
                    wrong.append((image, kind, text))
            wrong += [(image, kind, "") for kind in kinds[len(tables) :]]
        return wrong


def tables_of(page: str) -> list[str]:
    """The tables of a page: lines in a row that begin with a `|`."""
    lines = page.splitlines(keepends=True)
    blocks = groupby(lines, key=lambda line: line.startswith("|"))
    return ["".join(block) for is_table, block in blocks if is_table]


def build_old_pages(root: Path, *pages: str, cut_tags: bool = False) -> OldPages:
    """Build a site of the recorded details, each tag with a digest of its own, in their order.

    One image has variants whose tags were cut at a dot: `cut_tags` are in the listing, too.
    """
    if not FOLDER.is_dir():
        pytest.skip("the recorded nights are not beside the checkout")
    night = cast(
        "list[dict[str, Any]]",
        json.loads(gzip.decompress((FOLDER / "details.json.gz").read_bytes())),
    )
    for entry in night:
        # in place of tags some have a sentence
        entry["tags"] = {
            table: [tag for tag in tags if " " not in tag] for table, tags in entry["tags"].items()
        }
        if cut_tags:
            there = {tag for tags in entry["tags"].values() for tag in tags}
            cut = [item["tag"] for item in entry["variants"] if item["tag"] not in there]
            entry["tags"]["private"] += cut
    site = Site(root)
    form = sample_form(root)
    tables = cast("list[dict[str, Any]]", form["tables"])
    for table in tables:
        site.raw_listing(
            table["name"],
            [_listed(entry, table["name"]) for entry in night if entry["tags"][table["name"]]],
        )
        table["source"]["details"] = str(FOLDER / "details.json.gz")
    site.catalog(**form, pages=list(pages), variants=["latest*"], window="off")
    run = site.run("build")
    assert "0 failed" in run.err, run.err
    return OldPages(site.content, json.loads((FOLDER / "expected-details.json").read_bytes()))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _listed(entry: Mapping[str, Any], table: str) -> dict[str, object]:
    newest = datetime.fromisoformat(AS_OF)
    return {
        "repo": {"name": entry["image"]},
        "tags": [
            {
                "name": tag,
                "digest": f"sha256:{sha256(entry['image'] + '/' + tag)}",
                "lastUpdated": (newest - timedelta(seconds=at + 1)).isoformat(),
            }
            for at, tag in enumerate(entry["tags"][table])
        ],
    }
