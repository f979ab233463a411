"""What is generated of the documentation is up to date."""

from __future__ import annotations

import importlib.util
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from tests.incidents import (
    BEFORE,
    KUBECTL,
    TONIGHT,
    Job,
    listings,
    names,
    recorded_text,
    tags_where,
    timed,
    without,
)
from tests.support import PAIR, ROOT, Site


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_make_docs_would_change_nothing(docs: ModuleType) -> None:
    for path, text in docs.generated():
        assert path.read_text() == text, f"{path.name} is stale: `make docs`"


def test_every_document_is_named_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {name for name in pages if f"({name})" not in index} == set()


def test_the_readme_is_one_screen_and_names_the_index() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "(docs/README.md)" in readme
    assert readme.count("\n") <= 50


def example_report(folder: Path) -> str:
    """The report of `docs/report.md`: a recorded night of some images, with two incidents in it."""
    chosen = set(names(listings(BEFORE))[::9]) | {KUBECTL, "datadog-cluster-agent"}
    others = set(names(listings(BEFORE))) | set(names(listings(TONIGHT)))
    before, tonight = (without(listings(date), others - chosen) for date in PAIR)
    job = Job(Site(folder), datetime.fromisoformat(recorded_text(BEFORE)[0]))
    job.keys = {"base_url": "https://docs.example.com"}
    assert job.run(before, days=0).code == 0
    week_ago = job.now - timedelta(days=6)
    cut = tags_where(tonight, lambda _, tag: timed(tag) > week_ago)
    removed = tags_where(
        tonight, lambda image, tag: image != KUBECTL or not tag["name"].startswith("1.26")
    )
    job.run({"public": cut["public"], "private": removed["private"]}, f"--report={folder}/night.md")
    return (folder / "night.md").read_text()


def test_the_report_that_is_explained_is_a_real_one(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "report.md").read_text()
    assert f"````markdown\n{example_report(tmp_path)}````\n" in text
