"""The commands: options, environment, streams, exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime, tzinfo
from pathlib import Path

import pytest

from tests.support import AS_OF, DATA, ROOT, Listing, Run, Site, digest, tagpages, tree_of

LATEST: Listing = {"app": [("latest", "a", "2024-06-01T10:00:00Z")]}
LATER: Listing = {"app": [("latest", "b", "2024-06-02T10:00:00Z")]}
TWO: Listing = LATEST | {"tool": [("latest", "c", "2024-06-01T10:00:00Z")]}


def python(*args: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args], cwd=cwd, capture_output=True, text=True, check=False
    )


def images(site: Site) -> set[str]:
    return {path.parent.name for path in site.content.glob("*/tags_history.md")}


def test_help_imports_neither_http_nor_templates() -> None:
    run = python("-X", "importtime", "-m", "generator", "build", "--help")
    assert run.returncode == 0
    modules = set(re.findall(r"\| +([\w.]+)$", run.stderr, re.MULTILINE))
    assert "generator.cli" in modules
    assert modules.isdisjoint({"httpx", "aiohttp", "jinja2", "yaml", "rich"})


def test_a_build_from_listings_imports_no_http(site: Site) -> None:
    site.lists(LATEST)
    run = python("-X", "importtime", "-m", "generator", "build", "--catalog", site.catalog_file)
    assert run.returncode == 0
    modules = set(re.findall(r"\| +([\w.]+)$", run.stderr, re.MULTILINE))
    assert "jinja2" in modules
    assert modules.isdisjoint({"httpx", "aiohttp", "rich"})


def test_the_module_is_the_command(site: Site) -> None:
    site.lists(LATEST)
    run = python("-m", "generator", "build", "--catalog", site.catalog_file, "--quiet")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert images(site) == {"app"}


def test_the_catalog_of_the_folder_is_the_default(site: Site) -> None:
    site.lists(LATEST)
    entry = Path(sys.executable).with_name("tagpages")
    command = [entry] if entry.exists() else [sys.executable, "-c", "import generator.__main__"]
    run = subprocess.run(
        [*command, "build"],
        cwd=site.root,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0
    assert images(site) == {"app"}


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("make",),
        ("build", "--unknown"),
        ("build", "--as-of", "yesterday"),
        ("collect", "--shard", "3/2"),
        ("collect", "--shard", "0/2"),
        ("collect", "--shard", "half"),
        ("build", "--report", "report.txt"),
        ("build", "--accept-loss", "nothing"),
        ("render", "--dry-run"),
        ("check", "--shard", "1/2"),
    ],
)
def test_a_mistake_on_the_command_line_ends_with_2_and_writes_nothing(
    site: Site, args: tuple[str, ...]
) -> None:
    site.lists(LATEST)
    catalog = () if args[:1] in {(), ("make",)} else ("--catalog", site.catalog_file)
    run = tagpages(*args, *catalog)
    assert run.code == 2
    assert run.out == ""
    assert run.err
    assert not list(site.root.rglob("*.md"))


def test_a_time_that_cannot_be_read_is_answered_with_one_that_can() -> None:
    run = tagpages("build", "--as-of", "yesterday")
    assert "'yesterday' is no time: write it as 2024-06-03T00:46:08Z" in run.err


def test_a_build_prints_nothing_on_stdout(site: Site) -> None:
    site.lists(LATEST)
    run = site.build()
    assert run.out == ""
    assert "\n1 added, 0 removed, 0 changed, 0 unchanged, 0 failed or held back\n" in run.err


def test_the_first_build_says_what_to_do_next_and_no_other_does(site: Site) -> None:
    site.lists(LATEST)
    first = site.build()
    assert first.err.endswith(
        f"""held back

The first pages are below {site.content}. Next:
  hugo server                 shows them: http://localhost:1313/ref/
  git add --all               and commit: the next build compares itself with this one
  tagpages build --dry-run    tells what another night would change
