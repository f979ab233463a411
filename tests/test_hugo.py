"""The pages as readers see them: a real Hugo builds the site, the tests read its HTML."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import pytest
import yaml

from generator.pages.environment import quoted, yaml_value
from tests.hugo import build, hugo, read, shown
from tests.support import ROOT, Site, sample_form

CONTENT = ROOT / "content"
REFERENCE = "chainguard/chainguard-images/reference"
CALICO = f"{REFERENCE}/calico-apiserver/tags_history"


def section(page: Element, heading: str) -> list[Element]:
    """What stands between this third-level heading and the next."""
    below = [*page.iterfind(".//main/*")]
    start = next(at for at, e in enumerate(below) if e.tag == "h3" and shown(e) == heading)
    end = (at for at, e in enumerate(below) if e.tag == "h3" and at > start)
    return below[start + 1 : next(end, None)]


def cells(element: Element, rows: str) -> list[list[str]]:
    return [[shown(cell) for cell in row] for row in element.iterfind(rows)]


def committed() -> list[str]:
    """The addresses of the committed pages."""
    return [str(f.relative_to(CONTENT).with_suffix("")) for f in CONTENT.rglob("tags_history.md")]


def calico() -> str:
    return (CONTENT / f"{CALICO}.md").read_text()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the committed content."""
    site = tmp_path_factory.mktemp("hugo") / "site"
    done = hugo(CONTENT, site)
    assert done.returncode == 0, done.stderr
    return site


def test_every_tab_links_to_its_page_and_the_active_one_says_so(site: Path) -> None:
    tabs = read(site, CALICO).findall(".//nav[@aria-label='Pages of this image']//a")
    assert [(shown(tab), tab.get("href"), tab.get("aria-current")) for tab in tabs] == [
        ("Overview", f"/{REFERENCE}/calico-apiserver/", None),
        ("Details", f"/{REFERENCE}/calico-apiserver/image_specs/", None),
        ("Tags History", f"/{REFERENCE}/calico-apiserver/tags_history/", "page"),
        ("Provenance", f"/{REFERENCE}/calico-apiserver/provenance_info/", None),
    ]


@pytest.mark.parametrize(
    ("heading", "rows"),
    [
        (
            "Public Registry",
            [
                [
                    "latest",
                    "May 31st",
                    "sha256:83f965abcaacd722722bc1a4685f48dc678efca6d219382f483b5c551a1355df",
                ],
            ],
        ),
        (
            "Private/Dedicated Registry",
            [
                [
                    "v3.28-dev 3.28-dev v3-dev v3.28.0-dev 3.28.0-dev latest-dev 3-dev",
                    "June 1st",
                    "sha256:98e288fda05d77efddd471dd341c263d7d58390f51274b3c83d81610b1f1ab7e",
                ],
                [
                    "v3 3.28 3.28.0 v3.28 3 latest v3.28.0",
                    "May 30th",
                    "sha256:3379d827e508b9b044e344c9ad4d70ff7aeb1540450518f61314fc8d9eed11c8",
                ],
            ],
        ),
    ],
)
def test_each_table_shows_under_its_heading(
    site: Path, heading: str, rows: list[list[str]]
) -> None:
    text, table = section(read(site, CALICO), heading)
    assert shown(text).startswith(f"The {heading} contains our ")
    assert cells(table, ".//thead/tr") == [["Tag (s)", "Last Changed", "Digest"]]
    assert cells(table, ".//tbody/tr") == rows


def test_a_table_scrolls_by_itself_and_names_its_columns_to_a_screen_reader(site: Path) -> None:
    tables = read(site, CALICO).findall(".//div[@role='region'][@tabindex='0']/table")
    assert [[th.get("scope") for th in table.iter("th")] for table in tables] == [["col"] * 3] * 2


def test_each_tag_and_each_digest_is_code_of_its_own(site: Path) -> None:
    _, table = section(read(site, CALICO), "Public Registry")
    assert [shown(code) for code in table.iterfind(".//td/code")] == [
        "latest",
        "sha256:83f965abcaacd722722bc1a4685f48dc678efca6d219382f483b5c551a1355df",
    ]


