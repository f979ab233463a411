"""Every kind of page: accessible in light and dark, whole at 360 px, light, and still."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from tests.browser.bare import digest

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import Open

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("browser")]

BARE = ["", "app/", "app/image_specs/", "app/tags_history/", "app/provenance_info/"]
BARE += ["few/tags_history/", "package-index/"]
SAMPLE = ["", "calico-apiserver/", "calico-apiserver/tags_history/", "python/tags_history/"]
SHIFTS = """() => new Promise(told => {
  const moved = [];
  new PerformanceObserver(list => {
    for (const shift of list.getEntries()) {
      moved.push(...shift.sources.map(({node}) => node?.outerHTML ?? node?.data));
    }
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => told(moved), 500);
})"""
"""What has moved half a second after the page is there (Layout Instability API)."""


PAINTED = """() => new Promise(told => {
  new PerformanceObserver(list => told(list.getEntries().length > 0))
    .observe({type: "paint", buffered: true});
})"""
"""Whether the browser has painted, as soon as it has (Paint Timing API)."""


@pytest.fixture(params=[*(f"bare {path}" for path in BARE), *(f"sample {path}" for path in SAMPLE)])
def address(request: pytest.FixtureRequest, bare_site: str, sample_site: str) -> str:
    """The address of one page of each kind."""
    site, _, path = request.param.partition(" ")
    return f"{bare_site if site == 'bare' else sample_site}/{path}"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_accessibility_rule_is_violated(
    open_page: Open, axe: Callable[[Page], list[str]], address: str, width: int, *, dark: bool
) -> None:
    page = open_page(address, width=width, dark=dark)
    for fold in page.locator("details").all():
        fold.evaluate("fold => { fold.open = true; }")
    assert axe(page) == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_no_page_scrolls_sideways(open_page: Open, address: str, *, scripts: bool) -> None:
    page = open_page(address, scripts=scripts)
    for width in (360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_moves_while_a_page_loads(open_page: Open, address: str, width: int) -> None:
    assert open_page(address, width=width).evaluate(SHIFTS) == []


@pytest.mark.parametrize("path", ["app/tags_history/", "few/tags_history/"])
def test_at_360_px_a_digest_is_short_and_the_whole_of_it_one_press_away(
    open_page: Open, bare_site: str, path: str
) -> None:
    page = open_page(f"{bare_site}/{path}", width=360)
    value = digest("app 0" if path.startswith("app") else "few")
    row = page.locator("tr", has_text=value)
    code = row.get_by_text(value)
    one_line = code.evaluate("code => code.clientHeight")
    seen = code.evaluate("code => code.clientWidth / code.scrollWidth")
    assert 19 / 71 < seen < 1  # `sha256:` and twelve characters are enough to tell digests apart
    whole = row.get_by_role("button", name="Whole")
    whole.press("Enter")
    assert whole.get_attribute("aria-expanded") == "true"
    assert code.evaluate("code => code.scrollWidth <= code.parentElement.clientWidth")
    assert code.evaluate("code => code.clientHeight") > one_line
    row.get_by_role("button", name="Copy Digest").click()
    page.locator("[role=status]", has_text="Copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == value


def test_a_page_of_500_tags_is_light(bare_site: str) -> None:
    with urlopen(f"{bare_site}/many/tags_history/") as answer:  # noqa: S310 - loopback
        assert len(answer.read()) < 250_000


def test_the_first_paint_waits_for_no_script(open_page: Open, bare_site: str) -> None:
    """The script is on its way for as long as this test likes; the page is there to read."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page = open_page(f"{bare_site}/few/tags_history/")
    page.route("**/*.js", hold)
    page.reload(wait_until="commit")
    page.get_by_text(digest("few")).wait_for()
    assert page.evaluate(PAINTED)
    assert page.locator("button").count() == 0
    assert len(held) == 1
    held[0].continue_()
    page.get_by_role("button", name="Copy FROM").first.wait_for()
