"""Output `llms`: the site's `llms.txt`, and of each image a twin of its pages in plain Markdown.

Source: llmstxt.org. A twin has neither front matter nor shortcodes, and every live tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from generator.facts.image import IMAGE
from generator.model import Table
from generator.pages.base import DataFile, Site, Subject
from generator.pages.cells import code
from generator.pages.links import image_url
from generator.pages.overview import describe, pulls, variants_of
from generator.pages.plain import one_line

FILE = "llms.txt"


def site_text(subjects: Sequence[Subject], site: Site) -> str:
    """All images, a line each, with links to their twins."""
    lines = ["# Container images", "", "Each image, with its tags and their digests.", ""]
    lines += ["## Images", ""]
    for subject in subjects:
        name = subject.image.name
        said = describe(subject, site)
        lines.append(f"- [{name}]({image_url(site, name)}{FILE}){f': {said}' if said else ''}")
    return "\n".join(lines) + "\n"


def image_text(subject: Subject, site: Site) -> str:
    """What the pages of an image say of its tags, and of its documented ones."""
    name = subject.image.name
    said = describe(subject, site)
    lines = [f"# {name}", "", *([f"> {said}", ""] if said else [])]
    lines += [f"Pages: {image_url(site, name)}{site.home}", ""]
    lines += _pull(subject, site)
    lines += _variants(subject, site)
    for table in subject.image.tables:
        lines += _tags(table, one_line(site.tables[table.name].title))
    return "\n".join(lines).rstrip("\n") + "\n"


def _pull(subject: Subject, site: Site) -> Iterator[str]:
    pinned = [pull for pull in pulls(subject.image, site) if pull.repository]
    if pinned:
        yield from ("## Pull", "")
        for pull in pinned:
            place = "/".join(filter(None, (pull.registry, pull.repository)))
            yield f"- {one_line(pull.title)}: `{place}:{pull.tag}@{pull.digest}`"
        yield ""


def _variants(subject: Subject, site: Site) -> Iterator[str]:
    known = [(variant, variant.facts) for variant in variants_of(subject, site) if variant.facts]
    if known:
        yield from ("## Variants", "")
        for variant, facts in known:
            user = code(facts.config.user) or "not specified"
            platforms = ", ".join(code(platform.name) for platform in facts.platforms)
            yield (
                f"- `{variant.tag}` ({one_line(variant.title)}): user {user};"
                f" platforms {platforms or 'not known'}"
            )
        yield ""


def _tags(table: Table, title: str) -> Iterator[str]:
    """A table's groups, one a line, of whatever age."""
    yield from (f"## {title}", "")
    for group in table.groups:
        yield f"- {group.last_changed.date()} `{group.digest}`: {_codes(group.tags)}"
    if not table.groups:
        yield "There is no tag of this image."
    yield ""


def _codes(tags: Iterable[str]) -> str:
    return ", ".join(f"`{tag}`" for tag in tags)


OUTPUT = DataFile(FILE, image_text, needs=frozenset({IMAGE.name}), links=frozenset({"llms"}))
SITE_OUTPUT = DataFile(FILE, site_text, needs=frozenset({IMAGE.name}), links=frozenset({"llms"}))
