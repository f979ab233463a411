"""`tagpages report` and `tagpages lanes`: two states of the tree, from git or from folders."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import Listing, Site

FIRST: Listing = {
    "bash": [("latest", "a", "2024-06-01T10:00:00Z"), ("5", "a", "2024-06-01T09:00:00Z")],
    "curl": [("latest", "b", "2024-06-01T10:00:00Z")],
    "nginx": [("latest", "c", "2024-06-01T10:00:00Z"), ("1.2", "d", "2024-06-01T09:00:00Z")],
    "zsh": [("latest", "e", "2024-05-20T10:00:00Z")],
}
SECOND: Listing = {
    "apko": [("latest", "1", "2024-06-02T10:00:00Z")],
    "bash": [("latest", "2", "2024-06-02T10:00:00Z"), ("5", "2", "2024-06-02T09:00:00Z")],
    "nginx": [("latest", "c", "2024-06-01T10:00:00Z")],
    "zsh": [("latest", "e", "2024-05-20T10:00:00Z")],
}


def git(folder: Path, *args: str) -> str:
    return subprocess.run(
        ["git", "-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.com", *args],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def commit(site: Site) -> None:
    git(site.root, "add", "--all")
    git(site.root, "commit", "--quiet", "--message", "a night")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site in a git repository with one night committed and another one built on top."""
    site = Site(tmp_path)
    git(tmp_path, "init", "--quiet", ".")
    site.catalog(as_of=None, gone_after=1)
    site.lists(FIRST, FIRST)
    site.build("--as-of", "2024-06-02T00:40:00Z")
    commit(site)
    site.lists(SECOND, SECOND)
    site.build("--as-of", "2024-06-03T00:40:00Z", "--report", tmp_path / "night.json")
    return site


def compared(site: Site, *args: str | Path) -> dict[str, Any]:
    run = site.run("report", "--format", "json", *args)
    assert run.code == 0, run.err
    value = json.loads(run.out)
    assert isinstance(value, dict)
    return value


Side = Callable[[Site], tuple[str | Path, ...]]


def _work_tree(site: Site) -> tuple[str, ...]:
    return ("--from", "HEAD")


def _by_default(site: Site) -> tuple[str, ...]:
    return ()


def _revisions(site: Site) -> tuple[str, ...]:
    commit(site)
    return ("--from", "HEAD~1", "--to", "HEAD")


def _folders(site: Site) -> tuple[str | Path, ...]:
    after = site.root / "after"
    shutil.copytree(site.content, after)
    git(site.root, "stash", "--include-untracked", "--quiet", "--", "content")
    before = site.root / "before"
    shutil.copytree(site.content, before)
    return ("--from", before, "--to", after)


@pytest.mark.parametrize("side", [_work_tree, _by_default, _revisions, _folders])
def test_the_report_of_two_states_has_the_numbers_of_the_build_s_own(
    site: Site, side: Side
) -> None:
    built = json.loads((site.root / "night.json").read_bytes())
    assert [(item["image"], item["kind"]) for item in built["changes"]] == [
        ("apko", "added"),
        ("bash", "changed"),
        ("curl", "removed"),
        ("nginx", "changed"),
    ]
    found = compared(site, *side(site))
    for key in ("version", "as_of", "before", "page", "changes", "unchanged"):
        assert found[key] == built[key], key


def test_what_moved_back_and_what_failed_is_told_from_the_states_alone(site: Site) -> None:
    commit(site)
    site.lists(SECOND | {"bash": FIRST["bash"]}, SECOND)
    site.raw_listing("private", "broken")
    run = site.run("build", "--as-of", "2024-06-04T00:40:00Z", "--report", site.root / "night.json")
    assert run.code == 1
    built = json.loads((site.root / "night.json").read_bytes())
    told = {item["kind"]: item for item in compared(site)["findings"]}
    assert told.keys() == {item["kind"] for item in built["findings"]} == {"failed", "moved_back"}
    assert (told["failed"]["table"], told["failed"]["nights"]) == ("private", 1)
    assert (told["moved_back"]["image"], told["moved_back"]["tags"]) == ("bash", ["latest", "5"])


def test_what_failed_is_told_of_the_selected_images(site: Site) -> None:
    (site.content / "build.json").unlink()
    site.raw_listing("private", [{"repo": {"name": name}, "tags": None} for name in FIRST])
    assert site.run("build", "--as-of", "2024-06-04T00:40:00Z").code == 1
    report = compared(site)
    assert report["as_of"] == "2024-06-04T00:40:00Z"
    failed = [item["image"] for item in report["findings"] if item["kind"] == "failed"]
    assert set(failed) == FIRST.keys()
    (finding,) = compared(site, "--only", "bash")["findings"]
    assert (finding["kind"], finding["image"]) == ("failed", "bash")


