"""The change report: what is counted as what, and how people and programs get to read it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import get_args

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace

from generator.grouping import Window
from generator.guard.findings import Finding, FindingKind, Worst
from generator.model import Image, Table, TagGroup
from generator.report.changes import (
    VERSION,
    ImageChange,
    Report,
    Roll,
    SourceNight,
    Span,
    TableChange,
    image_change,
    source_nights,
    with_old_tags,
)
from generator.report.fold import families
from generator.report.sections import needs_a_look
from generator.report.text import as_json, headline, markdown, terminal
from tests.support import ROOT

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = Window(1, "month")
NIGHT = Span(MONTH, NOON - DAY, NOON)
LIMIT = 65_536
"""Characters that a pull request's body may have."""


def group(number: int, *tags: str, days: float = 2) -> TagGroup:
    """A group with a numbered digest, that last changed so many days ago."""
    return TagGroup(f"sha256:{number:012x}{'0' * 52}", NOON - days * DAY, tags)


def image(*groups: TagGroup, name: str = "nginx") -> Image:
    return Image(name, (Table("public", groups),))


def report(
    *changes: ImageChange,
    findings: Sequence[Finding] = (),
    unchanged: int = 0,
    sources: tuple[SourceNight, ...] = (),
    nights: int = 1,
) -> Report:
    page = "https://docs.example.com/ref/{image}/tags_history/"
    before = NOON - nights * DAY
    return Report(VERSION, NOON, before, page, 7, changes, unchanged, tuple(findings), sources)


def change(before: Sequence[TagGroup], after: Sequence[TagGroup]) -> TableChange:
    """What changed of one table, of which something must have."""
    found = image_change("nginx", image(*before), image(*after), NIGHT)
    (table,) = found.tables
    return table


# What is counted as what


def test_tags_that_went_from_one_digest_to_another_together_are_one_roll() -> None:
    assert change(
        [group(1, "latest", "1.2", "1")], [group(2, "latest", "1"), group(1, "1.2")]
    ) == TableChange("public", rolled=(Roll(("latest", "1"), "000000000001", "000000000002"),))


def test_a_tag_that_the_page_shows_for_the_first_time_is_added() -> None:
    assert change([group(1, "1")], [group(1, "1", "2"), group(2, "3")]) == TableChange(
        "public", added=("2", "3")
    )


def test_a_tag_that_the_registry_lacks_is_removed() -> None:
    assert change([group(1, "1", "2")], [group(1, "1")]) == TableChange("public", removed=("2",))


@pytest.mark.parametrize(
    "after",
    [
        pytest.param((group(1, "1", days=31.5),), id="and the registry still has it"),
        pytest.param((), id="and the registry has dropped it"),
    ],
)
def test_a_tag_that_left_the_window_is_aged_out(after: Sequence[TagGroup]) -> None:
    before = (group(1, "1", days=31.5), group(2, "2"))
    assert change(before, [*after, group(2, "2")]) == TableChange("public", aged_out=("1",))


def test_a_table_that_shows_no_tag_any_more_is_emptied() -> None:
    assert change([group(1, "1")], []) == TableChange("public", removed=("1",), emptied=True)


def test_a_table_that_is_held_shows_what_it_did_however_late_it_is() -> None:
    table = Table("public", (group(1, "1"),))
    later = Span(MONTH, NOON, NOON + 40 * DAY)
    before, held = (Image("nginx", (replace(table, as_of=at),)) for at in (None, NOON))
    assert image_change("nginx", before, held, later).tables == ()
    (table_change,) = image_change("nginx", before, before, later).tables
    assert table_change.aged_out == ("1",)


def test_a_table_that_is_new_in_the_catalog_is_added_and_not_filled() -> None:
    more = Image("nginx", (*image(group(1, "1")).tables, Table("third", (group(2, "2"),))))
    (first,) = image_change("nginx", image(group(1, "1")), more, NIGHT).tables
    assert first == TableChange("third", added=("2",))
    empty = Image("nginx", (*image(group(1, "1")).tables, Table("third")))
    (later,) = image_change("nginx", empty, more, NIGHT).tables
    assert later == TableChange("third", added=("2",), filled=True)


