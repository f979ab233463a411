"""Every table of the old site's other pages, made by the sample site's templates."""

from __future__ import annotations

import pytest

from tests.old_pages import OldPages, build_old_pages


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> OldPages:
    return build_old_pages(tmp_path_factory.mktemp("old"), "details", cut_tags=True)


def test_the_details_of_all_images_have_their_two_tables(old: OldPages) -> None:
    assert len(old.expected) == 749
    assert old.wrong("image_specs.md", "variants", "packages") == []
