"""Page kind `index`: all images of the site, a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from generator.facts.base import Absent, Facts, Found
from generator.facts.evidence import EVIDENCE, is_signed
from generator.facts.image import IMAGE, Platform
from generator.facts.policy import NotVerified
from generator.pages.base import Page, Site, Subject
from generator.pages.overview import contents, pulls


class ImageView(msgspec.Struct, frozen=True):
    """A line of the index: `tables` are the titles (Markdown) of those that have tags of the image.

    `tag` is the default one of the first of these, and `platforms` are that one's; they are empty
    where nobody told them. `signed` says whether a signature, or a signed attestation, was found of
    it, and not found to be of somebody else; None where that is not known. `last_changed` (UTC) is
    the newest of all tags; None without any tag.
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
    return {
        "images": [_image(subject, site) for subject in subjects],
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
        signed=_signed(details.of(found[0].table, found[0].digest)) if found else None,
    )


def _signed(facts: Facts) -> bool | None:
    fact = EVIDENCE.of(facts)
    if isinstance(fact, Found):
        return is_signed([one for one in fact.value if not isinstance(one.verdict, NotVerified)])
    return False if isinstance(fact, Absent) else None


def _url(image: str, site: Site) -> str:
    return f"{site.url}{image}/{site.home}"


OUTPUT = Page(
    title="Images",
    file="_index.md",
    path="",
    template="index.md.j2",
    view=view,
    needs=frozenset({IMAGE.name, EVIDENCE.name}),
)
