"""Page kind `overview`: what an image is, how to get it, its variants at a glance."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from generator.errors import Failure, TagpagesError
from generator.facts.base import Details
from generator.facts.image import IMAGE, ImageFacts
from generator.grouping import default_tag, documented
from generator.model import Image
from generator.pages.base import Page, Site, Subject
from generator.pages.plain import one_line
from generator.pages.tabs import page_values
from generator.sources.base import README

PATH = ""
DESCRIPTION = "org.opencontainers.image.description"
"""The label with a sentence on the image (OCI Image Specification 1.1, "Annotations")."""
DESCRIPTION_LIMIT = 300
"""The most characters that a page shows of such a label."""


class PullView(msgspec.Struct, frozen=True):
    """How to get an image from the registry of one `table`, whose `title` is Markdown.

    `tag` is `latest`, else the newest one, and `digest` what it points to. `registry` and
    `repository` are empty where they are not known.
    """

    table: str
    title: str
    registry: str
    repository: str
    tag: str
    digest: str


class VariantView(msgspec.Struct, frozen=True):
    """A documented tag of a table, whose `title` is Markdown.

    `facts` say what its digest contains; None where that is not known.
    """

    tag: str
    title: str
    digest: str
    facts: ImageFacts | None


def view(subject: Subject, site: Site) -> Mapping[str, object]:
    """What the template is given (`docs/templates.md`)."""
    image = subject.image
    return page_values(site, image.name, PATH) | {
        "description": describe(subject, site),
        "pulls": pulls(image, site),
        "variants": variants_of(subject, site),
        "readme": _readme(subject, site),
    }


def describe(subject: Subject, site: Site) -> str:
    """A sentence that says what an image is, in plain text; empty where nobody told."""
    image, details = subject
    return site.descriptions.get(image.name) or _label(pulls(image, site), details)


def variants_of(subject: Subject, site: Site) -> list[VariantView]:
    """The documented tags, table by table."""
    image, details = subject
    return [
        VariantView(tag, site.tables[table].title, digest, contents(details, digest))
        for table, tag, digest in documented(image.tables, site.variants)
    ]


def _readme(subject: Subject, site: Site) -> str:
    """The README as Markdown: the one of the catalog's folder, or else a registry's."""
    name, known = subject.image.name, subject.details.readme
    text = site.own_readmes.get(name) or (known.text if known else "")
    if isinstance(text, Failure):
        raise TagpagesError(text.reason)
    if not text:
        return ""
    from generator.pages.readme import readme_markdown  # noqa: PLC0415 - the parser is large

    return readme_markdown(text, name, site.readmes)


def contents(details: Details, digest: str) -> ImageFacts | None:
    """What a digest of an image contains; None where that is not known."""
    return IMAGE.found(details.facts.get(digest, {}))


def pulls(image: Image, site: Site) -> list[PullView]:
    """How to get an image, for each of its tables that has tags."""
    found = []
    for table in image.tables:
        if default := default_tag(table.groups, site.tag_order):
            info = site.tables[table.name]
            address = info.address(image.name)
            tag, digest = default.tags[0], default.digest
            found.append(PullView(table.name, info.title, *address, tag, digest))
    return found


def _label(found: list[PullView], details: Details) -> str:
    """What the image says of itself in a label, cut where it is long."""
    known = (contents(details, pull.digest) for pull in found)
    labels = (facts.config.labels.get(DESCRIPTION, "") for facts in known if facts)
    text = one_line(next(filter(None, labels), ""))
    return text if len(text) <= DESCRIPTION_LIMIT else f"{text[: DESCRIPTION_LIMIT - 1]}…"


OUTPUT = Page(
    title="Overview",
    file="_index.md",
    path=PATH,
    template="overview.md.j2",
    view=view,
    needs=frozenset({IMAGE.name, README}),
)