def test_nothing_changed_is_an_empty_report(site: Site) -> None:
    found = compared(site, "--from", site.content)
    assert found["changes"] == []
    assert found["unchanged"] == 4


def test_a_repository_may_name_its_objects_by_sha_256(site: Site) -> None:
    shutil.rmtree(site.root / ".git")
    git(site.root, "init", "--quiet", "--object-format=sha256", ".")
    commit(site)
    found = compared(site)
    assert (found["changes"], found["unchanged"]) == ([], 4)
    site.state("bash").write_text("{")
    assert [item["image"] for item in compared(site)["findings"]] == ["bash"]


def test_a_symbolic_link_in_a_revision_is_no_state(site: Site) -> None:
    good = site.state("bash").read_bytes()
    site.state("bash").unlink()
    site.state("bash").symlink_to("tags_history.md")
    commit(site)
    site.state("bash").unlink()
    site.state("bash").write_bytes(good)
    assert [(item["image"], item["kind"]) for item in compared(site)["changes"]] == [
        ("bash", "added")
    ]


def test_only_narrows_the_report(site: Site) -> None:
    assert [item["image"] for item in compared(site, "--only", "b*")["changes"]] == ["bash"]


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=x", "HEAD:nothing", ""])
def test_a_state_that_is_not_there_is_a_mistake_of_the_user_s(site: Site, revision: str) -> None:
    run = site.run("report", f"--from={revision}")
    assert run.code == 2
    assert run.err.startswith("tagpages: git cannot show ")
    assert run.out == ""


def test_outside_a_repository_only_folders_can_be_compared(site: Site) -> None:
    shutil.rmtree(site.root / ".git")
    run = site.run("report")
    assert run.code == 2
    assert "not a git repository" in run.err
    assert compared(site, "--from", site.content)["changes"] == []


NEWER = '{"version": 2}'
REASON = "its version is 2, and this tagpages reads 1 only"


def failures(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in report["findings"] if item["kind"] == "failed"]


def test_a_broken_state_fails_its_image_and_the_others_are_compared(site: Site) -> None:
    whole = compared(site)
    for image in ("bash", "zsh"):
        site.state(image).write_text(NEWER)
    found = compared(site)
    assert [(item["image"], item["detail"]) for item in failures(found)] == [
        (image, f"{image}/tags.json: {REASON}") for image in ("bash", "zsh")
    ]
    assert found["changes"] == [item for item in whole["changes"] if item["image"] != "bash"]
    assert found["unchanged"] == 0
    assert [item["image"] for item in compared(site, "--only", "b*")["findings"]] == ["bash"]


@pytest.mark.parametrize("side", [_work_tree, _revisions, _folders])
def test_a_state_that_was_broken_before_fails_its_image_and_the_others_are_compared(
    site: Site, side: Side
) -> None:
    good = site.tree()
    git(site.root, "stash", "--include-untracked", "--quiet", "--", "content")
    for image in ("bash", "curl", "zsh"):
        site.state(image).write_text(NEWER)
    git(site.root, "commit", "--quiet", "--all", "--amend", "--message", "a night")
    shutil.rmtree(site.content)
    for path, data in good.items():
        (site.content / path).parent.mkdir(parents=True, exist_ok=True)
        (site.content / path).write_bytes(data)

    sides = side(site)
    found = compared(site, *sides)
    assert [(item["kind"], item["image"], item["detail"]) for item in found["findings"]] == [
        ("failed", image, f"{sides[1]}: {image}/tags.json: {REASON}")
        for image in ("bash", "curl", "zsh")
    ]
    assert [(item["image"], item["kind"]) for item in found["changes"]] == [
        ("apko", "added"),
        ("nginx", "changed"),
    ]
    assert found["unchanged"] == 0


def test_a_state_broken_on_both_sides_is_told_once_and_as_it_is_now(site: Site) -> None:
    commit(site)
    site.state("zsh").write_text("{")
    commit(site)
    site.state("zsh").write_text(NEWER)
    (finding,) = compared(site)["findings"]
    assert (finding["image"], finding["detail"]) == ("zsh", f"zsh/tags.json: {REASON}")


@pytest.mark.parametrize("file", ["tags.json", "tags_history.md"])
def test_a_file_that_cannot_be_read_fails_its_image_and_the_others_are_compared(
    site: Site, file: str
) -> None:
    path = site.content / "bash" / file
    path.unlink()
    path.symlink_to(site.state("nginx"))
    found = compared(site)
    (finding,) = failures(found)
    assert finding["image"] == "bash"
    assert finding["detail"].startswith(f"cannot read {path}: ")
    assert compared(site, "--only", "n*")["findings"] == []
    assert [item["image"] for item in found["changes"]] == ["apko", "curl", "nginx"]


