"""Whatever a file holds: no traceback, no unchecked value on a page, no torn tree."""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support import DATA, Listing, Run, Site, digest

NIGHT: Listing = {"app": [("latest", "a", "2024-06-01T10:00:00Z")]}
CATALOG = (DATA / "catalogs" / "good" / "every-key.yaml").read_text()
ROW = re.compile(
    r"\|  (?:`[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` ?)+ *\| [A-Z][a-z]+ \d+\w\w(?:, \d+)? +"
    r"\| `[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+` *\|"
)
PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
NAME = re.compile(rf"{PART}(?:/{PART})*")
PIECES = ("", ": ", "- ", "&a ", "*a", "<<: ", "!!binary ", "!!timestamp ", "|\n", "---\n")
FEW = settings(max_examples=40)  # each is a whole run of the command, or two


@contextmanager
def fresh_site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        site.catalog()
        site.lists(NIGHT)
        yield site


def outcome(site: Site) -> Run:
    """Build; any exception but an exit fails the test, and so does a half or unchecked page."""
    before = site.tree()
    outside = {path.name for path in site.root.iterdir()}
    run = site.run("build", "--content", site.content)  # wherever the catalog says to write to
    assert run.code in {0, 1, 2}, run
    assert "Traceback" not in run.err
    assert "internal error" not in run.err
    assert run.out == ""
    if run.code == 2:
        assert run.err
        assert site.tree() == before
    assert not list(site.content.rglob(".*"))
    assert {path.name for path in site.root.iterdir()} - outside <= {"content"}
    for page in site.content.rglob("*.md"):
        path = page.relative_to(site.content)
        assert NAME.fullmatch(path.parent.as_posix())
        if page.read_bytes() == before.get(path.as_posix()):
            continue
        for line in page.read_text().splitlines():
            if line.startswith("|") and not line.startswith(("| Tag (s)", "|--")):
                assert ROW.fullmatch(line)
    return run


