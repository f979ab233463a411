"""Catalogs, good and bad: `tests/data/catalogs/bad/NAME.txt` is what the command says of NAME.yaml.

Each line of it is the line number in the catalog, the key, and what to write instead.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from generator.catalog.read import read_catalog
from generator.errors import UsageError
from generator.grouping import Window
from generator.jobs.job import SiteCatalog
from generator.jobs.schemas import schema
from generator.sources.listing import Listing
from tests.support import DATA, ROOT, Run, Site, tagpages

GOOD = sorted((DATA / "catalogs" / "good").glob("*.yaml"))
BAD = sorted((DATA / "catalogs" / "bad").glob("*.yaml"))
SMALLEST = (DATA / "catalogs" / "good" / "smallest.yaml").read_text()


def by_name(path: Path) -> str:
    return path.stem


def read(path: Path) -> SiteCatalog:
    return read_catalog(path, SiteCatalog)


def read_text(tmp_path: Path, text: str | bytes) -> SiteCatalog:
    file = tmp_path / "catalog.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(file)


def mistakes(tmp_path: Path, text: str | bytes) -> str:
    with pytest.raises(UsageError) as error:
        read_text(tmp_path, text)
    return str(error.value).replace(f"{tmp_path / 'catalog.yaml'}:", "")


@pytest.mark.parametrize("path", BAD, ids=by_name)
def test_a_mistake_is_named_with_its_file_line_and_key_and_nothing_is_written(
    path: Path, tmp_path: Path
) -> None:
    expected = path.with_suffix(".txt").read_text().splitlines()
    run = tagpages("build", "--catalog", path, "--content", tmp_path / "content")
    lines = "\n".join(f"{path}:{line}" for line in expected)
    assert run == Run(2, "", f"tagpages: {lines}\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", GOOD, ids=by_name)
def test_a_good_catalog_is_read(path: Path) -> None:
    assert read(path).tables[0].name == "public"


def test_every_key_of_the_catalog_is_in_the_good_example() -> None:
    keys = set(
        re.findall(r"^(\w+):", (GOOD[0].parent / "every-key.yaml").read_text(), re.MULTILINE)
    )
    assert keys == set(SiteCatalog.__origin__.__struct_fields__)  # type: ignore[attr-defined] # generic


def test_what_a_catalog_leaves_out_is_as_documented() -> None:
    catalog = read(GOOD[0].parent / "smallest.yaml")
    assert catalog.tables[0].source == Listing(path="public.json")
    assert catalog.pages == ("tags_history",)
    assert catalog.tabs is None
    assert (catalog.tables[0].heading, catalog.tables[0].text) == ("Public", "")
    assert catalog.window_length() == Window(1, "month")
    assert catalog.tag_order == "recency"
    assert catalog.as_of is None
    assert catalog.images.include == ("*",)
    assert (catalog.gone_after, catalog.stale_after) == (3, 7)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("off", Window()),
        ("'off'", Window()),
        ("1 month", Window(1, "month")),
        ("12 months", Window(12, "month")),
        ("1 day", Window(1, "day")),
        ("30 days", Window(30, "day")),
    ],
)
def test_a_window_is_months_days_or_off(tmp_path: Path, text: str, window: Window) -> None:
    assert read_text(tmp_path, f"{SMALLEST}window: {text}\n").window_length() == window


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-06-03T00:46:08Z", datetime(2024, 6, 3, 0, 46, 8, tzinfo=UTC)),
        ("'2024-06-03T00:46:08Z'", datetime(2024, 6, 3, 0, 46, 8, tzinfo=UTC)),
        (
            "2024-06-03T02:46:08+02:00",
            datetime(2024, 6, 3, 2, 46, 8, tzinfo=timezone(timedelta(hours=2))),
        ),
    ],
)
def test_a_time_is_read_with_and_without_quotes(tmp_path: Path, text: str, time: datetime) -> None:
    assert read_text(tmp_path, f"{SMALLEST}as_of: {text}\n").as_of == time


def test_a_merge_key_may_be_overridden(tmp_path: Path) -> None:
    catalog = read(GOOD[0].parent / "aliases.yaml")
    assert [table.source for table in catalog.tables] == [
        Listing(path="public.json"),
        Listing(path="private.json"),
    ]


def test_a_catalog_that_is_not_there_is_named(site: Site) -> None:
    missing = site.root / "elsewhere.yaml"
    run = tagpages("build", "--catalog", missing)
    assert run == Run(
        2, "", f"tagpages: cannot read the catalog {missing}: No such file or directory\n"
    )


@pytest.mark.parametrize("bad", [b"caf\xe9", b"\xff\xfe", b"\x00"])
def test_a_catalog_that_is_no_text_is_refused_with_the_line(tmp_path: Path, bad: bytes) -> None:
    said = mistakes(tmp_path, SMALLEST.encode() + "# é\r\nwindow: ".encode() + bad + b"\n")
    assert said == "7: not valid YAML: not UTF-8, or a control character"


@pytest.mark.parametrize("depth", [250, 200_000])
@pytest.mark.parametrize("nested", ["[]", "{a:}"])
def test_deep_nesting_is_refused_with_the_line(tmp_path: Path, nested: str, depth: int) -> None:
    value = f"{nested[:-1]} " * depth + nested[-1] * depth
    said = mistakes(tmp_path, f"{SMALLEST}front_matter:\n  params: {value}\n")
    assert re.fullmatch("7: not valid YAML: (this is no `(seq|map|str)`|nested too deeply)", said)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{kind: zzz}", "`tables[0].source.kind`: unknown value `zzz`; valid are `acr`, "),
        ("{kind: }", "`tables[0].source.kind`: unknown value ``; valid are `acr`, "),
        ("{}", "`tables[0].source`: the key `kind` is missing; valid are `acr`, "),
    ],
)
def test_without_a_kind_of_source_all_kinds_are_named(
    tmp_path: Path, source: str, said: str
) -> None:
    text = SMALLEST.replace("{kind: listing, path: public.json}", source)
    assert mistakes(tmp_path, text).startswith(f"5: {said}")


def test_one_mistake_among_many_entries_is_found(tmp_path: Path) -> None:
    entries = "".join(f"  image-{number}: {{}}\n" for number in range(300))
    said = mistakes(tmp_path, f"{SMALLEST}retired:\n{entries}  mistaken: 1\n")
    assert said == "307: `retired.mistaken`: write a mapping, not a whole number"


@pytest.mark.parametrize("path", [*GOOD, ROOT / "catalog.yaml"], ids=by_name)
def test_a_good_catalog_satisfies_the_schema(path: Path) -> None:
    catalog = json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))
    Draft202012Validator(json.loads(schema("catalog"))).validate(catalog)


def test_the_patterns_of_the_schema_mean_the_same_in_javascript() -> None:
    patterns = re.findall(r'"pattern": "(.*)"', schema("catalog"))
    assert patterns
    for pattern in patterns:
        assert not re.search(r"\\\\[AZz]|\(\?P", pattern), "an anchor that only Python knows"