"""
    )
    assert site.build().err.endswith("0 failed or held back\n")


def test_a_first_build_in_trouble_says_nothing_of_pages(site: Site) -> None:
    site.raw_listing("public", "no listing")
    assert "Next:" not in site.run("build").err


def test_quiet_says_nothing_unless_there_is_trouble(site: Site) -> None:
    site.lists(LATEST)
    assert site.run("build", "--quiet") == Run(0, "", "")
    site.raw_listing("private", "no listing")
    run = site.run("build", "--quiet")
    assert run.code == 1
    assert run.out == ""
    assert "source private: `the listing" in run.err


def test_verbose_names_every_file(site: Site) -> None:
    site.lists(LATEST)
    run = site.build("--verbose")
    assert {"added app/tags_history.md", "added app/tags.json"} <= set(run.err.splitlines())


def test_verbose_says_of_each_file_what_happens_to_it(site: Site) -> None:
    site.lists(LATEST)
    site.build()
    site.page("app").unlink()
    assert "added app/tags_history.md\n" in site.build("--verbose").err
    site.catalog(images={"exclude": ["app"]})
    run = site.build("--verbose")
    assert {"removed app/tags_history.md", "removed app/tags.json"} <= set(run.err.splitlines())


def test_no_color_is_honoured_unless_it_is_empty(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click._compat.isatty", lambda _: True)
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda _, color: color is False)
    bold = "\x1b[1m"
    assert bold in site.build().err
    assert bold in site.build(NO_COLOR="").err
    assert bold not in site.build(NO_COLOR="1").err


def test_what_commands_share_is_read_from_one_name_for_all_of_them(site: Site) -> None:
    site.lists(TWO)
    shared = {
        "TAGPAGES_CATALOG": str(site.catalog_file),
        "TAGPAGES_CONTENT": str(site.root / "elsewhere"),
        "TAGPAGES_ONLY": "app other-*",
        "TAGPAGES_QUIET": "1",
        "TAGPAGES_AS_OF": "2024-06-02T00:00:00Z",
    }
    assert tagpages("build", **shared) == Run(0, "", "")
    assert [path.name for path in (site.root / "elsewhere").iterdir() if path.is_dir()] == ["app"]
    assert tagpages("check", **shared) == Run(0, "", "")
    assert tagpages("history", "app", **shared).code == 2  # no git repository


def test_what_means_something_else_in_another_command_has_no_name_for_all(site: Site) -> None:
    site.lists(LATEST)
    site.build()
    assert site.run("check", TAGPAGES_DIFF="perhaps", TAGPAGES_FROM="nowhere") == Run(0, "", "")
    assert site.run("check", TAGPAGES_CHECK_DIFF="perhaps").code == 2


def test_the_name_for_one_command_counts_before_the_one_for_all(site: Site) -> None:
    site.lists(LATEST)
    run = tagpages(
        "build",
        TAGPAGES_CATALOG="nowhere.yaml",
        TAGPAGES_BUILD_CATALOG=str(site.catalog_file),
        TAGPAGES_QUIET="1",
    )
    assert run == Run(0, "", "")
    run = tagpages("check", TAGPAGES_CATALOG="nowhere.yaml")
    assert (run.code, "the catalog nowhere.yaml: " in run.err) == (2, True)


@pytest.mark.parametrize("folder", [".", "content", "content/app"])
def test_the_catalog_is_found_from_folders_below_it(
    site: Site, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    site.lists(LATEST)
    site.build()
    monkeypatch.chdir(site.root / folder)
    assert tagpages("check") == Run(0, "", "")
    site.page("app").unlink()
    assert tagpages("check") == Run(1, "added app/tags_history.md\n", "")


def test_a_catalog_outside_of_the_git_repository_is_not_ours(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = site.root / "repository" / "folder"
    inner.mkdir(parents=True)
    (inner.parent / ".git").mkdir()
    monkeypatch.chdir(inner)
    run = tagpages("check")
    assert run == Run(
        2, "", "tagpages: cannot read the catalog catalog.yaml: No such file or directory\n"
    )


def test_every_option_is_read_from_the_environment(site: Site) -> None:
    site.lists(TWO)
    reports = site.root / "a.json", site.root / "b.md"
    run = tagpages(
        "build",
        TAGPAGES_BUILD_CATALOG=str(site.catalog_file),
        TAGPAGES_BUILD_CONTENT=str(site.root / "elsewhere"),
        TAGPAGES_BUILD_AS_OF="2024-06-02T00:00:00Z",
        TAGPAGES_BUILD_ONLY="app other-*",
        TAGPAGES_BUILD_QUIET="1",
        TAGPAGES_BUILD_JOBS="2",
        TAGPAGES_BUILD_REPORT=" ".join(map(str, reports)),
        TAGPAGES_BUILD_ACCEPT_LOSS="public@a1b2c3 private@a1b2c3",
        TAGPAGES_BUILD_ACCEPT_ANY_LOSS="public private",
    )
    assert run == Run(0, "", "")
    assert [path.name for path in (site.root / "elsewhere").iterdir() if path.is_dir()] == ["app"]
    assert json.loads(reports[0].read_text())["as_of"] == "2024-06-02T00:00:00Z"
    assert reports[1].read_text().startswith("# Image tags, 2024-06-02 00:00 UTC\n")


@pytest.mark.parametrize(
    ("command", "name", "value", "said"),
    [
        ("build", "DRY_RUN", "perhaps", "--dry-run"),
        ("collect", "SHARD", "none", "--shard"),
        ("build", "VERBOSE", "perhaps", "--verbose"),
        ("check", "DIFF", "perhaps", "--diff"),
        ("render", "AS_OF", "never", "--as-of"),
        ("report", "FORMAT", "pdf", "--format"),
        ("report", "FROM", "nowhere", "nowhere"),
        ("report", "TO", "nowhere", "nowhere"),
        ("lanes", "FROM", "nowhere", "nowhere"),
    ],
)
def test_a_mistake_in_the_environment_is_a_mistake_too(
    site: Site, command: str, name: str, value: str, said: str
) -> None:
    site.lists(LATEST)
    site.build()
    more = {"LANES_FROM": ["look"], "REPORT_TO": ["--from", str(site.content)]}
    variable = f"{command}_{name}".upper()
    run = site.run(command, *more.get(variable, []), **{f"TAGPAGES_{variable}": value})
    assert run.code in {1, 2}, run
    assert said in run.err


def written_for(site: Site) -> str:
    (line,) = re.findall(r"^lastmod: (.*)$", site.page("app").read_text(), re.MULTILINE)
    return str(line)


def test_the_time_is_the_options_then_the_epochs_then_the_catalogs(site: Site) -> None:
    site.lists(LATEST)
    option = ("--as-of", "2024-06-05T12:00:00+02:00")
    epoch = {"SOURCE_DATE_EPOCH": "1717459200"}  # 2024-06-04 00:00 UTC
    said = {}
    for name, args, environ in [
        ("option", option, epoch),
        ("epoch", (), epoch),
        ("empty epoch", (), {"SOURCE_DATE_EPOCH": ""}),
    ]:
        site.build("--content", site.root / name, *args, **environ)
        page = Site(site.root / name)
        text = (page.root / "app" / "tags_history.md").read_text()
        said[name] = re.findall(r"^lastmod: (.*)$", text, re.MULTILINE)
    assert said == {
        "option": ["2024-06-05T10:00:00Z"],
        "epoch": ["2024-06-04T00:00:00Z"],
        "empty epoch": ["2024-06-03T00:46:08Z"],
    }


def test_without_a_time_given_it_is_now(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override] # no clock
            return datetime(2024, 6, 10, 1, 2, 3, 456, tzinfo=tz)

    monkeypatch.setattr("generator.jobs.job.datetime", Clock)
    site.catalog(as_of=None)
    site.lists(LATEST)
    site.build()
    assert written_for(site) == "2024-06-10T01:02:03Z"


@pytest.mark.parametrize("epoch", ["tomorrow", "-1", "0", "99999999999999999999", "1e9"])
def test_an_epoch_that_is_none_is_a_mistake(site: Site, epoch: str) -> None:
    run = site.run("build", SOURCE_DATE_EPOCH=epoch)
    assert run.code == 2
    assert not site.tree()


@pytest.mark.parametrize(
    "time", ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_a_time_too_far_off_is_a_mistake(site: Site, time: str) -> None:
    run = site.run("build", "--as-of", time)
    assert run.code == 2
    assert "tagpages: `as_of` " in run.err


def test_render_and_check_are_for_the_time_of_the_last_build(site: Site) -> None:
    site.lists({"app": [("latest", "a", "2024-05-04T00:00:00Z")]})
    site.catalog(as_of=None)
    site.build("--as-of", AS_OF)
    assert site.run("check") == Run(0, "", "")
    before = site.tree()
    assert site.run("render").code == 0
    assert site.tree() == before
    later = site.run("check", "--as-of", "2024-06-04T00:00:01Z")
    assert later == Run(1, "changed app/tags_history.md\n", "")


def test_only_leaves_all_other_images_alone(site: Site) -> None:
    site.lists(TWO)
    site.build()
    before = site.tree()
    site.lists({"app": LATER["app"], "tool": [("latest", "d", "2024-06-02T10:00:00Z")]})
    site.build("--only", "a*")
    after = site.tree()
    assert {path for path in after if after[path] != before[path]} == {
        "app/tags.json",
        "app/tags_history.md",
    }
    site.build("--only", "nothing", "--only", "tool")
    assert site.tree()["tool/tags.json"] != before["tool/tags.json"]


def test_the_answers_of_all_shards_make_the_whole(site: Site) -> None:
    listing = {f"image-{number}": LATEST["app"] for number in range(20)}
    site.lists(listing)
    site.build("--content", site.root / "whole")
    parts: list[str | Path] = []
    for part in (1, 2, 3):
        out = site.root / f"part-{part}.jsonl.gz"
        assert site.run("collect", "--shard", f"{part}/3", "--out", out) == Run(0, "", "")
        parts += ["--answers", out]
    site.build(*parts)
    assert site.tree() == tree_of(site.root / "whole")
    assert len(images(site)) == 20


def test_a_report_is_written_in_each_form(site: Site) -> None:
    site.lists(LATEST)
    site.build("--report", site.root / "report.md", "--report", site.root / "report.json")
    assert "1 added" in (site.root / "report.md").read_text()
    assert json.loads((site.root / "report.json").read_text())["changes"][0]["image"] == "app"


def test_a_report_that_cannot_be_written_is_named_after_the_work_is_done(site: Site) -> None:
    site.lists(LATEST)
    (site.root / "report.md").mkdir()
    run = site.run("build", "--report", site.root / "report.md")
    assert run.code == 1
    assert "New images (1)" in run.err
    assert run.err.endswith("report.md: Is a directory\n")
    assert images(site) == {"app"}


def test_a_report_in_a_folder_that_is_not_there_is_a_mistake(site: Site) -> None:
    site.lists(LATEST)
    run = site.run("build", "--report", site.root / "nowhere" / "report.md")
    assert run.code == 2
    assert "report.md: there is no folder " in run.err
    assert not site.content.exists()


def test_the_summary_of_github_actions_grows_by_the_report(site: Site) -> None:
    site.lists(LATEST)
    summary = site.root / "summary.md"
    summary.write_text("# Before\n")
    site.build(GITHUB_STEP_SUMMARY=str(summary))
    text = summary.read_text()
    assert text.startswith("# Before\n# Image tags, 2024-06-03 00:46 UTC\n")
    assert "[app](/ref/app/tags_history/)" in text


def test_a_dry_run_writes_nothing_and_reports_the_same(site: Site) -> None:
    site.lists(TWO)
    site.build()
    site.lists(LATER)
    site.catalog(images={"exclude": ["tool"]})
    before = site.tree()
    dry = site.build("--dry-run", "--verbose", "--report", site.root / "dry.json")
    assert site.tree() == before
    real = site.build("--verbose", "--report", site.root / "real.json")
    assert dry == real._replace(err=f"{real.err}--dry-run: nothing has been written\n")
    assert (site.root / "dry.json").read_text() == (site.root / "real.json").read_text()
    assert site.tree() != before


def test_a_dry_run_does_not_even_make_the_content_folder(site: Site) -> None:
    site.lists(LATEST)
    site.build("--dry-run")
    assert not site.content.exists()


def test_check_finds_drift_and_shows_it(site: Site) -> None:
    site.lists(LATEST)
    site.build()
    page = site.page("app")
    good = page.read_text()
    page.write_text(good.replace("## Public", "## Public\ftable"))
    assert site.run("check") == Run(1, "changed app/tags_history.md\n", "")
    assert site.run("check", "--quiet") == Run(1, "", "")
    run = site.run("check", "--diff")
    assert run.code == 1
    assert run.out.startswith("--- a/app/tags_history.md\n+++ b/app/tags_history.md\n@@ ")
    assert "\n-## Public\ftable\n+## Public\n" in run.out
    assert "No newline" not in run.out
    page.unlink()
    run = site.run("check", "--diff")
    assert run.out.startswith("--- /dev/null\n+++ b/app/tags_history.md\n@@ -0,0 ")


def test_check_names_the_files_of_excluded_images(site: Site) -> None:
    site.lists(TWO)
    site.build()
    site.catalog(images={"exclude": ["tool"]})
    run = site.run("check")
    assert run.code == 1
    assert run.out == "removed tool/tags_history.md\nremoved tool/tags.json\n"
    assert run.err == "tagpages: Gone images: tool: excluded\n"


def test_check_names_what_it_cannot_read(site: Site) -> None:
    site.lists(TWO)
    site.build()
    site.state("app").write_text("{}")
    run = site.run("check")
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("tagpages: Failed: app: `app/tags.json: ")


@pytest.mark.parametrize("command", ["check", "render"])
def test_without_a_content_folder_there_is_nothing_to_render(site: Site, command: str) -> None:
    run = site.run(command)
    assert run == Run(
        2,
        "",
        f"tagpages: there is no content folder {site.content}: run `tagpages build` first\n",
    )
    assert not site.content.exists()


def test_an_interrupted_run_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("generator.jobs.build.collect", interrupted)
    run = site.run("build")
    assert run == Run(130, "", "\ntagpages: interrupted; no file is half written\n")
    assert not site.tree()


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "generator", "schema"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 1


def test_the_version_is_that_of_the_distribution() -> None:
    run = tagpages("--version")
    assert run.code == 0
    assert re.search(r"tagpages, version \d+\.\d+\.\d+\n$", run.out)


def test_the_mistakes_of_all_catalogs_are_told_at_once(site: Site) -> None:
    other = site.root / "other.yaml"
    other.write_text("content: content\n")
    assert tagpages("schema", site.catalog_file) == Run(0, "", "")
    run = tagpages("schema", other, site.catalog_file, site.root / "none.yaml")
    assert run.code == 2
    assert run.out == ""
    assert [line.partition(" ")[0] for line in run.err.splitlines()] == [
        "tagpages:",
        f"{other}:1:",
        "cannot",
    ]


def test_the_reference_page_is_read_from_a_real_command_too(tmp_path: Path) -> None:
    run = python("-m", "generator", "build", "--content", tmp_path, "--only", "calico-apiserver")
    assert run.returncode == 0
    assert (
        tmp_path.joinpath("calico-apiserver", "tags_history.md").read_bytes()
        == (DATA / "reference-page.md").read_bytes()
    )


def test_an_accepted_loss_is_of_a_table_or_an_image(site: Site) -> None:
    site.lists({"app": [(f"1.{n}", "a", "2024-06-01T10:00:00Z") for n in range(9)]})
    site.build()
    site.lists(LATEST)
    held = site.run("build")
    assert held.code == 1
    assert digest("a") in site.body("app")
    for name in ("app", "public"):
        assert site.run("build", "--dry-run", "--accept-any-loss", name).code == 0


@pytest.mark.parametrize(("args", "is_told"), [([], True), (["ARGS=--dry-run"], False)])
def test_make_pages_ends_with_where_to_look_if_it_wrote_any(
    *, args: list[str], is_told: bool
) -> None:
    command = ["make", "--dry-run", "pages", "RUN=", *args]
    alone = {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}
    run = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=True)
    last = run.stdout.splitlines()[-1]
    assert ("`make preview` shows them" in last) == is_told
