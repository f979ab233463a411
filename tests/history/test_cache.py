"""The index of all images: brought forward or made anew, it answers as a new one would."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.history.cache import Index, index
from generator.history.moves import Story
from generator.history.repository import Repository
from tests.history.repo import CONTENT, Repo, old_page, state, told
from tests.support import ROOT, digest

A, B, C, D = ({"public": {"latest": sign}} for sign in "abcd")
DAY = [f"2024-05-{day:02}T01:00:00Z" for day in range(1, 29)]


def caches(repo: Repo) -> list[Path]:
    return sorted((repo.root.parent / "cache" / "tagpages").iterdir())


def stories(repo: Repo, folder: Path, commit: str = "HEAD") -> dict[str, Story]:
    """All that the index in a folder of caches has, brought up to date."""
    repository = Repository.around(repo.content, commit)
    with index(repository, [CONTENT], "HEAD", folder) as everything:
        return {image: everything.whole(image) for image in everything.images()}


def digests(repo: Repo, folder: Path) -> list[tuple[str, str]]:
    (path,) = folder.iterdir()
    database = sqlite3.connect(path)
    try:
        return database.execute("SELECT digest, image FROM digests").fetchall()
    finally:
        database.close()


def read_commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many commits each later look at the line of first parents gives."""
    counts: list[int] = []
    line = Repository.line

    def counted(self: Repository, *args: object, **options: object) -> object:
        found = line(self, *args, **options)  # type: ignore[arg-type] # as they came
        counts.append(len(found.moments))
        return found

    monkeypatch.setattr(Repository, "line", counted)
    return counts


def test_a_digest_is_found_in_all_images_by_its_beginning(repo: Repo) -> None:
    repo.night(DAY[0], app=A, tool={"public": {"1": "a", "2": "b"}})
    repo.night(DAY[1], app=B)
    for text in (digest("a"), digest("a")[:19], "a" * 12):
        spans = repo.spans("--digest", text)
        assert [(span["image"], span["tag"]) for span in spans] == [
            ("app", "latest"),
            ("tool", "1"),
        ]
        assert told(spans)[0] == ("public", "latest", "a", "moved")
    later = repo.spans("--digest", digest("a"), "--since", "2024-05-02")
    assert [span["image"] for span in later] == ["tool"]
    assert [span["image"] for span in repo.spans("tool", "--digest", digest("a"))] == ["tool"]
    assert repo.spans("tool:2", "--digest", digest("a"), code=1) == []


def test_one_more_night_reads_one_more_commit(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.night(DAY[0], app=A, tool=A)
    repo.night(DAY[1], app=B)
    stories(repo, tmp_path / "one")
    repo.night(DAY[2], app=C, new=D)
    counts = read_commits(monkeypatch)
    forward = stories(repo, tmp_path / "one")
    assert stories(repo, tmp_path / "one") == forward
    assert counts == [1]
    assert forward == stories(repo, tmp_path / "other")
    assert digests(repo, tmp_path / "one") == digests(repo, tmp_path / "other")


def test_a_force_push_makes_the_index_anew(repo: Repo, tmp_path: Path) -> None:
    repo.night(DAY[0], app=A)
    repo.night(DAY[1], app=B)
    stories(repo, tmp_path / "one")
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    assert stories(repo, tmp_path / "one") == stories(repo, tmp_path / "two")
    repo.night(DAY[2], app=C)
    assert told(repo.spans("--digest", digest("b"), code=1)) == []
    assert stories(repo, tmp_path / "one") == stories(repo, tmp_path / "three")


def test_a_tag_moves_back_in_a_table_that_got_another_name_meanwhile(
    repo: Repo, tmp_path: Path
) -> None:
    repo.old_night(DAY[0], app={"Public": {"latest": "a"}})
    repo.old_night(DAY[1], app={"Public": {"latest": "b"}})
    stories(repo, tmp_path / "one")
    repo.night(DAY[2], app=A)
    (line,) = stories(repo, tmp_path / "one")["app"].lines.values()
    assert [span.why for span in line] == ["moved", "moved back", None]


def test_the_time_never_goes_back_from_one_night_to_the_next(repo: Repo, tmp_path: Path) -> None:
    repo.night(DAY[5], app=A)
    stories(repo, tmp_path / "one")
    repo.night(DAY[2], app=B)
    moments = stories(repo, tmp_path / "one")["app"].moments
    assert [(moment.number, moment.time.day) for moment in moments] == [(0, 6), (1, 6)]


def test_an_index_of_a_commit_that_git_has_forgotten_is_made_anew(
    repo: Repo, tmp_path: Path
) -> None:
    repo.night(DAY[0], app=A)
    forgotten = repo.night(DAY[1], app=B)
    stories(repo, tmp_path / "one")
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "--quiet", "--prune=now")
    assert not repo.git("cat-file", "--batch-all-objects", "--batch-check").count(forgotten)
    assert stories(repo, tmp_path / "one") == stories(repo, tmp_path / "two")


