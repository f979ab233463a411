"""The data files for readers and programs: feeds, Renovate's releases, texts, badges, packages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import feedparser  # type: ignore[import-untyped]
import jsonschema
import pytest

from generator.content.details import encode_details
from generator.facts.base import Absent, Change, CouldNotLook, Details, Found, Move
from generator.facts.evidence import SIGNATURE_TYPE, Evidence
from generator.facts.image import Config, ImageFacts, Platform
from generator.facts.packages import Packages
from generator.facts.policy import NotVerified, Signer, Verified
from generator.facts.sbom import Package
from generator.pages import package_index
from tests.hugo import hugo
from tests.support import ROOT, Listing, Run, Site, addressed_tables, digest, folder_of, tagpages

ATOM = "{http://www.w3.org/2005/Atom}"
DAY, NEXT = "2024-06-01T10:00:00Z", "2024-06-02T10:00:00Z"
NIGHT: Listing = {"app": [("latest", "a", NEXT), ("1.0", "b", DAY)], "tool": [("2", "c", DAY)]}
LINKED = ["feed", "llms", "renovate"]
ALL = ["badges", "feed", "llms", "packages", "renovate"]


@pytest.fixture
def site(site: Site) -> Site:
    """A site with all kinds of data file, whose registry is `registry.example.com`."""
    wants(site)
    site.lists(NIGHT, {"app": [("latest", "d", NEXT)]})
    return site


def wants(site: Site, outputs: list[str] = ALL, **keys: object) -> None:
    pages = ["tags_history", "package_index"]
    base = {"base_url": "https://docs.example.com", "tables": addressed_tables(), "pages": pages}
    site.catalog(**(base | {"outputs": outputs, "variants": ["latest*"]} | keys))


def knows(site: Site, image: str, facts: Mapping[str, Mapping[str, Any]], **more: Any) -> None:
    """Let the state of an image say this, and write all files of the site from it."""
    (site.content / image / "details.json").write_bytes(
        encode_details(Details(image, facts, **more))
    )
    assert site.run("render").code == 0


def text(site: Site, path: str) -> str:
    return (site.content / path).read_text()


def entries(feed: str) -> list[Any]:
    """A feed's entries, read by what people read feeds with; it finds nothing wrong with it."""
    read = feedparser.parse(feed.encode())
    assert not read.bozo, read.bozo_exception
    return list(read.entries)


def test_a_feed_has_an_entry_for_each_group_newest_first(site: Site) -> None:
    site.build()

    found = entries(text(site, "app/feed.xml"))

    assert [(entry.title, entry.updated, entry.tags[0].term) for entry in found] == [
        ("app: latest", NEXT, "public"),
        ("app: latest", NEXT, "private"),
        ("app: 1.0", DAY, "public"),
    ]
    assert [entry.link for entry in found] == [
        "https://docs.example.com/ref/app/tags_history/#tag-latest",
        "https://docs.example.com/ref/app/tags_history/#tag-latest@private",
        "https://docs.example.com/ref/app/tags_history/#tag-1.0",
    ]
    assert found[2].content[0].value == f"1.0 at {digest('b')}."


def test_the_site_s_feed_has_the_entries_of_all_images(site: Site) -> None:
    site.build()
    of_images = [entry.id for image in NIGHT for entry in entries(text(site, f"{image}/feed.xml"))]
    of_site = entries(text(site, "feed.xml"))

    assert sorted(entry.id for entry in of_site) == sorted(of_images)
    assert [entry.updated for entry in of_site] == [NEXT, NEXT, DAY, DAY]


def test_two_nights_have_each_entry_once_and_only_what_moved_is_new(site: Site) -> None:
    site.build()
    before = {entry.id: entry for entry in entries(text(site, "app/feed.xml"))}
    site.lists(
        NIGHT | {"app": [("latest", "e", "2024-06-02T23:00:00Z"), ("1.0", "b", DAY)]},
        {"app": [("latest", "d", NEXT)]},
    )
    site.build("--as-of", "2024-06-04T00:46:08Z")

    after = {entry.id: entry for entry in entries(text(site, "app/feed.xml"))}

    assert len(after) == len(before) == 3
    assert len(after.keys() - before.keys()) == 1
    assert all(after[name] == before[name] for name in after.keys() & before.keys())
    new = next(after[name] for name in after.keys() - before.keys())
    assert new.content[0].value == f"latest at {digest('e')}. Before: {'a' * 12}."


