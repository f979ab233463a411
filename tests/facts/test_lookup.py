"""Each digest is looked up once in a pull, whatever interrupts it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from generator.collect.look import Lookup, Wanted
from generator.facts.base import Absent, CouldNotLook, Fact, Facts
from generator.facts.image import ImageFacts
from generator.model import Tag
from generator.sources.listing import Listing
from tests.registry.fake import FakeClock, asked, run, session_for
from tests.support import digest

A = digest("a")


def found(folder: Path, earlier: Fact[ImageFacts]) -> dict[str, Facts]:
    """What is looked up of a digest, after an earlier run was told that of it; there is no file."""

    async def scenario() -> dict[str, Facts]:
        async with asked(session_for(FakeClock()), root=folder) as ask:
            spec = Listing(path="listing.json", details="details.json")
            lookup = Lookup(Wanted(("latest*",), frozenset({"image"})))
            lookup.take("public", {A: {"image": earlier}})
            tags = [Tag("latest", A, datetime(2024, 6, 1, tzinfo=UTC))]
            return await lookup.new("public", spec, spec.open(ask), "app", tags)

    return run(scenario())


def test_what_an_earlier_run_of_the_pull_was_told_is_not_asked_for_again(tmp_path: Path) -> None:
    assert found(tmp_path, Absent()) == {}


def test_what_could_not_be_looked_up_is_asked_for_again(tmp_path: Path) -> None:
    ((name, facts),) = found(tmp_path, CouldNotLook("answered 503")).items()

    assert name == A
    assert facts["image"] != CouldNotLook("answered 503")