def test_a_line_that_only_joined_by_a_merge_is_read_anew(repo: Repo, tmp_path: Path) -> None:
    repo.night(DAY[0], app=A)
    repo.git("branch", "other")
    repo.night(DAY[1], app=B)
    stories(repo, tmp_path / "one")
    repo.git("switch", "--quiet", "other")
    repo.write("app/notes.md", "of people")
    repo.commit(DAY[2])
    repo.git("merge", "--quiet", "--no-ff", "--message=Merge", "main", time=DAY[3])
    merged = stories(repo, tmp_path / "one")
    assert merged == stories(repo, tmp_path / "two")
    assert [item.time.day for item in merged["app"].moments] == [1, 4]


def test_a_cache_that_is_damaged_is_made_anew(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    expected = repo.spans("--digest", digest("a"))
    (path,) = caches(repo)
    whole = path.read_bytes()
    for damage in (b"", b"no database", whole[:4096], whole[:100] + b"\0" * (len(whole) - 100)):
        path.write_bytes(damage)
        assert repo.spans("--digest", digest("a")) == expected
        assert caches(repo) == [path]


def test_a_cache_that_is_damaged_deep_down_is_named(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.spans("--digest", digest("a"))
    (path,) = caches(repo)
    database = sqlite3.connect(path)
    database.execute("UPDATE images SET tip = X'00'")
    database.commit()
    database.close()
    run = repo.ask("--digest", digest("a"))
    assert run.code == 2
    assert f"the cache {path} cannot be used" in run.err
    path.unlink()
    assert repo.ask("--digest", digest("a")).code == 0


def test_a_folder_in_place_of_a_cache_is_named(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.spans("--digest", digest("a"))
    (path,) = caches(repo)
    path.unlink()
    path.mkdir()
    run = repo.ask("--digest", digest("a"))
    assert run.code == 2
    assert f"the cache {path} cannot be used" in run.err
    assert caches(repo) == [path]


def test_a_longer_digest_than_the_index_keeps_is_compared_whole(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    assert repo.spans("--digest", "a" * 20)
    repo.write("tool/tags.json", b"{")
    repo.commit(DAY[1])
    run = repo.ask("--digest", "a" * 19 + "b")
    assert (run.code, "tool: no version lists it" in run.err) == (2, True)
    assert "app: " not in run.err


def test_where_no_cache_can_be_written_the_answer_is_the_same(repo: Repo, tmp_path: Path) -> None:
    repo.night(DAY[0], app=A)
    (tmp_path / "file").write_text("")
    run = repo.ask("--digest", digest("a"), XDG_CACHE_HOME=str(tmp_path / "file"))
    assert (run.code, run.out) == (0, repo.ask("--digest", digest("a")).out)


def test_several_processes_at_once_leave_one_whole_cache(repo: Repo) -> None:
    repo.nights({"app/tags.json": state("app", {"t": {"x": "ab"[n % 2]}})} for n in range(300))
    cache = os.environ | {"XDG_CACHE_HOME": str(repo.root.parent / "cache")}
    question = ["history", "--content", str(repo.content), "--rev=main", "--digest", digest("a")]
    command = [sys.executable, "-m", "generator", *question]
    processes = [Popen(command, cwd=ROOT, env=cache, stdout=PIPE, stderr=PIPE) for _ in range(3)]
    told = {(*process.communicate(), process.returncode) for process in processes}
    ((out, err, code),) = told
    assert (out.count(b"moved"), err, code) == (150, b"", 0)
    (path,) = caches(repo)
    assert path.suffix == ".sqlite"


def test_another_version_of_the_tool_has_a_cache_of_its_own(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.night(DAY[0], app=A)
    expected = repo.spans("--digest", digest("a"))
    monkeypatch.setattr("generator.__version__", "9.9.9")
    assert repo.spans("--digest", digest("a")) == expected
    assert len(caches(repo)) == 2


def test_each_place_and_revision_has_a_cache_of_its_own(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.git("branch", "other")
    for options in ([], ["--rev", "other"], ["--was", "elsewhere"], []):
        assert repo.ask("--digest", digest("a"), *options).code == 0
    assert len(caches(repo)) == 3


def test_a_failed_reading_leaves_the_cache_as_it_was(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.night(DAY[0], app=A)
    repo.spans("--digest", digest("a"))
    (path,) = caches(repo)
    before = path.read_bytes()
    repo.night(DAY[1], app=B)

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("generator.history.cache.read", broken)
        assert repo.ask("--digest", digest("a")).code == 130
    assert caches(repo) == [path]
    assert path.read_bytes() == before


def test_an_index_lists_its_images_by_name(repo: Repo, tmp_path: Path) -> None:
    repo.night(DAY[0], tool=A, app=B)
    repo.write("app/tags.json", b"{")
    repo.commit(DAY[1])
    with index(Repository.around(repo.content, "HEAD"), [CONTENT], "HEAD", tmp_path) as everything:
        assert isinstance(everything, Index)
        assert everything.images() == ["app", "tool"]
        assert everything.unreadable() == ["app"]
        assert everything.whole("nobody") == Story()
        assert everything.head.newest.number == 1


SIGNS = st.dictionaries(st.sampled_from(["latest", "1"]), st.sampled_from("abc"), min_size=1)
STATE = st.dictionaries(st.sampled_from(["public", "private"]), SIGNS, min_size=1)
OLD = st.dictionaries(st.sampled_from(["", "Public", "Private"]), SIGNS, min_size=1)
FILES = st.dictionaries(
    st.sampled_from(["app", "team/tool"]),
    st.one_of(
        st.tuples(st.just("tags.json"), st.one_of(st.none(), STATE)),
        st.tuples(st.just("tags_history.md"), st.one_of(st.none(), st.just("cut"), OLD)),
    ),
    min_size=1,
)


def content(image: str, file: str, tables: Any) -> bytes | None:
    """What stands in a file of an image."""
    if tables is None or tables == "cut":
        return tables and b"cut off"
    return state(image, tables) if file == "tags.json" else old_page(tables).encode()


@settings(max_examples=25)
@given(st.lists(FILES, min_size=2, max_size=7), st.sets(st.integers(0, 6), max_size=4))
def test_an_index_brought_forward_is_the_index_made_anew(
    nights: list[dict[str, tuple[str, Any]]], stops: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        repo = Repo(Path(temporary) / "repo").init()
        commits = repo.nights(
            {
                f"{image}/{file}": content(image, file, tables)
                for image, (file, tables) in night.items()
            }
            for night in nights
        )
        forward, anew = Path(temporary) / "forward", Path(temporary) / "anew"
        for number, commit in enumerate(commits[:-1]):
            if number in stops:
                stories(repo, forward, commit)
        assert stories(repo, forward, commits[-1]) == stories(repo, anew, commits[-1])
        assert digests(repo, forward) == digests(repo, anew)
