"""Time and memory of tagpages as whole processes, against a floor run in turn with it.

`make bench` prints three Markdown tables, of medians of RUNS runs (first argument, 5 by default):

- `tagpages build` for two recorded nights, and for ten and a hundred times their images (names
  suffixed; as many as the second argument says, 10 by default): an empty tree, the same night
  again, and the second night after the first;
- an image of 200,000 tags, new and unchanged;
- `report` and `lanes` after such a second night, against the build of that night.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
NIGHTS = ROOT / "tests/data/nights"
TABLES = ("public", "private")
TAGPAGES = (sys.executable, "-m", "generator")
FLOOR = (sys.executable, str(ROOT / "benchmarks/floor.py"))
LARGE = 200_000
"""The tags of the large image: the most that a table may have."""
COMPILED = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONUNBUFFERED": ""}
"""Modules are compiled once, as they are where a package is installed."""
Listing = list[dict[str, Any]]


class Night(NamedTuple):
    """A recorded night: its date, the time of its build, the newest time that pages do not show."""

    date: str
    as_of: str
    hidden: str


FIRST = Night("2024-05-30", "2024-05-30T00:47:59Z", "2024-04-30T00:47:59+00:00")
SECOND = Night("2024-05-31", "2024-05-31T00:48:45Z", "2024-04-30T23:59:59.999999+00:00")


class Figures(NamedTuple):
    """What one run took: wall clock and processor time in seconds, memory in MB."""

    wall: float
    cpu: float
    memory: float


def measured(command: Sequence[str]) -> Figures:
    """One run of a command, as the operating system accounts for it."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | COMPILED,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        sys.exit(f"{command} failed: {status}")
    process.returncode = 0
    return Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def median(runs: Sequence[Figures]) -> Figures:
    """The median of each figure."""
    return Figures(*(statistics.median(column) for column in zip(*runs, strict=True)))


def night(date: str = SECOND.date) -> Iterator[tuple[str, Listing]]:
    """One night's listings by table."""
    for table in TABLES:
        data = (NIGHTS / date / f"{table}.json.gz").read_bytes()
        yield table, json.loads(gzip.decompress(data))


def repeated(entries: Listing, times: int) -> Listing:
    """The listing with each image so many times, the names suffixed."""
    return [
        {"repo": {"name": f"{entry['repo']['name']}-{number}"}, "tags": entry["tags"]}
        for number in range(times)
        for entry in entries
    ]