def test_a_source_lists_old_tags_when_it_has_most_of_those_that_left_the_window() -> None:
    old = [group(number, str(number), days=30.5) for number in range(3)]
    span = Span(MONTH, NOON - DAY, NOON + DAY)
    before = {"nginx": image(*old)}
    for left, tables in ((1, set()), (2, {"public"})):
        assert with_old_tags(before, {"nginx": image(*old[:left])}, span) == tables


def test_a_tag_out_of_the_window_is_nothing_to_report() -> None:
    before, after = image(group(1, "1", days=90)), image(group(2, "2", days=80))
    assert image_change("nginx", before, after, NIGHT).tables == ()


def test_an_image_without_a_state_before_is_added_and_without_one_after_is_removed() -> None:
    one = image(group(1, "1"))
    assert image_change("nginx", None, one, NIGHT).kind == "added"
    assert image_change("nginx", one, None, NIGHT).kind == "removed"


# For people

HELD = Finding(
    "held",
    None,
    "private",
    "40 of 90 visible tags gone (44.4%); the limit is 10%",
    nights=8,
    accept="private@a1b2c3",
    since=date(2024, 5, 27),
    worst=(Worst("php", 25, ("8.1", "8.2")), Worst("nginx", 15, ("1",))),
)
"""A source that is held, as the build tells of it."""

EVERYTHING = report(
    ImageChange("apko", "added", (TableChange("public", added=("latest", "1")),)),
    ImageChange("bash", "removed"),
    ImageChange(
        "nginx",
        "changed",
        (
            TableChange(
                "public",
                rolled=(Roll(("latest", "1"), "000000000001", "000000000002"),),
                added=("1.2",),
                removed=("0.9",),
                aged_out=("0.8",),
            ),
            TableChange("private", removed=("1",), emptied=True),
        ),
        {"nginx/tags_history.md": "changed"},
    ),
    ImageChange("perl", "changed", (TableChange("public", removed=("5.36", "5.38")),)),
    ImageChange("vim", "changed", (TableChange("public", added=("9",), filled=True),)),
    ImageChange("wget", "rebuilt", (TableChange("public", added=("1",)),)),
    ImageChange("zot", "changed", (), {"zot/tags_history.md": "changed"}),
    findings=[
        Finding("kept_day", "zot", "public", "2024-05-30, not 2024-06-02", ("1",)),
        Finding(
            "released", "perl", "public", "5 of 8 visible tags gone; the same 3 nights in a row"
        ),
        Finding("time_back", "nginx", "public", "from 2024-06-01 to 2024-05-30", ("2",)),
        Finding("unmanaged", "old"),
        Finding("kept_folder", "bash", detail="notes.txt"),
        Finding("waiting", "new", detail="no answer of private"),
        Finding("missing", "curl", nights=2, until=date(2024, 6, 4)),
        Finding("gone", "bash", nights=3),
        Finding("moved_back", "nginx", "public", "000000000003 → 000000000001", ("1",)),
        Finding("moved_back", "nginx", "public", "000000000003 → 000000000002", ("edge",)),
        Finding("flapping", "envoy", "public", tags=("latest", "1")),
        Finding("immutable_changed", "nginx", "public", "000000000003 → 000000000001", ("1",)),
        Finding("failed", "php", "public", "status 500", nights=2),
        HELD,
        Finding(
            "held",
            "ruby",
            "private",
            "all its 2 visible tags gone",
            ("1", "latest"),
            nights=2,
            accept="ruby@0f1e2d",
            since=date(2024, 6, 2),
            until=date(2024, 6, 4),
        ),
        Finding("held", detail="`images.exclude` would remove 40 of 750 pages", accept="catalog"),
        Finding("left_out", None, "third"),
        Finding("unchanged", None, "public", "the very same answer since 2024-05-28", nights=6),
        Finding("time_ahead", "zsh", "public", "up to 2034-01-01", ("5",)),
        Finding("failed", "ruby", "public", "status 404", nights=7),
    ],
    unchanged=700,
    sources=(
        SourceNight("public", 900, 12, 0.004, "latest", 8, rolled=820, new=2, gone=1),
        SourceNight("private", 90),
        SourceNight("third"),
    ),
)

