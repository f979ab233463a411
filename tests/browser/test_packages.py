"""The package index as readers ask it: which images have a package, and in which versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Open

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("browser")]


@pytest.fixture
def index(open_page: Open, bare_site: str) -> Page:
    return open_page(f"{bare_site}/package-index/")


def asked(page: Page, question: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the page answers: packages, each with its versions and their images."""
    page.get_by_role("searchbox", name="Package").fill(question)
    page.get_by_role("status").get_by_text("1 package", exact=True).wait_for()
    return [
        (
            section.locator("h2").inner_text(),
            [
                (row.locator("td").nth(0).inner_text(), row.locator("td").nth(1).inner_text())
                for row in section.locator("tbody tr").all()
            ],
        )
        for section in page.locator("section").all()
    ]


@pytest.mark.parametrize(
    ("question", "versions"),
    [
        ("lib10", ["1.10-r0", "1.9-r0"]),
        ("LIB10 < 1.10", ["1.9-r0"]),
        ("lib10 below 1.10", ["1.9-r0"]),
        ("lib10>=1.10", ["1.10-r0"]),
        ("lib10 = 1.9", ["1.9-r0"]),
    ],
)
def test_it_answers_which_images_have_a_version(
    index: Page, question: str, versions: list[str]
) -> None:
    said = asked(index, question)
    assert [name for name, _ in said] == ["lib10 (apk)"]
    assert [version for version, _ in said[0][1]] == versions
    assert all("app:latest" in images for _, images in said[0][1])


def test_no_version_that_holds_is_said(index: Page) -> None:
    assert asked(index, "lib10 > 2") == [("lib10 (apk)", [])]
    assert index.get_by_text("No image has such a version.").is_visible()


def test_where_the_order_is_not_known_nothing_is_compared(index: Page) -> None:
    [(heading, versions)] = asked(index, "module < v0")
    assert heading.startswith("module (golang): how its versions are ordered is not known")
    assert [version for version, _ in versions] == ["v1"]


def test_the_beginning_of_a_name_finds_the_packages_that_begin_so(
    open_page: Open, bare_site: str
) -> None:
    page = open_page(f"{bare_site}/package-index/")
    page.get_by_role("searchbox", name="Package").fill("lib5")
    page.get_by_text("lib5 (apk)").wait_for()
    assert page.locator("section").count() == 1  # the whole name is there
    page.get_by_role("searchbox", name="Package").fill("li")
    page.get_by_text("20 packages").wait_for()
    assert page.locator("section").count() == 20


def test_without_scripts_the_files_are_there(open_page: Open, bare_site: str) -> None:
    page = open_page(f"{bare_site}/package-index/", scripts=False)
    assert page.get_by_role("link", name="packages-l.json").get_attribute("href") == (
        "/ref/packages-l.json"
    )
    assert page.get_by_role("searchbox").count() == 0
