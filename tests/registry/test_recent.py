"""What was read last of a registry is not asked for again, and takes no more memory than it may."""

from __future__ import annotations

from generator.registry.recent import Recent


def test_what_is_kept_is_there_until_the_bytes_are_wanted_for_later_ones() -> None:
    recent = Recent[str](limit=10)
    for name, size in (("a", 4), ("b", 4), ("a", 4), ("c", 2)):
        recent.keep(name, name.upper(), size)
    assert [recent.get(name) for name in "abcd"] == ["A", "B", "C", None]

    recent.keep("d", "D", 5)

    assert [recent.get(name) for name in "abcd"] == [None, None, "C", "D"]


def test_what_is_larger_than_all_that_may_be_kept_takes_no_room_from_others() -> None:
    recent = Recent[str](limit=10)
    recent.keep("a", "A", 10)
    recent.keep("b", "B", 11)

    assert [recent.get(name) for name in "ab"] == ["A", None]
