"""The registries table of the old site's Provenance pages, by the sample site's template."""

from __future__ import annotations

import pytest

from tests.old_pages import OldPages, build_old_pages


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> OldPages:
    return build_old_pages(tmp_path_factory.mktemp("old"), "provenance")


def test_the_provenance_pages_of_all_images_have_their_registries_table(old: OldPages) -> None:
    assert len(old.expected) == 749
    assert old.wrong("provenance_info.md", "registries") == []