TEXT = """\
# Image tags, 2024-06-03 12:00 UTC

1 added, 1 rebuilt, 1 removed, 4 changed, 700 unchanged, 4 failed or held back.

- `public`: 12 of 900 tags removed (1.3%, usually 0.4%); most often `latest` (8 images); 820 tags \
on another digest (91.1%, a mass rebuild); 2 images new, 1 gone.
- `private` is held back: its tables stay as they were.

## Needs a look

### Failed for 7 nights or more (1)
- `ruby`: public: `status 404` (night 7)
### Held back for 7 nights or more (1)
- `source private`: `40 of 90 visible tags gone (44.4%); the limit is 10%`; most of all `php` 25 \
(`8.1` `8.2`), `nginx` 15 (`1`); since 2024-05-27 (night 8); stays as it was until the answer is \
whole again, or until `tagpages build --accept-loss private@a1b2c3` (the nightly job: accept-loss \
`private@a1b2c3`)
### Held back (2)
- `ruby`: private: `all its 2 visible tags gone`; `latest` `1`; since 2024-06-02 (night 2); \
believed on 2024-06-04 if it stays so, or at once with `tagpages build --accept-loss ruby@0f1e2d` \
(the nightly job: accept-loss `ruby@0f1e2d`)
- `the catalog`: `'images.exclude' would remove 40 of 750 pages`; nothing is removed without \
`tagpages build --accept-loss catalog` (the nightly job: accept-loss `catalog`)
### Believed after all (1)
- `perl`: public: `5 of 8 visible tags gone; the same 3 nights in a row`
### Failed (1)
- `php`: public: `status 500` (night 2)
### Immutable tags that moved (1)
- `nginx`: public: `1` `000000000003 → 000000000001`
### Tags that moved back (1)
- `nginx`: public: `edge` `000000000003 → 000000000002`
### Tags that go back and forth (1)
- `envoy`: moved back more than 3 times in 31 nights (public: `latest` `1`)
### Tables newly empty (1)
- [nginx](https://docs.example.com/ref/nginx/tags_history/): private: no tag left, gone `1`
### Tables newly filled (1)
- [vim](https://docs.example.com/ref/vim/tags_history/): public: `9`
### Tags removed (1)
- [nginx](https://docs.example.com/ref/nginx/tags_history/): public: `0.9`
### Gone images (1)
- `bash`: no source has had it for 3 nights
### Images that no source has (1)
- `curl`: night 2; its page goes on 2024-06-04
### New images (1)
- [apko](https://docs.example.com/ref/apko/tags_history/): public: `latest` `1`
### Pages rebuilt (1)
- [wget](https://docs.example.com/ref/wget/tags_history/): there was a page, and no `tags.json`
### Tables that pages do without (1)
- `source third`: it has never answered yet; until it does, pages go without
### Images that wait for an answer of every source (1)
- `new`: `no answer of private`
### Folders with files of others (1)
- `bash`: `notes.txt`
### Pages that no build keeps up to date (1)
- `old`
### Times that went back (1)
- `nginx`: public: `2` `from 2024-06-01 to 2024-05-30`
### Times after the build (1)
- `zsh`: public: `5` `up to 2034-01-01`
### Answers that do not change (1)
- `source public`: `the very same answer since 2024-05-28`

## Routine

### Tags added (1)
- [nginx](https://docs.example.com/ref/nginx/tags_history/): public: `1.2`

### Rows aged out (1)
- [nginx](https://docs.example.com/ref/nginx/tags_history/): public: `0.8`

### Later days not believed (1)
- `zot`: public: `1` `2024-05-30, not 2024-06-02`

### Other changes (1)
- [zot](https://docs.example.com/ref/zot/tags_history/): `tags_history.md`

### Digests rolled (1)
- [nginx](https://docs.example.com/ref/nginx/tags_history/): public: `000000000001` → \
`000000000002` `latest` `1`
"""


def test_what_deserves_a_look_comes_first_and_routine_is_folded() -> None:
    assert markdown(EVERYTHING) == TEXT


def test_a_quiet_night_says_that_nothing_needs_a_look() -> None:
    assert markdown(report(unchanged=3)) == (
        "# Image tags, 2024-06-03 12:00 UTC\n\n"
        "0 added, 0 removed, 0 changed, 3 unchanged, 0 failed or held back.\n\n"
        "Nothing needs a look.\n"
    )


