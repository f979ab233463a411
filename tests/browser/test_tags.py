"""The page of tags as readers use it: copying, filtering, anchors, folded rows, the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.bare import digest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Open

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("browser")]

NEWEST, OLD = digest("app 0"), digest("app 29")
ADDRESS = "r.example.com/public/app"


def clipboard(page: Page) -> object:
    return page.evaluate("navigator.clipboard.readText()")


def shown_rows(page: Page) -> int:
    count: int = page.locator("tbody tr:visible").count()
    return count


@pytest.fixture
def tags(open_page: Open, bare_site: str) -> Page:
    return open_page(f"{bare_site}/app/tags_history/")


@pytest.mark.parametrize(
    ("button", "text"),
    [
        ("Copy Digest", NEWEST),
        ("Copy Reference", f"{ADDRESS}:latest@{NEWEST}"),
        ("Copy FROM", f"FROM {ADDRESS}:latest@{NEWEST}"),
    ],
)
def test_a_button_copies_and_says_so(tags: Page, button: str, text: str) -> None:
    tags.locator("tr", has_text=NEWEST).get_by_role("button", name=button).click()
    said = tags.locator("[role=status]", has_text="Copied")
    assert said.first.text_content() == f"Copied: {text}"
    assert clipboard(tags) == text


def test_what_is_copied_of_another_table_has_its_address(tags: Page) -> None:
    row = tags.locator("tr", has_text=digest("private"))
    row.get_by_role("button", name="Copy FROM").click()
    tags.locator("[role=status]", has_text="Copied").wait_for(state="attached")
    assert clipboard(tags) == f"FROM r.example.com/private/app:latest@{digest('private')}"


def test_the_tag_that_the_address_names_is_the_one_that_is_copied(
    open_page: Open, bare_site: str
) -> None:
    page = open_page(f"{bare_site}/app/tags_history/#tag-3.7-dev")
    row = page.locator("tr", has_text=digest("app 7"))
    row.get_by_role("button", name="Copy Reference").click()
    page.locator("[role=status]", has_text="Copied").wait_for(state="attached")
    assert clipboard(page) == f"{ADDRESS}:3.7-dev@{digest('app 7')}"


def test_a_filter_shows_the_rows_that_have_all_words_and_counts_them(tags: Page) -> None:
    status = tags.get_by_label("Filter").locator("xpath=../../p")
    assert status.text_content() == "30 rows"
    tags.get_by_label("Filter").fill("3.1 dev")
    assert status.text_content() == "11 of 30 rows"
    tags.get_by_label("Filter").fill("")
    assert status.text_content() == "30 rows"


@pytest.mark.parametrize(
    "pasted", [digest("app 15"), f"{ADDRESS}:3.15@{digest('app 15')}", digest("app 15")[7:19]]
)
def test_a_filter_finds_a_pasted_digest(tags: Page, pasted: str) -> None:
    tags.get_by_label("Filter").fill(pasted)
    assert tags.locator("tbody tr:visible").first.inner_text().split()[0] == "3.15"
    assert "1 of 30 rows" in tags.locator(".tagpages-filter").inner_text()


def test_more_rows_than_a_key_press_draws_are_there_at_a_click(
    open_page: Open, bare_site: str
) -> None:
    tags = open_page(f"{bare_site}/many/tags_history/")
    tags.get_by_label("Filter").fill("3.1")
    assert shown_rows(tags) == 50
    tags.get_by_role("button", name="Show all 111 rows").click()
    assert shown_rows(tags) == 111
    assert tags.evaluate("document.activeElement.textContent") == "3.139"


def test_a_filter_opens_the_folded_rows_where_it_finds_any_and_closes_them_again(
    tags: Page,
) -> None:
    fold = tags.locator("details")
    assert fold.get_attribute("open") is None
    tags.get_by_label("Filter").fill(OLD)
    assert tags.get_by_text("3.29-dev").is_visible()
    tags.get_by_label("Filter").fill("latest")
    assert fold.get_attribute("open") is None


def test_older_rows_are_folded_under_a_sentence_that_counts_them(tags: Page) -> None:
    fold = tags.locator("details")
    assert fold.locator("summary").text_content() == (
        "10 older tags, which have not changed in the last month:"
    )
    assert not tags.get_by_text("3.29-dev").is_visible()
    fold.locator("summary").press("Enter")
    assert tags.get_by_text("3.29-dev").is_visible()


@pytest.mark.parametrize("tag", ["3.17-dev", "3.29-dev"])
def test_an_anchor_leads_to_its_tag_also_in_folded_rows(
    open_page: Open, bare_site: str, tag: str
) -> None:
    page = open_page(f"{bare_site}/app/tags_history/#tag-{tag}")
    row = page.locator("tr[aria-current=true]")
    assert tag in row.inner_text()
    assert row.is_visible()
    assert 0 < row.evaluate("row => row.getBoundingClientRect().top") < 800
    assert page.evaluate("document.activeElement.textContent") == tag


def test_older_rows_are_there_to_open_on_a_page_of_many_tags(
    open_page: Open, bare_site: str
) -> None:
    page = open_page(f"{bare_site}/many/tags_history/")
    assert shown_rows(page) == 50
    page.locator("summary").click()
    assert shown_rows(page) == 50 + 5


def test_an_anchor_is_followed_while_a_filter_hides_its_row(tags: Page) -> None:
    tags.get_by_label("Filter").fill("latest")
    tags.evaluate("location.hash = '#tag-3.17'")
    assert tags.locator("tr[aria-current=true]").get_by_text("3.17-dev").is_visible()
    assert tags.get_by_label("Filter").input_value() == ""


def test_every_tag_has_one_anchor_and_a_later_table_s_has_the_table_s_name(tags: Page) -> None:
    ids = tags.evaluate("[...document.querySelectorAll('a[id^=tag-]')].map(link => link.id)")
    assert len(ids) == len(set(ids)) == 61
    assert {"tag-latest", "tag-3.29-dev", "tag-latest@private"} < set(ids)


def test_a_day_has_the_time_and_how_long_ago_it_was_as_its_title(
    open_page: Open, bare_site: str
) -> None:
    page = open_page(f"{bare_site}/few/tags_history/")
    day = page.locator("time", has_text="June 2nd").first
    assert day.get_attribute("datetime") == "2024-06-02T00:46:08Z"
    title = day.get_attribute("title") or ""
    assert title.endswith(" ago: 2024-06-02 00:46 UTC")


def test_the_active_tab_is_the_current_page_for_assistive_technology(tags: Page) -> None:
    tabs = tags.get_by_role("navigation", name="Pages of this image")
    assert tabs.locator("[aria-current=page]").text_content() == "Tags History"
    assert tabs.get_by_role("link").count() == 3


def test_the_keyboard_alone_is_enough(tags: Page) -> None:
    """From the filter by Tab to the first tag, its buttons, the folded rows, and back."""
    tags.get_by_label("Filter").focus()
    tags.keyboard.type("3.29")
    tags.keyboard.press("Tab")
    assert tags.evaluate("document.activeElement.tagName") == "SUMMARY"
    for _ in range(5):
        tags.keyboard.press("Tab")
    assert tags.evaluate("document.activeElement.textContent") == "FROM"
    tags.keyboard.press("Enter")
    tags.locator("[role=status]", has_text="Copied").wait_for(state="attached")
    assert clipboard(tags) == f"FROM {ADDRESS}:3.29@{OLD}"
    tags.keyboard.press("Shift+Tab")
    tags.keyboard.press("Space")
    tags.locator("[role=status]", has_text="Copied: r.").wait_for(state="attached")
    assert clipboard(tags) == f"{ADDRESS}:3.29@{OLD}"


def test_without_scripts_every_tag_digest_and_day_is_there_to_read(
    open_page: Open, bare_site: str
) -> None:
    page = open_page(f"{bare_site}/app/tags_history/", scripts=False)
    text = page.locator("main").inner_text()
    for tag, value in (("latest", NEWEST), ("3.29-dev", OLD), ("3.29", OLD)):
        assert tag in text.split()
        assert value in text
    assert page.locator("button, input").count() == 0
    last = page.get_by_text(OLD)
    assert last.is_visible()
    assert last.evaluate("code => code.scrollWidth <= code.parentElement.clientWidth")
