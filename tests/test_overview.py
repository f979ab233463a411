"""The first page of an image: what it is, how to get it, its variants at a glance."""

from __future__ import annotations

import json

import pytest

from generator.content.details import encode_details
from generator.facts.base import Absent, CouldNotLook, Details, Fact, Found
from generator.facts.image import Config, ImageFacts, Platform
from tests.support import Listing, Site, as_listing, body_of, digest, front_of

NIGHT: Listing = {"app": [("latest", "a", "2024-06-01T10:00:00Z")]}
PULLED_FROM = {"registry": "r.example.com", "repository": "team/{image}"}


def table(name: str, **keys: object) -> dict[str, object]:
    source = {"kind": "listing", "path": f"{name}.json"}
    return {"name": name, "source": source | keys}


def overview(site: Site, image: str = "app") -> str:
    return body_of((site.content / image / "_index.md").read_text())


def built(site: Site, **catalog: object) -> str:
    """The body of the overview of `app`."""
    site.catalog(**{"pages": ["overview"], "tables": [table("public", **PULLED_FROM)]} | catalog)
    site.build()
    return overview(site)


def knows(site: Site, **facts: Fact[ImageFacts]) -> None:
    """Put what is known of digests beside the state, and write the pages anew."""
    details = Details("app", {digest(sign): {"image": fact} for sign, fact in facts.items()})
    (site.content / "app" / "details.json").write_bytes(encode_details(details))
    assert site.run("render").code == 0


def rows(body: str) -> list[str]:
    return [line for line in body.splitlines() if line.startswith("|")][2:]


def test_a_page_has_what_can_be_copied_of_the_one_table_there_is(site: Site) -> None:
    site.lists(NIGHT)
    assert (
        built(site, descriptions={"app": "Runs [everything] at once."})
        == f"""
Runs &#91;everything&#93; at once.

## Get this image

A tag moves to another digest whenever the image is built anew. To get the very same image every \
time, pin the digest beside the tag.

```sh
docker pull r.example.com/team/app:latest
```

```dockerfile
FROM r.example.com/team/app:latest@{digest("a")}
```

## Variants

| Tag | Platforms, with the size of a download | User |
| --- | --- | --- |
| `latest` | not known | not known |
"""
    )


def test_each_table_that_has_tags_says_how_to_pull_from_it(site: Site) -> None:
    site.lists(NIGHT, {"app": [("1.2", "b", "2024-06-01T10:00:00Z")]})
    site.raw_listing("old", as_listing({}))
    tables = [table("public", **PULLED_FROM), table("private", registry="docker.io"), table("old")]
    body = built(site, tables=tables)
    assert [line for line in body.splitlines() if line.startswith(("###", "docker", "FROM"))] == [
        "### Public",
        "docker pull r.example.com/team/app:latest",
        f"FROM r.example.com/team/app:latest@{digest('a')}",
        "### Private",
        "docker pull docker.io/app:1.2",
        f"FROM docker.io/app:1.2@{digest('b')}",
    ]


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        (
            [
                ("1.1", "b", "2024-06-02T10:00:00Z"),
                ("latest", "a", "2023-01-01T10:00:00Z"),
                ("latest-dev", "c", "2024-06-02T11:00:00Z"),
            ],
            f"latest@{digest('a')}",
        ),
        (
            [("1.0", "a", "2024-06-01T10:00:00Z"), ("1.1", "b", "2024-06-02T10:00:00Z")],
            f"1.1@{digest('b')}",
        ),
        ([("1.0", "a", "2023-06-01T10:00:00Z")], f"1.0@{digest('a')}"),
    ],
)
def test_the_default_tag_is_latest_else_the_newest_of_whatever_age(
    site: Site, tags: list[tuple[str, str, str]], named: str
) -> None:
    site.lists({"app": tags})
    assert f"\nFROM r.example.com/team/app:{named}\n" in built(site)


def test_where_nobody_says_what_the_registry_is_there_is_nothing_to_copy(site: Site) -> None:
    site.lists(NIGHT)
    body = built(site, tables=["public"])
    assert "Get this image" not in body
    assert "docker" not in body


