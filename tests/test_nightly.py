from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.nightly.site import BRANCH, TOKEN, Site

DOCUMENTATION = Path(__file__).parent.parent / "docs" / "nightly.md"
APP = {"1.0": "a", "latest": "a"}
ROLLED = {"1.0": "a", "latest": "b"}
TOOL = {f"1.{minor}": "c" for minor in range(8)}
CUT = {"1.0": "c"}
BASE = {f"3.{minor}": "e" for minor in range(90)}
MAIN = {"app": APP, "tool": TOOL, "base": BASE}
WITHOUT_APP = {"tool": TOOL, "base": BASE}
APP_FILES = ["content/images/app/tags.json", "content/images/app/tags_history.md"]
NEW_FILES = ["content/images/new/tags.json", "content/images/new/tags_history.md"]
PAGE = APP_FILES[1]
BUILD = "content/images/build.json"
WARNING = "> [!WARNING]\n> Something failed or was held back this night."


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    Site(folder).seed(MAIN)
    return folder


@pytest.fixture
def site(seeded: Path, tmp_path: Path) -> Site:
    return Site(shutil.copytree(seeded, tmp_path / "site"))


def test_the_first_night_opens_a_pull_request_of_two_commits_with_the_report_as_body(
    site: Site,
) -> None:
    night = site.night({**MAIN, "app": ROLLED, "new": APP})
    assert night.code == 0, night.log
    assert site.commits() == [
        ("Image tags, 2024-06-04 00:00 UTC: routine", [*APP_FILES, BUILD]),
        ("Image tags, 2024-06-04 00:00 UTC: needs a look", NEW_FILES),
    ]
    (pull,) = site.pulls
    assert pull["title"] == "Image tags, 2024-06-04 00:00 UTC"
    assert (pull["head"], pull["base"], pull["state"]) == (f"octo:{BRANCH}", "main", "open")
    assert pull["body"] == night.summary
    assert "### New images (1)" in pull["body"]
    assert "### Digests rolled" not in pull["body"].partition("## Routine")[0]


def test_the_commits_are_the_bots(site: Site) -> None:
    site.night({**MAIN, "app": ROLLED})
    bot = "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"
    people = site.git(site.remote, "log", "-1", "--format=%an <%ae>%n%cn <%ce>", BRANCH)
    assert people.splitlines() == [bot, bot]


def test_the_body_links_to_the_run_of_the_night(site: Site) -> None:
    site.night(
        {**MAIN, "app": ROLLED},
        GITHUB_SERVER_URL="https://github.com",
        GITHUB_REPOSITORY="octo/site",
        GITHUB_RUN_ID="7",
    )
    link = "[summary of the run](https://github.com/octo/site/actions/runs/7)."
    assert site.pulls[0]["body"].startswith(f"This night alone, with the reasons: {link}\n\n# ")


def test_the_second_night_replaces_the_branch_and_tells_all_that_changed_since_main(
    site: Site,
) -> None:
    site.night({**MAIN, "new": APP})
    site.night({**MAIN, "app": ROLLED, "new": APP})
    assert [subject for subject, _ in site.commits()] == [
        "Image tags, 2024-06-05 00:00 UTC: routine",
        "Image tags, 2024-06-05 00:00 UTC: needs a look",
    ]
    (pull,) = site.pulls
    assert pull["title"] == "Image tags, 2024-06-05 00:00 UTC"
    assert "### New images (1)" in pull["body"]
    assert "Digests rolled (1)" in pull["body"]
    assert site.branches() == ["main", BRANCH]


def test_a_night_with_nothing_new_leaves_no_trace(site: Site) -> None:
    night = site.night(MAIN)
    assert night.code == 0, night.log
    assert "nothing differs from main" in night.log
    assert site.branches() == ["main"]
    assert site.pulls == []


def test_a_night_that_adds_nothing_to_the_open_pull_request_does_not_push(site: Site) -> None:
    site.night({**MAIN, "app": ROLLED})
    tip = site.tip()
    night = site.night()
    assert night.code == 0, night.log
    assert site.tip() == tip
    assert site.pulls[0]["title"] == "Image tags, 2024-06-05 00:00 UTC"


def test_a_pull_request_with_nothing_left_to_merge_is_closed(site: Site) -> None:
    site.night(WITHOUT_APP)
    assert site.commits() == [("Image tags, 2024-06-04 00:00 UTC: routine", [BUILD])]
    night = site.night(MAIN)
    assert night.code == 0, night.log
    (pull,) = site.pulls
    assert pull["state"] == "closed"
    assert pull["body"] == "Nothing is left to merge: the pages of main are up to date."


