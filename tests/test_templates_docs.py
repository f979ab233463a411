"""`docs/templates.md` is enough to write whole pages from."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import msgspec
import pytest
from jinja2.filters import FILTERS

from generator.facts.base import Move
from generator.facts.image import Config, ImageFacts, Platform
from generator.facts.packages import Packages
from generator.facts.sbom import Package
from generator.pages import (
    IMAGE_OUTPUTS,
    SITE_OUTPUTS,
    details,
    index,
    overview,
    package_index,
    provenance,
)
from generator.pages import tags_history as tags
from generator.pages.base import Page
from generator.pages.commands import Command
from generator.pages.environment import Renderer
from generator.pages.tabs import TabView
from tests.hugo import hugo
from tests.support import ROOT, TABS, Site, as_listing, body_of
from tests.test_details_page import SITE
from tests.test_page_sizes import subject

TEXT = (ROOT / "docs/templates.md").read_text()
VALUES: dict[str, tuple[type[msgspec.Struct], ...]] = {
    "overview": (overview.PullView, overview.VariantView, ImageFacts, Platform),
    "details": (
        *(details.Variant, details.PackageRow, details.Setting, details.Changes),
        *(Move, Packages, Package, Config),
    ),
    "tags_history": (tags.TableView, TabView),
    "provenance": (
        *(provenance.TableView, provenance.DigestView, provenance.EvidenceView, Command),
    ),
    "index": (index.ImageView, index.RetiredView),
    "package_index": (package_index.ShardView,),
}
KINDS = [name for name, of in {**IMAGE_OUTPUTS, **SITE_OUTPUTS}.items() if isinstance(of, Page)]
INTERNAL = {"is_index", "blob", "os", "architecture", "variant", "os_version"}
"""What `name` and `form` tell together, or no page has a use for."""


def told_of(kind: str) -> str:
    """All that is said of what a template is given, and what all templates share."""
    sections = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    given = next(text for text in sections if text.startswith(f"What `{kind}.md.j2` is given"))
    shared = next(text for text in sections if text.startswith("What `tags_history.md.j2`"))
    return given + shared + next(text for text in sections if text.startswith("Filters"))


def names(text: str) -> set[str]:
    """The names in code, the parts of `image.config` and the like each by itself."""
    return {name for code in re.findall(r"`([^`]+)`", text) for name in re.findall(r"\w+", code)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_that_a_template_is_given_is_told_of(kind: str) -> None:
    if kind in IMAGE_OUTPUTS:
        page = IMAGE_OUTPUTS[kind]
        assert isinstance(page, Page)
        given = set(page.view(subject(), SITE))
    else:
        all_images = SITE_OUTPUTS[kind]
        assert isinstance(all_images, Page)
        given = set(all_images.view([subject()], SITE))
    for value in VALUES[kind]:
        given |= set(value.__struct_fields__) - INTERNAL
    assert given - names(told_of(kind)) == set()


def test_every_filter_of_ours_is_told_of_once() -> None:
    ours = set(Renderer()._environment.filters)  # noqa: SLF001 - there is no other list of them
    usual = set(FILTERS)
    told = re.findall(r"^\| `\w+ \\\| (\w+)", TEXT, re.MULTILINE)
    assert sorted(told) == sorted(ours - usual)


def examples() -> dict[str, str]:
    """The whole templates in the document."""
    found = re.findall(r"^`(\w+\.md\.j2)`:\n\n((?:    .*\n|\n)+)", TEXT, re.MULTILINE)
    return {name: f"{dedent(text).rstrip()}\n" for name, text in found}


def test_the_examples_of_whole_pages_make_a_site(tmp_path: Path) -> None:
    site = Site(tmp_path)
    (tmp_path / "own").mkdir()
    for name, text in examples().items():
        (tmp_path / "own" / name).write_text(text)
    entries = as_listing({"app": [("latest", "a", "2024-06-01T10:00:00Z")]})
    entries[0]["repo"]["readme"] = "# App\n\nIt runs."
    site.raw_listing("public", entries)
    config = {"contents": {"packages": ["bash=5.2"]}, "accounts": {"run-as": "65532"}}
    site.raw_listing(
        "details", [{"image": "app", "variants": [{"tag": "latest", "config": config}]}]
    )
    source = {"kind": "listing", "path": "public.json", "details": "details.json"}
    site.catalog(
        pages=KINDS,
        outputs=["packages"],
        templates="own",
        tables=[{"name": "public", "source": source | {"registry": "r.example.com"}}],
        descriptions={"app": "It runs."},
    )
    site.build()
    assert set(examples()) == {f"{name}.md.j2" for name in KINDS}
    page = {path.name: body_of(path.read_text()) for path in (site.content / "app").glob("*.md")}
    assert "- Public: `docker pull r.example.com/app:latest`, pinned" in page["_index.md"]
    assert "- `latest` runs as `65532` on\n" in page["_index.md"]
    assert page["_index.md"].endswith("\n## README\n\nIt runs.\n")
    assert "| User              | `65532`  |\n" in page["image_specs.md"]
    assert "\n- `bash` `5.2` " in page["image_specs.md"]
    assert "- June 1st: `latest` at `aaaaaaaaaaaa`\n" in page["tags_history.md"]
    assert "## latest (Public): not asked\n" in page["provenance_info.md"]
    assert (
        "- [app](/ref/app/), not known to be signed\n" in (site.content / "_index.md").read_text()
    )
    done = hugo(site.content, tmp_path / "site")
    assert done.returncode == 0, done.stderr


def test_the_bar_of_all_pages_is_that_of_the_sample() -> None:
    pages = [output for output in IMAGE_OUTPUTS.values() if isinstance(output, Page)]
    assert [{"title": page.title, "path": page.path} for page in pages] == TABS
