"""What the catalog names and nothing has: told with the nearest, and no green night."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.catalog.globs import misspelt, nearest
from tests.collecting import leave_alone
from tests.registry.fake import FakeRegistry
from tests.registry.server import Answer, as_json, problem
from tests.sources.asking import serving
from tests.support import ROOT, Listing, Run, Site

NAMES = ("nginx", "nginx-fips", "postgres", "redis", "image-scanner-test")
TAGS = [("latest", "a", "2024-06-01T10:00:00Z"), ("1.2-r3", "b", "2024-06-01T09:00:00Z")]
LISTING: Listing = dict.fromkeys(NAMES, TAGS)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.lists(LISTING, LISTING)
    site.catalog()
    return site


def told(run: Run) -> list[str]:
    """What a run says of the catalog's names, on standard error."""
    section = run.err.partition("Named in the catalog, and not found (")[2].partition("\n")[2]
    lines = section.splitlines()
    end = next((at for at, line in enumerate(lines) if not line.startswith("  ")), len(lines))
    return [line.removeprefix("  the catalog: ") for line in lines[:end]]


MISTAKES: list[tuple[dict[str, Any], str]] = [
    (
        {"images": {"include": ["ngnix*", "redis"]}},
        "`'images.include': 'ngnix*' matches no image; did you mean 'nginx'?`",
    ),
    (
        {"images": {"include": ["*", "postgers"]}},
        "`'images.include': 'postgers' matches no image; did you mean 'postgres'?`",
    ),
    (
        {"images": {"include": ["*", "zzz"]}},
        "`'images.include': 'zzz' matches no image`",
    ),
    (
        {"images": {"exclude": ["ngnix"]}},
        "`'images.exclude': 'ngnix' matches no image; did you mean 'nginx'?`",
    ),
    (
        {"images": {"exclude": ["*-scaner-test"]}},
        "`'images.exclude': '*-scaner-test' matches no image; did you mean 'image-scanner-test'?`",
    ),
    (
        {"images": {"include": ["nginx"], "overrides": {"ngix": {"public": {"repository": "x"}}}}},
        "`'images.overrides': 'ngix' is not taken by 'images.include'; did you mean 'nginx'?`",
    ),
    (
        {"images": {"overrides": {"redis": {"public": {"repository": "reddis"}}}}},
        "`'images.overrides.redis.public': 'reddis' is no repository; did you mean 'redis'?`",
    ),
    (
        {"retired": {"ngnix": {}}},
        "`'retired': 'ngnix' matches no image; did you mean 'nginx'?`",
    ),
    (
        {"retired": {"long-ago": {"redirect": "ngnix"}}},
        "`'retired.long-ago.redirect': 'ngnix' has no page; did you mean 'nginx'?`",
    ),
    (
        {"variants": ["latset*"]},
        "`'variants': 'latset*' matches no tag; did you mean 'latest'?`",
    ),
]


@pytest.mark.parametrize(("keys", "line"), MISTAKES)
def test_what_matches_nothing_is_told_with_the_nearest(
    site: Site, keys: dict[str, Any], line: str
) -> None:
    site.build()
    site.catalog(**keys)
    run = site.run("build")
    assert (told(run), run.code) == ([line], 1)
    assert told(site.run("build")) == [line]


@pytest.mark.parametrize(("keys", "line"), MISTAKES)
def test_check_says_what_the_last_build_found_until_the_catalog_is_mended(
    site: Site, keys: dict[str, Any], line: str
) -> None:
    site.build()
    site.catalog(**keys)
    site.run("build")
    site.run("render")
    run = site.run("check")
    assert line in run.err
    assert run.code == 1
    site.catalog()
    site.run("render")
    assert site.run("check") == Run(0, "", "")


@pytest.mark.parametrize(("keys", "line"), MISTAKES)
def test_collect_says_it_where_the_answers_are_whole(
    site: Site, keys: dict[str, Any], line: str
) -> None:
    site.build()
    site.catalog(**keys)
    text = line.strip("`").replace("'", "`")
    run = site.run("collect", "--out", site.root / "answers.jsonl.gz")
    assert (run.err, run.code) == (f"tagpages: the catalog: {text}\n", 1)
    run = site.run("build", "--answers", site.root / "answers.jsonl.gz")
    assert (told(run), run.code) == ([line], 1)


@pytest.mark.parametrize(
    "keys",
    [
        {"images": {"exclude": ["request-*", "*-private", "zsh", "go"]}},
        {"images": {"exclude": ["nginx"], "overrides": {"nginx": {"public": {"repository": "x"}}}}},
        {"images": {"include": ["*"]}},
        {"images": {"include": ["n*", "post*", "redis"]}},
        {"images": {"include": ["nginx*"], "exclude": ["nginx*"]}},
        {"retired": {"zsh": {}, "mysql": {}}},
        {"variants": ["latest*", "1.*"]},
    ],
)
def test_what_may_be_meant_so_is_no_mistake(site: Site, keys: dict[str, Any]) -> None:
    site.catalog(**keys)
    assert told(site.run("build")) == []