@pytest.mark.parametrize(
    "lastmod", ["2024-06-03 00:46:08", "2024-06-03T02:46:08+02:00", "2024-06-02T17:46:08-07:00"]
)
def test_lastmod_shows_in_utc(tmp_path: Path, lastmod: str) -> None:
    text = calico().replace("lastmod: 2024-06-03 00:46:08", f"lastmod: {lastmod}")
    time = read(build(tmp_path, {f"{CALICO}.md": text}), CALICO).find(".//time")
    assert shown(time) == "3 June 2024, 00:46 UTC"
    assert time is not None
    assert time.get("datetime") == "2024-06-03T00:46:08Z"


def test_no_committed_page_is_lost(site: Path) -> None:
    published = {str(f.parent.relative_to(site)) for f in site.glob("**/tags_history/index.html")}
    assert published == set(committed())
    assert len(published) >= 40


def test_every_committed_page_shows_its_title_its_lastmod_and_all_its_rows(site: Path) -> None:
    for url in committed():
        page, text = read(site, url), (CONTENT / f"{url}.md").read_text()
        row = re.compile(r"^\| ( `.*`) +\| (\w.*\w) +\| `(sha256:\w+)` \|$", re.MULTILINE)
        written = [[" ".join(t.replace("`", "").split()), d, h] for t, d, h in row.findall(text)]
        assert cells(page, ".//tbody/tr") == written, url
        assert len(written) == text.count("`sha256:"), url
        assert f'title: "{shown(page.find(".//h1"))}"\n' in text
        (time,) = page.iter("time")
        lastmod = time.attrib["datetime"].replace("T", " ").removesuffix("Z")
        assert f"\nlastmod: {lastmod}\n" in text, url


def test_the_data_is_published_beside_every_committed_page_which_links_to_it(site: Path) -> None:
    for url in committed():
        twin = Path(url).with_name("tags.json")
        assert (site / twin).read_bytes() == (CONTENT / twin).read_bytes()
        links = [urljoin(f"/{url}/", a.get("href")) for a in read(site, url).iter("a")]
        assert f"/{twin}" in links


def test_the_data_is_published_beside_a_page_whose_image_has_an_overview(tmp_path: Path) -> None:
    site = build(
        tmp_path,
        {
            f"{CALICO}.md": calico(),
            f"{REFERENCE}/calico-apiserver/_index.md": "---\ntitle: Overview\n---\n",
            f"{REFERENCE}/calico-apiserver/tags.json": '{"version": 1}\n',
        },
    )
    twin = site / REFERENCE / "calico-apiserver" / "tags.json"
    assert twin.read_text() == '{"version": 1}\n'
    assert "Data as JSON" in shown(read(site, CALICO))


def test_a_page_without_data_links_to_none(tmp_path: Path) -> None:
    page = read(build(tmp_path, {f"{CALICO}.md": calico()}), CALICO)
    assert "Data as JSON" not in shown(page)


def test_a_table_without_tags_shows_as_a_sentence_under_its_heading(site: Path) -> None:
    pages = [read(site, url) for url in committed()]
    kinds = {
        tuple(element.tag for element in section(page, heading))
        for page in pages
        for heading in ("Public Registry", "Private/Dedicated Registry")
    }
    assert kinds == {("p", "div"), ("p", "p")}


def test_an_alias_leads_to_the_page(tmp_path: Path) -> None:
    old = f"{REFERENCE}/calico-api/tags_history"
    text = calico().replace("draft: false\n", f"draft: false\naliases:\n  - /{old}/\n")
    page = read(build(tmp_path, {f"{CALICO}.md": text}), old)
    (refresh,) = page.findall(".//meta[@http-equiv='refresh']")
    assert refresh.get("content") == f"0; url=https://docs.example.org/{CALICO}/"


