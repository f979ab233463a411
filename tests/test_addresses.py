"""The file that tells the Hugo component where images are pulled from."""

from __future__ import annotations

from tests.support import Listing, Site

NIGHT: Listing = {"main/app": [("latest", "a", "2024-06-01T10:00:00Z")]}
TABLES = [
    {
        "name": "public",
        "title": "Public *registry*",
        "source": {
            "kind": "listing",
            "path": "public.json",
            "registry": "r.example.com:5000",
            "repository": "team/{image}",
        },
    },
    {"name": "private", "source": {"kind": "listing", "path": "private.json"}},
]


def built(site: Site) -> str:
    site.catalog(
        tables=TABLES,
        outputs=["addresses"],
        images={"overrides": {"app": {"public": {"repository": "main/app"}}}},
    )
    site.lists(NIGHT)
    site.build()
    return (site.content / "addresses.json").read_text()


def test_each_table_has_its_title_its_address_and_the_images_that_lie_elsewhere(
    site: Site,
) -> None:
    assert (
        built(site)
        == """{
  "version": 1,
  "tables": [
    {
      "name": "public",
      "title": "Public *registry*",
      "registry": "r.example.com:5000",
      "repository": "team/{image}",
      "images": {
        "app": "team/main/app"
      }
    },
    {
      "name": "private",
      "title": "Private",
      "registry": "",
      "repository": "",
      "images": {}
    }
  ]
}
"""
    )


def test_no_night_changes_it(site: Site) -> None:
    before = built(site)
    site.lists(NIGHT | {"tool": NIGHT["main/app"]})
    site.build()
    assert (site.content / "addresses.json").read_text() == before
