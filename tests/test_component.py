"""The Hugo component: what it adds to which pages, as a real Hugo builds them."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from tests.hugo import build, hugo, read
from tests.support import Site, digest

PAGE = "---\ntitle: Page\n---\n\nText.\n"
TABLES = [
    {
        "name": name,
        "title": title,
        "source": {
            "kind": "listing",
            "path": f"{name}.json",
            "registry": "r.example.com",
            "repository": f"{name}/{{image}}",
        },
    }
    for name, title in (("public", "The *public* registry & more"), ("private", None))
]


def added(page: Element) -> list[Element]:
    """The component's elements in the head of a page."""
    return [e for e in page.iterfind("head/*") if "tagpages" in " ".join(e.attrib.values())]


def tables(page: Element) -> Any:
    """What the script is told of the page's tables."""
    (data,) = page.iterfind("head/script[@id='tagpages-tables']")
    return json.loads(data.text or "")


@pytest.fixture
def pages(site: Site) -> Path:
    """A site of two images, one of which lies elsewhere, and a page of people's."""
    time = "2024-06-01T10:20:30Z"
    site.catalog(
        pages=["index", "overview", "tags_history"],
        outputs=["addresses"],
        tables=TABLES,
        images={"overrides": {"team/app": {"private": {"repository": "elsewhere/app"}}}},
    )
    site.lists({"team/app": [("latest", "a", time)]}, {"elsewhere/app": [("1", "b", time)]})
    site.build()
    (site.content / "guide.md").write_text(PAGE)
    (site.content / "team/_index.md").write_text(PAGE)
    done = hugo(site.content, site.root / "site")
    assert done.returncode == 0, done.stderr
    return site.root / "site"


@pytest.mark.parametrize("url", ["guide", "team"])
def test_a_page_of_people_s_gets_nothing(pages: Path, url: str) -> None:
    assert added(read(pages, url)) == []


@pytest.mark.parametrize(
    ("url", "kind"),
    [("", "index"), ("team/app", "other"), ("team/app/tags_history", "tags_history")],
)
def test_a_page_of_tagpages_gets_one_style_sheet_and_one_script_that_waits(
    pages: Path, url: str, kind: str
) -> None:
    style, *data, script = added(read(pages, url))
    assert (script.get("defer"), script.get("data-tagpages")) == ("", kind)
    assert len(data) == (kind == "tags_history")
    for element, link in ((style, "href"), (script, "src")):
        file = pages / element.attrib[link].removeprefix("/")
        hashed = b64encode(sha256(file.read_bytes()).digest()).decode()
        assert element.get("integrity") == f"sha256-{hashed}"


def test_the_script_is_told_titles_addresses_and_times(pages: Path) -> None:
    time = "2024-06-01T10:20:30Z"
    assert tables(read(pages, "team/app/tags_history")) == [
        {
            "name": "public",
            "title": "The public registry & more",
            "address": "r.example.com/public/team/app",
            "changed": {digest("a")[7:19]: time},
        },
        {
            "name": "private",
            "title": "Private",
            "address": "r.example.com/private/elsewhere/app",
            "changed": {digest("b")[7:19]: time},
        },
    ]


def test_without_addresses_the_rest_is_told(tmp_path: Path) -> None:
    group = {"digest": digest("a"), "last_changed": "2024-06-01T10:20:30Z", "tags": ["1"]}
    state = {"version": 1, "image": "app", "tables": [{"name": "public", "groups": [group]}]}
    files = {"app/tags.json": json.dumps(state), "app/tags_history.md": PAGE}
    (table,) = tables(read(build(tmp_path, files), "app/tags_history"))
    assert (table["title"], table["address"]) == ("Public", "")
    assert table["changed"] == {digest("a")[7:19]: "2024-06-01T10:20:30Z"}


def test_hostile_text_ends_no_script(tmp_path: Path) -> None:
    hostile = "</script><b>{{ 1 }}"
    state = {"version": 1, "image": "app", "tables": [{"name": "public", "groups": []}]}
    table = {"name": "public", "title": f"`{hostile}`", "registry": "r", "repository": hostile}
    files = {
        "app/tags.json": json.dumps(state),
        "app/tags_history.md": PAGE,
        "addresses.json": json.dumps({"version": 1, "tables": [table | {"images": {}}]}),
    }
    (told,) = tables(read(build(tmp_path, files), "app/tags_history"))
    assert told["address"] == f"r/{hostile}"
    assert told["title"] == hostile