def test_a_file_of_people_s_may_have_a_name_that_is_not_utf_8(site: Site) -> None:
    theirs = os.fsencode(site.content) + b"/caf\xe9.md"
    Path(os.fsdecode(theirs)).write_text("theirs")
    commit(site)
    assert compared(site)["changes"] == []


def test_a_folder_whose_name_is_not_utf_8_is_no_image_s(site: Site) -> None:
    """Also where it has files that are named like ours: each command leaves them alone."""
    folder = Path(os.fsdecode(os.fsencode(site.content) + b"/caf\xe9"))
    shutil.copytree(site.content / "zsh", folder)
    before = compared(site)
    commit(site)
    for name in ("tags.json", "tags_history.md"):
        (folder / name).write_text("theirs")
    assert [change["image"] for change in before["changes"]] == ["apko", "bash", "curl", "nginx"]
    assert compared(site)["changes"] == compared(site)["findings"] == []
    assert lane(site, "look") == lane(site, "routine") == []
    assert site.run("check").code == 0
    assert site.run("history", "--digest", f"sha256:{'e' * 64}", "--format", "json").code == 0
    site.build("--as-of", "2024-06-04T00:40:00Z", "--report", site.root / "night.json")
    assert (folder / "tags.json").read_text() == "theirs"


def test_a_file_that_is_not_named_in_utf_8_is_told_of_where_it_keeps_a_folder(site: Site) -> None:
    Path(os.fsdecode(os.fsencode(site.content / "zsh") + b"/caf\xe9.md")).write_text("theirs")
    site.catalog(as_of=None, gone_after=1, images={"exclude": ["zsh"]})
    site.build("--as-of", "2024-06-04T00:40:00Z", "--report", site.root / "night.json")
    findings = json.loads((site.root / "night.json").read_text())["findings"]
    assert [item["detail"] for item in findings if item["kind"] == "kept_folder"] == ["caf\\xe9.md"]


@pytest.mark.parametrize("command", [("report",), ("lanes", "look")])
def test_a_broken_record_is_an_error_that_names_it(site: Site, command: tuple[str, ...]) -> None:
    record = site.content / "build.json"
    record.write_text("{")
    assert site.run(*command).err.startswith(f"tagpages: {record}: ")
    record.unlink()
    record.symlink_to(site.state("bash"))
    run = site.run(*command)
    assert run.code == 1
    assert run.err.startswith(f"tagpages: cannot read {record}: ")


def test_the_report_comes_as_text_and_as_markdown_too(site: Site) -> None:
    text = site.run("report")
    assert text.code == 0
    assert text.out.splitlines()[-1] == (
        "1 added, 1 removed, 2 changed, 1 unchanged, 0 failed or held back"
    )
    assert site.run("report", "--format", "md").out.startswith(
        "# Image tags, 2024-06-03 00:40 UTC\n\n1 added, 1 removed, 2 changed, 1 unchanged"
    )


# What happened between two states


def night(site: Site, day: int, listing: Listing) -> dict[str, Any]:
    """One more night of June 2024 with the same answer of both sources, and its own report."""
    site.lists(listing, listing)
    file = site.root / "night.json"
    site.build("--as-of", f"2024-06-{day:02}T00:40:00Z", "--report", file)
    value = json.loads(file.read_bytes())
    assert isinstance(value, dict)
    return value


def test_a_report_over_many_nights_calls_removed_what_each_night_called_removed(
    site: Site,
) -> None:
    """After ten more nights the tags would have left the window, and look as if they had."""
    site.catalog(as_of=None, window="7 days")

    def with_new(listing: Listing, day: int) -> Listing:
        new = ("new", f"{day:x}", f"2024-06-{day:02}T00:10:00Z")
        return {image: [new, *tags] for image, tags in listing.items()}

    night(site, 4, with_new(SECOND, 4))
    commit(site)
    less: Listing = {**SECOND, "bash": SECOND["bash"][:1]}
    removed = [
        (change["image"], table["table"], table["removed"])
        for day in (5, 6, 14)
        for change in night(site, day, with_new(less, day))["changes"]
        for table in change.get("tables", ())
        if "removed" in table
    ]
    assert removed == [("bash", "public", ["5"]), ("bash", "private", ["5"])]
    (change,) = [item for item in compared(site)["changes"] if item["image"] == "bash"]
    assert [table["removed"] for table in change["tables"]] == [["5"], ["5"]]
    assert [table["aged_out"] for table in change["tables"]] == [["latest"], ["latest"]]


