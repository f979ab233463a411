"""What changed where a documented tag moved to another digest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from generator.content.details import decode_details, encode_details
from generator.facts.base import (
    Absent,
    Change,
    CouldNotLook,
    Details,
    Facts,
    FactsByPlace,
    Found,
    Move,
)
from generator.facts.details import details_of
from generator.facts.image import Config, ImageFacts, Platform
from generator.facts.moves import CHANGES_LIMIT, moves_of
from generator.facts.packages import Packages
from generator.facts.sbom import Package
from generator.model import Image, Table, TagGroup
from tests.support import digest

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
A, B, C = digest("a"), digest("b"), digest("c")
GLOBS = ("latest*",)


def app(**tags: str) -> Image:
    return Image("app", (Table("public", tuple(TagGroup(d, NOW, (t,)) for t, d in tags.items())),))


def contents(*packages: Package, size: int | None = None, **config: Any) -> Facts:
    platforms = (Platform("linux", "amd64", size=size, layers=1),) if size is not None else ()
    return {
        "image": Found(ImageFacts(platforms=platforms, config=Config(**config))),
        "packages": Found(Packages("SPDX", packages)),
    }


def moved(before: Facts, after: Facts) -> Move:
    """The move of `latest` from A to B."""
    moves = moves_of(
        (app(latest=A), Details("app")), app(latest=B), {A: before, B: after}, GLOBS, NOW
    )
    ((move,),) = moves["public"].values()
    return move


def test_packages_are_added_removed_and_of_other_versions() -> None:
    move = moved(
        contents(Package("bash", "5.1"), Package("curl", "8"), Package("zlib", "1")),
        contents(Package("zlib", "1"), Package("bash", "5.2"), Package("git")),
    )

    assert (move.before, move.digest, move.seen) == (A, B, NOW)
    assert move.added == [Change("git", (), ("",))]
    assert move.removed == [Change("curl", ("8",))]
    assert move.changed == [Change("bash", ("5.1",), ("5.2",))]


def test_a_package_that_is_there_twice_has_two_versions() -> None:
    move = moved(
        contents(Package("x", "2"), Package("x", "1")),
        contents(Package("x", "1"), Package("x", "3")),
    )

    assert move.changed == [Change("x", ("1", "2"), ("1", "3"))]


def test_another_licence_is_no_change() -> None:
    move = moved(contents(Package("x", "1", "MIT")), contents(Package("x", "1", "Zlib")))

    assert move.packages == ()


def test_settings_and_the_size_are_compared() -> None:
    move = moved(
        contents(size=10, user="65532", env={"A": "1", "B": "2"}, labels={"revision": "1"}),
        contents(size=30, env={"B": "2", "A": "3"}, labels={"revision": "2"}),
    )

    assert move.settings == (
        Change("User", ("65532",), ()),
        Change("Environment", ("A=1",), ("A=3",)),
    )
    assert (move.size_before, move.size) == (10, 30)


def test_what_is_not_known_of_one_of_the_two_is_not_known_of_the_move() -> None:
    lacking: Facts = {"image": Absent(), "packages": CouldNotLook("down")}
    nothing: Facts = {}
    for before, after in ((nothing, contents()), (contents(), lacking)):
        move = moved(before, after)
        assert (move.packages, move.settings, move.size) == (None, None, None)


def test_so_many_changed_packages_are_kept_and_the_others_counted() -> None:
    move = moved(contents(), contents(*(Package(f"p{number:05}") for number in range(1000))))

    assert move.packages is not None
    assert len(move.packages) == CHANGES_LIMIT
    assert move.more == 1000 - CHANGES_LIMIT


def test_the_last_five_moves_are_kept_newest_first() -> None:
    signs = "0123456789"
    image, details = app(latest=digest("0")), Details("app")
    for day, sign in enumerate(signs[1:]):
        new = app(latest=digest(sign))
        moves = moves_of((image, details), new, {}, GLOBS, NOW + timedelta(days=day))
        image, details = new, Details("app", moves=moves)

    assert [move.digest[-1] for move in details.moves["public"]["latest"]] == list("98765")
    assert [move.before[-1] for move in details.moves["public"]["latest"]] == list("87654")


def test_a_tag_that_did_not_move_keeps_its_moves() -> None:
    old = moves_of((app(latest=A), Details("app")), app(latest=B), {}, GLOBS, NOW)

    assert (
        moves_of((app(latest=B), Details("app", moves=old)), app(latest=B), {}, GLOBS, NOW) == old
    )


def test_a_new_image_and_a_new_tag_have_not_moved() -> None:
    assert moves_of(None, app(latest=A), {}, GLOBS, NOW) == {}
    assert moves_of((app(), Details("app")), app(latest=A), {}, GLOBS, NOW) == {}


def test_tags_that_are_not_documented_have_no_moves() -> None:
    old = (app(v1=A), Details("app"))

    assert moves_of(old, app(v1=B), {}, GLOBS, NOW) == {}


def test_moves_are_written_and_read_back_and_files_without_them_are_read() -> None:
    move = moved(contents(Package("a", "1"), user="a"), contents(Package("b")))
    details = Details("app", {A: {"image": Absent()}}, {"public": {"latest": (move,)}})

    text = encode_details(details)

    assert decode_details(text, "app") == details
    assert text.count(b'\n        {"digest":') == 1
    old = text[: text.index(b',\n  "moves"')] + b"\n}\n"
    assert decode_details(old, "app") == Details("app", details.facts)


def test_what_could_not_be_looked_up_is_so_since_the_first_night() -> None:
    image, later = app(latest=A), NOW + timedelta(days=1)

    def of(details: Details) -> FactsByPlace:
        return {("", digest): facts for digest, facts in details.facts.items()}

    first = details_of(image, GLOBS, {}, {("", A): {"packages": CouldNotLook("down")}}, NOW)
    second = details_of(
        image, GLOBS, of(first), {("", A): {"packages": CouldNotLook("denied")}}, later
    )
    third = details_of(image, GLOBS, of(second), {("", A): {"packages": Absent()}}, later)

    assert first.facts[A]["packages"] == CouldNotLook("down", NOW)
    assert second.facts[A]["packages"] == CouldNotLook("down", NOW)
    assert third.facts[A]["packages"] == Absent()