def test_what_has_matched_once_is_no_mistake_when_it_is_gone(site: Site) -> None:
    images = {
        "include": ["*", "redis", "post*"],
        "exclude": ["nginx-fips"],
        "overrides": {"image-scanner-test": {"public": {"repository": "nginx"}}},
    }
    keys: dict[str, Any] = {"gone_after": 1, "as_of": None, "images": images, "variants": ["1.*"]}
    site.catalog(**keys)
    site.build("--as-of", "2024-06-02T00:00:00Z")
    left: Listing = {"redis-2": TAGS[:1], "nginx-fip": TAGS[:1], "latest": TAGS[:1]}
    site.lists(left, left)
    run = site.run(
        "build", "--as-of", "2024-06-03T00:00:00Z",
        "--accept-any-loss", "public", "--accept-any-loss", "private",
    )  # fmt: skip
    assert told(run) == []
    assert site.run("build", "--as-of", "2024-06-04T00:00:00Z").code == 0


def test_a_source_that_failed_may_have_what_the_others_lack(site: Site) -> None:
    site.catalog(images={"include": ["*", "ngnix", "ngnix*"], "exclude": ["rediss"]})
    (site.root / "private.json").write_text("[")
    assert told(site.run("build")) == []


def test_an_image_that_failed_in_one_source_may_be_there(site: Site) -> None:
    site.catalog(images={"include": ["*", "ngnix"]})
    site.raw_listing("private", [{"repo": {"name": "ngnix"}, "tags": 7}])
    assert told(site.run("build")) == []


def test_an_image_that_failed_may_have_the_tag_that_is_not_found(site: Site) -> None:
    site.catalog(variants=["edge*"])
    odd = {"repo": {"name": "odd"}, "tags": 7}
    site.raw_listing("public", [odd])
    assert told(site.run("build")) == []


def test_a_run_about_some_images_says_nothing_of_the_others(site: Site) -> None:
    site.catalog(images={"include": ["*", "ngnix"], "exclude": ["rediss"]}, variants=["x*"])
    assert told(site.run("build", "--only", "redis")) == []


def test_a_shard_says_what_it_knows_of_and_all_shards_say_all(site: Site) -> None:
    site.catalog(images={"include": ["*", "ngnix*"], "exclude": ["rediss"]}, variants=["x*"])
    files = [site.root / f"{number}.gz" for number in (1, 2)]
    lines = (
        "tagpages: the catalog: `images.include`: `ngnix*` matches no image; "
        "did you mean `nginx`?\n"
        "tagpages: the catalog: `images.exclude`: `rediss` matches no image; "
        "did you mean `redis`?\n"
    )
    for number, path in enumerate(files, 1):
        run = site.run("collect", "--shard", f"{number}/2", "--out", path)
        assert (run.err, run.code) == (lines, 1)
    parts = [part for path in files for part in ("--answers", path)]
    keys = [line.split("'")[1] for line in told(site.run("build", *parts))]
    assert keys == ["images.exclude", "images.include", "variants"]
    assert len(told(site.run("build", "--answers", files[0]))) == 2


def test_the_memory_of_what_matched_is_of_the_catalog_as_it_is(site: Site) -> None:
    site.catalog(images={"include": ["*", "redis"], "exclude": ["nginx"]})
    site.build()
    assert (
        '\n  "matched": ["images.exclude nginx","images.include redis"]'
        in (site.content / "build.json").read_text()
    )
    site.catalog(images={"include": ["*", "postgres"]})
    site.build()
    text = (site.content / "build.json").read_text()
    assert '\n  "matched": ["images.include postgres"]' in text
    site.catalog()
    site.build()
    assert "matched" not in (site.content / "build.json").read_text()


def test_a_successor_that_has_no_page_is_told_with_the_nearest(site: Site) -> None:
    site.build()
    site.catalog(retired={"redis": {"redirect": "ngnix"}})
    run = site.run("build")
    assert run.code == 1
    assert (
        "redis: `it is retired in favour of 'ngnix', which has no page; did you mean 'nginx'?`"
    ) in run.err


@pytest.mark.parametrize("command", ["build", "check"])
def test_a_template_that_no_page_has_is_told_with_the_nearest(site: Site, command: str) -> None:
    site.build()
    shutil.copytree(ROOT / "templates", site.root / "templates")
    (site.root / "templates" / "tags_histroy.md.j2").write_text("typed wrong")
    (site.root / "templates" / "README.md").write_text("no template")
    site.catalog(templates="templates")
    site.run("render", "--front-matter")
    run = site.run(command)
    assert (
        "`'templates': no page has 'tags_histroy.md.j2'; did you mean 'tags_history.md.j2'?`"
    ) in run.err
    assert run.code == 1


