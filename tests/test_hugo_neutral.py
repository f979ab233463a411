"""The packaged pages on sites that know nothing of tagpages: a real Hugo builds them."""

from __future__ import annotations

import pytest

from tests.hugo import hugo, read, shown
from tests.support import ROOT, Site

NIGHT = "2026-11-24T22:14:36Z"
IMAGES = {"app", "team/app", "tool"}


def built_at_once(site: Site, time_zone: str) -> set[str]:
    """The images that have a page when Hugo builds in the second that tagpages wrote them in."""
    site.lists({image: [("latest", "a", "2026-11-20T10:00:00Z")] for image in IMAGES})
    site.build("--as-of", NIGHT)
    out = site.root / "site"
    done = hugo(site.content, out, "--clock", NIGHT, HUGO_TIMEZONE=time_zone)
    assert done.returncode == 0, done.stderr
    pages = [page.parent.relative_to(out) for page in out.glob("**/tags_history/index.html")]
    for page in pages:
        assert shown(read(out, str(page)).find(".//time")) == "24 November 2026, 22:14 UTC"
    return {page.parent.as_posix() for page in pages}


@pytest.mark.parametrize(
    "time_zone",
    [
        "UTC",
        "America/New_York",
        "Asia/Kolkata",
        "Pacific/Kiritimati",  # the first to have a new day
        "Pacific/Pago_Pago",  # the last
    ],
)
def test_new_pages_are_built_at_once_whatever_the_site_s_time_zone(
    site: Site, time_zone: str
) -> None:
    assert built_at_once(site, time_zone) == IMAGES


def test_a_tab_s_title_is_shown_as_the_catalog_has_it(site: Site) -> None:
    titles = [
        'a "quotation" & an entity: &amp;',
        "a back\\slash, and one before a \\*star*",
        "an <b>element</b>",
        "{{< tabs >}}",
        "{{% tabs %}}",
        "{{</* tabs */>}}",
        "*stars* and _lines_, ~tildes~, [brackets](/x/), a|pipe, #, 1. and --",
    ]
    tabs = [{"title": title, "url": f"/{number}/"} for number, title in enumerate(titles)]
    site.catalog(tabs=[*tabs, {"title": "*Here*", "path": "tags_history/"}])
    site.lists({"app": [("latest", "a", "2024-06-01T10:00:00Z")]})
    site.build()
    done = hugo(
        site.content, site.root / "site", HUGO_MARKUP_GOLDMARK_EXTENSIONS_TYPOGRAPHER_DISABLE="true"
    )
    assert done.returncode == 0, done.stderr
    page = read(site.root / "site", "app/tags_history")
    links = page.findall(".//main/p/a")
    assert [(shown(link), link.get("href")) for link in links if link.get("type") is None] == [
        (title, f"/{number}/") for number, title in enumerate(titles)
    ]
    assert [shown(bold) for bold in page.findall(".//main/p/strong")] == ["*Here*"]


def test_a_time_without_an_offset_is_read_in_the_site_s_time_zone(site: Site) -> None:
    site.catalog(templates=str(ROOT / "templates"))
    assert built_at_once(site, "America/New_York") == set()
