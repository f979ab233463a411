"""The page of all images, of 800 and of 7,500: filter and sort, and how long a key press takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser import bare
from tests.browser.served import served
from tests.browser.work import Work
from tests.support import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Open

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("browser")]

SIZES = (800, 7500)
SIGNED = "app"
LONGEST = 50
"""Milliseconds that a key press may take."""


@pytest.fixture(scope="session", params=SIZES)
def size(request: pytest.FixtureRequest) -> int:
    """How many images there are."""
    count: int = request.param
    return count


@pytest.fixture(scope="session")
def index(size: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an index of so many images; only `app` has facts, and is signed."""
    site = Site(tmp_path_factory.mktemp("index"))
    words = ("api", "base", "cache", "db", "proxy")
    names = [f"{words[number % 5]}-{number}" for number in range(size - 2)]
    images = {"app": bare.several(6)} | dict.fromkeys(names, bare.few())
    images["zoo"] = {"2.0": (bare.digest("zoo"), bare.NOW)}
    bare.write_pages(site, images, pages=["index"])
    with served(bare.build(site.root, bare.OWN_FILES)) as url:
        yield f"{url}/ref/"


@pytest.fixture
def page(open_page: Open, index: str) -> Page:
    return open_page(index)


def names(page: Page) -> list[str]:
    """The images that are shown, in their order."""
    shown: list[str] = page.locator("tbody tr td:first-child").all_text_contents()
    return shown


def status(page: Page) -> str:
    return page.locator(".tagpages-filter [role=status]").text_content() or ""


@pytest.mark.parametrize(
    ("typed", "first", "count"),
    [
        ("proxy-14", "proxy-14", None),
        ("private", "app", 1),
        ("2024-06-03", "zoo", 1),
        ("yes latest", "app", 1),
        ("no such image", None, 0),
    ],
)
def test_a_filter_looks_in_all_columns(
    page: Page, size: int, typed: str, first: str | None, count: int | None
) -> None:
    assert status(page) == f"{size:,} rows"
    page.get_by_label("Filter").fill(typed)
    assert names(page)[:1] == ([first] if first else [])
    if count is not None:
        assert status(page) == f"{count} of {size:,} rows"


@pytest.mark.parametrize(
    ("heading", "up", "down"),
    [
        ("Image", "api-0", "zoo"),
        ("Last changed", "api-0", "zoo"),
        ("Found in", "api-0", "app"),
        ("Signed", "api-0", "app"),
    ],
)
def test_a_column_sorts_up_and_then_down(page: Page, heading: str, up: str, down: str) -> None:
    for order, first in (("ascending", up), ("descending", down)):
        page.get_by_role("button", name=heading).press("Enter")
        sorted_by = page.locator("th[aria-sort]")
        assert sorted_by.get_attribute("aria-sort") == order
        assert sorted_by.text_content() == heading
        assert names(page)[0] == first


def test_a_key_press_is_answered_in_time(page: Page) -> None:
    took = Work(page).of_each((*"proxy-14", *["Backspace"] * 8))
    assert max(took) <= LONGEST, took


def test_without_scripts_every_image_is_there_to_follow(
    open_page: Open, index: str, size: int
) -> None:
    page = open_page(index, scripts=False)
    assert page.locator("tbody a").count() == size