HELD_LINE = (
    "  source private: `40 of 90 visible tags gone (44.4%); the limit is 10%`; most of all `php` 25"
    " (`8.1` `8.2`), `nginx` 15 (`1`); since 2024-05-27 (night 8); stays as it was until the answer"
    " is whole again, or until `tagpages build --accept-loss private@a1b2c3` (the nightly job:"
    " accept-loss `private@a1b2c3`)"
)


@pytest.mark.parametrize(
    ("source", "nights", "sentence"),
    [
        (
            SourceNight("a", 9000, 1752, 0),
            1,
            "`a`: 1,752 of 9,000 tags removed (19.5%, usually 0%).",
        ),
        (
            SourceNight("a", 100, rolled=104),
            3,
            "`a`: none of 100 tags removed; 104 tags on another digest (100%, a mass rebuild).",
        ),
        (
            SourceNight("a", 100, rolled=90),
            1,
            "`a`: none of 100 tags removed; 90 tags on another digest (90%).",
        ),
        (
            SourceNight("a", 100, rolled=99),
            4,
            "`a`: none of 100 tags removed; 99 tags on another digest (99%).",
        ),
        (SourceNight("a", new=12), 1, "`a`: 12 images, and nothing to compare them with."),
    ],
)
def test_a_night_is_a_sentence_for_each_source(
    source: SourceNight, nights: int, sentence: str
) -> None:
    assert f"\n- {sentence}\n" in markdown(report(sources=(source,), nights=nights))


def test_all_tables_of_a_source_that_had_none_are_new() -> None:
    changes = [
        ImageChange(name, "changed", (TableChange("third", added=("1",)),)) for name in ("a", "b")
    ]
    (first,) = source_nights(changes, {"third": 0}, {}, {})
    (later,) = source_nights(changes, {"third": 2}, {}, {})
    assert (first.new, later.new) == (2, 0)


def test_the_terminal_shows_what_deserves_a_look_and_counts_the_routine() -> None:
    lines = list(terminal(EVERYTHING))
    assert lines[:4] == [
        ("Failed for 7 nights or more (1)", True),
        ("  ruby: public: `status 404` (night 7)", False),
        ("Held back for 7 nights or more (1)", True),
        (
            HELD_LINE,
            False,
        ),
    ]
    assert lines[-8:] == [
        ("Tags added: 1", False),
        ("Rows aged out: 1", False),
        ("Later days not believed: 1", False),
        ("Other changes: 1", False),
        ("Digests rolled: 1", False),
        (
            (
                "`public`: 12 of 900 tags removed (1.3%, usually 0.4%); most often `latest`"
                " (8 images); 820 tags on another digest (91.1%, a mass rebuild);"
                " 2 images new, 1 gone."
            ),
            False,
        ),
        ("`private` is held back: its tables stay as they were.", False),
        (
            "1 added, 1 rebuilt, 1 removed, 4 changed, 700 unchanged, 4 failed or held back",
            True,
        ),
    ]


def test_the_report_is_the_same_whatever_order_its_findings_come_in() -> None:
    findings = list(EVERYTHING.findings)
    for seed in range(5):
        random.Random(seed).shuffle(findings)
        assert markdown(msgspec.structs.replace(EVERYTHING, findings=tuple(findings))) == TEXT


# Size

Groups = tuple[TagGroup, ...]


def many(before: Callable[[int], Groups | None], after: Callable[[int], Groups]) -> Report:
    """The report of a night that touches 800 images."""
    changes = []
    for number in range(800):
        name = f"chainguard-image-{number:03}-fips"
        old = before(number)
        changes.append(
            image_change(
                name,
                None if old is None else image(*old, name=name),
                image(*after(number), name=name),
                NIGHT,
                {f"{name}/tags_history.md": "changed", f"{name}/tags.json": "changed"},
            )
        )
    return report(*changes)


def tagged(number: int, count: int) -> Groups:
    return tuple(
        group(1000 * number + item, f"1.{item}.0-r{number}", f"1.{item}-dev")
        for item in range(count)
    )


def numbered(number: int, first: int) -> Groups:
    """Five thousand groups of one tag in the first image, none in the others."""
    return tuple(group(first + item, f"1.{item}") for item in range(0 if number else 5000))