def test_the_clock_is_in_no_data_file(site: Site) -> None:
    site.build()
    before = {path: data for path, data in site.tree().items() if not path.endswith(".md")}

    site.build("--as-of", "2024-06-05T00:46:08Z")

    after = {path: data for path, data in site.tree().items() if path in before}
    assert {path for path in before if before[path] != after[path]} == {"build.json"}


def test_a_feed_is_valid_by_the_rules_of_atom(site: Site) -> None:
    """RFC 4287, sections 3.3 and 4.1: what must be there, once, and in which form."""
    site.build()
    for path in ("feed.xml", "app/feed.xml", "tool/feed.xml"):
        feed = ET.fromstring(text(site, path))  # noqa: S314 - our own
        assert feed.tag == f"{ATOM}feed"
        own = [link for link in feed.iterfind(f"{ATOM}link") if link.get("rel") == "self"]
        assert [link.get("href") for link in own] == [f"https://docs.example.com/ref/{path}"]
        assert feed.findtext(f"{ATOM}author/{ATOM}name")
        parts = [feed, *feed.iterfind(f"{ATOM}entry")]
        for part in parts:
            for name in ("id", "title", "updated"):
                assert len(part.findall(f"{ATOM}{name}")) == 1
            time = datetime.fromisoformat(part.findtext(f"{ATOM}updated") or "")
            assert time.tzinfo == UTC
            assert part.find(f"{ATOM}link[@rel='alternate']") is not None
        ids = [part.findtext(f"{ATOM}id") or "" for part in parts]
        assert len(set(ids)) == len(ids)
        assert all(name.startswith("urn:uuid:") for name in ids)


def test_a_feed_is_bounded_and_keeps_the_newest(site: Site) -> None:
    tags = [(f"1.{n}", f"{n:064x}", f"2024-05-30T{n // 60:02}:{n % 60:02}:00Z") for n in range(150)]
    site.raw_listing(
        "public",
        [
            {
                "repo": {"id": "made-up", "name": "app"},
                "tags": [
                    {"id": "x", "name": tag, "digest": f"sha256:{of}", "lastUpdated": time}
                    for tag, of, time in tags
                ],
            }
        ],
    )
    site.build()

    titles = [entry.title for entry in entries(text(site, "app/feed.xml"))]

    assert len(titles) == 100
    assert titles[0] == "app: latest"  # of the other table
    assert titles[1:] == [f"app: 1.{n}" for n in range(149, 50, -1)]


def test_an_entry_says_which_packages_changed(site: Site) -> None:
    site.build()
    packages = (
        Change("a<b", ("1",), ("2",)),
        Change("new", (), ("1",)),
        Change("old\x00\u202e", ("3",), ()),
    )
    seen = datetime(2024, 6, 2, tzinfo=UTC)
    move = Move(digest("a"), digest("b"), seen, packages)
    knows(site, "app", {}, moves={"public": {"latest": (move,)}})

    newest = entries(text(site, "app/feed.xml"))[0]

    assert newest.content[0].value == (
        f"latest at {digest('a')}. Changed: a<b 1 → 2. Added: new 1. Removed: old 3."
    )


def test_renovate_is_told_every_live_tag_of_whatever_age(site: Site) -> None:
    old = "2020-01-01T00:00:00Z"
    site.lists({"app": [("2", "a", NEXT), ("latest", "a", NEXT), ("1", "b", old)]})
    site.build()

    assert json.loads(text(site, "app/renovate.json")) == {
        "homepage": "https://docs.example.com/ref/app/",
        "releases": [
            {
                "version": tag,
                "digest": digest(sign),
                "releaseTimestamp": time,
                "changelogUrl": f"https://docs.example.com/ref/app/tags_history/#tag-{tag}",
            }
            for tag, sign, time in [("2", "a", NEXT), ("latest", "a", NEXT), ("1", "b", old)]
        ],
    }
    assert len(text(site, "app/renovate.json").splitlines()) == 7


