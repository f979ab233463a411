"""The cost model of docs/scale.md: its arithmetic, and its requests, counted by a registry."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support import ROOT, tagpages

DOCUMENT = (ROOT / "docs" / "scale.md").read_text()
SIZES = (100, 1000, 10_000, 100_000)
IMAGES = 7


def rows(title: str) -> list[list[str]]:
    """The rows of the first table below a title."""
    section = DOCUMENT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    return [line.split(" | ") for line in lines[2:]]


def number(cell: str) -> float:
    return float(cell.replace(",", ""))


def an_image(kind: str) -> float:
    """The requests an image of the row that begins so."""
    (row,) = (row for row in rows("Requests") if row[0].startswith(kind))
    return number(row[1])


def test_the_requests_of_each_size_are_those_of_an_image_times_the_images() -> None:
    table = rows("Requests")
    assert len(table) == 8
    for _, each, *sizes in table:
        assert [number(cell) for cell in sizes] == [round(number(each) * it) for it in SIZES]


def test_the_minutes_are_requests_times_an_answer_by_those_at_once() -> None:
    table = rows("Minutes")[:4]
    asked = [number(cell) for cell in rows("Requests")[5][2:]]
    assert [number(requests) for requests, *_ in table] == asked
    for requests, *minutes in table:
        expected = [number(requests) * 0.05 / at_once / 60 for at_once in (4, 16, 64)]
        assert minutes == [f"{it:.1f}" for it in expected]


@pytest.fixture
def registry() -> Iterator[str]:
    """The address of a registry with images of 20 tags, five to a digest."""
    server = [sys.executable, str(ROOT / "benchmarks" / "standin.py"), str(IMAGES)]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.kill()


def build(folder: Path, registry: str, night: str, **keys: object) -> int:
    """The requests of a night, but for the list of images."""
    source = {"kind": "oci", "registry": registry, **keys}
    tables = [{"name": "public", "source": source}]
    catalog = folder / "catalog.yaml"
    catalog.write_text(json.dumps({"content": "pages", "url": "/images/", "tables": tables}))

    def count() -> int:
        with urlopen(f"http://{registry}/count") as reply:
            return int(reply.read())

    before = count()
    assert tagpages("build", "--catalog", catalog, "--as-of", night).code == 0
    return count() - before - 2


def test_a_registry_counts_as_many_requests_as_the_model_says(
    registry: str, tmp_path: Path
) -> None:
    first = build(tmp_path, registry, "2026-08-01T00:00:00Z")
    assert first == an_image("`oci`, the first night") * IMAGES
    quiet = build(tmp_path, registry, "2026-08-02T00:00:00Z")
    assert quiet == an_image("`oci`, `chainguard-history`") * IMAGES


def test_immutable_tags_are_asked_for_once_in_a_week(registry: str, tmp_path: Path) -> None:
    build(tmp_path, registry, "2026-08-01T00:00:00Z")
    week = [
        build(tmp_path, registry, f"2026-08-{day:02}T00:00:00Z", immutable=r"(?!0\.[01]$).*")
        for day in range(2, 9)
    ]
    assert round(sum(week) / 7 / IMAGES, 1) == an_image("`oci`, 18 of the 20 tags")
