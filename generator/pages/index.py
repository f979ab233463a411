"""Page kind `index`: all images of the site, a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from generator.facts.base import Absent, Found
from generator.facts.evidence import EVIDENCE
from generator.facts.image import IMAGE, Platform
from generator.facts.policy import NotVerified
from generator.pages.base import Page, Site, Subject
from generator.pages.overview import contents, pulls


class ImageView(msgspec.Struct, frozen=True):
    """A line of the index: `tables` are the titles (Markdown) of those that have tags of the image.

    `tag` is the default one of the first of these, and `platforms` are that one's; they are empty
    where nobody told them. `last_changed` (UTC) is the newest of all tags; None without any tag.
    `signed` says whether a signature counts that is attached to what the tag points to in any
    table; None where nobody has looked.
    """

    name: str
    url: str
    tables: tuple[str, ...]
    tag: str
    last_changed: datetime | None
    platforms: tuple[Platform, ...]
    signed: bool | None


class RetiredView(msgspec.Struct, frozen=True):
    """A retired image; `successor` and its `successor_url` are empty where there is none."""

    name: str
    url: str
    successor: str
    successor_url: str


def view(subjects: Sequence[Subject], site: Site) -> Mapping[str, object]:
    """What the template is given (`docs/templates.md`)."""
    images = [_image(subject, site) for subject in subjects]
    return {
        "images": images,
        "looked": any(image.signed is not None for image in images),
        "retired": [
            RetiredView(name, _url(name, site), new or "", _url(new, site) if new else "")
            for name, new in sorted(site.retired.items())
        ],
        "url": site.url,
        "as_of": site.as_of,
    }


def _image(subject: Subject, site: Site) -> ImageView:
    image, details = subject
    found = pulls(image, site)
    facts = contents(details, found[0].digest) if found else None
    times = (group.last_changed for table in image.tables for group in table.groups)
    return ImageView(
        name=image.name,
        url=_url(image.name, site),
        tables=tuple(pull.title for pull in found),
        tag=found[0].tag if found else "",
        last_changed=max(times, default=None),
        platforms=facts.platforms if facts else (),
        signed=_signed(subject, found[0].digest) if found else None,
    )


def _signed(subject: Subject, digest: str) -> bool | None:
    """Whether a digest is signed in any of the tables; None where nobody could tell."""
    facts = [EVIDENCE.of(subject.details.of(table.name, digest)) for table in subject.image.tables]
    found = [fact.value for fact in facts if isinstance(fact, Found)]
    if not found and not any(isinstance(fact, Absent) for fact in facts):
        return None
    return any(
        item.sort == "signature" and not item.wrong and not isinstance(item.verdict, NotVerified)
        for items in found
        for item in items
    )


def _url(image: str, site: Site) -> str:
    return f"{site.url}{image}/{site.home}"


OUTPUT = Page(
    title="Images",
    file="_index.md",
    path="",
    template="index.md.j2",
    view=view,
    needs=frozenset({IMAGE.name}),
)
