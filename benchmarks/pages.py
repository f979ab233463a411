"""All four pages of 747 images by `tagpages build`, against a floor run in turn with it.

`python -m benchmarks.pages` prints a Markdown table: an empty tree, one on which nothing changed,
and one on which three quarters of the images have other digests, and another package in each.
Medians of RUNS runs (first argument, 5 by default). The night and the contents of its images are
the recorded ones beside the checkout, or else the shipped ones repeated to their number.
"""

from __future__ import annotations

import gzip
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.build import ROOT, TABLES, Figures, Listing, measured, repeated

NIGHT = ROOT.parent / "shared/data/nights/2024-06-03"
SHIPPED_TIMES = 15
"""The shipped listings so many times are about one night."""

AS_OF = {"first": "2024-06-03T00:46:08Z", "next": "2024-06-04T00:46:08Z"}
CATALOG = """\
content: unused
url: /images/
pages: [overview, details, tags_history, provenance]
variants: ["latest*"]
tables:
"""
TABLE = """\
  - name: {table}
    source: {{kind: listing, path: {table}.json, details: details.json,
              registry: registry.example.com, repository: "team/{{image}}"}}
"""


def night() -> Iterator[tuple[str, Listing]]:
    """The night's listings by table."""
    for table in TABLES:
        recorded = NIGHT / f"{table}.json.gz"
        if recorded.exists():
            yield table, json.loads(gzip.decompress(recorded.read_bytes()))
        else:
            shipped = json.loads((ROOT / f"listings/{table}.json").read_bytes())
            yield table, repeated(shipped, SHIPPED_TIMES)


def contents() -> list[dict[str, Any]]:
    """What the images of the night contain."""
    recorded = NIGHT / "details.json.gz"
    if recorded.exists():
        return list(json.loads(gzip.decompress(recorded.read_bytes())))
    shipped = json.loads((ROOT / "listings/details.json").read_bytes())
    return [
        entry | {"image": f"{entry['image']}-{number}"}
        for number in range(SHIPPED_TIMES)
        for entry in shipped
    ]


def changes(image: str) -> bool:
    """Whether the image is one of the three quarters that change."""
    return sha256(image.encode()).digest()[0] % 4 != 0


def prepare(folder: Path) -> None:
    """Two nights, each with a catalog: the second one has other digests and other packages."""
    details, listings = contents(), dict(night())
    for name in AS_OF:
        where = folder / name
        where.mkdir()
        (where / "catalog.yaml").write_text(
            CATALOG + "".join(TABLE.format(table=table) for table in TABLES)
        )
        (where / "details.json").write_text(json.dumps(details))
        for table, entries in listings.items():
            (where / f"{table}.json").write_text(json.dumps(entries))
        for entries in listings.values():
            for entry in filter(lambda entry: changes(entry["repo"]["name"]), entries):
                for tag in entry["tags"]:
                    moved = sha256(tag["digest"].encode()).hexdigest()
                    tag.update(digest=f"sha256:{moved}", lastUpdated="2024-06-03T12:00:00Z")
        for entry in filter(lambda entry: changes(entry["image"]), details):
            for variant in entry["variants"]:
                variant["config"].setdefault("contents", {}).setdefault("packages", []).append(
                    "new"
                )


def commands(folder: Path, name: str) -> tuple[list[str], list[str]]:
    """The two commands for a night, but for the tree that each writes to."""
    ours = [sys.executable, "-m", "generator", "build", "--as-of", AS_OF[name]]
    ours += ["--accept-any-loss", "public", "--accept-any-loss", "private"]
    ours += ["--catalog", str(folder / name / "catalog.yaml"), "--content"]
    floor = [sys.executable, "-m", "benchmarks.pages_floor", str(folder / name)]
    return ours, floor


def check_same(ours: Path, floor: Path) -> None:
    """Raise SystemExit unless every page of the floor is one of ours, byte for byte."""
    for page in floor.rglob("*.md"):
        if (ours / page.relative_to(floor)).read_bytes() != page.read_bytes():
            sys.exit(f"{page.relative_to(floor)} differs: the two sides do not do the same")


def compare(folder: Path, runs: int) -> Iterator[str]:
    """A row of the table for each state of the tree, all made from the same first build."""
    prepare(folder)
    for state, name in (("empty", "first"), ("unchanged", "first"), ("three quarters", "next")):
        ours, floor = commands(folder, name)
        pairs = []
        for number in range(runs):
            trees = [folder / f"{side}-{state}-{number}" for side in ("ours", "floor")]
            for tree in trees if state != "empty" else ():
                shutil.copytree(folder / f"{tree.name.partition('-')[0]}-empty-0", tree)
            mine = measured([*ours, str(trees[0])])
            pairs.append((mine, measured([*floor, str(trees[1]), AS_OF[name]])))
            if state == "empty":
                check_same(*trees)
        mine, base = (
            Figures(*(statistics.median(column) for column in zip(*side, strict=True)))
            for side in zip(*pairs, strict=True)
        )
        cpu = statistics.median(one.cpu / other.cpu for one, other in pairs)
        yield (
            f"| {state} | {mine.wall:.2f} s | {base.wall:.2f} s | {mine.cpu:.2f} s"
            f" | {base.cpu:.2f} s | {cpu:.2f} | {mine.memory:.0f} MB | {base.memory:.0f} MB |"
        )


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print("| tree | build | floor | CPU | floor's | ratio of CPU | memory | floor's |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as temporary:
        for row in compare(Path(temporary), runs):
            print(row, flush=True)


if __name__ == "__main__":
    main()
