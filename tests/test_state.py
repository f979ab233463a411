"""`tags.json` and `build.json`: what one night leaves to the next, and what people break in it."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from generator.content import state
from generator.content.files import Owned
from generator.content.known import load
from generator.guard.findings import Finding
from generator.guard.memory import Answers, Build, Streak, Totals, Volume
from generator.model import Image, Table
from tests.support import AS_OF, Listing, Site, digest

NIGHT: Listing = {
    "app": [("latest", "a", "2024-06-01T10:00:00.5Z"), ("1.0", "b", "2024-05-31T10:00:00Z")],
    "tool": [("latest", "c", "2024-06-01T10:00:00Z")],
}
NEXT: Listing = {image: [("latest", "d", "2024-06-02T10:00:00Z")] for image in NIGHT}


def test_the_state_of_an_image_is_one_group_a_line(site: Site) -> None:
    site.lists({"app": NIGHT["app"]})
    site.build()
    a, b = digest("a"), digest("b")
    assert (
        site.state("app").read_text()
        == f"""{{
  "version": 1,
  "image": "app",
  "tables": [
    {{"name": "public", "time_kind": "listed", "groups": [
      {{"digest":"{a}","last_changed":"2024-06-01T10:00:00.500000Z","tags":["latest"]}},
      {{"digest":"{b}","last_changed":"2024-05-31T10:00:00Z","tags":["1.0"]}}
    ]}},
    {{"name": "private", "time_kind": "listed", "groups": []}}
  ]
}}
"""
    )


def test_the_record_of_a_build_is_one_entry_a_line(site: Site) -> None:
    site.lists(NIGHT)
    site.raw_listing("private", None)
    assert site.run("build").code == 1
    assert (
        re.sub(r'"the listing [^"]*"', '"REASON"', (site.content / "build.json").read_text())
        == """{
  "version": 1,
  "as_of": "2024-06-03T00:46:08Z",
  "outputs": ["tags_history"],
  "totals": {
    "public": {"images":2,"groups":3,"tags":3}
  },
  "failed": {
    "private": {"nights":1,"last":"2024-06-03"}
  },
  "held": {},
  "gone": {},
  "answers": {
    "public": {"since":"2024-06-03","every":0.0,"mark":"fd416eee"}
  },
  "week": {
    "2024-06-03": {"public":[3,0]}
  },
  "scope": "68eb5414886b",
  "standing": [
    {"kind":"failed","table":"private","detail":"REASON","nights":1},
    {"kind":"left_out","table":"private"}
  ],
  "noticed": {}
}
"""
    )


def test_the_totals_are_of_all_that_has_pages_after_the_build(site: Site) -> None:
    def totals() -> Any:
        return json.loads((site.content / "build.json").read_text())["totals"]

    site.lists(NIGHT | {"old": NIGHT["tool"]})
    site.build()
    assert totals() == {"public": {"images": 3, "groups": 4, "tags": 4}}
    site.catalog(images={"include": ["app"], "exclude": ["old"]})
    site.lists({"app": [*NIGHT["app"], ("1", "b", "2024-05-31T10:00:00Z")]})
    site.build()
    assert site.page("tool").exists()
    assert totals() == {"public": {"images": 2, "groups": 3, "tags": 4}}


def test_the_record_of_a_build_is_in_the_order_of_names() -> None:
    streak = Streak(1, date(2024, 6, 3))
    totals, streaks = {"b": Totals(), "a": Totals()}, {"b": streak, "a": streak}
    text = state.encode_build(Build(None, totals, streaks, streaks, streaks))
    assert [
        [*entries] for entries in json.loads(text).values() if entries and isinstance(entries, dict)
    ] == [["a", "b"]] * 4


def test_the_nights_of_which_a_record_tells_are_in_their_order() -> None:
    nights = [datetime(2024, 6, day, tzinfo=UTC) for day in (3, 1, 2)]
    text = state.encode_build(Build(noticed=dict.fromkeys(nights, (Finding("moved_back", "app"),))))
    assert [*json.loads(text)["noticed"]] == [f"2024-06-0{day}T00:00:00Z" for day in (1, 2, 3)]


def test_what_the_times_of_a_source_mean_is_read_back() -> None:
    image = Image("app", (Table("public", (), "pushed"), Table("private", (), "built")))
    assert state.decode_image(state.encode_image(image), "app") == image


def test_a_record_is_read_back() -> None:
    build = Build(
        datetime(2024, 6, 3, tzinfo=UTC),
        {"public": Totals(1, 2, 3)},
        {"public:app": Streak(2, date(2024, 6, 3))},
        {"public": Streak(1, date(2024, 6, 2), "abc")},
        {'a"b': Streak(1, date(2024, 6, 2))},
        standing=(Finding("failed", "app", "public", "status 500", nights=2),),
        noticed={
            datetime(2024, 6, 2, 0, 40, tzinfo=UTC): (
                Finding("removed", "app", "public", tags=("1.0", "1.1")),
                Finding("gone", "tool", nights=3),
            ),
            datetime(2024, 6, 3, tzinfo=UTC): (Finding("retired", "old"),),
        },
        week={
            date(2024, 6, 2): {"public": Volume(800, 3)},
            date(2024, 6, 3): {"private": Volume(9)},
        },
        answers={"public": Answers(date(2024, 6, 2), 1.25)},
        scope="a1b2c3",
    )
    assert state.decode_build(state.encode_build(build), "build.json") == build


BROKEN_STATES = {
    "newer": ('{"version": 2, "tables": 7}', "its version is 2, and this tagpages reads 1 only"),
    "older": ('{"version": 0}', "its version is 0, and this tagpages reads 1 only"),
    "merge-conflict": ("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> night\n", "JSON is malformed"),
    "empty": ("", "Input data was truncated"),
    "no-object": ("[]", "Expected `object`, got `array`"),
    "no-version": ('{"image": "app", "tables": []}', "missing required field `version`"),
    "not-utf-8": ('{"version": 1, "image": "\udcff"}', ""),
    "deep": ('{"version": 1, "x": ' + "[" * 5000, ""),
}
BROKEN_VALUES = {
    "another-image": ('"image": "app"', '"image": "tool"', "it is about the image `tool`"),
    "no-image": ('"image": "app"', '"image": "No Name"', "not a valid image name"),
    "table-twice": ('"name": "private"', '"name": "public"', "a table is there twice"),
    "time-kind": ('"listed", "groups": []', '"said", "groups": []', "Invalid enum value 'said'"),
    "tag": ('["latest"]', '["la`test"]', "not a valid tag: 'la`test'"),
    "tag-twice": ('["1.0"]', '["latest"]', "tag `latest` is there twice"),
    "tag-twice-in-a-group": ('["1.0"]', '["1.0","1.0"]', "tag `1.0` is there twice"),
    "no-tag": ('["1.0"]', "[]", f"{digest('b')} has no tag"),
    "digest": (digest("b"), "sha256:1", "not a valid digest: 'sha256:1'"),
    "no-offset": ("31T10:00:00Z", "31T10:00:00", "is not in UTC"),
    "another-offset": ("31T10:00:00Z", "31T10:00:00+02:00", "is not in UTC"),
    "no-time": ("31T10:00:00Z", "31", "Invalid RFC3339 encoded datetime"),
}


@pytest.mark.parametrize("case", [*BROKEN_STATES, *BROKEN_VALUES])
def test_a_broken_state_fails_its_image_and_the_others_go_on(site: Site, case: str) -> None:
    site.lists(NIGHT)
    site.build()
    good = site.state("app").read_text()
    if case in BROKEN_STATES:
        text, reason = BROKEN_STATES[case]
    else:
        old, new, reason = BROKEN_VALUES[case]
        assert good.count(old) == 1
        text = good.replace(old, new)
    site.state("app").write_bytes(text.encode(errors="surrogateescape"))
    page = site.page("app").read_bytes()
    site.lists(NEXT)
    run = site.run("build")
    assert run.code == 1
    assert "  app: `app/tags.json: " in run.err
    assert reason.replace("`", "'") in run.err
    assert "; restore it from git or delete it to start anew`" in run.err
    assert site.state("app").read_bytes() == text.encode(errors="surrogateescape")
    assert site.page("app").read_bytes() == page
    assert digest("d") in site.body("tool")
    totals = json.loads((site.content / "build.json").read_text())["totals"]
    assert totals == {"public": {"images": 1, "groups": 1, "tags": 1}}
    assert site.run("check").code == site.run("render").code == 1

    site.state("app").unlink()
    site.build()
    assert digest("d") in site.body("app")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"version": 2}', "its version is 2, and this tagpages reads 1 only"),
        ("<<<<<<< HEAD\n", "JSON is malformed"),
        ('{"version": 1, "as_of": "2024-06-01T00:00:00"}', "is not in UTC"),
        ('{"version": 1, "as_of": "2024-06-01T00:00:00+02:00"}', "is not in UTC"),
        ('{"version": 1, "held": {"public": {"nights": "x"}}}', "Expected `int`, got `str`"),
        ('{"version": 1, "x": ' + "[" * 5000, ""),
    ],
)
@pytest.mark.parametrize("command", ["build", "render", "check"])
def test_a_broken_record_ends_the_run_and_nothing_is_written(
    site: Site, command: str, text: str, reason: str
) -> None:
    site.lists(NIGHT)
    site.build()
    record = site.content / "build.json"
    record.write_text(text)
    before = site.tree()
    site.lists(NEXT)
    run = site.run(command)
    assert run.code == 1
    assert run.err.startswith(f"tagpages: {record}: ")
    assert reason in run.err
    assert run.err.endswith("; restore it from git or delete it\n")
    assert site.tree() == before


def test_a_record_that_cannot_be_read_is_named(site: Site) -> None:
    record = site.content / "build.json"
    record.mkdir(parents=True)
    run = site.run("build")
    assert run.code == 1
    assert run.err == f"tagpages: cannot read {record}: Is a directory\n"


def ours(_last: Build) -> Owned:
    return Owned(("tags_history.md", "tags.json"), ("build.json",))


def test_a_state_that_is_a_symbolic_link_is_not_read(site: Site) -> None:
    site.lists(NIGHT)
    site.build()
    outside = site.root / "outside.json"
    site.state("app").rename(outside)
    site.state("app").symlink_to(outside)
    known = load(site.content, ours)
    assert known.images.keys() == {"tool"}
    assert not known.broken


def test_folders_behind_symbolic_links_are_not_read(site: Site) -> None:
    site.lists(NIGHT)
    site.build()
    (site.content / "again").symlink_to(site.content)
    (site.content / "other").symlink_to(site.content / "app")
    known = load(site.content, ours)
    assert [*known.images, *known.broken, *known.strays()] == [*NIGHT]


def test_images_come_in_the_order_of_their_names(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system lists a folder in no order; `check` prints what it would do in that of names."""
    site.lists(dict.fromkeys(["b", "d", "c/a", "a"], NIGHT["app"]))
    site.build()
    assert [*load(site.content, ours).images] == ["a", "b", "c/a", "d"]
    for page in site.content.rglob("*.md"):
        page.write_text(page.read_text() + "edited\n")
    assert site.run("check").out.splitlines() == [
        f"changed {image}/tags_history.md" for image in ("a", "b", "c/a", "d")
    ]