def write_catalog(folder: Path, tables: Sequence[str]) -> None:
    """A catalog of the listings in its folder."""
    sources = "".join(
        f"  - {{name: {table}, source: {{kind: listing, path: {table}.json}}}}\n"
        for table in tables
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalog.yaml").write_text(f"content: unused\nurl: /images/\ntables:\n{sources}")


def apart(work: Callable[..., None], *arguments: object) -> None:
    """Do it in a process of its own: Linux takes our memory for that of the commands we start."""
    process = multiprocessing.Process(target=work, args=arguments)
    process.start()
    process.join()


def prepare(folder: Path, times: int) -> None:
    """Both nights with a catalog each, in folders named by their date."""
    for date in (FIRST.date, SECOND.date):
        write_catalog(folder / date, TABLES)
        for table, entries in night(date):
            (folder / date / f"{table}.json").write_text(json.dumps(repeated(entries, times)))


def build(catalog: Path, content: Path, as_of: str) -> list[str]:
    """The command that builds a catalog's night."""
    options = ["--catalog", str(catalog), "--content", str(content), "--as-of", as_of]
    return [*TAGPAGES, "build", *options]


class Pair:
    """tagpages and the floor, each on trees of its own, with the nights in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trees = 0

    def run(self, night: Night, trees: tuple[Path, Path]) -> tuple[Figures, Figures]:
        """Both write a night, one after the other."""
        mine, base = trees
        folder = self._folder / night.date
        listings = [str(folder / f"{table}.json") for table in TABLES]
        ours = build(folder / "catalog.yaml", mine, night.as_of)
        return measured(ours), measured([*FLOOR, *listings, str(base), night.as_of, night.hidden])

    def trees(self, like: tuple[Path, Path] | None = None) -> tuple[Path, Path]:
        """Trees of both for one run: none yet, or copies.

        They are other folders each time: ext4 is slow to make files where many were just removed.
        """
        self._trees += 1
        made = (self._folder / f"pages-{self._trees}", self._folder / f"floor-{self._trees}")
        for old, new in zip(like or (), made, strict=False):
            shutil.copytree(old, new)
        return made


def nights(folder: Path, times: int, runs: int) -> Iterator[str]:
    """A row of the table for the empty tree, the unchanged tree, and the night after."""
    apart(prepare, folder, times)
    pair = Pair(folder)
    first = pair.trees()
    pair.run(FIRST, first)
    states: dict[str, Callable[[], tuple[Figures, Figures]]] = {
        "empty": lambda: pair.run(FIRST, pair.trees()),
        "unchanged": lambda: pair.run(FIRST, first),
        "the next night": lambda: pair.run(SECOND, pair.trees(first)),
    }
    images = len(list(first[1].iterdir()))
    for state, both in states.items():
        pairs = [both() for _ in range(runs)]
        mine, base = (median(side) for side in zip(*pairs, strict=True))
        cpu = statistics.median(one.cpu / other.cpu for one, other in pairs)
        yield (
            f"| {images:,} | {state} | {mine.cpu:.2f} s | {base.cpu:.2f} s | {cpu:.2f}"
            f" | {mine.wall:.2f} s | {mine.memory:.0f} MB | {base.memory:.0f} MB |"
        )


def prepare_large(folder: Path) -> None:
    """A listing of one image with many tags, four to a digest."""
    write_catalog(folder, ["public"])
    newest = datetime(2024, 5, 29, tzinfo=UTC)
    tags = [
        {
            "name": f"1.{number}",
            "digest": f"sha256:{number // 4:064x}",
            "lastUpdated": (newest - timedelta(seconds=number)).isoformat(),
        }
        for number in range(LARGE)
    ]
    (folder / "public.json").write_text(json.dumps([{"repo": {"name": "large"}, "tags": tags}]))


def large(folder: Path, runs: int) -> Iterator[str]:
    """A row for an image of many tags: new, and unchanged."""
    apart(prepare_large, folder)
    command = [
        build(folder / "catalog.yaml", folder / str(run), FIRST.as_of) for run in range(runs)
    ]
    for state in ("new", "unchanged"):
        took = median([measured(one) for one in command])
        yield f"| {state} | {took.cpu:.2f} s | {took.wall:.2f} s | {took.memory:.0f} MB |"


def compared(folder: Path, runs: int) -> Iterator[str]:
    """A row for the build of a second night, and for `report` and `lanes` after it."""
    first, second = (folder / night.date / "catalog.yaml" for night in (FIRST, SECOND))
    content = folder / "repository/content"
    content.mkdir(parents=True)
    git = ["git", "-C", str(content.parent), "-c", "user.name=bench", "-c", "user.email=bench"]
    measured([*git, "init", "--quiet"])
    measured(build(first, content, FIRST.as_of))
    measured([*git, "add", "--all"])
    measured([*git, "commit", "--quiet", "--message", "first"])
    took = []
    for number in range(runs):
        copy = folder / f"copy-{number}"
        shutil.copytree(content, copy)
        took.append(measured(build(second, copy, SECOND.as_of)))
    measured(build(second, content, SECOND.as_of))
    where = ["--catalog", str(second), "--content", str(content)]
    rows = {"build": took}
    for name, words in {"report": ["report"], "lanes": ["lanes", "look"]}.items():
        rows[name] = [measured([*TAGPAGES, *words, *where]) for _ in range(runs)]
    for name, figures in rows.items():
        one = median(figures)
        yield f"| {name} | {one.cpu:.2f} s | {one.wall:.2f} s | {one.memory:.0f} MB |"


def print_table(heads: str, rows: Iterator[str]) -> None:
    """Print a table as its rows come."""
    print(f"| {heads} |")
    print("| " + " | ".join("---" for _ in heads.split(" | ")) + " |")
    for row in rows:
        print(row, flush=True)
    print()


def main() -> None:
    """Print the tables."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 10  # noqa: PLR2004 - the second argument
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows = (
            row
            for times in (1, 10, 100)
            if times <= most
            for row in nights(folder / str(times), times, runs)
        )
        print_table("images | tree | CPU | floor's | ratio | wall | memory | floor's memory", rows)
        print_table("image of 200,000 tags | CPU | wall | memory", large(folder / "large", runs))
        print_table("command | CPU | wall | memory", compared(folder / "10", runs))


if __name__ == "__main__":
    main()