@pytest.mark.parametrize(
    ("made", "heading"),
    [
        pytest.param(
            lambda: many(lambda number: tagged(number, 8), lambda number: tagged(number + 1, 8)),
            "### Tags removed (800)",
            id="800 changed images",
        ),
        pytest.param(
            lambda: many(lambda _: None, lambda number: tagged(number, 8)),
            "### New images (800)",
            id="800 new images",
        ),
        pytest.param(
            lambda: many(lambda number: numbered(number, 0), lambda number: numbered(number, 1)),
            "### Digests rolled (1)",
            id="an image of 5,000 tags",
        ),
        pytest.param(
            lambda: report(
                findings=[
                    Finding("failed", f"image-{number}", "public", "no route to it\n" * 9999)
                    for number in range(800)
                ]
            ),
            "### Failed (800)",
            id="800 long reasons",
        ),
    ],
)
def test_the_report_fits_a_pull_request_and_takes_less_than_a_second(
    made: Callable[[], Report], heading: str
) -> None:
    night = made()
    start = time.process_time()
    text = markdown(night)
    assert time.process_time() - start < 1
    assert len(text) < LIMIT
    assert heading in text
    assert headline(night) in text


def test_an_image_with_thousands_of_changes_leaves_room_for_the_others() -> None:
    rolls = tuple(Roll((f"1.{item}",), f"{item:012x}", f"{item + 1:012x}") for item in range(5000))
    text = markdown(
        report(
            ImageChange("large", "changed", (TableChange("public", rolled=rolls),)),
            ImageChange("small", "changed", (TableChange("public", rolled=rolls[:1]),)),
        )
    )
    assert "`000000000000` → `000000000001` `1.0`; " in text
    assert text.count(" → ") == 3 + 1
    assert "and 4,997 more" in text
    assert "[small]" in text


def listed(text: str) -> dict[str, list[str]]:
    """The lines of what needs a look, by heading."""
    look = text.partition("## Needs a look\n\n")[2].partition("\n## Routine")[0]
    parts = [part.splitlines() for part in look.split("### ")[1:]]
    return {title: lines for title, *lines in parts}


def test_what_matters_least_is_the_first_to_be_counted_only() -> None:
    kinds: tuple[FindingKind, ...] = (
        "held", "released", "failed", "moved_back", "missing", "waiting", "unmanaged", "time_back",
        "time_ahead",
    )  # fmt: skip
    findings = [
        Finding(kind, f"image-{number:04}", "public", f"reason {number}", (f"1.{number}",))
        for kind in kinds
        for number in range(300)
    ]
    sections = listed(markdown(report(findings=findings)))
    assert [(title, len(lines)) for title, lines in sections.items()] == [
        ("Held back (300)", 6),
        ("Believed after all (300)", 6),
        ("Failed (300)", 6),
        ("Tags that moved back (300)", 5),
        ("Images that no source has (300)", 5),
        ("Images that wait for an answer of every source (300)", 5),
        ("Pages that no build keeps up to date (300)", 5),
        ("Times that went back (300)", 5),
        ("Times after the build (300)", 5),
    ]
    assert sections["Failed (300)"][0] == "- `image-0000`: public: `1.0` `reason 0`"
    assert sections["Failed (300)"][-1] == (
        "- … and 295 more lines about 295 images, in the JSON report"
    )


@given(
    st.lists(
        st.builds(
            Finding,
            st.sampled_from(get_args(FindingKind)),
            st.sampled_from(["nginx", "php", "ruby", "crossplane-aws-s3", None]),
            st.sampled_from(["public", "private"]),
            st.text(max_size=400),
            st.lists(st.sampled_from(["1", "2", "latest"]), max_size=3).map(tuple),
            st.integers(0, 30),
        ),
        max_size=300,
    )
)
def test_whatever_the_night_what_needs_a_look_is_one_screen(findings: list[Finding]) -> None:
    night = report(findings=findings)
    text = markdown(night)
    look = text.partition("\n## Needs a look")[2].partition("\n## Routine")[0]
    assert len(look.splitlines()) <= 60
    assert max(map(len, text.splitlines()), default=0) < 1000
    assert [part.title for part in needs_a_look(night)] == [
        title.rpartition(" (")[0] for title in listed(text)
    ]


