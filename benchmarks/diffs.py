"""How many lines of the pages a night changes, against one line for each row that changed.

    python benchmarks/diffs.py ../shared/data/nights

Builds the recorded nights one after another, by each way of writing pages, and counts the lines
that git shows as removed or added, with front matter and without. The least possible is one line
for each row that went and one for each row that came.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

WAYS: tuple[dict[str, object], ...] = (
    {},
    {"pad": False},
    {"tag_order": "version"},
    {"tag_order": "version", "pad": False},
    {"tag_order": "version", "pad": False, "lastmod": False},
)


def pages(content: Path) -> dict[str, tuple[list[str], list[str]]]:
    """The lines of each page: the front matter, and what is below it."""
    texts = {path.parent.name: path.read_text() for path in content.glob("*/*.md")}
    parts = {image: text.split("\n---\n", 1) for image, text in texts.items()}
    return {
        image: (front.splitlines(), body.splitlines()) for image, (front, body) in parts.items()
    }


def rows(lines: list[str]) -> Counter[str]:
    """The rows of all tables of a page, by what is in them: each cell's order and padding apart."""
    cells = (sorted(line.replace("|", " ").split()) for line in lines if line.startswith("| "))
    return Counter(" ".join(cell) for cell in cells)


def diff_lines(before: list[str], after: list[str], folder: Path) -> int:
    """How many lines git shows as removed or added."""
    paths = [folder / "before", folder / "after"]
    for path, lines in zip(paths, (before, after), strict=True):
        path.write_text("\n".join(lines) + "\n")
    command = ["git", "diff", "--no-index", "--numstat", *map(str, paths)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return int(shown[0]) + int(shown[1]) if shown else 0


def measure(nights: list[Path], way: dict[str, object], folder: Path) -> tuple[int, int, int]:
    """The lines of front matter and of bodies that all nights changed, and the least possible."""
    fronts = changed = least = 0
    before: dict[str, tuple[list[str], list[str]]] = {}
    for night in nights:
        source = {"kind": "listing"}
        tables = [
            {"name": name, "source": source | {"path": str(night / f"{name}.json.gz")}}
            for name in ("public", "private")
        ]
        catalog = {"content": "content", "url": "/images/", "tables": tables, **way}
        (folder / "catalog.yaml").write_text(json.dumps(catalog))
        as_of = json.loads((night / "expected.json").read_bytes())["as_of"]
        command = [sys.executable, "-m", "generator", "build", "--quiet", "--as-of", as_of]
        subprocess.run([*command, "--catalog", folder / "catalog.yaml"], check=True)
        after = pages(folder / "content")
        for image in before.keys() & after.keys():
            (old_front, old), (new_front, new) = before[image], after[image]
            if old != new:
                fronts += diff_lines(old_front, new_front, folder)
                changed += diff_lines(old, new, folder)
                gone, came = rows(old) - rows(new), rows(new) - rows(old)
                least += gone.total() + came.total()
        before = after
    return fronts, changed, least


def main() -> None:
    """Print a line for each way of writing tables."""
    nights = sorted(path.resolve() for path in Path(sys.argv[1]).iterdir() if path.is_dir())
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            fronts, changed, least = measure(nights, way, Path(folder))
        name = ", ".join(f"{key}: {value}" for key, value in way.items()) or "as by default"
        whole = changed + fronts
        print(f"{name}: {whole:,} lines for {least:,}, {whole / least:.2f} times;", end=" ")
        print(f"without front matter {changed / least:.2f}")


if __name__ == "__main__":
    main()