@st.composite
def mutated(draw: st.DrawFn, text: str, alphabet: str) -> str:
    """The text with some pieces cut, doubled, moved or replaced."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        doubled = st.just(text[start:end] * 2)
        piece = draw(doubled | st.text(alphabet, max_size=6) | st.sampled_from(PIECES))
        text = text[:start] + piece + text[end:]
    return text


@FEW
@given(mutated(CATALOG, "{}[]:,-&*!|>'\"#%@`\\?\n\t 0aZ~\0\u2028é"))
@example("content: content\nurl: /ref/\ntables: &a [*a]\n")
@example("? {a: b}\n: c\n")
@example("content: !!timestamp x\n")
@example("a: &x [*x]\n")
@example("\0")
@example("content: content\nurl: '- at `$.url`'\ntables: []\n")
def test_a_mutated_catalog_is_read_or_refused(text: str) -> None:
    with fresh_site() as site:
        site.catalog_file.write_bytes(text.encode())
        outcome(site)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANYTHING = st.recursive(
    PLAIN,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=8), values),
    max_leaves=5,
)
KEYS = [
    "content", "url", "base_url", "templates", "pages", "tabs", "window", "tag_order", "as_of",
    "front_matter", "tables", "images", "retired", "gone_after", "stale_after",
]  # fmt: skip


@FEW
@given(st.dictionaries(st.sampled_from(KEYS), ANYTHING, min_size=1, max_size=3))
@example({"content": ""})
@example({"url": "/`\\/"})
@example({"front_matter": {"a: b": 1}})
@example({"front_matter": {"a": "\n---\n# not the end"}})
@example({"retired": {"app": {"redirect": "app"}}})
@example({"images": {"include": ["[", "app"]}})
@example({"base_url": "{{< x >}}"})
def test_a_catalog_of_wrong_values_is_read_or_refused(values: dict[str, Any]) -> None:
    with fresh_site() as site:
        catalog = json.loads(site.catalog_file.read_text())
        site.catalog_file.write_text(json.dumps(catalog | values))
        outcome(site)


NAMES = ["app", "team/app", "App", "", "../x", "a" * 300, "{{<", "a\nb"]
TIMES = [
    "2024-06-01T10:00:00Z",
    "2024-06-01T10:00:00+23:59",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59Z",
    "2024-06-01",
]
TAG = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["latest", "1.0", "-", "`", "|", "a\n"]) | PLAIN,
        "digest": st.sampled_from([digest("a"), digest("b"), "sha256:a", "md5:x"]) | PLAIN,
        "lastUpdated": st.sampled_from(TIMES) | PLAIN,
    },
    optional={"more": ANYTHING},
)
ENTRY = st.fixed_dictionaries(
    {
        "repo": st.fixed_dictionaries({"name": st.sampled_from(NAMES) | st.text()}) | ANYTHING,
        "tags": st.lists(TAG, max_size=4) | ANYTHING,
    }
)
LISTING = st.lists(ENTRY, max_size=4) | ANYTHING


@FEW
@given(LISTING, LISTING)
def test_a_listing_of_wrong_values_makes_no_wrong_page(public: object, private: object) -> None:
    with fresh_site() as site:
        site.build()
        site.raw_listing("public", public)
        site.raw_listing("private", private)
        outcome(site)
        outcome(site)


GOOD_LISTING = json.dumps(
    [{"repo": {"name": "app"}, "tags": [
        {"name": "latest", "digest": digest("b"), "lastUpdated": "2024-06-02T10:00:00Z"}
    ]}]
)  # fmt: skip


@FEW
@given(mutated(GOOD_LISTING, '{}[]:,"\\u0dnte.+-'))
def test_a_mutated_listing_makes_no_wrong_page(text: str) -> None:
    with fresh_site() as site:
        site.build()
        (site.root / "public.json").write_text(text)
        outcome(site)


ZIPPED = gzip.compress(GOOD_LISTING.encode(), mtime=0)


@FEW
@given(st.integers(0, len(ZIPPED)), st.binary(max_size=4), st.integers(0, 8))
def test_a_damaged_archive_fails_the_source_or_is_read_whole(
    start: int, piece: bytes, length: int
) -> None:
    with fresh_site() as site:
        data = ZIPPED[:start] + piece + ZIPPED[start + length :]
        (site.root / "public.json.gz").write_bytes(data)
        source = {"kind": "listing", "path": "public.json.gz"}
        site.catalog(tables=[{"name": "public", "source": source}])
        run = outcome(site)
        if run.code == 0:
            assert digest("b") in site.body("app")


@FEW
@given(mutated(
    f'{{"version": 1, "image": "app", "tables": [{{"name": "public", "time_kind": "listed",'
    f' "groups": [{{"digest":"{digest("a")}","last_changed":"2024-06-01T10:00:00Z",'
    f'"tags":["latest"],"left":["aaaaaaaaaaaa"]}}]}}]}}',
    '{}[]:,"\\0anul-`|',
))  # fmt: skip
def test_a_damaged_state_fails_its_image_or_is_read_whole(text: str) -> None:
    with fresh_site() as site:
        site.build()
        site.state("app").write_text(text)
        outcome(site)


@FEW
@given(mutated(
    '{"version": 1, "as_of": "2024-06-03T00:46:08Z", "totals": {"public": {"images":1}},'
    ' "failed": {"public": {"nights":1,"last":"2024-06-02"}}, "held": {"public:app":'
    ' {"nights":1,"last":"2024-06-02","answer":"a"}}, "gone": {"x": {"nights":1,"last":'
    '"2024-06-02"}}}',
    '{}[]:,"\\0anul-+9',
))  # fmt: skip
def test_a_damaged_record_ends_the_run_or_is_read_whole(text: str) -> None:
    with fresh_site() as site:
        site.build()
        (site.content / "build.json").write_text(text)
        outcome(site)


@FEW
@given(mutated(
    "---\r\ntitle: app\nlastmod: '2024-06-01' # x\naliases: [a]\n---\nBody\n",
    "-\r\n:'\"#[]{}&*!|> \t\ufeff",
))  # fmt: skip
def test_a_page_that_people_edited_is_kept_or_changed_but_never_broken(text: str) -> None:
    with fresh_site() as site:
        site.build()
        page = site.page("app")
        page.write_bytes(text.encode())
        site.catalog(retired={"old": {"redirect": "app"}})
        run = outcome(site)
        if run.code:
            assert page.read_bytes() == text.encode()
