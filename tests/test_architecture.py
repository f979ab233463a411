"""The rooms of `docs/architecture.md` are those of the package, and so are the arrows between."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT

PACKAGE = ROOT / "generator"
NO_ROOMS = {"__init__", "__main__", "__pycache__", "templates"}
"""What lies in the package and is no room: the way in, what Python writes, and the templates."""


@pytest.fixture(scope="module")
def documented() -> dict[str, set[str]]:
    """The rooms of the document, in its order, each with those that it imports from."""
    text = (ROOT / "docs/architecture.md").read_text()
    table = text[text.index("| room |") :].split("\n\n")[0].splitlines()[2:]
    cells = (line.strip("|").split("|") for line in table)
    return {names(room).pop(): names(imports) for room, _, imports in cells}


def names(cell: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", cell))


def imported(path: Path) -> Iterator[str]:
    """The rooms that a file imports from, wherever in the file; the version is in none."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "generator":
            yield from {alias.name for alias in node.names} - {"__version__"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("generator."):
            yield (node.module or "").split(".")[1]


def test_the_document_has_the_rooms_that_there_are(documented: dict[str, set[str]]) -> None:
    assert documented.keys() == {path.stem for path in PACKAGE.iterdir()} - NO_ROOMS


def test_the_document_has_the_order_of_the_import_contract(documented: dict[str, set[str]]) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(each["layers"] for each in contracts["contracts"] if each["type"] == "layers")
    order = [room for layer in layers for room in re.split(r" [|:] ", layer)]
    assert [*documented] == order


def test_the_document_has_every_arrow_between_rooms_and_no_other(
    documented: dict[str, set[str]],
) -> None:
    for room, arrows in documented.items():
        path = PACKAGE / room
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
        assert {to for file in files for to in imported(file)} - {room} == arrows, room