def test_a_night_with_something_in_every_section_is_one_screen_and_each_has_a_line() -> None:
    kinds: tuple[FindingKind, ...] = (
        "unverified",
        "unmatched",
        "unsigned",
        "user_root",
        "end_of_life",
        "entrypoint",
        "grown",
        "not_looked_up",
        "odd_answer",
    )
    more = [Finding(kind, f"app-{number}", "public") for kind in kinds for number in range(9)]
    night = report(*EVERYTHING.changes, findings=[*EVERYTHING.findings, *more])
    assert len(needs_a_look(night)) == 31
    look = markdown(night).partition("\n## Needs a look")[2].partition("\n## Routine")[0]
    assert len(look.splitlines()) <= 60
    sections = listed(markdown(night))
    assert all(sections.values())
    assert sections["More (12)"][0].endswith(
        " … and 3 more lines about 3 images, in the JSON report"
    )


# Equal events


def test_the_same_tags_of_many_images_are_one_line_with_the_images_behind_it() -> None:
    lost = (TableChange("public", removed=("latest",)), TableChange("private", removed=("latest",)))
    names = [*(f"crossplane-aws-{name}" for name in ("ec2", "iam", "s3")), "nginx", "php"]
    changes = [ImageChange(name, "changed", lost) for name in names]
    other = ImageChange("ruby", "changed", (TableChange("public", removed=("3", "latest")),))
    assert listed(markdown(report(*changes, other)))["Tags removed (6)"] == [
        "- public, private: `latest` (5 images): `crossplane-aws-*` (3), `nginx`, `php`",
        "- [ruby](https://docs.example.com/ref/ruby/tags_history/): public: `latest` `3`",
    ]


def test_rows_of_an_image_of_which_the_same_is_told_are_one_line() -> None:
    days = "from 2024-05-31 to 2023-05-31"
    back = [Finding("time_back", "aws", "mine", days, (tag,)) for tag in ("1.2", "1.10", "1.2-dev")]
    other = Finding("time_back", "aws", "mine", "from 2024-05-30 to 2023-05-30", ("1.1",))
    assert listed(markdown(report(findings=[*back, other])))["Times that went back (2)"] == [
        "- `aws`: mine: `1.1` `from 2024-05-30 to 2023-05-30`",
        f"- `aws`: mine: `1.2` `1.2-dev` `1.10` `{days}`",
    ]


def test_sources_of_which_the_same_is_told_are_counted_as_sources() -> None:
    same = [Finding("unchanged", None, name, "the same since May") for name in ("public", "mine")]
    (line,) = listed(markdown(report(findings=same)))["Answers that do not change (2)"]
    assert line == "- `the same since May` (2 sources): `source mine`, `source public`"


def test_the_order_of_tags_makes_no_other_line() -> None:
    changes = [
        ImageChange(name, "changed", (TableChange("public", removed=tags),))
        for name, tags in (("a", ("1.9", "1.10")), ("b", ("1.10", "1.9")))
    ]
    (line,) = listed(markdown(report(*changes)))["Tags removed (2)"]
    assert line == "- public: `1.9` `1.10` (2 images): `a`, `b`"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["a-1", "a-2", "b"], ["a-1", "a-2", "b"]),
        (["a-1", "a-2", "a-3", "b"], ["a-* (3)", "b"]),
        (["a-x-1", "a-x-2", "a-x-3", "a-y"], ["a-x-* (3)", "a-y"]),
        (["a-x-1", "a-x-2", "a-y", "a-z"], ["a-* (4)"]),
        (["t/a", "t/b", "t/c", *(f"c-{n}" for n in range(4))], ["c-* (4)", "t/* (3)"]),
    ],
)
def test_three_names_that_begin_alike_are_a_family(names: list[str], told: list[str]) -> None:
    assert families(names) == told


def test_a_line_names_six_images_or_families_and_counts_the_rest() -> None:
    changes = [
        ImageChange(sign * 3, "changed", (TableChange("public", removed=("1",)),))
        for sign in "abcdefgh"
    ]
    (line,) = listed(markdown(report(*changes)))["Tags removed (8)"]
    assert line.endswith(" (8 images): `aaa`, `bbb`, `ccc`, `ddd`, `eee`, `fff` and 2 more")


# One event in one section


def test_a_tag_that_should_never_have_moved_is_not_told_of_twice() -> None:
    moved = [
        Finding(kind, "nginx", "public", "a → b", ("1", "1.2"))
        for kind in ("immutable_changed", "moved_back")
    ]
    assert list(listed(markdown(report(findings=moved)))) == ["Immutable tags that moved (1)"]


