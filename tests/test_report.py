"""The change report: what is counted as what, and how people and programs get to read it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from generator.grouping import Window
from generator.guard.findings import Finding, FindingKind
from generator.model import Image, Table, TagGroup
from generator.report.changes import (
    VERSION,
    ImageChange,
    Report,
    Roll,
    Span,
    TableChange,
    image_change,
)
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


def report(*changes: ImageChange, findings: Sequence[Finding] = (), unchanged: int = 0) -> Report:
    page = "https://docs.example.com/ref/{image}/tags_history/"
    return Report(VERSION, NOON, NOON - DAY, page, 7, changes, unchanged, tuple(findings))


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


def test_a_tag_out_of_the_window_is_nothing_to_report() -> None:
    before, after = image(group(1, "1", days=90)), image(group(2, "2", days=80))
    assert image_change("nginx", before, after, NIGHT).tables == ()


def test_an_image_without_a_state_before_is_added_and_without_one_after_is_removed() -> None:
    one = image(group(1, "1"))
    assert image_change("nginx", None, one, NIGHT).kind == "added"
    assert image_change("nginx", one, None, NIGHT).kind == "removed"


# For people

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
        ("nginx/tags_history.md",),
    ),
    ImageChange("zot", "changed", (), ("zot/tags_history.md",)),
    findings=[
        Finding("kept_day", "zot", "public", "2024-05-30, not 2024-06-02", ("1",)),
        Finding("released", "nginx", "public", "5 of 8 visible tags gone"),
        Finding("time_back", "nginx", "public", "from 2024-06-01 to 2024-05-30", ("2",)),
        Finding("unmanaged", "old"),
        Finding("kept_folder", "bash", detail="notes.txt"),
        Finding("waiting", "new", detail="no answer of private"),
        Finding("missing", "curl", nights=2),
        Finding("gone", "bash", nights=3),
        Finding("moved_back", "nginx", "public", "000000000003 → 000000000001", ("1",)),
        Finding("immutable_changed", "nginx", "public", "000000000001 → 000000000002", ("1",)),
        Finding("failed", "php", "public", "status 500", nights=2),
        Finding("held", None, "private", "40 of 90 visible tags gone (44%)", nights=1),
        Finding("failed", "ruby", "public", "status 404", nights=7),
    ],
    unchanged=700,
)

TEXT = """\
# Image tags, 2024-06-03 12:00 UTC

1 added, 1 removed, 2 changed, 700 unchanged, 3 failed or held back.

## Needs a look

### Failed for 7 nights or more (1)

- `ruby`: public: `status 404` (night 7)

### Held back (1)

- `source private`: `40 of 90 visible tags gone (44%)` (night 1)

### Failed (1)

- `php`: public: `status 500` (night 2)

### Immutable tags that moved (1)

- `nginx`: public: `1` `000000000001 → 000000000002`

### Tags that moved back (1)

- `nginx`: public: `1` `000000000003 → 000000000001`

### Tables newly empty (1)

- [nginx](https://docs.example.com/ref/nginx/tags_history/): private: no tag left

### Tags removed (2)

- [nginx](https://docs.example.com/ref/nginx/tags_history/): public: `0.9`
- [nginx](https://docs.example.com/ref/nginx/tags_history/): private: `1`

### Gone images (1)

- `bash`: (night 3)

### Images that no source has (1)

- `curl`: (night 2)

### New images (1)

- [apko](https://docs.example.com/ref/apko/tags_history/): public: `latest` `1`

### Images that wait for an answer of every source (1)

- `new`: `no answer of private`

### Folders with files of others (1)

- `bash`: `notes.txt`

### Pages that no build keeps up to date (1)

- `old`

### Times that went back (1)

- `nginx`: public: `2` `from 2024-06-01 to 2024-05-30`

### Believed after all (1)

- `nginx`: public: `5 of 8 visible tags gone`

## Routine

<details><summary>Digests rolled (1)</summary>

- [nginx](https://docs.example.com/ref/nginx/tags_history/): public: `000000000001` → \
`000000000002` `latest` `1`

</details>

<details><summary>Tags added (1)</summary>

- [nginx](https://docs.example.com/ref/nginx/tags_history/): public: `1.2`

</details>

<details><summary>Rows aged out (1)</summary>

- [nginx](https://docs.example.com/ref/nginx/tags_history/): public: `0.8`

</details>

<details><summary>Later days not believed (1)</summary>

- `zot`: public: `1` `2024-05-30, not 2024-06-02`

</details>

<details><summary>Other changes (1)</summary>

- [zot](https://docs.example.com/ref/zot/tags_history/): `zot/tags_history.md`

</details>
"""


def test_what_deserves_a_look_comes_first_and_routine_is_folded() -> None:
    assert markdown(EVERYTHING) == TEXT


def test_a_quiet_night_says_that_nothing_needs_a_look() -> None:
    assert markdown(report(unchanged=3)) == (
        "# Image tags, 2024-06-03 12:00 UTC\n\n"
        "0 added, 0 removed, 0 changed, 3 unchanged, 0 failed or held back.\n\n"
        "Nothing needs a look.\n"
    )


def test_the_terminal_shows_what_deserves_a_look_and_counts_the_routine() -> None:
    lines = list(terminal(EVERYTHING))
    assert lines[:4] == [
        ("Failed for 7 nights or more (1)", True),
        ("  ruby: public: `status 404` (night 7)", False),
        ("Held back (1)", True),
        ("  source private: `40 of 90 visible tags gone (44%)` (night 1)", False),
    ]
    assert lines[-6:] == [
        ("Digests rolled: 1", False),
        ("Tags added: 1", False),
        ("Rows aged out: 1", False),
        ("Later days not believed: 1", False),
        ("Other changes: 1", False),
        ("1 added, 1 removed, 2 changed, 700 unchanged, 3 failed or held back", True),
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
                (f"{name}/tags_history.md", f"{name}/tags.json"),
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
            "<details><summary>Digests rolled (1)</summary>",
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
    assert text.count(" → ") == 12 + 1
    assert "and 4,988 more" in text
    assert "[small]" in text


def test_what_matters_least_is_the_first_to_be_counted_only() -> None:
    kinds: tuple[FindingKind, ...] = ("held", "failed", "missing", "time_back", "kept_day")
    findings = [
        Finding(kind, f"image-{number:04}", "public", "x" * 60)
        for kind in kinds
        for number in range(300)
    ]
    text = markdown(report(findings=findings))
    sections = text.split("\n### ")[1:]
    listed = [section.count("\n- `image-") for section in sections]
    titles = [section.partition("\n")[0] for section in sections]
    assert titles == [
        "Held back (300)",
        "Failed (300)",
        "Images that no source has (300)",
        "Times that went back (300)",
    ]
    assert listed[:2] == [300, 300]
    assert 0 < listed[2] < 300
    assert listed[3] == 0
    assert f"- … and {300 - listed[2]:,} more\n" in sections[2]
    assert "- … and 300 more\n" in sections[3]


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
