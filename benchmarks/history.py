"""Time and memory of `tagpages history` as a whole process, on repositories made of a night.

`make bench` prints the table: one image out of 144 nights, the index of 30 nights, and the index
when one more night has come; medians of RUNS runs (first argument, 5 by default). Each night two
thirds of the images get new digests, as in a real year, and page and state are committed.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO, cast

from benchmarks.build import ROOT, Figures, measured, night
from generator.content.state import encode_image
from generator.model import Image, Table, TagGroup
from generator.pages.environment import tags_table

CONTENT = "content/images"
FIRST = datetime(2024, 1, 1, 1, tzinfo=UTC)
ONE, ALL = 144, 30
"""Nights for one image, and for the index of all."""
ROLLED = 2 / 3
"""The share of images that change in a night."""


def images() -> list[tuple[str, list[tuple[str, list[list[str]]]]]]:
    """Images with their tables, and the tags of each digest."""
    tables: dict[str, dict[str, dict[str, list[str]]]] = {}
    for table, entries in night():
        for entry in entries:
            groups = tables.setdefault(entry["repo"]["name"], {}).setdefault(table, {})
            for tag in entry["tags"]:
                groups.setdefault(tag["digest"], []).append(tag["name"])
    return [
        (name, [(table, list(groups.values())) for table, groups in found.items()])
        for name, found in sorted(tables.items())
    ]


def files(nights: int) -> Iterator[list[tuple[str, bytes]]]:
    """The files that each night writes; the first image changes every night."""
    drawn = random.Random(0)
    catalog = images()
    for number in range(nights):
        time = FIRST + timedelta(days=number)
        written = []
        for place, (name, tables) in enumerate(catalog):
            if number and place and drawn.random() > ROLLED:
                continue
            image = Image(
                name,
                tuple(
                    Table(
                        table,
                        tuple(
                            TagGroup(
                                f"sha256:{sha256(f'{name} {tags} {number}'.encode()).hexdigest()}",
                                time,
                                tuple(tags),
                            )
                            for tags in groups
                        ),
                    )
                    for table, groups in tables
                ),
            )
            page = "".join(tags_table(table.groups, time) for table in image.tables)
            written.append((f"{name}/tags.json", encode_image(image)))
            written.append((f"{name}/tags_history.md", f"---\n---\n{page}".encode()))
        yield written


def prepare(folder: Path, nights: int) -> None:
    """A repository with a branch `main`, and a commit for each night."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    command = ["git", "-C", str(folder), "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importer:
        stdin = cast("IO[bytes]", importer.stdin)
        for number, written in enumerate(files(nights)):
            seconds = int((FIRST + timedelta(days=number)).timestamp())
            stdin.write(
                b"commit refs/heads/main\ncommitter t <t@example.com> %d +0000\ndata 0\n" % seconds
            )
            for path, data in written:
                stdin.write(
                    b"M 644 inline %s/%s\ndata %d\n%s\n"
                    % (CONTENT.encode(), path.encode(), len(data), data)
                )
    subprocess.run(["git", "-C", str(folder), "gc", "--quiet"], check=True)


def history(repository: Path, *arguments: str) -> list[str]:
    """The command, for the branch of a repository."""
    content = str(repository / CONTENT)
    start = [sys.executable, "-m", "generator", "history", "--content", content]
    return [*start, "--rev", "main", *arguments]


def move(repository: Path, nights_back: int) -> None:
    """Let the branch be where it was so many nights before its end."""
    target = f"refs/heads/end~{nights_back}"
    subprocess.run(
        ["git", "-C", str(repository), "update-ref", "refs/heads/main", target], check=True
    )


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    os.chdir(ROOT)
    print("| history | wall | CPU | memory |")
    print("| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as temporary:
        cache = Path(temporary, "cache")
        os.environ["XDG_CACHE_HOME"] = str(cache)
        one, everything = Path(temporary, "one.git"), Path(temporary, "all.git")
        prepare(one, ONE)
        tag = history(one, f"{images()[0][0]}:latest")
        show(f"one image of {ONE} versions", [measured(tag) for _ in range(runs)])
        prepare(everything, ALL)
        update = ["git", "-C", str(everything), "update-ref", "refs/heads/end", "refs/heads/main"]
        subprocess.run(update, check=True)
        absent = ["sh", "-c", '"$@"; [ $? = 1 ]', "sh", *history(everything, "--digest", "0" * 64)]
        figures: list[list[Figures]] = [[], [], []]
        for _ in range(runs):
            shutil.rmtree(cache, ignore_errors=True)
            move(everything, 1)
            measured(absent)
            move(everything, 0)
            figures[1].append(measured(absent))
            figures[2].append(measured(absent))
            shutil.rmtree(cache)
            figures[0].append(measured(absent))
        size = sum(path.stat().st_size for path in cache.rglob("*.sqlite")) / 2**20
        show(f"index of {ALL} nights of {len(images())} images ({size:.0f} MiB)", figures[0])
        show("index, one more night", figures[1])
        show("index, nothing new", figures[2])


def show(what: str, figures: list[Figures]) -> None:
    """Print a row: medians."""
    wall, cpu, memory = (statistics.median(column) for column in zip(*figures, strict=True))
    print(f"| {what} | {wall:.2f} s | {cpu:.2f} s | {memory:.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
