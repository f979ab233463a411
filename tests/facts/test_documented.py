"""Which tags are documented, and so which digests are asked for."""

from __future__ import annotations

from datetime import UTC, datetime

from generator.grouping import Documented, documented
from generator.model import Table, TagGroup
from tests.support import digest

TIME = datetime(2020, 1, 1, tzinfo=UTC)


def table(name: str, **tags: str) -> Table:
    """Groups by the sign of their digest."""
    groups = (TagGroup(digest(sign), TIME, tuple(names.split())) for sign, names in tags.items())
    return Table(name, tuple(groups))


PUBLIC = table("public", a="1.2 latest-dev latest", b="latest-1.10 latest-1.9", c="old")
PRIVATE = table("private", a="latest", d="1.1")


def test_tags_that_match_a_glob_are_documented_in_version_order_table_by_table() -> None:
    assert documented([PUBLIC, PRIVATE], ["latest*", "old"]) == (
        Documented("public", "latest", digest("a")),
        Documented("public", "latest-1.9", digest("b")),
        Documented("public", "latest-1.10", digest("b")),
        Documented("public", "latest-dev", digest("a")),
        Documented("public", "old", digest("c")),
        Documented("private", "latest", digest("a")),
    )


def test_the_order_of_rows_and_cells_does_not_matter() -> None:
    turned = Table(
        "public",
        tuple(
            TagGroup(group.digest, group.last_changed, group.tags[::-1])
            for group in reversed(PUBLIC.groups)
        ),
    )

    assert documented([turned], ["*"]) == documented([PUBLIC], ["*"])


def test_a_glob_is_matched_whole_and_by_its_case() -> None:
    assert documented([table("public", a="latest Latest latest-dev")], ["latest"]) == (
        Documented("public", "latest", digest("a")),
    )


def test_without_globs_nothing_is_documented() -> None:
    assert documented([PUBLIC], []) == ()
