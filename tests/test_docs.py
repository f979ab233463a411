"""What is generated of the documentation is up to date."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs", ROOT / "scripts/docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_make_docs_would_change_nothing(docs: ModuleType) -> None:
    for path, text in docs.generated():
        assert path.read_text() == text, f"{path.name} is stale: `make docs`"


def test_every_document_is_named_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [path.name for path in (ROOT / "docs").glob("*.md") if path.name not in readme]
    assert missing == []
