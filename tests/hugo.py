"""A real Hugo, and its HTML as elements to search: what tests of whole sites share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder

from tests.support import ROOT

VOID = {"br", "hr", "img", "link", "meta"}


class _Reader(HTMLParser):
    """HTML to the elements of the standard library, which can be searched by path."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = TreeBuilder()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tree.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.tree.end(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.tree.end(tag)

    def handle_data(self, data: str) -> None:
        self.tree.data(data)


def hugo(content: Path, site: Path, *more: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Build `content` into `site` with the layouts of `preview/`; a warning is a failure."""
    options = [*more, "--panicOnWarning", "--printPathWarnings", "--noBuildLock"]
    folders = [f"--source={ROOT / 'preview'}", f"--contentDir={content}", f"--destination={site}"]
    settings = {name: value for name, value in os.environ.items() if not name.startswith("HUGO_")}
    return subprocess.run(
        [sys.executable, "-m", "hugo", "build", *options, *folders],
        env=settings | {"TZ": "Asia/Kolkata"} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def build(folder: Path, files: Mapping[str, str]) -> Path:
    """The site of a content tree that is made of `files`, by path."""
    for path, text in files.items():
        file = folder / "content" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    done = hugo(folder / "content", folder / "site")
    assert done.returncode == 0, done.stderr
    return folder / "site"


def read(site: Path, url: str) -> Element:
    reader = _Reader()
    reader.feed((site / url / "index.html").read_text().removeprefix("<!doctype html>\n"))
    return reader.tree.close()


def shown(element: Element | None) -> str:
    assert element is not None
    return " ".join("".join(element.itertext()).split())
