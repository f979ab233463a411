"""The content tree: whole files, nothing outside it, nothing that is not tagpages'."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.content.page import retired_for
from generator.content.tree import LOCK_FILE, Change, FullError, Tree
from generator.errors import TagpagesError
from tests.support import ROOT, Listing, Site, body_of, digest, front_of, stamps_of, tree_of

NIGHT: Listing = {
    image: [("latest", "a", "2024-06-01T10:00:00Z")] for image in ("app", "team/app", "tool")
}
NEXT: Listing = {image: [("latest", "b", "2024-06-02T10:00:00Z")] for image in NIGHT}
FILES = ("tags_history.md", "tags.json")


@pytest.fixture
def built(site: Site) -> Site:
    """A site of three images, the next night's listing in place."""
    site.lists(NIGHT)
    site.build()
    site.lists(NEXT)
    return site


def failing(
    monkeypatch: pytest.MonkeyPatch, call: str, path: str, number: int = errno.EACCES
) -> None:
    """Let a call of `os` fail for paths that hold this text."""
    real: Callable[..., object] = getattr(os, call)

    def fails(target: object, *args: object, **options: object) -> object:
        if path in str(target):
            raise OSError(number, os.strerror(number), str(target))
        return real(target, *args, **options)

    monkeypatch.setattr(f"generator.content.tree.os.{call}", fails)


