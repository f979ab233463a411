"""Which commits count, and what is known: merges, rewritten branches, and clones of all kinds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.history.repo import CONTENT, Repo, old_page, state, told
from tests.support import ROOT, digest, tagpages

A, B, C, D = ({"public": {"latest": sign}} for sign in "abcd")
DAY = [f"2024-05-{day:02}T01:00:00Z" for day in range(1, 29)]


def test_a_span_tells_what_was_seen_where_and_what_the_registry_claimed(repo: Repo) -> None:
    first = repo.night(DAY[0], app=A)
    repo.write("app/notes.md", "of people")
    repo.commit(DAY[1])
    last = repo.night(DAY[2], app={"public": {"latest": "a", "1": "a"}})
    ended = repo.night(DAY[3], app={"public": {"latest": "b", "1": "a"}})
    newest, older = repo.spans("app:latest")
    assert older == {
        "image": "app",
        "table": "public",
        "tag": "latest",
        "digest": digest("a"),
        "claimed": "2024-05-01",
        "first": {"commit": first, "time": DAY[0]},
        "last": {"commit": last, "time": DAY[2]},
        "ended": {"commit": ended, "time": DAY[3]},
        "why": "moved",
    }
    assert newest["first"] == newest["last"] == {"commit": ended, "time": DAY[3]}
    assert (newest["ended"], newest["why"]) == (None, None)


def test_a_merge_is_published_when_it_is_merged(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.git("switch", "--quiet", "--create", "night")
    repo.night(DAY[1], app=B)
    repo.night(DAY[2], app=C)
    repo.git("switch", "--quiet", "main")
    repo.write("app/notes.md", "of people")
    repo.commit(DAY[3])
    repo.git("merge", "--quiet", "--no-ff", "--message=Merge", "night", time=DAY[4])
    merged = repo.git("rev-parse", "HEAD")
    spans = repo.spans("app:latest")
    assert told(spans) == [("public", "latest", "c", None), ("public", "latest", "a", "moved")]
    assert spans[0]["first"] == {"commit": merged, "time": DAY[4]}
    assert told(repo.spans("app:latest", "--rev", "night")) == [
        ("public", "latest", "c", None),
        ("public", "latest", "b", "moved"),
        ("public", "latest", "a", "moved"),
    ]


def test_a_merge_of_branches_that_conflict_has_what_was_made_of_them(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.git("switch", "--quiet", "--create", "night")
    repo.night(DAY[1], app=B)
    repo.git("switch", "--quiet", "main")
    repo.night(DAY[2], app=C)
    repo.git("merge", "--quiet", "--no-commit", "--strategy=ours", "night")
    repo.night(DAY[3], app=D)
    assert repo.git("rev-list", "--no-walk", "--parents", "HEAD").count(" ") == 2
    assert [span["digest"][7] for span in repo.spans("app")] == ["d", "c", "a"]


def test_a_merge_of_several_branches_is_one_step(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    for day, image in enumerate(("one", "two", "three"), 1):
        repo.git("switch", "--quiet", "--create", image, "main")
        repo.night(DAY[day], **{image: B})
    repo.git("switch", "--quiet", "main")
    repo.git("merge", "--quiet", "--message=Merge", "one", "two", "three", time=DAY[5])
    spans = repo.spans("--digest", digest("b"))
    assert {(span["image"], span["first"]["time"]) for span in spans} == {
        ("one", DAY[1]),  # where nothing else had happened, git goes forward to the first branch
        ("two", DAY[5]),
        ("three", DAY[5]),
    }


def test_a_squash_is_one_step(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.git("switch", "--quiet", "--create", "night")
    repo.night(DAY[1], app=B)
    repo.night(DAY[2], app=C)
    repo.git("switch", "--quiet", "main")
    repo.git("merge", "--quiet", "--squash", "night")
    repo.commit(DAY[3])
    assert [span["first"]["time"] for span in repo.spans("app:latest")] == [DAY[3], DAY[0]]


def test_a_rebase_brings_every_step_at_its_new_time(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.git("switch", "--quiet", "--create", "night")
    repo.night(DAY[1], app=B)
    repo.night(DAY[2], app=C)
    repo.git("switch", "--quiet", "main")
    repo.write("app/notes.md", "of people")
    repo.commit(DAY[3])
    repo.git("rebase", "--quiet", "main", "night", time=DAY[4])
    assert [span["first"]["time"] for span in repo.spans("app:latest")] == [DAY[4], DAY[4], DAY[0]]


def test_a_revert_moves_back(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.night(DAY[1], app=B)
    repo.git("revert", "--no-edit", "HEAD", time=DAY[2])
    assert told(repo.spans("app:latest")) == [
        ("public", "latest", "a", None),
        ("public", "latest", "b", "moved back"),
        ("public", "latest", "a", "moved"),
    ]


def test_the_time_never_goes_back_along_the_line(repo: Repo) -> None:
    repo.night(DAY[5], app=A)
    repo.night(DAY[2], app=B)
    repo.night(DAY[7], app=C)
    assert [span["first"]["time"] for span in repo.spans("app")] == [DAY[7], DAY[5], DAY[5]]
    assert told(repo.spans("app:latest", "--at", DAY[4], code=1)) == []
    assert told(repo.spans("app:latest", "--at", DAY[6])) == [("public", "latest", "b", "moved")]


def test_a_day_means_its_end_in_utc(repo: Repo) -> None:
    repo.night("2024-05-06T23:59:59-02:00", app=A)  # 01:59:59 on the 7th
    repo.night("2024-05-07T23:59:59Z", app=B)
    repo.night("2024-05-08T00:00:00Z", app=C)
    assert told(repo.spans("app:latest", "--at", "2024-05-06", code=1)) == []
    assert told(repo.spans("app:latest", "--at", "2024-05-07"))[0][2] == "b"
    assert told(repo.spans("app:latest", "--at", "2024-05-07T12:00"))[0][2] == "a"
    assert told(repo.spans("app:latest", "--at", "2024-05-07T21:59:59-02:00"))[0][2] == "b"
    assert told(repo.spans("app:latest", "--at", "2024-05-08"))[0][2] == "c"


def test_a_revision_is_a_moment_too(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.night(DAY[0], app=B)
    repo.git("tag", "release")
    repo.night(DAY[0], app=C)
    assert told(repo.spans("app", "--at", "release")) == [("public", "latest", "b", "moved")]
    assert told(repo.spans("app", "--at", "HEAD~2")) == [("public", "latest", "a", "moved")]
    assert [span["digest"][7] for span in repo.spans("app")] == ["c", "b", "a"]
    repo.git("switch", "--quiet", "--create", "other", "HEAD~2")
    repo.night(DAY[1], app=D)
    repo.git("switch", "--quiet", "main")
    run = repo.ask("app", "--at", "other")
    assert run.code == 2
    assert "ask with `--rev other`" in run.err


def test_since_and_until_give_what_stood_at_any_time_between(repo: Repo) -> None:
    for day, tables in enumerate((A, B, C, D)):
        repo.night(DAY[2 * day], app=tables)
    between = repo.spans("app", "--since", "2024-05-04", "--until", "2024-05-06")
    assert [span["digest"][7] for span in between] == ["c", "b"]
    assert [span["digest"][7] for span in repo.spans("app", "--since", DAY[6])] == ["d"]


def test_settings_of_people_change_nothing(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.git("mv", f"{CONTENT}/app/tags.json", f"{CONTENT}/app/elsewhere.json")
    repo.commit(DAY[1])
    expected = repo.spans("app")
    assert told(expected) == [("public", "latest", "a", "page removed")]
    for key, value in (
        ("log.follow", "true"),
        ("log.showRoot", "false"),
        ("log.showSignature", "true"),
        ("diff.renames", "copies"),
        ("color.ui", "always"),
        ("log.date", "relative"),
        ("core.quotePath", "true"),
    ):
        repo.git("config", key, value)
    assert repo.spans("app") == expected


def test_a_folder_is_taken_as_it_is_written(repo: Repo) -> None:
    odd = repo.root / ":[a-z]*"
    (odd / "app").mkdir(parents=True)
    (odd / "app/tags.json").write_bytes(state("app", A))
    repo.commit(DAY[0])
    expected = [("public", "latest", "a", None)]
    assert told(repo.spans("app", "--content", odd)) == expected
    assert told(repo.spans("--digest", digest("a"), "--content", odd)) == expected


def test_a_page_that_went_and_came_back_leaves_a_gap(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.night(DAY[1], app=None)
    repo.night(DAY[2], app=A)
    assert told(repo.spans("app")) == [
        ("public", "latest", "a", None),
        ("public", "latest", "a", "page removed"),
    ]
    run = repo.ask("app:latest", "--at", "2024-05-02")
    assert (run.code, run.out) == (1, "")
    assert "there was no page then" in run.err


def test_what_never_was_is_known_to_be_absent(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    for question in (["tool"], ["app:1.2"], ["--digest", digest("9")], ["app", "--table", "x"]):
        run = repo.ask(*question)
        assert (run.code, run.out) == (1, ""), question
        assert run.err.startswith("tagpages: ")


def test_what_aged_out_of_an_old_page_is_not_known_and_what_went_is(repo: Repo) -> None:
    old = {"latest": "a", "1": "b"}
    repo.old_night("2024-05-10T00:00:00Z", "May 1st", app={"": old})
    repo.old_night("2024-05-20T00:00:00Z", "May 1st", app={"": {"latest": "a"}})
    repo.old_night("2024-06-10T00:00:00Z", "June 9th", app={"": {"1": "b"}})
    repo.old_night("2024-07-20T00:00:00Z", "July 1st", app={"": {"new": "c"}})
    repo.old_night("2024-07-21T00:00:00Z", "July 1st", app={"": {"latest": "a", "new": "c"}})
    repo.old_night("2024-07-22T00:00:00Z", "July 1st", app={"": {"new": "c"}})
    for tag, day, code, words in (
        ("latest", "2024-06-09", 0, ""),
        ("latest", "2024-06-11", 2, "aged out of an old page, 2024-06-10 00:00"),
        ("latest", "2024-07-22", 1, "gone, 2024-07-22 00:00"),
        ("1", "2024-05-21", 1, "gone, 2024-05-20 00:00"),
        ("1", "2024-07-21", 2, f"last seen: `1` {digest('b')}"),
    ):
        run = repo.ask(f"app:{tag}", "--at", day)
        assert (run.code, words in run.err) == (code, True), (tag, day, run.err)
    repo.write("app/tags_history.md", None)
    repo.commit("2024-08-01T00:00:00Z")
    assert repo.ask("app:1", "--at", "2024-08-02").code == 1


def test_a_folder_that_was_renamed_is_followed_and_else_hinted_at(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.night(DAY[1], app=B)
    (repo.root / "docs").mkdir()
    repo.git("mv", CONTENT, "docs/pages")
    repo.commit(DAY[2])
    moved = repo.root / "docs/pages"
    run = repo.ask("app", "--content", moved)
    assert run.out.count("sha256:") == 1
    assert f"`--was {CONTENT}`" in run.err
    spans = repo.spans("app", "--content", moved, "--was", CONTENT)
    assert told(spans) == [("public", "latest", "b", None), ("public", "latest", "a", "moved")]
    assert [span["first"]["time"] for span in spans] == [DAY[1], DAY[0]]
    by_digest = repo.spans("--digest", digest("a"), "--content", moved, "--was", CONTENT)
    assert told(by_digest) == told(spans)[1:]


@pytest.mark.parametrize("was", [".", "./", ""])
def test_content_that_lay_at_the_top_is_followed_and_else_hinted_at(repo: Repo, was: str) -> None:
    for image, tables in (("app", A), ("tool", B)):
        (repo.root / image).mkdir()
        (repo.root / image / "tags.json").write_bytes(state(image, tables))
    repo.commit(DAY[0])
    repo.content.mkdir(parents=True)
    repo.git("mv", "app", "tool", CONTENT)
    repo.commit(DAY[1])
    run = repo.ask("app")
    assert (run.code, run.err) == (
        0,
        "tagpages: app: it lay elsewhere before: `--was .` tells what it was there\n",
    )
    (span,) = repo.spans("app", "--was", was)
    assert span["first"]["time"] == DAY[0]
    assert repo.spans("--digest", digest("a"), "--was", was) == [span]


def test_a_former_folder_is_found_however_it_is_written(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.git("mv", CONTENT, "pages")
    repo.commit(DAY[1])
    for was in (CONTENT, f"{CONTENT}/", f"./{CONTENT}", f"/{CONTENT}", f"{CONTENT}/../images"):
        (span,) = repo.spans("app", "--content", repo.root / "pages", "--was", was)
        assert span["first"]["time"] == DAY[0], was


def test_the_content_folder_of_today_comes_first(repo: Repo) -> None:
    left = repo.root / "docs/old/app/tags.json"
    left.parent.mkdir(parents=True)
    left.write_bytes(state("app", A))
    repo.commit(DAY[0])
    repo.old_night(DAY[1], app={"public": {"latest": "b"}})
    spans = repo.spans("app", "--was", "docs/old/")
    assert told(spans) == [("public", "latest", "b", None), ("public", "latest", "a", "moved")]


def test_a_page_beside_a_state_says_nothing_more(repo: Repo) -> None:
    first = repo.night(DAY[0], app=A)
    repo.old_night(DAY[1], app={"public": {"latest": "b"}})
    (span,) = repo.spans("app")
    assert (span["digest"], span["last"]["commit"]) == (digest("a"), first)


def test_a_content_folder_that_is_gone_can_be_asked_for(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.night(DAY[1], app=None)
    shutil.rmtree(repo.content.parent)
    assert told(repo.spans("app")) == [("public", "latest", "a", "page removed")]
    bare = repo.root.parent / "bare.git"
    repo.git("clone", "--quiet", "--bare", repo.root, bare)
    assert told(repo.spans("app", "--content", bare / CONTENT)) == told(repo.spans("app"))


def test_the_catalog_names_the_content_folder(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    catalog = repo.root / "catalog.yaml"
    source = {"kind": "listing", "path": "x.json"}
    catalog.write_text(
        json.dumps(
            {"content": CONTENT, "url": "/i/", "tables": [{"name": "public", "source": source}]}
        )
    )
    run = tagpages("history", "--catalog", catalog, "app:latest")
    assert (run.code, run.out.splitlines()[:2]) == (0, ["app:latest (public)", f"  {digest('a')}"])


def test_a_repository_of_sha256_is_read(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", "sha256").init()
    repo.night(DAY[0], app=A)
    repo.night(DAY[1], app=None)
    repo.night(DAY[2], app=B)
    spans = repo.spans("app")
    assert told(spans) == [
        ("public", "latest", "b", None),
        ("public", "latest", "a", "page removed"),
    ]
    assert {len(span["first"]["commit"]) for span in spans} == {64}
    assert repo.spans("--digest", digest("b")) == spans[:1]


@pytest.fixture
def nights(repo: Repo) -> Repo:
    """Four nights, one digest each."""
    for day, tables in enumerate((A, B, C, D)):
        repo.night(DAY[day], app=tables)
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    return repo


def clone(repo: Repo, *options: str) -> Repo:
    copy = Repo(repo.root.parent / "clone")
    repo.git("clone", "--quiet", *options, f"file://{repo.root}", copy.root)
    return copy


def test_a_shallow_clone_says_since_when_it_knows(nights: Repo) -> None:
    copy = clone(nights, "--depth=2")
    run = copy.ask("app:latest")
    assert run.code == 2
    assert "not known before 2024-05-03 01:00" in run.err
    command = run.err.partition("`")[2].partition("`")[0]
    assert command.endswith("fetch --unshallow")
    value = json.loads(copy.ask("app:latest", "--format", "json").out)
    assert (value["verdict"], value["not_known_before"]) == ("unknown", DAY[2])
    assert copy.ask("app:latest", "--at", "2024-05-02").code == 2
    assert copy.ask("app:latest", "--since", "2024-05-02").code == 2
    assert copy.ask("app:1.2").code == 2
    assert copy.ask("tool").code == 2
    assert copy.ask("--digest", digest("a")).code == 2
    assert told(copy.spans("app:latest", "--at", "2024-05-03"))[0][2] == "c"
    assert [span[2] for span in told(copy.spans("app", "--since", "2024-05-03"))] == ["d", "c"]
    assert copy.ask("app:1.2", "--at", "2024-05-03").code == 1

    copy.git(*command.split()[3:])
    assert [span[2] for span in told(copy.spans("app:latest"))] == ["d", "c", "b", "a"]
    assert told(copy.spans("--digest", digest("a"))) == [("public", "latest", "a", "moved")]


def test_a_shallow_clone_that_goes_on_knows_no_more_of_the_past(nights: Repo) -> None:
    copy = clone(nights, "--depth=2")
    assert "not known before 2024-05-03 01:00" in copy.ask("--digest", digest("a")).err
    nights.night(DAY[4], app=A)
    copy.git("pull", "--quiet")
    run = copy.ask("--digest", digest("a"))
    assert (run.code, run.out.count("still there")) == (2, 1)
    assert "not known before 2024-05-03 01:00" in run.err


def test_a_clone_that_is_cut_beside_the_line_is_whole(nights: Repo) -> None:
    nights.git("switch", "--quiet", "--create", "side")
    nights.commit(DAY[5])
    nights.commit(DAY[6])
    side = nights.git("rev-parse", "HEAD~1")
    nights.git("switch", "--quiet", "main")
    nights.git("merge", "--quiet", "--no-ff", "--message=Merge", "side", time=DAY[7])
    copy = clone(nights)
    (copy.root / ".git/shallow").write_text(f"{side}\n")
    assert copy.git("rev-parse", "--is-shallow-repository") == "true"
    assert len(copy.spans("app")) == 4


def test_a_blobless_clone_fetches_what_it_needs_at_once(nights: Repo, tmp_path: Path) -> None:
    copy = clone(nights, "--filter=blob:none", "--no-checkout")
    trace = tmp_path / "trace"
    run = copy.ask("app:latest", GIT_TRACE=str(trace))
    assert run.code == 0, run.err
    assert run.out.count("sha256:") == 4
    assert trace.read_text().count("built-in: git upload-pack") == 1
    assert "maintenance" not in trace.read_text()

    trace.unlink()
    assert copy.ask("app:latest", GIT_TRACE=str(trace)).code == 0
    assert "upload-pack" not in trace.read_text()


def test_a_blobless_clone_without_its_remote_says_so(nights: Repo) -> None:
    copy = clone(nights, "--filter=blob:none", "--no-checkout")
    nights.root.rename(nights.root.with_name("away"))
    run = copy.ask("app:latest")
    assert run.code == 2
    assert "git cannot read the history" in run.err
    assert "Traceback" not in run.err


def test_what_is_no_repository_or_no_revision_is_a_mistake(repo: Repo, tmp_path: Path) -> None:
    repo.night(DAY[0], app=A)
    outside = tmp_path / "outside"
    outside.mkdir()
    for arguments, words in (
        (("app", "--content", outside), "git cannot read the history"),
        (("app", "--rev", "nowhere"), "git knows no commit 'nowhere'"),
        (("app", "--rev", "--all"), "git knows no commit '--all'"),
        (("app", "--at", "2024-13-45"), "git knows no commit '2024-13-45'"),
        (("app", "--at", DAY[0], "--since", DAY[0]), "--at is one moment"),
        (("app", "--at", "yesterday"), "a day is written as 2024-05-31"),
        (("app", "--since", DAY[0], "--until", "2024-04-30"), "--since comes after --until"),
        (("APP",), "not a valid image name"),
        (("app:a b",), "not a valid tag"),
        (("--digest", "sha256:abc"), "at least 12 characters"),
        (("--digest", f"sha256:{'a' * 12} {'b' * 12}"), "at least 12 characters"),
        ((), "ask for an image"),
    ):
        run = repo.ask(*arguments)
        assert (run.code, run.out) == (2, ""), arguments
        assert words in run.err


def test_a_question_loads_neither_templates_nor_what_speaks_to_registries(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    command = [sys.executable, "-X", "importtime", "-m", "generator", "history", "app"]
    run = subprocess.run(
        [*command, "--content", str(repo.content)], cwd=ROOT, capture_output=True, check=True
    )
    modules = {line.rpartition("|")[2].strip() for line in run.stderr.decode().splitlines()}
    assert "generator.history.moves" in modules
    assert modules.isdisjoint({"asyncio", "jinja2", "yaml", "generator.registry"})


def test_the_folder_says_which_repository_it_is_whatever_a_hook_says(
    repo: Repo, tmp_path: Path
) -> None:
    repo.night(DAY[0], app=A)
    expected = repo.ask("app")
    elsewhere = Repo(tmp_path / "elsewhere").init()
    elsewhere.night(DAY[1], app=B)
    for folder in (".git", str(elsewhere.root / ".git")):
        run = repo.ask("app", GIT_DIR=folder, GIT_WORK_TREE=str(elsewhere.root))
        assert run == expected
    assert expected.code == 0


def test_git_that_is_not_there_is_named(repo: Repo, tmp_path: Path) -> None:
    repo.night(DAY[0], app=A)
    run = repo.ask("app", PATH=str(tmp_path))
    assert (run.code, run.err) == (
        2,
        "tagpages: git is not installed: `tagpages history` reads with it\n",
    )


def test_an_unreadable_version_is_reported_and_passed_over(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.write("app/tags.json", b"{")
    repo.commit(DAY[1])
    repo.night(DAY[2], app=A)
    repo.write("app/tags.json", state("tool", B))
    repo.commit(DAY[3])
    repo.night(DAY[4], app=B)
    run = repo.ask("app:latest")
    assert run.code == 0
    assert "app: passed over the version of 2024-05-02 01:00" in run.err
    assert "it is about the image `tool`" in run.err
    spans = repo.spans("app:latest")
    assert told(spans) == [("public", "latest", "b", None), ("public", "latest", "a", "moved")]
    assert spans[1]["last"]["time"] == DAY[2]
    assert "passed over" not in repo.ask("app:latest", "--at", "2024-05-01").err
    assert repo.ask("app:latest", "--at", "2024-05-02").err.count("passed over") == 1
    assert "passed over" not in repo.ask("app:latest", "--at", "2024-05-03").err


def test_what_an_unreadable_version_may_have_listed_is_not_known(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.write("app/tags.json", b"{")
    repo.commit(DAY[1])
    assert repo.ask("app:1.2").code == 2
    assert repo.ask("app:1.2", "--at", "2024-05-01").code == 1
    assert repo.ask("app:1.2", "--at", "2024-05-02").code == 2
    assert repo.ask("--digest", digest("9")).code == 2


def test_what_one_image_may_have_listed_leaves_all_images_unknown(repo: Repo) -> None:
    repo.night(DAY[0], app=A, other=A, tool=A)
    repo.write("other/tags.json", b"{")
    repo.commit(DAY[1])
    for image in ("app", "tool"):
        repo.write(f"{image}/tags.json", b"{")
    repo.commit(DAY[3])
    run = repo.ask("--digest", digest("9"), "--at", "2024-05-02")
    assert (run.code, run.err.count("no version lists it")) == (2, 3)
    assert run.err.count("passed over") == 1
    assert repo.ask("--digest", digest("9"), "--at", "2024-05-01").code == 1


def damage(repo: Repo, revision: str, data: bytes | None) -> None:
    """Put something else, or nothing, in place of what git has of a file."""
    blob = repo.git("rev-parse", f"{revision}:{CONTENT}/app/tags.json")
    file = repo.root / ".git/objects" / blob[:2] / blob[2:]
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:2000] if data is None else data)


def test_a_version_that_git_has_lost_is_passed_over(nights: Repo) -> None:
    damage(nights, "HEAD~1", b"")
    run = nights.ask("app:latest")
    assert (run.code, run.out.count("sha256:")) == (0, 3)
    assert f"{CONTENT}/app/tags.json: git does not have it" in run.err


def test_a_repository_that_is_damaged_is_a_mistake(repo: Repo) -> None:
    repo.night(
        DAY[0],
        app={
            "public": {f"1.{number}": "0123456789abcdef"[number * 7 % 16] for number in range(2000)}
        },
    )
    damage(repo, "HEAD", None)
    for question in (["app"], ["--digest", digest("a")]):
        run = repo.ask(*question)
        assert (run.code, run.out) == (2, "")
        assert run.err == (
            "tagpages: git has ended in the middle of reading: is the repository damaged?\n"
        )


def test_an_old_page_that_was_cut_off_is_not_an_empty_one(repo: Repo) -> None:
    page = old_page({"Public Registry": {"latest": "a"}})
    repo.write("app/tags_history.md", page)
    repo.commit(DAY[0])
    repo.write("app/tags_history.md", page[:30])
    repo.commit(DAY[1])
    run = repo.ask("app:latest")
    assert (run.code, run.out.count("still there")) == (0, 1)
    assert "the page has no table of tags" in run.err


def test_one_table_that_became_two_is_asked_for_by_any_of_its_names(repo: Repo) -> None:
    repo.old_night(DAY[0], app={"": {"latest": "a", "1": "b"}})
    repo.old_night(DAY[1], app={"": {"latest": "c", "1": "b"}})
    repo.old_night(DAY[2], app={"Public": {"latest": "c"}, "Private": {"latest": "d", "1": "b"}})
    repo.night(DAY[3], app={"public": {"latest": "c"}, "private": {"latest": "d", "1": "e"}})
    latest = [("public", "latest", "c", None), ("", "latest", "a", "moved")]
    assert told(repo.spans("app:latest", "--table", "public")) == latest
    assert told(repo.spans("app:latest", "--table", "Public")) == latest[:1]
    assert told(repo.spans("app:latest", "--table", "")) == latest
    assert told(repo.spans("app", "--table", "private")) == [
        ("private", "1", "e", None),
        ("private", "latest", "d", None),
        ("Private", "1", "b", "moved"),
    ]
    for day, tables in (("02", {""}), ("03", {"Public", "Private"}), ("04", {"public", "private"})):
        spans = repo.spans("app", "--at", f"2024-05-{day}")
        assert {span["table"] for span in spans} == tables
    assert "there are '', 'Private'" in repo.ask("app", "--table", "x").err


def test_a_table_that_was_held_back_is_told(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.write(
        "build.json",
        '{"version": 1, "as_of": null, "totals": {}, "failed": {"private": {"nights": 3, "last":'
        ' "2024-05-02"}}, "held": {"public:app": {"nights": 2, "last": "2024-05-02"},'
        ' "public:tool": {"nights": 1, "last": "2024-05-02"}}, "gone": {}}',
    )
    repo.commit(DAY[1])
    repo.write("build.json", '{"version": 1, "as_of": null}')
    repo.commit(DAY[2])
    run = repo.ask("app:latest", "--at", "2024-05-02")
    assert run.code == 0
    assert "app: table `public` was held back (night 2, 2024-05-02)" in run.err
    assert "app: table `private` could not be asked (night 3, 2024-05-02)" in run.err
    assert run.err.count("\n") == 2
    assert repo.ask("app:latest", "--at", "2024-05-01").err == ""
    assert repo.ask("app:latest").err == ""


def test_a_link_in_place_of_what_a_build_left_tells_nothing(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    (repo.content / "build.json").symlink_to("elsewhere.json")
    repo.commit(DAY[1])
    assert repo.ask("app").err == ""


def test_an_image_that_no_source_listed_is_told(repo: Repo) -> None:
    repo.night(DAY[0], app=A, tool=A)
    repo.write(
        "build.json",
        '{"version": 1, "as_of": null, "gone": {"app": {"nights": 2, "last": "2024-05-02"}}}',
    )
    repo.commit(DAY[1])
    note = (
        "tagpages: app: no source listed it (night 2, 2024-05-02):"
        " what its page lists is what was last believed\n"
    )
    assert repo.ask("app:latest").err == note
    assert repo.ask("app:latest", "--at", "2024-05-01").err == ""
    assert repo.ask("tool:latest").err == ""
    repo.night(DAY[2], app=None)
    assert "no source listed it" not in repo.ask("app:latest").err


def test_thousands_of_versions_are_read_without_a_standstill(repo: Repo) -> None:
    nights = [{"app/tags.json": state("app", {"t": {"x": "ab"[n % 2]}})} for n in range(3000)]
    repo.nights(nights)
    command = [sys.executable, "-m", "generator", "history", "--format", "json"]
    run = subprocess.run(
        [*command, "--content", str(repo.content), "app:x"],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert len(json.loads(run.stdout)["spans"]) == 3000


def test_a_time_that_no_calendar_has_is_cut_off(repo: Repo) -> None:
    repo.nights([{"app/tags.json": state("app", A)}], first=1 << 46)
    assert repo.spans("app")[0]["first"]["time"] == "9000-01-01T00:00:00Z"


def test_a_folder_that_no_image_can_be_named_as_is_none(repo: Repo) -> None:
    repo.nights([{"\x1b[31m/tags.json": b"{", "app/tags.json": state("app", A)}])
    run = repo.ask("--digest", digest("9"))
    assert (run.code, run.err) == (1, f"tagpages: no page lists {digest('9')}\n")


def test_another_repository_in_place_of_an_image_is_none(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other").init()
    other.night(DAY[0], app=B)
    repo.night(DAY[0], app=A)
    repo.git("rm", "-r", "--quiet", f"{CONTENT}/app")
    add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"]
    repo.git(*add, other.root, f"{CONTENT}/app")
    repo.commit(DAY[1])
    assert told(repo.spans("app")) == [("public", "latest", "a", "page removed")]
    assert repo.ask("--digest", digest("b")).code == 1


def test_a_work_tree_of_its_own_is_read_at_its_commit(repo: Repo, tmp_path: Path) -> None:
    repo.night(DAY[0], app=A)
    repo.night(DAY[1], app=B)
    tree = tmp_path / "work tree — ü"
    repo.git("worktree", "add", "--quiet", "--detach", tree, "HEAD~1")
    content = tree / CONTENT
    expected = [("public", "latest", "a", None)]
    assert told(repo.spans("app", "--content", content)) == expected
    assert told(repo.spans("--digest", digest("a"), "--content", content)) == expected
    assert len(repo.spans("app", "--content", content, "--rev", "main")) == 2


def test_a_link_in_place_of_a_file_is_none(repo: Repo) -> None:
    repo.night(DAY[0], app=A)
    repo.write("app/tags.json", None)
    (repo.content / "app/tags.json").symlink_to("elsewhere.json")
    repo.commit(DAY[1])
    assert told(repo.spans("app")) == [("public", "latest", "a", "page removed")]
