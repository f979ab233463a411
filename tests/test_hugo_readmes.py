"""Hostile READMEs as a real Hugo builds them: shown as they are written, and nothing more."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from tests.hostile_readmes import FOREIGN, READMES, WRITTEN, build_readmes
from tests.hugo import hugo, read
from tests.support import ROOT, Site, as_listing


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Element]:
    """What stands on the first page of an image for each of the READMEs."""
    site = Site(tmp_path_factory.mktemp("hostile"))
    build_readmes(site)
    done = hugo(site.content, site.root / "site")
    assert done.returncode == 0, done.stderr
    return {name: _main(site.root / "site", name) for name in READMES}


def _main(folder: Path, name: str) -> Element:
    main = read(folder, name).find(".//main")
    assert main is not None
    return main


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_is_what_one_reads(pages: dict[str, Element], name: str) -> None:
    text = " ".join("".join(pages[name].itertext()).replace("\u00a0", " ").split())
    assert [line for line in WRITTEN[name] if " ".join(line.split()) not in text] == []


@pytest.mark.parametrize("name", READMES)
def test_nothing_stands_there_that_could_run_or_load(pages: dict[str, Element], name: str) -> None:
    names = {element.tag for element in pages[name].iter()}
    assert names.isdisjoint(FOREIGN)
    attributes = {attribute for element in pages[name].iter() for attribute in element.attrib}
    assert not [attribute for attribute in attributes if attribute.startswith("on")]
    addresses = [element.get(key, "") for element in pages[name].iter() for key in ("href", "src")]
    live = ("", "#", "/", "https://", "http://", "mailto:")
    assert [at for at in addresses if at and not at.startswith(live[1:])] == []


@pytest.mark.parametrize("name", READMES)
def test_what_comes_after_a_readme_is_where_it_was(pages: dict[str, Element], name: str) -> None:
    headings = [element.tag for element in pages[name].iter() if element.tag in {"h1", "h2"}]
    assert headings == ["h1", "h2", "h2"]


MATH_SITE = """\
markup:
  goldmark:
    extensions:
      passthrough:
        enable: true
        delimiters:
          block: [['\\[', '\\]'], ['$$', '$$']]
          inline: [['\\(', '\\)'], ['$', '$']]
"""


def test_a_site_with_mathematics_leaves_no_html_in_any_text(tmp_path: Path) -> None:
    site = Site(tmp_path)
    payloads = [READMES["math"], READMES["html"], READMES["html-in-lines"]]
    listed = as_listing({f"app{at}": [("latest", "a", "2024-06-01T10:00:00Z")] for at in range(3)})
    for entry, text in zip(listed, payloads, strict=True):
        entry["repo"]["readme"] = text
    site.raw_listing("public", listed)
    hostile = r"$$<script>$$ \[<script>\] \(<script>\) [<script>] (<script>) | $<script>$"
    config = {"cmd": hostile, "contents": {"packages": ["bash"]}}
    variants = [{"tag": "latest", "config": config}]
    site.raw_listing("details", [{"image": f"app{at}", "variants": variants} for at in range(3)])
    source = {"kind": "listing", "path": "public.json", "details": "details.json"}
    site.catalog(
        pages=["overview", "details"],
        tables=[{"name": "public", "source": source}],
        descriptions={"app0": hostile},
    )
    site.build()
    (tmp_path / "math.yaml").write_text(MATH_SITE)
    files = f"--config={ROOT / 'preview/hugo.yaml'},{tmp_path / 'math.yaml'}"
    done = hugo(site.content, tmp_path / "site", files)
    assert done.returncode == 0, done.stderr
    for url in ("app0", "app1", "app2", "app0/image_specs"):
        main = _main(tmp_path / "site", url)
        assert FOREIGN.isdisjoint({element.tag for element in main.iter()}), url
    assert hostile in "".join(_main(tmp_path / "site", "app0").itertext())
    assert "<script>alert(1)</script>" in "".join(_main(tmp_path / "site", "app0").itertext())