def test_the_releases_of_further_tables_stand_by_their_names(site: Site) -> None:
    site.build()
    said = json.loads(text(site, "app/renovate.json"))
    assert [release["digest"] for release in said["releases"]] == [digest("a"), digest("b")]
    private = said["tables"].pop("private")["releases"]
    assert [(release["version"], release["digest"]) for release in private] == [
        ("latest", digest("d"))
    ]
    page = "https://docs.example.com/ref/app/tags_history/"
    assert [release["changelogUrl"] for release in private] == [f"{page}#tag-latest@private"]
    assert said["tables"] == {}


def test_a_text_has_what_the_pages_say_in_plain_markdown(site: Site) -> None:
    wants(site, descriptions={"app": "An app."})
    site.build()
    facts = ImageFacts(platforms=(Platform("linux", "amd64"),), config=Config(user="me`"))
    knows(site, "app", {digest("a"): {"image": Found(facts)}})

    assert (
        text(site, "app/llms.txt")
        == f"""# app

> An app.

Pages: https://docs.example.com/ref/app/tags_history/

## Pull

- Public: `registry.example.com/public/app:latest@{digest("a")}`
- Private: `registry.example.com/private/app:latest@{digest("d")}`

## Variants

- `latest` (Public): user `` me` ``; platforms `linux/amd64`

## Public

- 2024-06-02 `{digest("a")}`: `latest`
- 2024-06-01 `{digest("b")}`: `1.0`

## Private

- 2024-06-02 `{digest("d")}`: `latest`
"""
    )
    assert text(site, "llms.txt").splitlines()[-2:] == [
        "- [app](https://docs.example.com/ref/app/llms.txt): An app.",
        "- [tool](https://docs.example.com/ref/tool/llms.txt)",
    ]


def badge(site: Site, name: str) -> tuple[str, str, str]:
    said = json.loads(text(site, f"app/badge-{name}.json"))
    assert said.pop("schemaVersion") == 1
    return said["label"], said["message"], said["color"]


def test_badges_name_the_most_precise_tag_of_the_default_one_and_its_day(site: Site) -> None:
    site.lists({"app": [(tag, "a", DAY) for tag in ("latest", "3", "3.12.4", "3.12", "edge")]})
    site.build()
    assert badge(site, "tag") == ("tag", "3.12.4", "blue")
    assert badge(site, "updated") == ("updated", "2024-06-01", "blue")


SIGNER = Signer("https://issuer.example.com", "me@example.com")
PLAIN = Evidence("bundle", "referrer", digest("a"), digest("f"), predicate_type=SIGNATURE_TYPE)


@pytest.mark.parametrize(
    ("fact", "message", "colour"),
    [
        (None, "unknown", "lightgrey"),
        (CouldNotLook("no"), "unknown", "lightgrey"),
        (Absent(), "no", "red"),
        (Found((PLAIN,)), "yes", "green"),
        (Found((Evidence("dsse", "att", digest("a"), digest("f")),)), "yes", "green"),
        (Found((Evidence("sbom", "referrer", digest("a"), digest("f")),)), "no", "red"),
        (
            Found(
                (Evidence("simple", "sig", digest("a"), digest("f"), wrong="of another"),)
            ),
            "no",
            "red",
        ),
        (
            Found((PLAIN, Evidence(
                "bundle", "referrer", digest("a"), digest("e"), predicate_type=SIGNATURE_TYPE,
                verdict=Verified(SIGNER),
            ))),
            "verified",
            "brightgreen",
        ),
        (
            Found((Evidence(
                "bundle", "referrer", digest("a"), digest("e"), predicate_type=SIGNATURE_TYPE,
                verdict=NotVerified(SIGNER, "expired"),
            ),)),
            "not verified",
            "red",
        ),
    ],
)  # fmt: skip
def test_a_badge_says_whether_the_default_tag_is_signed(
    site: Site, fact: Any, message: str, colour: str
) -> None:
    site.build()
    tables = {"public": {digest("a"): {"evidence": fact}}} if fact else {}
    knows(site, "app", {}, tables=tables)
    assert badge(site, "signed") == ("signed", message, colour)


