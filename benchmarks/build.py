"""Time and memory of `tagpages build` as a whole process, against a floor run in turn with it.

`make bench` prints a Markdown table: one night and ten times that night (names suffixed), on an
empty and on an unchanged tree; medians of RUNS runs (first argument, 5 by default). The night is
the recorded one beside the checkout, or else the shipped listings repeated to its size.
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
NIGHT = ROOT.parent / "shared/data/nights/2024-06-03"
TABLES = ("public", "private")
SHIPPED_TIMES = 15
"""The shipped listings so many times are about one night."""


class Figures(NamedTuple):
    """What one run took: wall clock and processor time in seconds, memory in MB."""

    wall: float
    cpu: float
    memory: float


def measured(command: list[str]) -> Figures:
    """One run of a command, as the operating system accounts for it."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        sys.exit(f"{command} failed: {status}")
    process.returncode = 0
    return Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def night() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """One night's listings by table."""
    for table in TABLES:
        recorded = NIGHT / f"{table}.json.gz"
        if recorded.exists():
            yield table, json.loads(gzip.decompress(recorded.read_bytes()))
        else:
            shipped = json.loads((ROOT / f"listings/{table}.json").read_bytes())
            yield table, repeated(shipped, SHIPPED_TIMES)


def repeated(entries: list[dict[str, Any]], times: int) -> list[dict[str, Any]]:
    """The listing with each image so many times, the names suffixed."""
    return [
        {"repo": {"name": f"{entry['repo']['name']}-{number}"}, "tags": entry["tags"]}
        for number in range(times)
        for entry in entries
    ]


def prepare(folder: Path, times: int) -> tuple[list[str], list[str]]:
    """The two commands, tagpages and the floor, but for the tree that each writes a night to."""
    folder.mkdir()
    for table, entries in night():
        (folder / f"{table}.json").write_text(json.dumps(repeated(entries, times)))
    (folder / "catalog.yaml").write_text(
        "content: unused\nurl: /images/\nas_of: 2024-06-03T00:46:08Z\n"
        "front_matter: {date: 2023-06-22T11:07:52+02:00}\ntables:\n"
        + "".join(
            f"  - {{name: {table}, source: {{kind: listing, path: {table}.json}}}}\n"
            for table in TABLES
        )
    )
    ours = [sys.executable, "-m", "generator", "build"]
    ours += ["--catalog", str(folder / "catalog.yaml"), "--content"]
    floor = [sys.executable, str(ROOT / "benchmarks/floor.py")]
    floor += [str(folder / f"{table}.json") for table in TABLES]
    return ours, floor


def compare(folder: Path, times: int, runs: int) -> Iterator[str]:
    """A row of the table for the empty tree, and one for the unchanged tree.

    Every empty tree is another folder: ext4 is slow to make files where many were just removed.
    """
    ours, floor = prepare(folder, times)
    for state in ("empty", "unchanged"):
        pairs = []
        for number in range(runs):
            tree = number if state == "empty" else 0
            mine = measured([*ours, str(folder / f"pages-{tree}")])
            pairs.append((mine, measured([*floor, str(folder / f"floor-{tree}")])))
        mine, base = (
            Figures(*(statistics.median(column) for column in zip(*side, strict=True)))
            for side in zip(*pairs, strict=True)
        )
        ratio = statistics.median(one.wall / other.wall for one, other in pairs)
        cpu = statistics.median(one.cpu / other.cpu for one, other in pairs)
        yield (
            f"| {times} | {state} | {mine.wall:.2f} s | {base.wall:.2f} s | {ratio:.2f}"
            f" | {cpu:.2f} | {mine.memory:.0f} MB | {base.memory:.0f} MB |"
        )


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print("| nights | tree | build | floor | ratio | ratio of CPU | memory | floor's |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as temporary:
        for times in (1, 10):
            for row in compare(Path(temporary, str(times)), times, runs):
                print(row, flush=True)


if __name__ == "__main__":
    main()
