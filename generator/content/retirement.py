"""Images that are retired on purpose: what stands at their addresses from then on.

In the place of each page of such an image stands a short one, made from `retired.md.j2`: it says so
and, with a successor, leads to the successor's page. No other page is touched for it, and a page is
replaced at once, so that the old address is alive at every instant. The key `retired` in its front
matter names the successor. By that key a later night knows that there is nothing left to do, and
the image gets pages as new ones when the catalog does not retire it any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial

from generator.catalog.globs import meant, nearest
from generator.catalog.images import Retired
from generator.content.page import RETIRED, retired_for
from generator.content.plan import Plan
from generator.content.publish import Publisher
from generator.content.tree import Change
from generator.pages.base import Page, Subject
from generator.pages.environment import yaml_value

TEMPLATE = "retired.md.j2"


def plan_retired(
    plan: Plan,
    publisher: Publisher,
    images: Iterable[str],
    retired: Mapping[str, Retired],
    paged: Collection[str],
) -> None:
    """Plan what becomes of the `images`, which are retired and have files of ours.

    An image whose successor has no pages, as the `paged` ones have, is left as it is, and fails.
    """
    for image in images:
        successor = retired[image].redirect
        if successor and successor not in paged:
            reason = f"it is retired in favour of `{successor}`, which has no page"
            plan.fail(image, reason + meant([nearest(successor, paged)]))
        elif plan.add(image, partial(_changes, publisher, image, successor), after=successor):
            plan.tell("retired", image, successor or "")


def _changes(publisher: Publisher, image: str, successor: str | None) -> list[Change]:
    """The short pages in place of an image's, and all else of it removed."""
    pages = [output for output in publisher.image_outputs if isinstance(output, Page)]
    changes = [_page(publisher, image, successor, page) for page in pages]
    removed = publisher.removal(image, kept=[page.file for page in pages])
    return [change for change in changes if change] + removed


def _page(
    publisher: Publisher, image: str, successor: str | None, page: Page[Subject]
) -> Change | None:
    path = f"{image}/{page.file}"
    says: object = successor or True
    old = (publisher.tree.read(path) or b"").decode(errors="replace")
    if retired_for(old) == yaml_value(says):
        return None
    site = publisher.settings
    values = {
        "image": image,
        "successor": successor,
        "url": f"{site.url}{successor}/{page.path}" if successor else "",
        "as_of": site.as_of,
    }
    return publisher.page(path, TEMPLATE, values, **{RETIRED: says})