def test_every_committed_page_is_reached_by_clicks_from_the_home_page(site: Path) -> None:
    def reached(url: str, seen: set[str]) -> Iterator[str]:
        if url in seen or not (site / url / "index.html").is_file():
            return
        seen.add(url)
        yield url
        for link in read(site, url).iter("a"):
            yield from reached(urljoin(f"/{url}/", link.get("href")).strip("/"), seen)

    assert set(reached("", set())) >= set(committed())


def dead_links(site: Path, ignored: Collection[str] = ()) -> set[str]:
    """The links of all pages that lead nowhere on the site, but for those that end so."""
    pages = {
        f"/{file.parent.relative_to(site).as_posix()}/".replace("/./", "/"): file.parent
        for file in site.rglob("index.html")
    }
    read_pages = {url: read(site, str(folder.relative_to(site))) for url, folder in pages.items()}
    ids = {url: {element.get("id") for element in page.iter()} for url, page in read_pages.items()}
    dead = set()
    for url, page in read_pages.items():
        for link in page.iter("a"):
            target = urlsplit(urljoin(f"https://docs.example.org{url}", link.get("href")))
            if target.netloc != "docs.example.org" or target.path.endswith(tuple(ignored)):
                continue
            there = target.path in ids or (site / target.path.strip("/")).is_file()
            if not there or (target.fragment and target.fragment not in ids[target.path]):
                dead.add(target.geturl())
    return dead


def test_no_link_of_the_sample_site_is_dead(site: Path) -> None:
    assert len(list(site.rglob("index.html"))) > 4 * 51
    assert dead_links(site) == set()


def test_the_bar_of_the_four_pages_is_that_of_the_reference_page() -> None:
    reference = (ROOT / "tests/data/reference-page.md").read_text()
    bar = re.compile(r"^\{\{< tabs >\}\}\n.*\n\{\{</ tabs >\}\}\n", re.MULTILINE | re.DOTALL)
    expected = bar.findall(reference)[0].replace("active=true", "active=false")
    pages = ["_index.md", "image_specs.md", "tags_history.md", "provenance_info.md"]
    for at, file in enumerate(pages):
        (found,) = bar.findall((CONTENT / REFERENCE / "calico-apiserver" / file).read_text())
        lines = expected.splitlines(keepends=True)
        lines[at + 1] = lines[at + 1].replace("active=false", "active=true")
        assert found == "".join(lines)
    assert "tabs" not in yaml.safe_load((ROOT / "catalog.yaml").read_text())


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    links = "[a](/nowhere/) [b](#nowhere) [c](../there/#here) [d](/there/#nowhere) [e](x.json)"
    text = f"---\ntitle: Here\n---\n\n## Here\n\n{links} [f](https://example.com/)\n"
    site = build(tmp_path, {"there.md": text, "there.txt": ""})
    assert dead_links(site) == {
        "https://docs.example.org/nowhere/",
        "https://docs.example.org/there/#nowhere",
        "https://docs.example.org/there/x.json",
    }
    assert dead_links(site, ignored=["json", "/nowhere/"]) == {
        "https://docs.example.org/there/#nowhere"
    }


def test_the_first_page_of_an_image_has_what_can_be_copied(site: Path) -> None:
    page = read(site, f"{REFERENCE}/calico-apiserver")
    pulls = {
        "chainguard": "83f965abcaacd722722bc1a4685f48dc678efca6d219382f483b5c551a1355df",
        "chainguard-private": "3379d827e508b9b044e344c9ad4d70ff7aeb1540450518f61314fc8d9eed11c8",
    }
    assert ["".join(code.itertext()) for code in page.iterfind(".//pre/code")] == [
        f"{line}\n"
        for owner, digest in pulls.items()
        for line in (
            f"docker pull cgr.dev/{owner}/calico-apiserver:latest",
            f"FROM cgr.dev/{owner}/calico-apiserver:latest@sha256:{digest}",
        )
    ]
    tabs = page.findall(".//nav[@aria-label='Pages of this image']//a")
    assert [shown(tab) for tab in tabs if tab.get("aria-current")] == ["Overview"]