def test_after_a_merge_the_next_night_opens_a_new_pull_request(site: Site) -> None:
    site.night({**MAIN, "app": ROLLED})
    site.merge()
    night = site.night({**MAIN, "app": ROLLED, "new": APP})
    assert night.code == 0, night.log
    assert [pull["state"] for pull in site.pulls] == ["closed", "open"]
    assert [files for _, files in site.commits()] == [[BUILD], NEW_FILES]


def test_nights_count_on_while_the_pull_request_waits(site: Site) -> None:
    assert site.night(WITHOUT_APP).code == 0
    assert '"nights":1' in site.show(BUILD).replace(" ", "")
    site.night()
    assert '"nights":2' in site.show(BUILD).replace(" ", "")
    for _ in range(2):  # gone on the third night, and still so on the fourth
        assert site.night().code == 0
        assert site.commits()[-1][1] == APP_FILES
        assert "### Gone images (1)" in site.pulls[0]["body"]


def test_after_a_rejected_pull_request_the_night_starts_from_main(site: Site) -> None:
    site.night(WITHOUT_APP)
    site.night()
    site.update_pulls(state="closed")
    night = site.night()
    assert "starting from main: no pull request is open" in night.log
    assert '"nights":1' in site.show(BUILD).replace(" ", "")
    assert [pull["state"] for pull in site.pulls] == ["closed", "open"]


def test_what_people_edit_on_main_and_on_the_branch_stays(site: Site) -> None:
    site.night({**MAIN, "app": ROLLED, "tool": {**TOOL, "latest": "d"}})
    site.edit("main", PAGE, "toc: true\n", "toc: false\n")
    tool = "content/images/tool/tags_history.md"
    site.edit(BRANCH, tool, "toc: true\n", "toc: false\n")
    night = site.night()
    assert night.code == 0, night.log
    assert "toc: false\n" in site.show(PAGE)
    assert "toc: false\n" in site.show(tool)
    assert f"`sha256:{'b' * 64}`" in site.show(PAGE)
    assert f"`sha256:{'d' * 64}`" in site.show(tool)


def test_nothing_but_content_is_taken_over_from_the_branch(site: Site) -> None:
    site.night({**MAIN, "app": ROLLED})
    site.edit(BRANCH, "catalog.yaml", "/images/", "/elsewhere/")
    night = site.night()
    assert "/elsewhere/" not in (night.clone / "catalog.yaml").read_text()
    assert "/elsewhere/" not in site.show("catalog.yaml")


def test_a_pull_request_from_a_fork_is_not_ours(site: Site) -> None:
    site.night({**MAIN, "app": ROLLED})
    site.update_pulls(head=f"mallory:{BRANCH}", body="theirs")
    night = site.night()
    assert night.code == 0, night.log
    assert [pull["head"] for pull in site.pulls] == [f"mallory:{BRANCH}", f"octo:{BRANCH}"]
    assert site.pulls[0]["body"] == "theirs"


def test_a_night_with_something_held_back_is_a_pull_request_with_a_warning(site: Site) -> None:
    night = site.night({**MAIN, "app": ROLLED, "tool": CUT})
    assert night.code == 0, night.log
    assert "::warning title=Nightly::something failed or was held back" in night.log
    (pull,) = site.pulls
    assert pull["title"].endswith(" UTC (something failed or was held back)")
    assert pull["body"].startswith(WARNING)
    assert pull["body"].endswith(night.summary)
    assert "### Held back (1)" in night.summary
    time_of_its_own = ["content/images/tool/tags.json"]
    assert [files for _, files in site.commits()] == [[*APP_FILES, BUILD], time_of_its_own]


def test_a_held_table_is_released_by_its_mark_and_stays_so(site: Site) -> None:
    night = site.night({**MAIN, "tool": CUT})
    (mark,) = re.findall(r"accept-loss `(tool@[0-9a-f]{6})`", night.summary)
    night = site.night(ACCEPT_LOSS=mark)
    assert night.code == 0, night.log
    assert not site.pulls[0]["body"].startswith(WARNING)
    assert "### Tags removed (1)" in site.pulls[0]["body"]
    assert site.night().code == 0
    assert "`1.7`" not in site.show("content/images/tool/tags_history.md")


