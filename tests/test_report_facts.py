"""What the report says of the images behind documented tags."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from generator.facts.attached import Artifact
from generator.facts.base import Absent, CouldNotLook, Details, Fact, Facts, Found
from generator.facts.evidence import SIGNATURE_TYPE, Evidence, Format
from generator.facts.image import Config, ImageFacts, Platform
from generator.facts.packages import Packages
from generator.facts.policy import NotVerified, Signer, Verdict, Verified
from generator.facts.sbom import Package
from generator.guard.findings import Finding, FindingKind
from generator.model import Image, Table, TagGroup
from generator.report.changes import Report
from generator.report.facts import State, facts_changed
from generator.report.sections import needs_a_look, routine
from tests.support import digest

A, B = digest("a"), digest("b")
NIGHT = datetime(2026, 5, 2, tzinfo=UTC)
SIGNER = Signer("https://issuer.test", "https://git.test/app")
GOOD, BAD = Verified(SIGNER, 1, NIGHT), NotVerified(SIGNER, "it is of somebody else")


def state(
    facts: Facts, of: str = A, day: int = 1, of_table: Facts | None = None, tag: str = "latest"
) -> State:
    table = Table("public", (TagGroup(of, NIGHT, (tag, "1.0")),))
    details = Details("app", {of: facts}, tables={"public": {of: of_table or {}}})
    return State(Image("app", (table,)), details, date(2026, 5, day))


def told(before: State, after: State) -> list[tuple[str, str]]:
    findings = facts_changed(before, after, ["latest*"])
    assert all(
        (item.image, item.table, item.tags) == ("app", "public", ("latest",)) for item in findings
    )
    return [(item.kind, item.detail) for item in findings]


def image(config: Config | None = None, **sizes: int) -> dict[str, Fact[Any]]:
    platforms = tuple(Platform("linux", name, size=size) for name, size in sizes.items())
    return {"image": Found(ImageFacts(platforms=platforms, config=config or Config(user="65532")))}


def evidence(
    verdict: Verdict | None = None, format_: Format = "bundle", wrong: str = ""
) -> dict[str, Fact[Any]]:
    item = Evidence(
        format_, "referrer", A, B, predicate_type=SIGNATURE_TYPE, wrong=wrong, verdict=verdict
    )
    return {"evidence": Found((item,))}


NONE: dict[str, Fact[Any]] = {"evidence": Absent()}


@pytest.mark.parametrize("user", ["", "root", "0", "0:0", "root:staff"])
def test_a_user_that_becomes_root_is_told(user: str) -> None:
    before, after = image(Config(user="65532")), image(Config(user=user))

    assert told(state(before), state(after, B)) == [("user_root", f"65532 -> {user or 'root'}")]


def test_root_that_was_root_and_a_user_that_is_none_are_not_told() -> None:
    root, other = image(Config(user="0")), image(Config(user="nonroot"))

    assert told(state(root), state(image(), B)) == []
    assert told(state(root), state(image(Config()), B)) == []
    assert told(state(image()), state(other, B)) == []


def test_another_entrypoint_is_told() -> None:
    before, after = image(Config(user="1")), image(Config(user="1", entrypoint="/bin/sh"))

    assert told(state(before), state(after, B)) == [("entrypoint", "none -> /bin/sh")]


def test_growth_by_more_than_a_quarter_is_told_for_the_platforms_that_grew() -> None:
    before = image(amd64=4_000_000, arm64=4_000_000, s390x=1)
    after = image(amd64=5_000_000, arm64=5_000_001, riscv64=9)

    assert told(state(before), state(after, B)) == [("grown", "linux/arm64: 4.0 MB -> 5.0 MB")]


def test_packages_are_counted() -> None:
    before = Packages("SPDX", (Package("a", "1"), Package("b", "1"), Package("c", "1")))
    after = Packages("SPDX", (Package("a", "2"), Package("b", "1"), Package("d", "1")))

    assert told(state({"packages": Found(before)}), state({"packages": Found(after)}, B)) == [
        ("packages", "1 added, 1 removed, 1 with another version")
    ]
    assert told(state({"packages": Found(before)}), state({"packages": Found(before)}, B)) == []


@pytest.mark.parametrize("of", [A, B])
def test_a_signature_that_is_gone_is_told(of: str) -> None:
    gone = [("unsigned", "")]

    assert told(state({}, of_table=evidence()), state({}, of, of_table=NONE)) == gone
    assert told(state({}, of_table=evidence()), state({}, of, of_table=evidence(wrong="x"))) == gone
    assert (
        told(state({}, of_table=evidence()), state({}, of, of_table=evidence(format_="sbom")))
        == gone
    )


def test_what_was_not_signed_or_not_looked_at_is_not_newly_unsigned() -> None:
    could_not: dict[str, Fact[Any]] = {"evidence": CouldNotLook("down")}

    assert told(state({}, of_table=NONE), state({}, B, of_table=NONE)) == []
    assert told(state({}, of_table=evidence(format_="sbom")), state({}, B, of_table=NONE)) == []
    assert told(state({}, of_table=evidence()), state({}, B, of_table=could_not)) == []
    assert told(state({}, of_table=evidence()), state({}, B)) == []
    assert told(state({}), state({}, B, of_table=NONE)) == []


def test_what_verified_and_does_not_any_more_is_told_with_the_reason() -> None:
    before = state({}, of_table=evidence(GOOD))

    assert told(before, state({}, B, of_table=evidence(GOOD))) == []
    assert told(before, state({}, B, of_table=evidence(BAD))) == [
        ("unverified", "https://git.test/app, signature: it is of somebody else")
    ]
    assert told(before, state({}, B, of_table=NONE)) == [
        ("unverified", "https://git.test/app, signature: nothing that verifies is there"),
        ("unsigned", ""),
    ]


def test_what_never_verified_is_not_told() -> None:
    assert told(state({}, of_table=evidence(BAD)), state({}, B, of_table=evidence(BAD))) == []


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2026-05-02", ["2026-05-02"]),
        ("2026-05-02T00:00:00Z", ["2026-05-02"]),
        ("2026-05-01", []),
        ("2026-05-03", []),
        ("soon", []),
    ],
)
def test_the_end_of_life_is_told_when_it_comes(end: str, expected: list[str]) -> None:
    name = "vnd.microsoft.artifact.lifecycle.end-of-life.date"
    attached: Facts = {"attached": Found((Artifact("referrer", A, B, annotations={name: end}),))}

    found = told(state({}, of_table=attached), state({}, day=2, of_table=attached))

    assert found == [("end_of_life", day) for day in expected]


def test_a_new_tag_and_one_that_is_not_documented_are_not_told_of() -> None:
    before, after = state(image(), tag="latest-dev"), state(image(Config(user="0")), B)

    assert facts_changed(before, after, ["latest*"]) == []


def test_of_a_digest_that_stays_its_contents_are_not_compared() -> None:
    assert told(state(image()), state(image(Config(user="0")))) == []


def test_tags_of_the_same_change_are_told_of_together() -> None:
    (finding,) = facts_changed(state(image()), state(image(Config(user="0")), B), ["*"])

    assert finding.tags == ("latest", "1.0")


def test_no_longer_verified_comes_first_and_packages_are_routine() -> None:
    kinds: tuple[FindingKind, ...] = (
        "packages",
        "grown",
        "entrypoint",
        "end_of_life",
        "user_root",
        "unsigned",
    )
    findings = [Finding(kind, "app", "public", "detail", ("latest",)) for kind in kinds]
    findings += [Finding("failed", "app", nights=9), Finding("unverified", "app", "public")]
    report = Report(1, NIGHT, NIGHT, "/{image}/", 7, (), 0, tuple(findings))

    titles = [part.title for part in needs_a_look(report)]

    assert titles[0] == "Not verified any more"
    assert set(titles[1:]) == {
        "Failed for 7 nights or more",
        "Not signed any more",
        "Started as root now",
        "End of life reached",
        "Started with another entrypoint",
        "Grown by more than a quarter",
    }
    assert [part.title for part in routine(report)] == ["Packages changed"]