def test_the_package_index_has_a_file_for_each_first_letter(site: Site) -> None:
    site.build()
    packages = (Package("Libssl3", "3.10-r0", "", "apk"), Package("zlib"), Package("3proxy", "1"))
    knows(site, "app", {digest("a"): {"packages": Found(Packages("SPDX", packages))}})
    private = (Package("Libssl3", "3.9-r0"),)
    knows(
        site,
        "app",
        {
            digest("a"): {"packages": Found(Packages("SPDX", packages))},
            digest("d"): {"packages": Found(Packages("apko", private))},
        },
    )

    assert (
        text(site, "packages-l.json")
        == """{
  "version": 1,
  "packages": [
    {"name": "Libssl3", "type": "apk", "versions": {
      "3.9-r0": ["app:latest"],
      "3.10-r0": ["app:latest"]
    }}
  ]
}
"""
    )
    named = {
        file: [package["name"] for package in json.loads(text(site, file))["packages"]]
        for file in package_index.FILES
    }
    assert {file: names for file, names in named.items() if names} == {
        "packages-l.json": ["Libssl3"],
        "packages-z.json": ["zlib"],
        "packages-others.json": ["3proxy"],
    }
    assert "- [packages-l.json](/ref/packages-l.json)\n" in text(site, "package-index.md")
    assert "- [packages-others.json](/ref/packages-others.json)\n" in text(site, "package-index.md")


@pytest.mark.parametrize("kind", LINKED)
def test_what_is_read_elsewhere_needs_the_site_s_address(site: Site, kind: str) -> None:
    wants(site, [kind], base_url="", pages=["tags_history"])
    run = site.run("build")
    assert run == Run(
        2,
        "",
        f"tagpages: {site.catalog_file}: `{kind}` has whole addresses in it: add `base_url`, as"
        " `https://docs.example.com`\n",
    )


@pytest.mark.parametrize(
    ("outputs", "pages", "kind", "lacking"),
    [
        (["feed"], ["overview"], "feed", "tags_history"),
        (["renovate"], ["overview"], "renovate", "tags_history"),
        ([], ["package_index", "tags_history"], "package_index", "packages"),
    ],
)
def test_what_links_to_another_kind_needs_it(
    site: Site, outputs: list[str], pages: list[str], kind: str, lacking: str
) -> None:
    wants(site, outputs, pages=pages)
    assert site.run("build") == Run(
        2, "", f"tagpages: {site.catalog_file}: `{kind}` links to `{lacking}`: add that too\n"
    )


def test_hugo_publishes_each_file_at_the_address_that_it_says(site: Site, tmp_path: Path) -> None:
    wants(site, pages=["tags_history", "package_index"])
    site.build()
    done = hugo(site.content, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for path, data in site.tree().items():
        if not path.endswith(".md"):
            assert (tmp_path / "out" / path).read_bytes() == data
    assert (tmp_path / "out/package-index/index.html").is_file()


@pytest.mark.parametrize("name", ["tags", "details"])
def test_the_public_data_follows_its_schema(site: Site, name: str) -> None:
    """Also that of a whole recorded night."""
    site.build()
    facts = ImageFacts(platforms=(Platform("linux", "amd64"),), created=datetime.now(UTC))
    knows(
        site,
        "app",
        {digest("a"): {"image": Found(facts), "packages": CouldNotLook("no", datetime.now(UTC))}},
        tables={"public": {digest("a"): {"evidence": Found((PLAIN,))}}},
    )
    run = tagpages("schema", "--of", name)
    assert run.out == (ROOT / f"docs/{name}.schema.json").read_text()
    validator = jsonschema.Draft202012Validator(json.loads(run.out))
    validator.validate(json.loads(text(site, f"app/{name}.json")))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"version": 1, "image": "app"})
    folder = folder_of("2024-05-31")
    wants(site, [], pages=["tags_history"], as_of="2024-05-31T00:46:08Z", tables=[
        {"name": table, "source": {"kind": "listing", "path": str(folder / f"{table}.json.gz")}}
        for table in ("public", "private")
    ])  # fmt: skip
    site.run("build", "--accept-any-loss", "public", "--accept-any-loss", "private")
    for file in site.content.glob(f"*/{name}.json"):
        validator.validate(json.loads(file.read_text()))