def test_tags_that_moved_back_beside_one_that_should_never_have_moved_are_told() -> None:
    moved = [
        Finding("immutable_changed", "nginx", "public", "a → b", ("1.2",)),
        Finding("moved_back", "nginx", "public", "a → b", ("1", "1.2")),
    ]
    assert list(listed(markdown(report(findings=moved)))) == [
        "Immutable tags that moved (1)",
        "Tags that moved back (1)",
    ]


@pytest.mark.parametrize("image", ["nginx", None])
def test_what_is_believed_after_all_is_not_removed_too(image: str | None) -> None:
    changes = [
        ImageChange("nginx", "changed", (TableChange("public", removed=("1",), emptied=True),)),
        ImageChange("php", "changed", (TableChange("private", removed=("1",)),)),
    ]
    released = [Finding("released", image, "public", "all its 1 visible tags gone")]
    sections = listed(markdown(report(*changes, findings=released)))
    assert list(sections) == ["Believed after all (1)", "Tags removed (1)"]
    assert "php" in sections["Tags removed (1)"][0]


def test_of_many_nights_it_is_told_also_where_a_loss_was_believed_after_all() -> None:
    change = ImageChange("nginx", "changed", (TableChange("public", removed=("1", "2")),))
    released = [Finding("released", None, "public", "9 of 40 visible tags gone")]
    sections = listed(markdown(report(change, findings=released, nights=10)))
    assert list(sections) == ["Believed after all (1)", "Tags removed (1)"]


def test_a_table_that_only_aged_out_is_routine() -> None:
    aged = ImageChange("a", "changed", (TableChange("public", aged_out=("1",), emptied=True),))
    assert "Nothing needs a look." in markdown(report(aged))


# Foreign text


def structure(text: str) -> list[tuple[str, str]]:
    """What a Markdown reader sees: every piece of markup, without the text in it."""
    tokens = MarkdownIt("commonmark").parse(text)
    pieces = chain.from_iterable([token, *(token.children or [])] for token in tokens)
    return [(piece.type, piece.content if "html" in piece.type else "") for piece in pieces]


def with_foreign(text: str) -> Report:
    return report(
        findings=[
            Finding("failed", "nginx", "public", text, nights=1),
            Finding("failed", f"x{text}", "public", "not a valid image name"),
            Finding("kept_folder", "bash", detail=f"x{text}"),
        ]
    )


@pytest.mark.parametrize(
    "text",
    [
        "` @team look <img src=x onerror=alert(1)> `",
        "``` \n# heading\n</details>",
        "<!-- \n\n</summary> @everyone #1",
        "\\`**bold**",
        "[here](https://example.com) ![](x)",
        "a\r\n\r\n- item\n\n    code",
        "`",
        " \n ",
        "``",
    ],
)
def test_what_a_registry_says_stays_in_its_code_span(text: str) -> None:
    plain = structure(markdown(with_foreign("x" if text.strip(" \n") else "")))
    assert structure(markdown(with_foreign(text))) == plain


@given(st.text(min_size=1))
def test_no_text_at_all_changes_the_report_s_markup(text: str) -> None:
    told = markdown(with_foreign(f"x{text}"))
    assert structure(told) == structure(markdown(with_foreign("x")))


@given(st.text())
def test_no_text_at_all_reaches_the_terminal_as_a_control_character(text: str) -> None:
    for line, _ in terminal(with_foreign(text)):
        assert line.isprintable()


# For programs


def test_the_schema_in_docs_is_that_of_the_report() -> None:
    schema = json.dumps(msgspec.json.schema(Report), indent=2) + "\n"
    assert (ROOT / "docs" / "report.schema.json").read_text() == schema


def test_the_json_form_follows_its_schema_and_reads_back_as_the_same_report() -> None:
    text = as_json(EVERYTHING)
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_bytes())
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))
    assert msgspec.json.decode(text, type=Report) == EVERYTHING


def test_a_report_of_another_form_does_not_follow_the_schema() -> None:
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_bytes())
    wrong = json.loads(as_json(EVERYTHING))
    wrong["findings"][0]["kind"] = "improved"
    assert not jsonschema.Draft202012Validator(schema).is_valid(wrong)