def test_the_page_of_all_images_leads_to_each_of_them(site: Path) -> None:
    page = read(site, REFERENCE)
    links = [(shown(a), a.get("href")) for a in page.iterfind(".//tbody/tr/td/a")]
    images = sorted(Path(url).parent.name for url in committed())
    assert links == [(image, f"/{REFERENCE}/{image}/") for image in images]


def test_a_retired_image_leads_on_from_each_of_its_addresses(tmp_path: Path) -> None:
    site = Site(tmp_path)
    keys = {"pages": ["index", "overview", "tags_history"], "tabs": None, "url": "/"}
    site.catalog(**sample_form(ROOT / "listings") | keys)
    site.build("--only", "curl", "--only", "calicoctl")
    retired = {"curl": {"redirect": "calicoctl"}}
    site.catalog(**sample_form(ROOT / "listings") | keys | {"retired": retired})
    site.build("--only", "curl", "--only", "calicoctl")
    done = hugo(site.content, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    for path in ("", "/tags_history"):
        page = read(tmp_path / "site", f"curl{path}")
        (refresh,) = page.findall(".//meta[@http-equiv='refresh']")
        assert refresh.get("content") == f"0; url=https://docs.example.org/calicoctl{path}/"
    assert dead_links(tmp_path / "site", ignored=["/using-the-tag-history-api/"]) == set()


def test_a_page_loads_nothing_from_another_host(site: Path) -> None:
    page = read(site, CALICO)
    loaded = [e.get("src") or e.get("href") or "" for e in page.iter() if e.tag != "a"]
    assert [re.sub(r"\.[0-9a-f]{64}\.", ".", url) for url in loaded if url] == [
        "/site.min.css",
        "data:,",
        "/tagpages/tagpages-tags_history.min.css",
        "/tagpages/tagpages.js",
    ]


@pytest.mark.parametrize(
    "form",
    ["{}", "`{}`", "```text\n{}\n```", "| Tag (s) | Digest |\n|---|---|\n| {} | `{}` |"],
    ids=["prose", "code", "block", "table"],
)
@pytest.mark.parametrize("opening", ["<", "%"])
def test_an_escaped_shortcode_is_shown(tmp_path: Path, form: str, opening: str) -> None:
    closing = {"<": ">", "%": "%"}[opening]
    escaped = f"{{{{{opening}/* tabs */{closing}}}}}"
    text = f"---\ntitle: Escaped\n---\n\nBefore.\n\n{form.replace('{}', escaped)}\n\nAfter.\n"
    page = read(build(tmp_path, {"escaped.md": text}), "escaped")
    body = shown(page).partition("Before. ")[2]
    assert f"{{{{{opening} tabs {closing}}}}}" in body
    assert "/*" not in body
    assert body.endswith("After.")


@pytest.mark.parametrize(
    "title",
    [
        'a "quotation"',
        "a back\\slash",
        "a backslash at the end\\",
        'a backslash before a \\"quotation"',
        "an <b>element</b> &amp; an entity",
        "{{< tabs >}}",
        "{{% tabs %}}",
        "{{</* tabs */>}}",
        "an opening {{< alone",
        "a closing >}} alone",
        "*stars*, `ticks` and _lines_",
    ],
)
def test_a_title_is_shown_as_it_was_given_in_front_matter_and_in_a_tab(
    tmp_path: Path, title: str
) -> None:
    text = f"""---
title: {yaml_value(title)}
---

{{{{< tabs >}}}}
{{{{< tab title={quoted(title)} active=false url="/" >}}}}
{{{{</ tabs >}}}}
"""
    page = read(build(tmp_path, {"page.md": text}), "page")
    assert shown(page.find(".//h1")) == title
    assert shown(page.find(".//nav[@aria-label='Pages of this image']//a")) == title


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("An <b>element</b>.", "Raw HTML omitted"),
        ("A {{< nonsense >}}.", 'template for shortcode "nonsense" not found'),
    ],
)
def test_what_hugo_dislikes_fails_the_build(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "page.md").write_text(f"---\ntitle: Page\n---\n\n{text}\n")
    done = hugo(tmp_path / "content", tmp_path / "site")
    assert done.returncode != 0
    assert complaint in done.stderr
