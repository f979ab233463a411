"""Digests beyond the window: on the page, folded below it, or counted (`older` in the catalog)."""

from __future__ import annotations

import pytest

from tests.support import AS_OF, Listing, Site, digest

NEW, OLD = "2024-06-01T10:00:00Z", "2024-03-05T10:00:00Z"
NIGHT: Listing = {
    "app": [("latest", "a", NEW), ("1.2", "b", OLD), ("1", "b", OLD), ("1.1", "c", OLD)],
    "old": [("1.0", "d", OLD)],
}
HEAD = """\
| Tag (s) | Last Changed | Digest |
|-----|-----|-----|
"""
ROWS = {
    "new": f"|  `latest` | June 1st | `{digest('a')}` |\n",
    "old": f"|  `1.2` `1` | March 5th | `{digest('b')}` |\n"
    f"|  `1.1` | March 5th | `{digest('c')}` |\n",
}


def body(site: Site, image: str, **keys: object) -> str:
    """What stands below the only heading of an image's page."""
    site.catalog(tables=["public"], pad=False, **keys)
    site.lists(NIGHT)
    site.build()
    return site.body(image).partition("## Public\n\n")[2]


@pytest.mark.parametrize(
    ("older", "expected"),
    [
        (
            "fold",
            (
                f"{HEAD}{ROWS['new']}\n"
                f"3 older tags, which have not changed in the last month:\n\n{HEAD}{ROWS['old']}"
            ),
        ),
        ("hide", f"{HEAD}{ROWS['new']}\n3 older tags are not listed.\n"),
        ("show", f"{HEAD}{ROWS['new']}{ROWS['old']}"),
    ],
)
def test_older_digests_are_where_the_catalog_says(site: Site, older: str, expected: str) -> None:
    assert body(site, "app", older=older) == expected


@pytest.mark.parametrize(
    ("older", "expected"),
    [
        ("fold", f"1 older tag, which has not changed in the last month:\n\n{HEAD}|  `1.0` |"),
        ("hide", "1 older tag is not listed.\n"),
    ],
)
def test_a_table_of_old_digests_alone_says_so_first(site: Site, older: str, expected: str) -> None:
    said, _, rest = body(site, "old", older=older).partition("\n\n")
    assert said == "No tag of this image has changed in the last month."
    assert rest.startswith(expected)


def test_by_default_every_tag_that_the_registry_has_is_on_the_page(site: Site) -> None:
    text = body(site, "app")
    assert [text.count(f"`{tag}`") for tag, _, _ in NIGHT["app"]] == [1, 1, 1, 1]
    assert "not listed" not in site.body("app")


def test_a_digest_that_ages_goes_from_one_table_to_the_other(site: Site) -> None:
    body(site, "app")
    site.build("--as-of", "2024-08-01T00:00:00Z")
    text = site.body("app")
    assert "No tag of this image has changed in the last month.\n\n4 older tags, which" in text
    assert text.count("`sha256:") == 3


def test_the_guard_counts_what_is_within_the_window_wherever_the_rest_stands(site: Site) -> None:
    """Half of the visible tags gone is a loss, though the page loses a quarter of its rows."""
    night = {
        "app": [(f"n{i}", f"{i}", NEW) for i in range(8)] + [(f"o{i}", "e", OLD) for i in range(40)]
    }
    site.catalog(tables=["public"])
    site.lists(night)
    site.build()
    site.lists({"app": [tag for tag in night["app"] if tag[0] not in {f"n{i}" for i in range(5)}]})
    run = site.run("build", "--as-of", AS_OF)
    assert run.code == 1
    assert "Held back" in run.err
