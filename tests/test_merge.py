"""A source's tags merged with the last known good: days that stand, and digests that tags left."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from generator.grouping import group
from generator.guard.findings import Finding
from generator.guard.merge import Groups, merge
from generator.model import Tag, TagGroup, short_digest
from tests.support import digest


def short(signs: str) -> tuple[str, ...]:
    """Digests as a group remembers them, one for each sign."""
    return tuple(short_digest(digest(sign)) for sign in signs)


def a_group(sign: str, day: int, tags: str, left: str = "") -> TagGroup:
    """A group that changed on that day of May; its tags in one text, and signs of left digests."""
    return TagGroup(digest(sign), datetime(2024, 5, day, tzinfo=UTC), (*tags.split(),), short(left))


def listed(*groups: TagGroup) -> list[Tag]:
    """The groups as a source answers them."""
    return [Tag(tag, item.digest, item.last_changed) for item in groups for tag in item.tags]


def merged(
    known: Iterable[TagGroup], answer: Iterable[Tag], immutable: str = r"(?!)"
) -> tuple[Groups, list[Finding]]:
    fixed = re.compile(immutable)
    return merge(tuple(known), answer, "recency", lambda tag: fixed.fullmatch(tag) is not None)


def night_after_night(*nights: dict[str, str]) -> Groups:
    """What is known after nights that answered these tags, each with the sign of its digest."""
    known: Groups = ()
    for day, tags in enumerate(nights, 1):
        answer = listed(*(a_group(sign, day, tag) for tag, sign in tags.items()))
        known, _ = merged(known, answer)
    return known


def test_the_first_answer_is_taken_as_it_is() -> None:
    answer = listed(a_group("a", 2, "1.1 latest"), a_group("b", 1, "1.0"))
    assert merged([], answer) == (group(answer, "recency"), [])


def test_rows_stand_by_the_days_that_are_believed() -> None:
    known = [a_group("b", 5, "1.1"), a_group("a", 4, "1.0")]
    groups, findings = merged(known, listed(a_group("a", 9, "1.0"), a_group("b", 5, "1.1")))
    assert groups == tuple(known)
    assert [item.kind for item in findings] == ["kept_day"]


def test_nothing_is_told_of_a_tag_that_stays_where_others_left() -> None:
    known = [a_group("a", 5, "latest 1.0"), a_group("b", 4, "1.1", left="a")]
    answer = [
        *listed(a_group("b", 6, "latest 1.1")),
        Tag("1.0", digest("a"), datetime(2024, 5, 1, tzinfo=UTC)),
    ]
    groups, findings = merged(known, answer, immutable=r"1\..")
    assert findings == []
    assert groups == (a_group("b", 6, "latest 1.1", left="a"), a_group("a", 1, "1.0"))


def test_only_the_tags_that_moved_back_are_told() -> None:
    known = [a_group("b", 5, "latest", left="a"), a_group("a", 4, "1.0")]
    _, findings = merged(known, listed(a_group("a", 6, "latest 1.0")))
    move = " → ".join(short("ba"))
    assert findings == [Finding("moved_back", tags=("latest",), detail=move)]


def test_a_tag_that_moved_back_is_not_told_again_for_its_earlier_day() -> None:
    known = [a_group("b", 5, "latest", left="a")]
    _, findings = merged(known, listed(a_group("a", 4, "latest")))
    assert [item.kind for item in findings] == ["moved_back"]


def test_a_tag_that_moved_to_a_digest_of_the_same_day_is_nothing_to_tell() -> None:
    assert merged([a_group("a", 4, "latest")], listed(a_group("b", 4, "latest")))[1] == []


def test_a_group_remembers_the_digests_that_its_tags_left_the_latest_first() -> None:
    (known,) = night_after_night(*({"latest": sign} for sign in "abcd"))
    assert known.left == short("cba")


def test_a_group_does_not_remember_its_own_digest() -> None:
    (known,) = night_after_night(*({"latest": sign} for sign in "aba"))
    assert known.left == short("b")


def test_where_two_groups_became_one_the_last_four_that_each_left_are_remembered() -> None:
    tags = [{"latest": new, "1.0": old} for new, old in zip("12345", "abcde", strict=True)]
    (known,) = night_after_night(*tags, {"latest": "f", "1.0": "f"})
    assert known.left == short("5e4d3c2b")
