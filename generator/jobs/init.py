"""`init`: the files of a start, in an empty folder or in a Hugo site; nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from generator.content.tree import Change, Tree
from generator.errors import UsageError
from generator.starting import texts
from generator.starting.hugo import HugoSite, read_site
from generator.starting.texts import Start
from generator.starting.wish import Wish, start_of

_CATALOG = "catalog.yaml"
_HARMLESS = (".", "readme", "license", "licence")
"""Files whose names begin so lie in a folder that counts as empty."""


class Step(NamedTuple):
    """One file: its text, or the lines that it needs; `change` is None where it stays as it is."""

    tree: Tree
    path: str
    text: str
    change: Change | None


class Started(NamedTuple):
    """What the files are made of, and what became of each."""

    start: Start
    steps: list[Step]


def init(root: Path, wish: Wish) -> Started:
    """Write the files of a start into a folder; those that are there stay as they are.

    Raises UsageError, and writes nothing, for a wish that cannot be, for a folder that is neither
    empty nor a Hugo site, and where there is a catalog already.
    """
    wish.check()
    if (root / _CATALOG).exists():
        raise UsageError(
            f"{root / _CATALOG} is there already, and stays as it is: `tagpages doctor` tells "
            "whether it works; to start anew, move it away"
        )
    site = read_site(root)
    if site is None:
        _check_empty(root)
    repository = next((top for top in (root, *root.parents) if (top / ".git").exists()), root)
    start = start_of(wish, root, repository, site)
    steps = list(_steps(start, site, Tree(root)))
    if wish.ci != "none":
        steps.append(_new(Tree(repository), *texts.ci(start, wish.ci)))
    for step in steps:
        if step.change:
            step.tree.apply(step.change)
    return Started(start, steps)


def _check_empty(root: Path) -> None:
    for folder in root.parents:
        if read_site(folder):
            raise UsageError(f"{root} lies in the Hugo site {folder}: run `tagpages init` there")
    names = sorted(path.name for path in root.iterdir())
    others = [name for name in names if not name.lower().startswith(_HARMLESS)]
    if others:
        raise UsageError(
            f"{root} is neither a Hugo site nor empty, there is {others[0]}: run `tagpages init` "
            "where hugo.toml, hugo.yaml or hugo.json is, or in an empty folder"
        )


def _steps(start: Start, site: HugoSite | None, tree: Tree) -> Iterator[Step]:
    yield _new(tree, _CATALOG, texts.catalog(start))
    tabs = texts.has_tabs_of_links(site.shortcodes() if site else {})
    for path, text in texts.templates(start, tabs=tabs, themed=site is not None):
        yield _new(tree, path, text)
    if site is None:
        for path, text in texts.site(start):
            yield _new(tree, path, text)
    else:
        old = (site.root / "layouts" / "_default").is_dir()  # as Hugo had it before 0.146
        yield _new(tree, f"layouts/{'_default/' if old else ''}{texts.REDIRECT}", texts.redirect())
    yield _longer(tree, ".gitattributes", texts.attributes(start))
    yield _longer(tree, ".gitignore", texts.ignored(whole_site=site is None))


def _new(tree: Tree, path: str, text: str) -> Step:
    """Write a file, unless it is there."""
    is_there = tree.read(path) is not None
    return Step(tree, path, text, None if is_there else Change(path, None, text.encode()))


def _longer(tree: Tree, path: str, lines: list[str]) -> Step:
    """Add the lines that a file lacks."""
    before = tree.read(path) or b""
    there = before.decode(errors="replace").splitlines()
    missing = "".join(f"{line}\n" for line in lines if line not in there)
    glue = b"\n" if before and not before.endswith(b"\n") else b""
    change = tree.change(path, before + glue + missing.encode()) if missing else None
    return Step(tree, path, missing, change)