def test_a_folder_that_vanishes_while_the_tree_is_read_is_no_error(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.lists(NIGHT)
    site.build()
    real = os.scandir

    def racing(folder: str) -> object:
        if str(folder).endswith("/app"):
            raise FileNotFoundError(2, "No such file or directory", folder)
        return real(folder)

    monkeypatch.setattr("generator.content.known.os.scandir", racing)
    assert load(site.content, ours).images.keys() == {"tool"}


def test_a_tree_that_cannot_be_read_is_an_error(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(folder: str) -> object:
        raise PermissionError(13, "Permission denied", folder)

    monkeypatch.setattr("generator.content.known.os.scandir", forbidden)
    run = site.run("build")
    assert run.code == 1
    assert run.err == f"tagpages: cannot read the folder {site.content}: Permission denied\n"


def test_a_state_that_cannot_be_read_fails_its_image(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.lists(NIGHT)
    site.build()
    real = state.read_bytes

    def forbidden(path: str) -> bytes:
        if path.endswith("app/tags.json"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr("generator.content.known.read_bytes", forbidden)
    run = site.run("build")
    assert run.code == 1
    assert f"  app: `cannot read {site.state('app')}: Permission denied`" in run.err


def test_a_table_that_is_new_in_the_catalog_is_left_out_until_it_is_asked_for(site: Site) -> None:
    site.catalog(tables=["public"])
    site.lists(NIGHT)
    site.build()
    before = site.tree()
    site.catalog()
    assert site.run("check").code == 0
    site.run("render")
    assert site.tree() == before
    site.build()
    assert "## Private\n" in site.body("app")


def test_a_large_state_is_read_whole(tmp_path: Path) -> None:
    data = os.urandom(3 * (1 << 16) + 1)
    (tmp_path / "file").write_bytes(data)
    assert state.read_bytes(str(tmp_path / "file")) == data
    (tmp_path / "file").write_bytes(data[: 1 << 16])
    assert state.read_bytes(str(tmp_path / "file")) == data[: 1 << 16]


def test_a_file_that_is_read_in_small_pieces_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tags.json"
    path.write_bytes(bytes(range(250)))
    read = os.read
    monkeypatch.setattr("generator.content.state.os.read", lambda file, _: read(file, 100))
    assert state.read_bytes(str(path)) == bytes(range(250))


def test_no_part_of_a_large_file_is_copied_again_for_each_part_that_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Part(bytes):
        """What was read; counts the bytes that adding to it copies."""

        def __add__(self, other: Any) -> Part:
            copied.append(len(self) + len(other))
            return Part(bytes(self) + other)

    copied: list[int] = []
    size = 20 * (1 << 16)
    (tmp_path / "page").write_bytes(bytes(size))
    real = os.read
    monkeypatch.setattr(
        "generator.content.state.os.read", lambda file, limit: Part(real(file, limit))
    )
    assert len(state.read_bytes(str(tmp_path / "page"))) == size
    assert sum(copied) <= size


def test_the_record_of_one_image_s_run_keeps_what_it_is_not_about(site: Site) -> None:
    site.lists(NIGHT)
    site.build()
    site.raw_listing("public", "broken")
    assert site.run("build").code == 1
    record = json.loads((site.content / "build.json").read_text())
    site.lists(NEXT)
    site.build("--only", "app")
    again = json.loads((site.content / "build.json").read_text())
    lost = {"kind": "removed", "image": "app", "table": "public", "tags": ["1.0"]}
    assert again == {**record, "noticed": {AS_OF: [lost]}}