def test_what_moved_back_in_between_is_told_of_two_states_that_are_alike(site: Site) -> None:
    night(site, 4, SECOND)
    commit(site)
    night(site, 5, SECOND | {"bash": FIRST["bash"]})
    night(site, 6, SECOND)
    told = [
        (item["kind"], item["image"], item["table"], item["detail"])
        for item in compared(site)["findings"]
        if item["kind"] == "moved_back"
    ]
    there, here = f"{'2' * 12} → {'a' * 12}", f"{'a' * 12} → {'2' * 12}"
    assert told == [
        ("moved_back", "bash", table, move)
        for move in (there, here)
        for table in ("private", "public")
    ]
    commit(site)
    assert compared(site)["findings"] == []


def test_a_move_of_a_night_that_is_built_again_is_counted_once(site: Site) -> None:
    """Bash moves back on three nights; the third is built again on the tags of the second."""
    there = SECOND | {"bash": FIRST["bash"]}
    for day, listing in ((4, there), (5, SECOND)):
        night(site, day, listing)
    before = site.state("bash").read_bytes()
    for _ in range(2):
        site.state("bash").write_bytes(before)
        findings = night(site, 6, there)["findings"]
        assert {item["kind"] for item in findings if item["image"] == "bash"} == {"moved_back"}
    findings = night(site, 7, SECOND)["findings"]
    assert {item["kind"] for item in findings if item["image"] == "bash"} == {"flapping"}


def test_what_went_back_and_forth_is_one_line_of_the_report_over_its_nights(site: Site) -> None:
    commit(site)
    for day in (4, 6, 8):
        night(site, day, SECOND | {"bash": FIRST["bash"]})
        night(site, day + 1, SECOND)
    kinds = {item["kind"] for item in compared(site)["findings"] if item["image"] == "bash"}
    assert kinds == {"flapping"}


def test_a_tag_that_a_complete_listing_lacks_is_removed_whatever_its_age(site: Site) -> None:
    """The source lists `zsh` long after it has left the window, so it would list `5` too."""
    site.catalog(as_of=None, window="7 days")
    both: Listing = {
        **SECOND,
        "bash": [("5.1", "1", "2024-06-02T10:00:00Z"), ("5", "2", "2024-06-01T09:00:00Z")],
        "zsh": [(f"5.{n}", f"{n}", "2024-06-01T10:00:00Z") for n in range(4)],
    }
    night(site, 4, both)
    report = night(site, 9, {**both, "bash": both["bash"][:1]})
    (change,) = [item for item in report["changes"] if item["image"] == "bash"]
    assert [table["removed"] for table in change["tables"]] == [["5"], ["5"]]


# Lanes


def lane(site: Site, name: str, *args: str) -> list[str]:
    run = site.run("lanes", *args, name)
    assert run.code == 0, run.err
    return run.out.splitlines()


def test_the_lanes_are_the_changed_files_each_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.root)
    look, routine = lane(site, "look"), lane(site, "routine")
    assert routine == [
        "content/bash/tags.json",
        "content/bash/tags_history.md",
        "content/build.json",
    ]
    assert sorted({path.split("/")[1] for path in look}) == ["apko", "curl", "nginx"]
    status = git(site.root, "status", "--porcelain", "-uall", "-z", "--", "content")
    assert sorted(look + routine) == sorted(line[3:] for line in status.split("\0") if line)


def test_the_files_of_a_broken_state_are_to_be_looked_at(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.root)
    before = lane(site, "look")
    site.state("bash").write_text(NEWER)
    assert sorted({*lane(site, "look")} - {*before}) == [
        "content/bash/tags.json",
        "content/bash/tags_history.md",
    ]
    assert lane(site, "routine") == ["content/build.json"]


def test_the_files_of_a_state_that_was_broken_before_are_to_be_looked_at(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.root)
    commit(site)
    good = site.state("zsh").read_bytes()
    site.state("zsh").write_text(NEWER)
    commit(site)
    assert (lane(site, "look"), lane(site, "routine")) == ([], [])
    site.state("zsh").write_bytes(good)
    assert (lane(site, "look"), lane(site, "routine")) == (["content/zsh/tags.json"], [])


def test_a_state_in_a_folder_of_any_name_is_to_be_looked_at(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.root)
    commit(site)
    shutil.copytree(site.content / "zsh", site.content / "z`s h")
    assert lane(site, "look") == [
        "content/z`s h/tags.json",
        "content/z`s h/tags_history.md",
    ]


def test_lanes_are_of_the_whole_tree(site: Site) -> None:
    assert site.run("lanes", "--only", "bash", "look").code == 2


def test_after_the_commits_the_lanes_are_empty(site: Site) -> None:
    commit(site)
    assert lane(site, "look") == []
    assert lane(site, "routine") == []


def test_lanes_of_a_revision_that_is_not_there_are_a_mistake_of_the_user_s(site: Site) -> None:
    assert site.run("lanes", "--from", "no-such-branch", "look").code == 2