def test_a_template_that_another_one_has_is_used(site: Site) -> None:
    folder = site.root / "templates"
    (folder / "parts").mkdir(parents=True)
    (folder / "tags_history.md.j2").write_text(
        '{% extends "tagpages/tags_history.md.j2" %}{% import "words.j2" as words %}'
        '{% block body %}{{ super() }}{% include "parts/end.md.j2" %}{% endblock %}'
    )
    (folder / "words.j2").write_text('{% from "parts/more.j2" import more %}')
    (folder / "parts" / "more.j2").write_text("{% macro more() %}{% endmacro %}")
    (folder / "parts" / "end.md.j2").write_text("end\n")
    site.catalog(templates="templates")
    assert told(site.run("build")) == []


def test_a_template_that_is_named_at_run_time_may_be_any(site: Site) -> None:
    folder = site.root / "templates"
    folder.mkdir()
    (folder / "tags_history.md.j2").write_text(
        '{% extends "tagpages/tags_history.md.j2" %}'
        '{% block body %}{% include ["end" ~ ".j2", "other.j2"] %}{% endblock %}'
    )
    (folder / "end.j2").write_text("end\n")
    site.catalog(templates="templates")
    assert told(site.run("build")) == []


def test_the_sample_site_names_nothing_that_is_not_there(tmp_path: Path) -> None:
    for name in ("catalog.yaml", "listings", "templates", "content"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    for command in ("build", "check"):
        assert told(Site(tmp_path).run(command)) == []


# Live sources


def live(site: Site, handler: Callable[[Any], Answer], source: dict[str, Any], **keys: Any) -> Run:
    with serving(handler) as server:
        table = {"name": "public", "source": {"kind": "oci", "registry": server.address} | source}
        site.catalog(tables=[table], as_of="2026-08-02T00:00:00Z", **keys)
        return site.run("build")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeRegistry:
    leave_alone(monkeypatch, tmp_path)
    fake = FakeRegistry()
    for name in ("team/app", "team/tool"):
        fake.tag(name, "latest", fake.image())
        fake.tag(name, "v1.0", fake.image())
    return fake


def test_a_namespace_that_lists_nothing_is_told(site: Site, registry: FakeRegistry) -> None:
    run = live(site, registry, {"repository": "teem/{image}"})
    key = "tables.public.source.repository"
    assert told(run) == [f"`'{key}': 'teem/{{image}}' matches nothing that the source lists`"]
    assert run.code == 1
    assert live(site, registry, {"repository": "team/{image}"}).code == 0


def test_a_registry_that_is_not_asked_for_its_list_lists_nothing(
    site: Site, registry: FakeRegistry
) -> None:
    run = live(site, registry, {"repository": "team/{image}"}, images={"include": ["app"]})
    assert (told(run), run.code) == ([], 0)


def test_a_namespace_of_a_vendor_that_lists_nothing_is_told(
    site: Site, registry: FakeRegistry
) -> None:
    run = live(
        site,
        lambda _: as_json({"repositories": []}),
        {"kind": "quay", "repository": "acme/{image}"},
    )
    key = "tables.public.source.repository"
    assert told(run) == [f"`'{key}': 'acme/{{image}}' matches nothing that the source lists`"]
    assert run.code == 1


def test_a_glob_of_tags_that_matches_none_is_told(site: Site, registry: FakeRegistry) -> None:
    source = {"repository": "team/{image}", "tags": {"include": ["v*", "lastest"]}}
    run = live(site, registry, source)
    assert told(run) == ["`'tables.public.source.tags.include': 'lastest' matches no tag`"]
    assert run.code == 1
    source["tags"] = {"include": ["latest"], "exclude": ["*-rc*", "v1.00"]}
    assert live(site, registry, source).code == 0


def test_an_exact_name_that_the_registry_hides_is_told_as_one_that_is_not_there(
    site: Site, registry: FakeRegistry
) -> None:
    registry.when("GET", "/v2/team/ap/", problem(401, "UNAUTHORIZED"))
    run = live(site, registry, {"repository": "team/{image}"}, images={"include": ["app", "ap"]})
    assert told(run) == ["`'images.include': 'ap' matches no image; did you mean 'app'?`"]


# The words


@pytest.mark.parametrize(
    ("glob", "name"),
    [
        ("ngnix", "nginx"),
        ("nginxx", "nginx"),
        ("ngin", "nginx"),
        ("nginy", "nginx"),
        ("*-scaner-test", "image-scanner-test"),
        ("reqeust-*", "request-1"),
        ("request-*", ""),
        ("nginx2[ab]", ""),
        ("go", ""),
        ("nix", ""),
        ("*", ""),
        ("???????", ""),
    ],
)
def test_a_glob_is_misspelt_where_one_letter_would_make_it_match(glob: str, name: str) -> None:
    names = ["nginx", "image-scanner-test", "java", "unix"]
    if glob == "reqeust-*":
        names.append("request-1")
    assert misspelt(glob, names) == name


def test_the_nearest_of_a_glob_is_that_of_its_letters() -> None:
    assert nearest("ngnix-*", ["redis", "nginx"]) == "nginx"
    assert nearest("zzz", ["redis", "nginx"]) == ""
