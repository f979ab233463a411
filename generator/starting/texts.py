"""The files that `tagpages init` writes, as texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from generator import __version__

FILES = Path(__file__).parent / "files"
PAGES = ("index", "overview", "tags_history")
"""The kinds of page that a new catalog names."""
_SECTIONS = frozenset({"index", "overview"})
"""Those of them that lie in an `_index.md`."""
TEMPLATES = "templates"
"""The folder of a new site's own templates."""
REDIRECT = "tagpages-redirect.html"
"""The layout of the page of a retired image that leads to another."""
REPOSITORY = "https://github.com/tagpages/tagpages"
GITHUB, GITLAB = ".github/workflows/tagpages.yml", ".gitlab-ci.yml"
"""The files of the nightly job."""
RAW = "https://raw.githubusercontent.com/tagpages/tagpages"

_INSECURE = "      insecure: true # plain http"
_PARAMETER = re.compile(r"\.Get\s+\"(\w+)\"")
"""How a shortcode reads its parameters."""
_OF_A_TAB = {"title", "active", "url"}


class _Text(Template):
    """A text with places as `§{name}`: its files have `${NAME}` of their own."""

    delimiter = "§"


@dataclass(frozen=True)
class Start:
    """What the files of a new site are made of.

    `folder` is where the catalog lies below the root of the repository, empty for the root itself;
    `content` is the folder for the pages, relative to the catalog, and `url` its place on the site.
    """

    kind: str
    registry: str
    path: str
    content: str
    url: str
    base_url: str
    folder: str = ""

    @property
    def places(self) -> Mapping[str, str]:
        """What stands in the places of the texts."""
        return {
            "kind": self.kind,
            "registry": self.registry,
            "host": self.registry.rpartition("://")[2],
            "path": self.path,
            "content": self.content,
            "url": self.url,
            "base_url": f"base_url: {self.base_url} # for reports\n" if self.base_url else "",
            "templates": TEMPLATES,
            "insecure": f"{_INSECURE}\n" if self.registry.startswith("http://") else "",
            "pages": ", ".join(PAGES),
            "folder": f"{self.folder}/" if self.folder else "",
            "tag": f"v{__version__}",
            "version": __version__,
            "docs": documents(),
            "schema": f"{RAW}/v{__version__}/catalog.schema.json",
        }


def documents() -> str:
    """Where the documentation of this release is."""
    return f"{REPOSITORY}/blob/v{__version__}/docs"


def catalog(start: Start) -> str:
    """The catalog, with comments."""
    source = _filled(f"sources/{start.kind}.yaml", start)
    return _filled("catalog.yaml", start, source=source.rstrip("\n"))


def templates(start: Start, *, tabs: bool, themed: bool) -> Iterator[tuple[str, str]]:
    """The site's templates, by path: each extends the packaged one.

    With `tabs` the tab bar is made of the site's own shortcodes. On a site with layouts that are
    not ours (`themed`), pages that are sections to Hugo get the layout of single pages.
    """
    for page in PAGES:
        name = f"{page}.md.j2"
        form = "section" if themed and page in _SECTIONS else "page"
        yield f"{TEMPLATES}/{name}", _filled(f"templates/{form}.md.j2", start, name=name)
    if tabs:
        yield f"{TEMPLATES}/tabs.md.j2", _filled("templates/tabs.md.j2", start)


def site(start: Start) -> Iterator[tuple[str, str]]:
    """A whole Hugo site that shows the pages, by path."""
    folder = FILES / "site"
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        path = file.relative_to(folder).as_posix()
        yield path, _filled(f"site/{path}", start)


def redirect() -> str:
    """The layout of the page of a retired image that leads to another."""
    return (FILES / "site/layouts/_default" / REDIRECT).read_text(encoding="utf-8")


def ci(start: Start, forge: str) -> tuple[str, str]:
    """The nightly job, for a repository on `github` or `gitlab`: path and text."""
    path = {"github": GITHUB, "gitlab": GITLAB}[forge]
    return path, _filled(f"ci/{forge}.yml", start)


def attributes(start: Start) -> list[str]:
    """The lines of `.gitattributes`: what the program writes is folded in reviews.

    Without `-diff`: the nightly job tells by the diff of `build.json` whether there is news.
    """
    names = ("tags.json", "details.json", "build*.json")
    return [f"/{start.content}/**/{name} linguist-generated" for name in names]


def ignored(*, whole_site: bool) -> list[str]:
    """The lines of `.gitignore`: what runs of tagpages leave, and Hugo's where the site is ours."""
    own = ["/.tagpages/", "/answers*.jsonl.gz", ".tagpages.lock"]
    return [*own, "/public/", "/resources/", ".hugo_build.lock"] if whole_site else own


def has_tabs_of_links(shortcodes: Mapping[str, list[Path]]) -> bool:
    """Whether the site's shortcodes `tabs` and `tab` are for links, as the sample site's are."""
    if not ("tabs" in shortcodes and "tab" in shortcodes):
        return False
    text = shortcodes["tab"][0].read_text(encoding="utf-8", errors="replace")
    return set(_PARAMETER.findall(text)) >= _OF_A_TAB


def _filled(path: str, start: Start, **more: str) -> str:
    text = (FILES / path).read_text(encoding="utf-8")
    return _Text(text).substitute(start.places, **more)
