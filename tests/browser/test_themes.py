"""The component on real sites: Docsy and Doks, from npm, each with its own styles and scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import bare
from tests.browser.served import served
from tests.doks import OWN_FILES, PACKAGES, mounts
from tests.npm import installed
from tests.support import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Open

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("browser")]

HEAD = '{{ partial "tagpages/head.html" . }}\n'
SECTIONS = {
    "content/_index.md": "---\ntitle: Home\n---\n",
    "content/docs/_index.md": "---\ntitle: Docs\n---\n",
}
SASS = "1.108.2"
URL = "/docs/ref/"


def write_pages(site: Site) -> None:
    images = {"app": bare.several(30), "few": bare.few()}
    bare.write_pages(site, images, content="content/docs/ref", url=URL)


def docsy(root: Path, url: str) -> None:
    """Docsy's hook `head-end` is where a site adds to the head; its styles need Dart Sass."""
    modules = installed(root, {"@docsy/theme": "0.17.0", "sass-embedded": SASS})
    config = {
        "baseURL": url,
        "title": "Docs",
        "themesDir": "node_modules",
        "module": {"imports": [{"path": "@docsy/theme"}, {"path": "tagpages"}]},
        "params": {"ui": {"showLightDarkModeMenu": True}},
    }
    files = SECTIONS | {"layouts/_partials/hooks/head-end.html": HEAD}
    sass = modules / "sass-embedded-linux-x64/dart-sass"
    bare.build(root, files, config, path=str(sass))


def doks(root: Path, url: str) -> None:
    """Doks has `custom-head.html` for what a site adds to the head.

    Its styles stand in for those of `@thulite/core`, and want two files of the site's.
    """
    modules = installed(root, {f"@thulite/{name}": version for name, version in PACKAGES.items()})
    core = str(modules / "@thulite/core/assets")
    config: dict[str, Any] = {
        "baseURL": url,
        "title": "Docs",
        "module": {
            "imports": [{"path": "tagpages"}],
            "mounts": [part for part in mounts(modules) if part["source"] != core],
        },
    }
    files = OWN_FILES | SECTIONS | {"layouts/_partials/head/custom-head.html": HEAD}
    files |= {f"assets/scss/common/_{name}.scss": "" for name in ("custom", "variables-custom")}
    del files["layouts/_partials/head/stylesheet.html"]
    bare.build(root, files, config)


@pytest.fixture(scope="module", params=[docsy, doks], ids=["docsy", "doks"])
def theme_site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of the pages on a site with a theme."""
    site = Site(tmp_path_factory.mktemp("theme"))
    write_pages(site)
    with served(site.root / "public", strict=False) as url:
        request.param(site.root, url)
        yield f"{url}{URL}"


def test_the_page_of_tags_has_all_that_the_component_adds(open_page: Open, theme_site: str) -> None:
    page = open_page(f"{theme_site}app/tags_history/#tag-3.29", alone=False)
    value = bare.digest("app 29")
    row = page.locator("tr[aria-current]")
    row.get_by_role("button", name="Copy FROM").click()
    page.locator("[role=status]", has_text="Copied").wait_for(state="attached")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"FROM r.example.com/public/app:3.29@{value}"
    page.get_by_label("Filter").fill(bare.digest("app 3"))
    assert "1 of 30 rows" in (page.locator(".tagpages-filter").text_content() or "")
    tabs = page.get_by_role("navigation", name="Pages of this image")
    assert tabs.locator("[aria-current=page]").text_content() == "Tags History"


@pytest.mark.parametrize("path", ["", "app/", "app/image_specs/", "app/tags_history/"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_the_component_shows_is_accessible(
    open_page: Open,
    axe: Callable[[Page, str], list[str]],
    theme_site: str,
    path: str,
    theme: str,
) -> None:
    """Both themes say which colours they show by the attribute `data-bs-theme`."""
    page = open_page(f"{theme_site}{path}", alone=False)
    page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
    page.wait_for_timeout(300)
    for part in page.locator("table, .tagpages-filter, details").all():
        part.evaluate("part => part.setAttribute('data-part', '')")
    assert axe(page, "[data-part]") == []


@pytest.mark.parametrize("width", [360, 1280])
def test_the_buttons_of_a_row_stand_within_it(open_page: Open, theme_site: str, width: int) -> None:
    page = open_page(f"{theme_site}app/tags_history/", width=width, alone=False)
    page.get_by_role("button", name="Whole digest").first.wait_for()
    assert page.locator("tbody tr").first.evaluate(
        """row => row.querySelector('.tagpages-copy').getBoundingClientRect().bottom
             <= row.getBoundingClientRect().bottom"""
    )


@pytest.mark.parametrize("path", ["app/tags_history/", "few/tags_history/", ""])
def test_no_page_scrolls_sideways(open_page: Open, theme_site: str, path: str) -> None:
    page = open_page(f"{theme_site}{path}", width=360, alone=False)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