@pytest.mark.parametrize("call", ["replace", "open", "write"])
def test_a_file_that_cannot_be_written_stays_as_it_was(
    built: Site, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    before = built.tree()
    if call == "write":
        descriptors: set[int] = set()
        real_open, real_write = os.open, os.write

        def opened(path: str, *args: int) -> int:
            descriptor = real_open(path, *args)
            if str(path).endswith("/tool/.tags_history.md.tagpages-tmp"):
                descriptors.add(descriptor)
            else:
                descriptors.discard(descriptor)  # closed and opened again
            return descriptor

        def written(descriptor: int, data: bytes) -> int:
            if descriptor in descriptors:
                real_write(descriptor, data[:7])
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            return real_write(descriptor, data)

        monkeypatch.setattr("generator.content.tree.os.open", opened)
        monkeypatch.setattr("generator.content.tree.os.write", written)
    else:
        failing(monkeypatch, call, "/tool/.tags_history.md.tagpages-tmp")
    run = built.run("build")
    assert run.code == 1
    assert f"  tool: `cannot write {built.content}/tool/tags_history.md: " in run.err
    after = built.tree()
    assert {path for path in after if after[path] != before.get(path)} - {"build.json"} == {
        "app/tags_history.md",
        "app/tags.json",
        "team/app/tags_history.md",
        "team/app/tags.json",
    }
    monkeypatch.undo()
    built.build()
    assert digest("b") in built.body("tool")


def test_an_interrupt_between_two_steps_leaves_no_temporary_file(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace
    before = built.tree()

    def replaced(source: str, target: str) -> None:
        if "/team/" in target:
            real(source, target)
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr("generator.content.tree.os.replace", replaced)
    run = built.run("build")
    assert run.code == 130
    after = built.tree()
    assert after.keys() == before.keys()
    assert after["tool/tags_history.md"] == before["tool/tags_history.md"]
    monkeypatch.undo()
    built.build()
    assert built.run("check").code == 0
    assert all(digest("b") in built.body(image) for image in NIGHT)
    assert not list(built.root.rglob("*tagpages-tmp"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_full_disk_ends_the_run_with_one_error(
    built: Site, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = built.tree()
    failing(monkeypatch, "replace", "/team/app/", number)
    run = built.run("build")
    assert run.code == 1
    assert run.err == (
        f"tagpages: cannot write {built.content}/team/app/tags_history.md: {os.strerror(number)}\n"
    )
    after = built.tree()
    assert {path for path in after if after[path] != before[path]} <= {
        "app/tags_history.md",
        "app/tags.json",
        "build.json",
    }
    assert after.keys() == before.keys()


def test_a_disk_that_was_full_from_the_start_is_an_error_too(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("generator.content.tree.os.write", full)
    run = built.run("build")
    assert (run.code, run.err) == (
        1,
        f"tagpages: cannot write to {built.content}: No space left on device\n",
    )


def test_a_tree_that_has_become_read_only_is_an_error_and_no_traceback(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "replace", "/", errno.EROFS)
    failing(monkeypatch, "unlink", "/", errno.EROFS)
    run = built.run("build")
    assert run.code == 1
    assert re.fullmatch(r"tagpages: cannot write .*: Read-only file system\n", run.err)


def test_full_is_told_apart_from_one_bad_file(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    (tmp_path / "app").write_text("a file")
    with pytest.raises(TagpagesError) as error:
        tree.apply(Change("app/page.md", None, b"text"))
    assert not isinstance(error.value, FullError)


@pytest.mark.parametrize(("folder", "image"), [("tool", "tool"), ("team", "team/app")])
def test_a_file_where_an_image_s_folder_should_be_fails_that_image_alone(
    site: Site, folder: str, image: str
) -> None:
    site.content.mkdir()
    (site.content / folder).write_text("mine")
    site.lists(NIGHT)
    run = site.run("build")
    assert run.code == 1
    assert f"Failed (1)\n  {image}: `cannot read " in run.err
    assert (site.content / folder).read_text() == "mine"
    assert site.page("app").is_file()


def test_a_folder_where_a_page_should_be_fails_that_image_alone(site: Site) -> None:
    site.page("tool").mkdir(parents=True)
    site.lists(NIGHT)
    run = site.run("build")
    assert run.code == 1
    assert f"tool: `cannot read {site.page('tool')}: Is a directory`" in run.err
    assert site.page("app").is_file()


@pytest.mark.parametrize("link", ["tool", "team", "tool/tags_history.md", "tool/tags.json"])
@pytest.mark.parametrize("command", ["build", "render"])
def test_a_symbolic_link_is_refused_and_nothing_outside_is_touched(
    site: Site, link: str, command: str
) -> None:
    site.lists(NIGHT)
    site.build()
    outside = site.root / "outside"
    path = site.content / link
    path.rename(outside)
    path.symlink_to(outside, target_is_directory=outside.is_dir())
    before = tree_of(outside) if outside.is_dir() else {"": outside.read_bytes()}
    site.lists(NEXT)
    site.catalog(window="1 day")  # so that `render` has something to write
    back = ["--back"] if command == "build" else []
    run = site.run(command, "--as-of", "2024-06-02T12:00:00Z", *back)
    if command == "build":
        assert run.code == 1
        assert re.search(r"(?m)^  (tool|team/app): `(cannot read )?\S+ ?.*(symbolic link)", run.err)
    assert path.is_symlink()
    after = tree_of(outside) if outside.is_dir() else {"": outside.read_bytes()}
    assert after == before
    assert (digest("b") in site.body("app")) == (command == "build")


def test_a_content_folder_that_is_a_symbolic_link_itself_is_the_user_s_choice(site: Site) -> None:
    real = site.root / "real"
    real.mkdir()
    site.content.symlink_to(real)
    site.lists(NIGHT)
    site.build()
    assert (real / "app" / "tags_history.md").is_file()


@pytest.mark.parametrize("command", ["build", "render"])
def test_excluded_images_lose_their_files_and_no_others(built: Site, command: str) -> None:
    (built.content / "tool" / "_index.md").write_text("people's")
    (built.content / "app" / "_index.md").write_text("people's")
    before = built.tree()
    built.lists(NIGHT)
    built.catalog(images={"exclude": ["tool", "team/*"]})
    run = built.run(command)
    assert run.code == 0
    assert "Folders with files of others (1)\n  tool: `_index.md`" in run.err
    assert "0 added, 2 removed, 0 changed, 1 unchanged" in run.err
    after = built.tree()
    gone = {f"{image}/{file}" for image in ("tool", "team/app") for file in FILES}
    assert before.keys() - after.keys() == gone
    assert not (built.content / "team").exists()
    again = stamps_of(built.content)
    assert built.run(command).code == 0
    assert stamps_of(built.content) == again


def test_a_file_that_cannot_be_removed_fails_that_image_alone(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    built.catalog(images={"exclude": ["tool", "team/*"]})
    failing(monkeypatch, "unlink", "/tool/tags_history.md")
    run = built.run("build")
    assert run.code == 1
    assert built.page("tool").is_file()
    assert built.state("tool").is_file()
    assert not built.page("team/app").exists()


def test_an_excluded_image_that_cannot_be_removed_has_failed_and_nothing_else(built: Site) -> None:
    built.catalog(images={"exclude": ["tool"]})
    built.page("tool").unlink()
    built.page("tool").symlink_to(built.page("app"))
    run = built.run("build")
    assert run.code == 1
    assert f"Failed (1)\n  tool: `cannot read {built.page('tool')}: " in run.err
    assert "Pages that no build keeps up to date" not in run.err


def test_a_folder_that_cannot_be_listed_fails_that_image_alone(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    built.catalog(images={"exclude": ["tool"]})
    failing(monkeypatch, "listdir", "/tool")
    run = built.run("build")
    assert run.code == 1
    assert f"Failed (1)\n  tool: `cannot read {built.content / 'tool'}: Permission" in run.err
    assert built.page("tool").exists()
    assert digest("b") in built.body("app")


def test_what_the_catalog_neither_includes_nor_excludes_stays_and_is_told(built: Site) -> None:
    before = built.tree()
    built.catalog(images={"include": ["app"]})
    run = built.build()
    assert "Pages that no build keeps up to date (2)\n  2 images: team/app, tool\n" in run.err
    after = built.tree()
    assert {path for path in after if after[path] != before[path]} - {"build.json"} == {
        "app/tags_history.md",
        "app/tags.json",
    }


def test_a_page_shows_the_tables_of_the_catalog_in_their_order(built: Site) -> None:
    headings = ["## Public\n", "## Private\n"]
    built.catalog(tables=["private", "public"])
    built.build()
    first, second = (built.body("app").index(heading) for heading in headings)
    assert second < first
    built.catalog(tables=["public"])
    assert built.run("render").code == 0
    assert [heading in built.body("app") for heading in headings] == [True, False]


def test_a_file_of_people_s_above_the_images_is_no_page_of_one(built: Site) -> None:
    for name in FILES:
        (built.content / name).write_text("people's")
    assert "Pages that no build keeps up to date" not in built.build().err
    built.catalog(images={"exclude": ["*"]})
    built.build()
    assert all((built.content / name).read_text() == "people's" for name in FILES)


def test_of_an_image_that_has_failed_nothing_else_is_told(built: Site) -> None:
    (built.content / "new").mkdir()
    for image in ("new", "tool"):
        built.page(image).write_text("no front matter\n")
    built.lists(NEXT | {"new": NEXT["app"]})
    run = built.run("build")
    assert re.fullmatch(
        r"Failed \(2\)\n  new: `.*`\n  tool: `.*`\nDigests rolled: 2\n"
        r"`public`: .*\n.* 2 failed .*\n",
        run.err,
    )


def test_the_folder_of_an_image_below_is_none_of_others(site: Site) -> None:
    site.lists({"team": NIGHT["app"], "team/app": NIGHT["app"]})
    site.build()
    site.catalog(images={"exclude": ["team"]})
    run = site.build()
    assert "Folders with files of others" not in run.err
    assert not site.page("team").exists()
    assert site.page("team/app").exists()


def test_a_page_that_somebody_else_left_is_told_until_it_is_gone(built: Site) -> None:
    for image in ("ghost", "published-by-mistake", "app"):
        (built.content / image).mkdir(exist_ok=True)
        built.page(image).write_text("---\ntitle: x\n---\nOld.\n")
    built.state("app").unlink()
    built.catalog(images={"exclude": ["published-*"]})
    run = built.build()
    assert "Pages that no build keeps up to date (1)\n  ghost: `no tags.json`\n" in run.err
    assert digest("b") in built.body("app")
    assert built.page("ghost").exists()
    assert not built.page("published-by-mistake").exists()


@pytest.mark.parametrize("image", ["build.json", "team/tags.json", "tags_history.md/app"])
def test_an_image_named_like_a_file_of_ours_fails_alone(built: Site, image: str) -> None:
    built.lists(NEXT | {image: NEXT["app"]})
    for _ in range(2):
        run = built.run("build")
        assert run.code == 1
        assert f"  {image}: `no folder can be named" in run.err
        assert digest("b") in built.body("app")
        assert not (built.content / image).is_dir()


def test_a_name_in_the_catalog_that_nothing_has_is_told(built: Site) -> None:
    built.catalog(images={"include": ["app", "tool", "pyhton", "team/app"]})
    run = built.run("build")
    assert (run.code, "'images.include': 'pyhton' matches no image" in run.err) == (1, True)
    built.raw_listing("private", "broken")
    assert "pyhton" not in built.run("build").err


def test_a_name_in_the_catalog_is_not_told_of_an_image_of_which_more_is_told(built: Site) -> None:
    built.catalog(gone_after=1, images={"include": ["*", "app", "tool"], "exclude": ["app"]})
    built.lists({"app": NEXT["app"], "team/app": NEXT["app"]})
    assert "images.include" not in built.build().err
    assert "no source has (1)\n  tool: `named in images.include`\n" in built.build().err


def test_a_pipe_in_place_of_a_page_fails_that_image_alone(built: Site) -> None:
    built.page("app").unlink()
    os.mkfifo(built.page("app"))
    run = built.run("build")
    assert run.code == 1
    assert "no YAML front matter" in run.err
    assert digest("b") in built.body("tool")


def test_an_image_that_cannot_be_written_is_failed_and_not_unchanged(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "replace", "/tool/")
    run = built.run("build")
    assert "0 added, 0 removed, 2 changed, 0 unchanged, 1 failed or held back" in run.err


def test_a_gone_image_that_cannot_be_removed_is_removed_as_soon_as_it_can(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    built.catalog(gone_after=1)
    built.lists({image: tags for image, tags in NIGHT.items() if image != "tool"})
    with monkeypatch.context() as patched:
        failing(patched, "unlink", "/tool/tags_history.md")
        assert built.run("build").code == 1
    assert json.loads((built.content / "build.json").read_text())["gone"]["tool"]["nights"] == 1
    built.build()
    assert not (built.content / "tool").exists()
    assert json.loads((built.content / "build.json").read_text())["gone"] == {}


def test_without_lastmod_new_pages_have_none_and_a_changed_page_loses_it(site: Site) -> None:
    site.lists({"app": NIGHT["app"]})
    site.build()
    with_it = site.page("app").read_text()
    assert "\nlastmod: " in with_it
    site.catalog(lastmod=False)
    site.lists(NIGHT)
    site.build()
    assert site.page("app").read_text() == with_it
    new = site.page("tool").read_text()
    assert "lastmod" not in new
    assert "\ndate: " in new
    site.lists(NEXT)
    site.build()
    for image in ("app", "tool"):
        assert "lastmod" not in site.page(image).read_text()
    assert front_of(site.page("tool").read_text()) == front_of(new)
    assert site.run("check").code == 0


def test_a_page_without_padding_changes_in_its_changed_rows_alone(site: Site) -> None:
    site.catalog(pad=False, tag_order="version")
    rows: Listing = {"app": [(f"1.{n}", f"{n}", f"2024-05-{10 + n}T10:00:00Z") for n in range(9)]}
    site.lists(rows)
    site.build()
    before = site.body("app").splitlines()
    rows["app"] = [("1.4", "a", "2024-06-02T10:00:00Z"), *rows["app"][:4], *rows["app"][5:]]
    site.lists(rows)
    site.build()
    changed = [
        (old, new)
        for old, new in zip(before, site.body("app").splitlines(), strict=True)
        if old != new
    ]
    assert [old.split(" | ")[0] for old, _ in changed] == ["|  `1.4`"]


def test_a_retired_image_says_so(built: Site) -> None:
    built.catalog(retired={"tool": {}})
    built.lists(NIGHT)
    run = built.build()
    assert "\n  tool: retired" in run.err
    assert not built.state("tool").exists()
    assert built.body("tool") == (
        "\nThis image is retired since June 3rd, 2024: it gets no new tags, and its tags are not"
        " listed here any more.\n"
    )
    before = stamps_of(built.content)
    report = built.root / "night.json"
    assert "tool" not in built.build("--report", report).err
    assert json.loads(report.read_text())["findings"] == []
    assert stamps_of(built.content) == before
    assert built.run("check").code == 0
    assert "tool" not in built.build("--as-of", "2024-07-03T00:00:00Z").err
    assert stamps_of(built.content)["tool/tags_history.md"] == before["tool/tags_history.md"]


def test_a_retired_image_may_get_a_successor_later_another_one_and_come_back(built: Site) -> None:
    built.build()
    new = built.page("tool").read_text()
    others = {image: built.page(image).read_bytes() for image in ("app", "team/app")}
    built.catalog(retired={"tool": {}})
    built.build()
    for successor in ("app", "team/app", "app"):
        built.catalog(retired={"tool": {"redirect": successor}})
        assert built.run("check").code == 1
        built.build()
        page = built.page("tool").read_text()
        assert f'\nretired: "{successor}"\n' in page
        assert f'\nredirect: "/ref/{successor}/tags_history/"\n' in page
        assert f"[{successor}](/ref/{successor}/tags_history/)" in body_of(page)
        assert built.run("check").code == 0
    assert {image: built.page(image).read_bytes() for image in others} == others
    built.catalog()
    run = built.build()
    assert "Pages rebuilt (1)\n  tool" in run.err
    assert built.page("tool").read_text() == new


def test_a_retired_image_alone_gives_way_too(built: Site) -> None:
    built.catalog(retired={"tool": {"redirect": "app"}})
    before = built.tree()
    built.build("--only", "tool")
    after = built.tree()
    assert before.keys() - after.keys() == {"tool/tags.json"}
    assert after.keys() <= before.keys()
    changed = {path for path in after if after[path] != before[path]}
    assert changed == {"tool/tags_history.md", "build.json"}
    assert "redirect:" in built.page("tool").read_text()


def test_a_retired_image_needs_no_state_that_can_be_read(built: Site) -> None:
    built.state("tool").write_text("{")
    built.catalog(retired={"tool": {}})
    assert "Failed" not in built.build().err
    assert "This image is retired since" in built.body("tool")
    assert not built.state("tool").exists()


def test_a_page_that_says_retired_in_its_body_is_an_ordinary_one() -> None:
    assert retired_for("---\nretired: true\n---\nOld.\n") == "true"
    assert retired_for("---\ntitle: x\n---\nretired: true\n") is None


def test_an_image_gives_way_to_a_page_that_only_stays_as_it_is(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    built.catalog(retired={"tool": {"redirect": "app"}})
    failing(monkeypatch, "replace", "/content/app/")
    run = built.run("build")
    assert "Failed (1)\n  app: `cannot write " in run.err
    assert '\nretired: "app"\n' in built.page("tool").read_text()


def test_render_retires_an_image_as_a_build_does(built: Site) -> None:
    built.catalog(retired={"tool": {}})
    assert "Gone images (1)\n  tool: retired\n" in built.run("render").err
    page = built.page("tool").read_bytes()
    built.build()
    assert built.page("tool").read_bytes() == page


def test_an_image_that_is_excluded_too_goes_without_a_word_in_its_place(built: Site) -> None:
    built.catalog(retired={"tool": {}}, images={"exclude": ["tool"]})
    assert "tool: excluded" in built.build().err
    assert not (built.content / "tool").exists()


def test_a_page_without_a_state_gives_way_when_its_image_is_retired(built: Site) -> None:
    built.lists(NIGHT)
    built.state("tool").unlink()
    built.catalog(retired={"tool": {}})
    run = built.build()
    assert "tool: retired" in run.err
    assert "This image is retired since" in built.page("tool").read_text()
    assert "tool" not in built.build().err


def test_a_successor_that_cannot_be_written_leaves_the_old_page(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    built.lists({**NIGHT, "new": NIGHT["app"]})
    built.catalog(retired={"tool": {"redirect": "new"}})
    real = os.replace

    def refused(source: str, target: str) -> None:
        if "/new/" in target:
            raise PermissionError(13, "Permission denied")
        real(source, target)

    monkeypatch.setattr("generator.content.tree.os.replace", refused)
    before = built.page("tool").read_bytes()
    run = built.run("build")
    assert run.code == 1
    assert "tool: `it is retired in favour of 'new', which has no page`" in run.err
    assert built.page("tool").read_bytes() == before
    assert built.state("tool").exists()


def test_a_retired_image_whose_page_cannot_be_changed_stays(built: Site) -> None:
    built.page("tool").write_text("no front matter\n")
    built.catalog(retired={"tool": {}})
    run = built.run("build")
    assert run.code == 1
    assert built.page("tool").read_text() == "no front matter\n"
    assert built.state("tool").exists()


def test_an_image_whose_successor_s_page_cannot_be_changed_keeps_its_own(built: Site) -> None:
    built.page("app").write_text("no front matter\n")
    built.catalog(retired={"tool": {"redirect": "app"}}, images={"include": ["app", "team/*"]})
    run = built.run("build")
    assert run.code == 1
    assert "tool: `it is retired in favour of 'app', which has no page`" in run.err
    assert built.page("tool").exists()
    assert "Pages that no build keeps up to date" not in run.err


@pytest.mark.parametrize("target", ["missing", "team/app"])
def test_a_redirect_to_an_image_without_a_page_leaves_the_old_page(
    built: Site, target: str
) -> None:
    built.catalog(retired={"tool": {"redirect": target}}, images={"exclude": ["team/*"]})
    before = built.page("tool").read_bytes()
    run = built.run("build")
    assert run.code == 1
    assert f"tool: `it is retired in favour of '{target}', which has no page`" in run.err
    assert built.page("tool").read_bytes() == before
    assert built.state("tool").exists()


def lock_holder(content: Path) -> subprocess.Popen[str]:
    script = (
        "import sys; from pathlib import Path; from generator.content.tree import Tree\n"
        "with Tree(Path(sys.argv[1])).lock(): print('held', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, content],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_of_two_runs_at_once_the_second_ends_with_an_error(built: Site) -> None:
    with lock_holder(built.content) as other:
        before = built.tree()
        run = built.run("build")
        assert run.code == 1
        assert run.err == (
            f"tagpages: another tagpages is at work on {built.content}: wait until it has ended\n"
        )
        assert built.tree() == before
        assert built.run("check").code == 0
        assert built.run("build", "--dry-run").code == 0
        other.communicate("")
    built.build()
    assert not (built.content / LOCK_FILE).exists()


def test_what_a_killed_run_left_is_swept(built: Site) -> None:
    with lock_holder(built.content) as other:
        left = built.content / "tool" / ".tags_history.md.tagpages-tmp"
        left.write_text("half a pa")
        mine = built.content / "tool" / ".mine.tmp"
        mine.write_text("mine")
        other.kill()
    assert (built.content / LOCK_FILE).exists()
    built.build()
    assert not left.exists()
    assert mine.exists()
    assert not (built.content / LOCK_FILE).exists()


def test_what_a_killed_run_left_is_swept_where_this_one_writes_nothing(built: Site) -> None:
    left = [
        built.content / folder / ".tags_history.md.tagpages-tmp"
        for folder in ("tool", "team", "team/app", "of-nobody", "")
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("half a pa")
    (built.content / LOCK_FILE).write_text("1\n")
    built.lists(NIGHT)
    built.build()
    assert [path for path in left if path.exists()] == []


def test_only_what_a_killed_run_left_is_looked_for(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To walk a tree of ten thousand folders takes as long as to read it."""

    def walked(folder: str) -> object:
        raise AssertionError(folder)

    monkeypatch.setattr("generator.content.tree.os.walk", walked)
    built.build()


def test_a_temporary_file_that_is_in_the_way_is_no_part_of_the_page(built: Site) -> None:
    left = built.content / "tool" / ".tags_history.md.tagpages-tmp"
    left.write_text("half a page of another night\n" * 1000)
    built.build()
    assert digest("b") in built.body("tool")
    assert "another night" not in built.body("tool")
    assert not left.exists()


def test_a_temporary_file_that_is_a_symbolic_link_is_refused(built: Site) -> None:
    target = built.root / "precious"
    target.write_text("mine")
    (built.content / "tool" / ".tags_history.md.tagpages-tmp").symlink_to(target)
    run = built.run("build")
    assert run.code == 1
    assert f"  tool: `cannot write {built.page('tool')}: " in run.err
    assert target.read_text() == "mine"
    assert digest("b") in built.body("app")


def test_a_file_is_whole_though_the_system_takes_it_in_parts(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(
        "generator.content.tree.os.write", lambda file, data: real(file, bytes(data[:100]))
    )
    built.build()
    monkeypatch.undo()
    assert built.run("check").code == 0
    assert all(digest("b") in built.body(image) for image in NIGHT)


def test_others_may_read_a_page_as_they_may_read_any_new_file(built: Site) -> None:
    old = os.umask(0o027)
    try:
        built.build()
    finally:
        os.umask(old)
    assert {built.page(image).stat().st_mode & 0o777 for image in NIGHT} == {0o640}


def test_a_lock_that_is_a_symbolic_link_is_refused(site: Site) -> None:
    site.content.mkdir()
    target = site.root / "precious"
    target.write_text("mine")
    (site.content / LOCK_FILE).symlink_to(target)
    run = site.run("build")
    assert run.code == 1
    assert run.err.startswith(f"tagpages: cannot write to {site.content}: ")
    assert target.read_text() == "mine"


def test_a_lock_that_its_holder_removed_meanwhile_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fcntl.flock
    calls: list[int] = []

    def flock(descriptor: int, operation: int) -> None:
        real(descriptor, operation)
        if not calls:
            (tmp_path / LOCK_FILE).unlink()
        calls.append(descriptor)

    monkeypatch.setattr("generator.content.tree.fcntl.flock", flock)
    with Tree(tmp_path).lock():
        assert len(calls) == 2
        assert (tmp_path / LOCK_FILE).exists()


def test_a_content_folder_that_is_a_file_is_an_error(site: Site) -> None:
    site.content.write_text("mine")
    run = site.run("build")
    assert run.code == 1
    assert site.content.read_text() == "mine"


def test_pages_come_before_the_state_that_they_stand_for(
    built: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    real_replace, real_unlink = os.replace, os.unlink

    def replaced(source: str, target: str) -> None:
        order.append(os.path.relpath(target, built.content))
        real_replace(source, target)

    def unlinked(path: str) -> None:
        order.append(os.path.relpath(path, built.content))
        real_unlink(path)

    monkeypatch.setattr("generator.content.tree.os.replace", replaced)
    monkeypatch.setattr("generator.content.tree.os.unlink", unlinked)
    built.catalog(images={"exclude": ["tool"]})
    built.build("--only", "tool", "--only", "app")
    assert [path for path in order if path != "build.json"][:4] == [
        "app/tags_history.md",
        "app/tags.json",
        *(f"tool/{f}" for f in FILES),
    ]

    order.clear()
    built.catalog(retired={"team/app": {}})
    built.build("--only", "team/app")
    assert [path for path in order if path != "build.json"][:2] == [
        "team/app/tags_history.md",
        "team/app/tags.json",
    ]
