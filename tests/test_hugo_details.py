"""Hostile contents of images on the Details page, as a real Hugo builds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.facts.base import Change, Details, Facts, Found, Move
from generator.facts.image import Config, ImageFacts
from generator.facts.packages import Packages
from generator.facts.sbom import Package
from generator.grouping import Window
from generator.model import Image, Table, TagGroup
from generator.pages import details as page
from generator.pages.base import Site, Subject, TableInfo
from generator.pages.environment import Renderer
from generator.sources.oci import Oci
from tests.hugo import build, read
from tests.support import ROOT, digest
from tests.test_details_page import NOW

HOSTILE = (
    "a | b",
    "`tick` ``two``",
    "line\nbreak\r\n| x |",
    "{{< tabs >}}",
    "{{% evil %}}{{</* x */>}}",
    "<script>alert(1)</script>",
    "</td></table><b>",
    "<!--more-->",
    "<javascript:alert(1)>",
    "[x](javascript:alert(1))",
    "![x](https://evil.test/x.png)",
    "https://evil.test/ www.evil.test me@evil.test",
    "*a* _b_ ~~c~~ # d",
    "&lt;&#60;&amp;",
    "\u202egnp.exe\u2066",
    "\x00\x1b[31m",
    "\"quotes\" -- and ... 'more'",
    "a\\|b \\",
    "[^1] :smile: [ ]",
    "{{ .Site }} $x$ \\(y\\)",
)
A = digest("a")


def literal(text: str) -> str:
    """What a reader must see: signs without a shape as escapes."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def subject() -> Subject:
    image = ImageFacts(
        config=Config(
            user=HOSTILE[0],
            entrypoint=HOSTILE[1],
            cmd=HOSTILE[2],
            working_dir=HOSTILE[3],
            env={f"N{at}": text for at, text in enumerate(HOSTILE)},
            labels={page.LABELS[0]: HOSTILE[5]},
        )
    )
    packages = tuple(Package(text, text, text, "apk") for text in HOSTILE)
    facts: Facts = {"image": Found(image), "packages": Found(Packages("SPDX", packages))}
    changes = tuple(Change(text, (text,), (f"{text}2",)) for text in HOSTILE)
    move = Move(A, digest("b"), NOW, changes, 0, (Change("Command", HOSTILE, ()),))
    tables = (Table("public", (TagGroup(A, NOW, ("latest",)),)),)
    details = Details("app", {A: facts}, {"public": {"latest": (move,)}})
    return Subject(Image("app", tables), details)


def html(folder: Path, templates: Path | None) -> Path:
    info = TableInfo("Public", "", Oci(registry="registry.test"), {})
    site = Site("/ref/", (), {"public": info}, Window(), "recency", NOW, 7, ("latest",))
    text = Renderer(templates).render("details.md.j2", page.view(subject(), site))
    return build(folder, {"ref/app/image_specs.md": text})


@pytest.mark.parametrize("templates", [None, ROOT / "templates"], ids=["neutral", "sample"])
def test_hostile_contents_show_as_they_are_and_leave_their_cell_nowhere(
    templates: Path | None, tmp_path: Path
) -> None:
    site = read(html(tmp_path, templates), "ref/app/image_specs")

    main = site.find(".//main")
    assert main is not None
    variants, packages = main.findall(".//table")
    rows = packages.findall("tbody/tr")
    names = {"".join(row[0].itertext()) for row in rows}
    assert len(rows) == len(HOSTILE)
    assert names == {literal(text) for text in HOSTILE}
    assert all(len(row) == len(rows[0]) for row in rows)
    cells = {"".join(row[0].itertext()): "".join(row[1].itertext()) for row in variants.iter("tr")}
    assert cells["Entrypoint"] == literal(HOSTILE[1])
    command = "CMD" if templates else "Command"
    assert cells[command] == literal(HOSTILE[2])
    for name in ("script", "img", "b", "em", "del", "sup", "input"):
        assert main.find(f".//table//{name}") is None
        assert main.find(f".//ul//{name}") is None
    assert main.find(".//table//a") is None
    links = [link.get("href", "") for link in main.iter("a")]
    assert not [link for link in links if not link.startswith(("#", "/"))]
    if not templates:
        environment = ", ".join(literal(f"N{at}={text}") for at, text in enumerate(HOSTILE))
        assert cells["Environment"] == environment
    shown = "".join(main.itertext())
    assert all(literal(f"{text}2") in shown for text in HOSTILE)
