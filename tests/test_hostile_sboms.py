"""Hostile SBOMs: refused where they are too much, and shown as text where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.errors import TagpagesError
from generator.facts.base import Facts, Found
from generator.facts.packages import Packages
from generator.facts.sbom import read_sbom
from tests.hostile_sboms import CYCLONEDX, DEEP, DEEP_ELSEWHERE, LONG, MILLION, NAMES, SPDX
from tests.hugo import build, read
from tests.support import digest
from tests.test_details_page import body, subject
from tests.test_hugo_details import literal


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (DEEP, "it is not as it should be"),
        (DEEP_ELSEWHERE, "it is not as it should be"),
        (MILLION, "it lists 1,000,000 packages: the limit is 20,000"),
    ],
    ids=["deep", "deep elsewhere", "million"],
)
def test_a_document_that_is_too_much_is_refused(document: bytes, said: str) -> None:
    with pytest.raises(TagpagesError, match=said):
        read_sbom(document)


def page(document: bytes) -> str:
    """The Details page of an image with that SBOM."""
    name, packages = read_sbom(document)
    facts: Facts = {"packages": Found(Packages(name, packages))}
    return (
        f"---\ntitle: Details\n---\n{body(subject({digest('a'): facts}, {'latest': digest('a')}))}"
    )


def test_a_name_without_an_end_is_cut() -> None:
    assert len(page(LONG)) < 5_000


@pytest.mark.parametrize("document", [SPDX, CYCLONEDX], ids=["SPDX", "CycloneDX"])
def test_names_versions_and_licences_of_any_form_stay_in_their_cells(
    document: bytes, tmp_path: Path
) -> None:
    main = read(build(tmp_path, {"app/image_specs.md": page(document)}), "app/image_specs").find(
        ".//main"
    )
    assert main is not None
    rows = main.findall(".//table")[1].findall("tbody/tr")
    assert {"".join(row[0].itertext()) for row in rows} == {literal(name) for name in NAMES}
    assert all(
        ["".join(cell.itertext()) for cell in row][1:] == ["".join(row[0].itertext())] * 2
        for row in rows
    )
    assert {element.tag for row in rows for element in row.iter()} == {"tr", "td", "code"}