def test_variants_show_their_platforms_with_sizes_and_who_runs_them(site: Site) -> None:
    site.lists(
        {
            "app": [
                ("latest", "a", "2024-06-01T10:00:00Z"),
                ("latest-dev", "b", "2024-06-01T10:00:00Z"),
                ("latest-fat", "c", "2024-06-01T10:00:00Z"),
                ("latest-old", "d", "2020-06-01T10:00:00Z"),
                ("1.2", "e", "2024-06-01T10:00:00Z"),
            ]
        }
    )
    built(site)
    amd = Platform("linux", "amd64", digest=digest("1"), size=12_345_678, layers=1)
    arm = Platform("linux", "arm", "v7", digest=digest("2"), size=9_900_000, layers=1)
    knows(
        site,
        a=Found(ImageFacts(platforms=(amd, arm), config=Config(user="65532"))),
        b=Found(ImageFacts(platforms=(Platform("linux", "amd64"),))),
        c=CouldNotLook("the registry sleeps"),
        d=Absent(),
    )
    assert rows(overview(site)) == [
        "| `latest` | `linux/amd64` 12.3 MB, `linux/arm/v7` 9.9 MB | `65532` |",
        "| `latest-dev` | `linux/amd64` | not set |",
        "| `latest-fat` | not known | not known |",
        "| `latest-old` | not known | not known |",
    ]


def test_the_variants_of_several_tables_say_which_table_they_are_of(site: Site) -> None:
    site.lists(NIGHT, NIGHT)
    tables = [table("public"), table("private") | {"title": "Pri|vate"}]
    assert rows(built(site, tables=tables, variants=["l*"])) == [
        "| `latest` | Public | not known | not known |",
        "| `latest` | Pri\\|vate | not known | not known |",
    ]


def test_what_the_image_says_of_itself_is_shown_where_the_catalog_says_nothing(site: Site) -> None:
    site.lists(NIGHT)
    built(site)
    label = "org.opencontainers.image.description"
    text = f"1. One\n\n# \u202eTwo\x1b <script>{'x' * 400}"
    knows(site, a=Found(ImageFacts(config=Config(labels={label: text}))))
    (said,) = overview(site).split("\n\n## Get")[0].split("\n")[1:]
    assert said.startswith("1\\. One # Two \\<script\\>xxx")
    assert said.endswith("x…")
    assert len(said) < 310


def test_a_description_is_front_matter_of_a_new_page_and_reads_back(site: Site) -> None:
    site.lists(NIGHT)
    built(site, descriptions={"app": 'It\'s "this": {{< x >}}'})
    front = front_of((site.content / "app" / "_index.md").read_text())
    assert '\ndescription: "It\'s \\"this\\": {\\u007b< x >}}"\n' in front


@pytest.mark.parametrize(
    "user", ["a|b", "`a` {{< b >}}", "<b>x</b>\n\n# y", "{{% c %}}", "\u202ea"]
)
def test_a_user_of_any_form_stays_in_its_cell(site: Site, user: str) -> None:
    site.lists(NIGHT)
    built(site)
    knows(site, a=Found(ImageFacts(config=Config(user=user))))
    (row,) = rows(overview(site))
    assert row.replace("\\|", "").count("|") == 4
    assert "\u202e" not in row
    assert "{{" not in row


def test_a_page_of_people_s_keeps_its_front_matter(site: Site) -> None:
    site.lists(NIGHT)
    page = site.content / "app" / "_index.md"
    page.parent.mkdir(parents=True)
    page.write_text("---\n# ours\ntitle: 'Our App'\nlastmod: 2024-01-01\n---\nOur text.\n")
    body = built(site)
    assert page.read_text() == (
        f"---\n# ours\ntitle: 'Our App'\nlastmod: 2024-06-03 00:46:08\n---\n{body}"
    )
    assert "Our text" not in body


def test_the_first_page_that_the_catalog_names_is_where_reports_lead(site: Site) -> None:
    site.lists(NIGHT)
    site.catalog(pages=["overview", "tags_history"], base_url="https://docs.example.org")
    report = site.root / "report.json"
    site.build("--report", report)
    assert json.loads(report.read_text())["page"] == "https://docs.example.org/ref/{image}/"
    assert "[Tags History](/ref/app/tags_history/)" in overview(site)
    assert "**Overview** · " in overview(site)
