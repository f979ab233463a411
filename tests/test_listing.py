"""Source kind `listing`: a bad thing is an error of its image, or of the file, and never a page."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest

from tests.support import Listing, Site, as_listing, digest

GOOD: Listing = {"good": [("latest", "a", "2024-06-01T10:00:00Z")]}
BEFORE: Listing = GOOD | {"app": [("latest", "a", "2024-06-01T10:00:00Z")]}


def tag(**values: object) -> dict[str, object]:
    return {
        "name": "latest",
        "digest": digest("b"),
        "lastUpdated": "2024-06-02T10:00:00Z",
    } | values


def with_app(*entries: dict[str, Any]) -> list[dict[str, Any]]:
    return [*as_listing(GOOD), *entries]


def app(*tags: object, **values: object) -> dict[str, object]:
    return {"repo": {"name": "app"}, "tags": list(tags)} | values


BAD_IMAGES = {
    "tag-name": (app(tag(name="-x")), "not a valid tag: '-x'"),
    "tag-name-empty": (app(tag(name="")), "not a valid tag: ''"),
    "tag-name-too-long": (app(tag(name="x" * 129)), f"not a valid tag: '{'x' * 77}...'"),
    "tag-name-of-markup": (app(tag(name="`x` |")), "not a valid tag: '`x` |'"),
    "tag-name-with-a-line-end": (app(tag(name="x\n")), r"not a valid tag: 'x\n'"),
    "tag-name-of-two-lines": (app(tag(name="x\ny")), r"not a valid tag: 'x\ny'"),
    "tag-name-of-a-shortcode": (app(tag(name="{{< x >}}")), "not a valid tag: '{{< x >}}'"),
    "tag-name-number": (app(tag(name=1)), "`$[0].name` is a whole number, not a text"),
    "tag-name-missing": (
        app({"digest": digest("b"), "lastUpdated": "2024-06-02T10:00:00Z"}),
        "`$[0]` lacks `name`",
    ),
    "tag-twice": (app(tag(), tag(digest=digest("c"))), "tag `latest` is there twice"),
    "digest-of-two-lines": (
        app(tag(digest=f"{digest('a')}\n{digest('b')}")),
        f"not a valid digest: 'sha256:{'a' * 64}\\nsha25...'",
    ),
    "digest": (app(tag(digest="sha256:short")), "not a valid digest: 'sha256:short'"),
    "digest-in-capitals": (
        app(tag(digest=digest("B"))),
        f"not a valid digest: 'sha256:{'B' * 64}'",
    ),
    "digest-without-algorithm": (app(tag(digest="b" * 64)), f"not a valid digest: '{'b' * 64}'"),
    "digest-with-a-line-end": (
        app(tag(digest=f"{digest('b')}\n")),
        rf"not a valid digest: 'sha256:{'b' * 64}\n'",
    ),
    "digest-too-long": (app(tag(digest="x:" + "a" * 300)), f"not a valid digest: 'x:{'a' * 75}..."),
    "digest-null": (app(tag(digest=None)), "`$[0].digest` is empty, not a text"),
    "date": (app(tag(lastUpdated="yesterday")), "Invalid RFC3339 encoded datetime"),
    "date-without-a-time": (app(tag(lastUpdated="2024-06-02")), "Invalid RFC3339 encoded datetime"),
    "date-without-an-offset": (
        app(tag(lastUpdated="2024-06-02T10:00:00")),
        "the time of tag `latest` has no offset from UTC",
    ),
    "date-impossible": (
        app(tag(lastUpdated="2024-02-30T10:00:00Z")),
        "Invalid RFC3339 encoded datetime",
    ),
    "date-out-of-range": (
        app(tag(lastUpdated="0001-01-01T00:00:00+14:00")),
        "the time of tag `latest` is out of range",
    ),
    "date-number": (app(tag(lastUpdated=1717322400)), "is a whole number, not a time"),
    "tags-null": (app(tags=None), "it is empty, not a list"),
    "tags-object": (app(tags={}), "it is a mapping, not a list"),
    "tag-text": (app("latest"), "`$[0]` is a text, not a mapping"),
}


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_a_bad_tag_fails_its_image_alone_and_leaves_its_page(site: Site, case: str) -> None:
    site.lists(BEFORE)
    site.build()
    before = site.tree()
    entry, reason = BAD_IMAGES[case]
    later: Listing = {"good": [("latest", "b", "2024-06-02T10:00:00Z")]}
    (site.root / "public.json").write_text(json.dumps([*as_listing(later), entry]))
    run = site.run("build")
    assert run.code == 1
    assert "  app: public: `public.json: image 'app': " in run.err
    assert " ".join(reason.replace("`", "'").split()) in run.err
    after = site.tree()
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {"good/tags.json", "good/tags_history.md", "build.json"}
    assert digest("b") in site.body("good")


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_a_bad_tag_of_a_new_image_never_makes_a_page(site: Site, case: str) -> None:
    entry, _ = BAD_IMAGES[case]
    site.raw_listing("public", with_app(entry))
    site.raw_listing("private", with_app(app(tag())))
    run = site.run("build")
    assert run.code == 1
    assert "Images that wait for an answer of every source (1)" in run.err
    assert not (site.content / "app").exists()
    assert site.page("good").is_file()


@pytest.mark.parametrize(
    "name",
    ["App", "", "a" * 256, "a//b", "../up", "/etc", "a/", "-a", "a\n", "ä", "a b", "{{< x >}}"],
)
def test_a_bad_image_name_is_an_error_and_never_a_page(site: Site, name: str) -> None:
    site.raw_listing("public", with_app({"repo": {"name": name}, "tags": [tag()]}))
    run = site.run("build")
    assert run.code == 1
    assert "public: `not a valid image name: " in run.err
    assert set(site.tree()) == {"build.json", "good/tags.json", "good/tags_history.md"}
    assert site.run("build").code == 1


def test_an_image_that_is_listed_twice_fails_alone(site: Site) -> None:
    site.raw_listing("public", with_app(app(tag()), app(tag(name="other"))))
    run = site.run("build")
    assert run.code == 1
    assert "public.json lists the image twice: remove one entry" in run.err
    assert not (site.content / "app").exists()
    assert site.page("good").is_file()


GZIPPED = gzip.compress(json.dumps(as_listing(GOOD)).encode(), mtime=0)
BAD_FILES: dict[str, tuple[str, bytes | None, str]] = {
    "missing": ("nowhere.json", None, "cannot read the listing .*: No such file or directory"),
    "folder": ("content", None, "cannot read the listing .*: Is a directory"),
    "empty": ("public.json", b"", "is not as it should be: Input data was truncated"),
    "cut": ("public.json", b'[{"repo": {"name": "a', "is not as it should be: Input data was trun"),
    "no-json": ("public.json", b"<html>", "is not as it should be: JSON is malformed"),
    "no-list": (
        "public.json",
        b'{"repo": 1}',
        "is not as it should be: it is a mapping, not a list",
    ),
    "no-repo": ("public.json", b'[{"tags": []}]', "lacks 'repo'"),
    "no-tags": ("public.json", b'[{"repo": {"name": "a"}}]', "lacks 'tags'"),
    "name-number": (
        "public.json",
        b'[{"repo": {"name": 1}, "tags": []}]',
        "is a whole number, not a text",
    ),
    "not-utf-8": ("public.json", b'[{"repo": {"name": "\xff"}, "tags": []}]', "is not as it sho"),
    "deep": ("public.json", b'[{"x":' + b"[" * 5000, "is not as it should be: "),
    "tags-deep": ("public.json", b'[{"repo":{"name":"a"},"tags":' + b"[" * 3000, "recursion"),
    "half-a-pair": (
        "public.json",
        b'[{"repo":{"name":"a"},"tags":["\\ud800"]}]',
        "truncated|malformed",
    ),
    "no-gzip": ("public.json.gz", b"[]", "Not a gzipped file"),
    "gzip-empty": ("public.json.gz", b"", "is not as it should be|is cut short or broken"),
    "gzip-cut": ("public.json.gz", GZIPPED[:-12], "is cut short or broken"),
    "gzip-broken": ("public.json.gz", GZIPPED[:20] + b"\xff\xff" + GZIPPED[22:], "broken|CRC"),
    "gzip-checksum": ("public.json.gz", GZIPPED[:-8] + bytes(8), "CRC check failed"),
    "gzip-tail": ("public.json.gz", GZIPPED + b"rubbish", "Not a gzipped file"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_broken_file_fails_the_source_and_leaves_all_pages(site: Site, case: str) -> None:
    site.lists(BEFORE, BEFORE)
    site.build()
    before = site.tree()
    name, data, reason = BAD_FILES[case]
    if data is not None:
        (site.root / name).write_bytes(data)
    private = {"kind": "listing", "path": "private.json"}
    site.catalog(
        tables=[
            {"name": "public", "source": {"kind": "listing", "path": name}},
            {"name": "private", "source": private},
        ]
    )
    run = site.run("build")
    assert run.code == 1
    (line,) = re.findall(r"^  source public: (.*)$", run.err, re.MULTILINE)
    assert re.search(reason, line)
    after = site.tree()
    assert {path for path in after if after[path] != before[path]} == {"build.json"}


def test_extra_keys_are_ignored_and_a_gzipped_listing_is_read(site: Site) -> None:
    entries = as_listing(GOOD)
    entries[0]["more"] = {"a": [1, None]}
    entries[0]["repo"]["parent"] = "x"
    entries[0]["tags"][0]["size"] = 7
    (site.root / "public.json.gz").write_bytes(gzip.compress(json.dumps(entries).encode()))
    site.catalog(
        tables=[{"name": "public", "source": {"kind": "listing", "path": "public.json.gz"}}]
    )
    site.build()
    assert digest("a") in site.body("good")


def test_times_are_shown_in_utc(site: Site) -> None:
    site.lists({"app": [("latest", "a", "2024-06-01T23:30:00-02:00")]})
    site.build()
    assert "| June 2nd " in site.body("app")


def test_an_image_without_any_tag_gets_no_page(site: Site) -> None:
    site.lists({"empty": [], **GOOD}, {"empty": []})
    site.build()
    assert {path.name for path in site.content.iterdir() if path.is_dir()} == {"good"}


def test_a_table_says_why_it_has_no_row(site: Site) -> None:
    site.lists(GOOD, {"good": [("1.0", "c", "2024-04-01T00:00:00Z")]})
    site.catalog(older="hide")
    site.build()
    assert "\nNo tag of this image has changed in the last month.\n" in site.body("good")
    site.lists({"good": []}, {"good": [("1.0", "c", "2024-06-01T00:00:00Z")]})
    site.build("--content", site.root / "other")
    text = (site.root / "other" / "good" / "tags_history.md").read_text()
    assert "\nThere is no tag of this image.\n" in text
    site.catalog(window="30 days")
    site.lists(GOOD, {"good": [("1.0", "c", "2024-04-01T00:00:00Z")]})
    site.build("--content", site.root / "days")
    text = (site.root / "days" / "good" / "tags_history.md").read_text()
    assert "of this image has changed in the last 30 days.\n" in text


def test_names_that_the_catalog_wants_are_made_pages_of(site: Site) -> None:
    names = ("app", "apple", "team/app", "request-1", "other")
    site.lists(dict.fromkeys(names, GOOD["good"]))
    site.catalog(images={"include": ["app*", "*/app"], "exclude": ["request-*"]})
    site.build()
    pages = {
        path.parent.relative_to(site.content).as_posix() for path in site.content.rglob("*.md")
    }
    assert pages == {"app", "apple", "team/app"}


def test_an_image_may_have_another_name_in_one_listing(site: Site) -> None:
    tags = GOOD["good"]
    site.lists({"app": tags, "new-tool": tags}, {"legacy/app": tags, "old-tool": tags})
    overrides = {"app": {"private": {"repository": "legacy/app"}}}
    site.catalog(images={"overrides": overrides, "include": ["*app"]})
    site.build()
    assert site.body("app").count(digest("a")) == 2
    assert not site.page("legacy/app").exists()


def test_more_tags_than_the_limit_fail_the_image(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.model.TAGS_LIMIT", 3)
    site.lists({**GOOD, "app": [(f"1.{n}", "a", "2024-06-01T10:00:00Z") for n in range(4)]})
    run = site.run("build")
    assert run.code == 1
    assert "more than 3 tags, the limit for one table" in run.err
    assert not (site.content / "app").exists()