def test_the_documented_script_commits_the_two_lanes(site: Site) -> None:
    (script,) = re.findall(r"(?:^    .*\n)+", DOCUMENTATION.read_text(), re.MULTILINE)
    site.listing({**MAIN, "app": ROLLED, "new": APP})
    clone = site.begin()
    (clone / ".env").write_text("SECRET=1\n")
    someone = {"GIT_AUTHOR_NAME": "A", "GIT_COMMITTER_NAME": "A", "EMAIL": "a@example.com"}
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=clone,
        env=site.environ | site.time() | someone,
        check=True,
    )
    site.git(clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    assert site.commits() == [
        ("Image tags: routine", [*APP_FILES, BUILD]),
        ("Image tags: look", NEW_FILES),
    ]


def test_a_name_to_release_is_never_run_by_the_shell(site: Site) -> None:
    night = site.night({**MAIN, "app": ROLLED}, ACCEPT_LOSS="$(touch pwned) `touch pwned`")
    assert night.code == 2
    assert "--accept-loss $(touch: no table and no image" in night.log
    assert not (night.clone / "pwned").exists()


def test_a_mistake_in_the_catalog_fails_the_night_and_publishes_nothing(site: Site) -> None:
    site.edit("main", "catalog.yaml", "window: off", "windw: off")
    night = site.night({**MAIN, "app": ROLLED})
    assert night.code == 2
    assert "::error title=Nightly::the build stopped" in night.log
    assert site.branches() == ["main"]
    assert site.methods == ["GET"]


def test_a_build_that_ends_without_a_report_fails_the_night(site: Site) -> None:
    site.listing({**MAIN, "app": ROLLED})
    clone = site.begin()
    site.step(clone, "resume")
    with (clone / "content/images/.tagpages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        night = site.step(clone, "build")
    assert night.code == 1
    assert "another tagpages is at work" in night.log
    assert "::error title=Nightly::the build stopped" in night.log


def test_lanes_that_cannot_be_told_fail_the_night(site: Site) -> None:
    site.listing({**MAIN, "app": ROLLED})
    clone = site.begin()
    assert site.step(clone, "resume").code == 0
    assert site.step(clone, "build").code == 0
    (clone / BUILD).write_text("{}")
    assert site.step(clone, "publish").code == 1
    assert site.branches() == ["main"]


def test_a_broken_state_costs_its_image_and_the_others_are_published(site: Site) -> None:
    site.edit("main", APP_FILES[0], '"version": 1', '"version": 2')
    for _ in range(2):
        night = site.night({**MAIN, "app": ROLLED, "new": APP})
        assert night.code == 0, night.log
        assert [files for _, files in site.commits()] == [[BUILD], NEW_FILES]
        (pull,) = site.pulls
        assert pull["body"].startswith(WARNING)
        assert "### Failed (1)\n- `app`: `app/tags.json: its version is 2" in pull["body"]


def test_a_push_of_somebody_else_during_the_build_is_not_overwritten(site: Site) -> None:
    site.night({**MAIN, "app": ROLLED})
    site.listing({**MAIN, "app": ROLLED, "new": APP})
    clone = site.begin()
    assert site.step(clone, "resume").code == 0
    assert site.step(clone, "build").code == 0
    site.edit(BRANCH, PAGE, "toc: true\n", "toc: false\n")
    theirs = site.tip()
    night = site.step(clone, "publish")
    assert night.code == 1
    assert f"cannot push {BRANCH}" in night.log
    assert site.tip() == theirs
    assert site.methods[-1] == "GET"

    assert site.night().code == 0
    assert "toc: false\n" in site.show(PAGE)
    assert site.commits()[-1][1] == NEW_FILES


def test_a_branch_that_appears_during_the_first_night_is_not_overwritten(site: Site) -> None:
    site.listing({**MAIN, "app": ROLLED})
    clone = site.begin()
    site.step(clone, "resume")
    site.step(clone, "build")
    site.git(site.remote, "branch", BRANCH, "main")
    assert site.step(clone, "publish").code == 1
    assert site.tip() == site.git(site.remote, "rev-parse", "main")
    assert site.pulls == []


def test_a_hosting_service_that_does_not_answer_fails_the_night(site: Site) -> None:
    clone = site.begin()
    night = site.step(clone, "resume", GH_TOKEN="")
    assert night.code != 0
    assert "set the GH_TOKEN environment variable" in night.log


def test_all_steps_run_in_one_call_and_leave_head_and_index_alone(site: Site) -> None:
    site.listing({**MAIN, "app": ROLLED, "new": APP})
    clone = site.begin()
    night = site.step(clone)
    assert night.code == 0, night.log
    assert len(site.commits()) == 2
    assert site.git(clone, "rev-parse", "HEAD") == site.git(site.remote, "rev-parse", "main")
    assert site.git(clone, "diff", "--cached", "--name-only") == ""


def test_an_unknown_step_is_a_mistake(site: Site) -> None:
    night = site.step(site.begin(), "publsh")
    assert (night.code, site.methods) == (2, [])
    assert "usage: scripts/nightly.sh [resume] [build] [publish]" in night.log


def test_the_token_is_in_no_argument_and_in_no_file(site: Site) -> None:
    night = site.night({**MAIN, "app": ROLLED})
    night = site.night()
    assert TOKEN not in (site.folder / "gh.json").read_text()
    assert TOKEN not in night.log
    files = [path for path in night.clone.rglob("*") if path.is_file()]
    assert not [path for path in files if TOKEN.encode() in path.read_bytes()]
