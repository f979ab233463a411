"""What tests of whole commands share: a small site on disk, and the command run in this process."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
import yaml

from generator import cli

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data"
NIGHTS = ROOT.parent / "shared" / "data" / "nights"
"""All recorded nights, where they lie beside the checkout."""
DATES = ("2024-05-28", "2024-05-29", "2024-05-30", "2024-05-31", "2024-06-01", "2024-06-03")
PAIR = ("2024-05-30", "2024-05-31")
"""The recorded nights that are committed below `DATA`."""
AS_OF = "2024-06-03T00:46:08Z"

TABS = [
    {"title": "Overview", "path": ""},
    {"title": "Details", "path": "image_specs/"},
    {"title": "Tags History", "path": "tags_history/"},
    {"title": "Provenance", "path": "provenance_info/"},
]
"""The bar of the reference page, for catalogs that name fewer pages than it has."""

Listing = dict[str, list[tuple[str, str, str]]]
"""By image: tag, one character that stands for its digest, and when it last changed."""


class Run(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def digest(sign: str) -> str:
    """A digest for one hexadecimal character."""
    return f"sha256:{sign * 64}"


def tagpages(*args: str | Path, **environ: str) -> Run:
    """Run the command in this process, with nothing in the environment that it would read."""
    out, err = io.StringIO(), io.StringIO()
    own = ("TAGPAGES_", "SOURCE_DATE_EPOCH", "GITHUB_", "NO_COLOR")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(own)}
    with (
        patch.dict(os.environ, clean | environ, clear=True),
        patch.object(sys, "argv", ["tagpages", *map(str, args)]),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        cli.main()
    assert isinstance(ended.value.code, int)
    return Run(ended.value.code, out.getvalue(), err.getvalue())


def shell(command: str, folder: Path, environ: Mapping[str, str]) -> str:
    """Run a command line that must succeed, with bash; all that it says."""
    done = subprocess.run(
        ["bash", "-eu", "-c", command],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}"
    return done.stdout


def addressed_tables() -> list[dict[str, Any]]:
    """The two tables of a catalog, with where their images are pulled from."""
    return [
        {
            "name": name,
            "source": {
                "kind": "listing",
                "path": f"{name}.json",
                "registry": "registry.example.com",
                "repository": f"{name}/{{image}}",
            },
        }
        for name in ("public", "private")
    ]


def as_listing(images: Listing) -> list[dict[str, Any]]:
    """A recorded listing, as `chainctl` prints it."""
    return [
        {
            "repo": {"id": "made-up", "name": image},
            "tags": [
                {"id": "made-up", "name": tag, "digest": digest(sign), "lastUpdated": time}
                for tag, sign, time in tags
            ],
        }
        for image, tags in images.items()
    ]


def tree_of(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def stamps_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Which file it is (inode) and when it was last written, for all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@dataclass(frozen=True)
class Site:
    """A catalog and its listings in a folder of their own; pages go to `content`."""

    root: Path

    @property
    def content(self) -> Path:
        return self.root / "content"

    @property
    def catalog_file(self) -> Path:
        return self.root / "catalog.yaml"

    def catalog(self, **keys: object) -> None:
        """Write the catalog; JSON is YAML."""
        tables = keys.pop("tables", ("public", "private"))
        assert isinstance(tables, Iterable)
        defaults: dict[str, object] = {
            "content": "content",
            "url": "/ref/",
            "as_of": AS_OF,
            "tables": [
                {"name": name, "source": {"kind": "listing", "path": f"{name}.json"}}
                if isinstance(name, str)
                else name
                for name in tables
            ],
        }
        merged = {key: value for key, value in (defaults | keys).items() if value is not None}
        self.catalog_file.write_text(json.dumps(merged, indent=1))

    def lists(self, public: Listing | None = None, private: Listing | None = None) -> None:
        """Write both listings."""
        self.raw_listing("public", as_listing(public or {}))
        self.raw_listing("private", as_listing(private or {}))

    def raw_listing(self, table: str, entries: object) -> None:
        """Write a listing of any shape."""
        (self.root / f"{table}.json").write_text(json.dumps(entries))

    def run(self, command: str, *args: str | Path, **environ: str) -> Run:
        """Run a command with this site's catalog."""
        return tagpages(command, "--catalog", self.catalog_file, *args, **environ)

    def build(self, *args: str | Path, **environ: str) -> Run:
        """Run `build`, and expect that nothing is wrong."""
        run = self.run("build", *args, **environ)
        assert run.code == 0, run.err
        return run

    def page(self, image: str) -> Path:
        return self.content / image / "tags_history.md"

    def state(self, image: str) -> Path:
        return self.content / image / "tags.json"

    def tree(self) -> dict[str, bytes]:
        return tree_of(self.content)

    def body(self, image: str) -> str:
        return body_of(self.page(image).read_text())


def body_of(page: str) -> str:
    """All that comes after the front matter's closing line."""
    return page.split("\n---\n", 1)[1]


def front_of(page: str) -> str:
    """The front matter, without the body."""
    return page.split("\n---\n", 1)[0]


class Night(NamedTuple):
    """A recorded night: listings by table, and what its pages must be."""

    as_of: str
    listings: Mapping[str, list[dict[str, Any]]]
    pages: Mapping[str, str]
    rowless: frozenset[str]


def folder_of(date: str) -> Path:
    """Where a recorded night lies; skips the test where only two of them are at hand."""
    folder = (DATA / "nights" if date in PAIR else NIGHTS) / date
    if not folder.is_dir():
        pytest.skip(f"the recorded nights are not beside the checkout: {NIGHTS.name}/{date}")
    return folder


def night(date: str) -> Night:
    """A recorded night; skips the test where it is not at hand."""
    folder = folder_of(date)
    expected = json.loads((folder / "expected.json").read_bytes())
    return Night(
        expected["as_of"],
        {
            table: json.loads(gzip.decompress((folder / f"{table}.json.gz").read_bytes()))
            for table in ("public", "private")
        },
        expected["pages"],
        frozenset(expected["rowless"]),
    )


def sample_form(folder: Path, ending: str = ".json") -> dict[str, object]:
    """The keys of a catalog whose pages have the sample site's form, with listings of a folder."""
    sample = yaml.safe_load((ROOT / "catalog.yaml").read_text())
    return {
        "url": sample["url"],
        "templates": str(ROOT / sample["templates"]),
        "tabs": TABS,
        "tables": [
            table
            | {"source": {"kind": "listing", "path": str(folder / f"{table['name']}{ending}")}}
            for table in sample["tables"]
        ],
    }


def recorded(site: Site, date: str, **keys: object) -> None:
    """Point a site's catalog at a recorded night, in the form of the sample site's pages.

    Skips the test where that night is not at hand.
    """
    site.catalog(**sample_form(folder_of(date), ".json.gz"), **{"as_of": None} | keys)
