from __future__ import annotations

import fcntl
import re
import shutil
from base64 import b64encode
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from shutil import which
from unittest.mock import patch

import pytest

from generator.forge import api
from tests.nightly.forges import JOB_TOKEN, OWNER, STAND_INS, TOKEN, Pull, Refusal
from tests.nightly.site import BRANCH, Site
from tests.support import tagpages

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


@contextmanager
def on(kind: str, seeded: Path, folder: Path) -> Iterator[Site]:
    """A copy of the seeded site, its forge at work."""
    copy = Path(shutil.copytree(seeded, folder / "site"))
    with STAND_INS[kind](copy / "remote.git") as forge:
        yield Site(copy, forge)


@pytest.fixture
def site(seeded: Path, tmp_path: Path) -> Iterator[Site]:
    """A site on GitHub."""
    with on("github", seeded, tmp_path) as site:
        yield site


@pytest.fixture(params=sorted(STAND_INS))
def each(request: pytest.FixtureRequest, seeded: Path, tmp_path: Path) -> Iterator[Site]:
    """A site on each of the forges."""
    with on(request.param, seeded, tmp_path) as site:
        yield site


def pulls(site: Site) -> list[Pull]:
    assert site.forge
    return site.forge.pulls


def test_the_first_night_opens_a_pull_request_of_two_commits_with_the_report_as_body(
    each: Site,
) -> None:
    night = each.night({**MAIN, "app": ROLLED, "new": APP})
    assert night.code == 0, night.log
    assert each.commits() == [
        ("Image tags, 2024-06-04 00:00 UTC: routine", [*APP_FILES, BUILD]),
        ("Image tags, 2024-06-04 00:00 UTC: needs a look", NEW_FILES),
    ]
    (pull,) = pulls(each)
    assert pull.title == "Image tags, 2024-06-04 00:00 UTC"
    assert (pull.owner, pull.head, pull.base, pull.state) == (OWNER, BRANCH, "main", "open")
    assert pull.body == night.summary
    assert "### New images (1)" in pull.body
    assert "### Digests rolled" not in pull.body.partition("## Routine")[0]


def test_the_commits_are_the_forges_bots_unless_the_environment_says_otherwise(each: Site) -> None:
    person = {"GITLAB_USER_NAME": "Ada", "GITLAB_USER_EMAIL": "ada@example.com"}
    named = {"GIT_AUTHOR_NAME": "Bob", "GIT_AUTHOR_EMAIL": "bob@example.com"}
    people = []
    for images, env in (({**MAIN, "app": ROLLED}, {}), ({**MAIN, "new": APP}, named)):
        each.night(images, **person, **env)
        show = each.git(each.remote, "log", "-1", "--format=%an <%ae>, %cn <%ce>", BRANCH)
        people.append(show.split(", "))
    bot = {
        "github": "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>",
        "gitlab": "Ada <ada@example.com>",
        "gitea": "gitea-actions <teabot@gitea.io>",
    }[each.forge.kind if each.forge else ""]
    assert people == [[bot, bot], ["Bob <bob@example.com>", bot]]


def test_the_body_links_to_the_run_of_the_night(site: Site) -> None:
    site.night(
        {**MAIN, "app": ROLLED},
        GITHUB_SERVER_URL="https://github.com",
        GITHUB_REPOSITORY="octo/site",
        GITHUB_RUN_ID="7",
    )
    link = "[summary of the run](https://github.com/octo/site/actions/runs/7)."
    assert pulls(site)[0].body.startswith(f"This night alone, with the reasons: {link}\n\n# ")


def test_the_second_night_replaces_the_branch_and_tells_all_that_changed_since_main(
    each: Site,
) -> None:
    each.night({**MAIN, "new": APP})
    each.night({**MAIN, "app": ROLLED, "new": APP})
    assert [subject for subject, _ in each.commits()] == [
        "Image tags, 2024-06-05 00:00 UTC: routine",
        "Image tags, 2024-06-05 00:00 UTC: needs a look",
    ]
    (pull,) = pulls(each)
    assert pull.title == "Image tags, 2024-06-05 00:00 UTC"
    assert "### New images (1)" in pull.body
    assert "Digests rolled (1)" in pull.body
    assert each.branches() == ["main", BRANCH]


def test_a_night_with_nothing_new_leaves_no_trace(each: Site) -> None:
    night = each.night(MAIN)
    assert night.code == 0, night.log
    assert "nothing differs from main" in night.log
    assert each.branches() == ["main"]
    assert pulls(each) == []


def test_a_night_that_adds_nothing_to_the_open_pull_request_does_not_push(each: Site) -> None:
    each.night({**MAIN, "app": ROLLED})
    tip = each.tip()
    night = each.night()
    assert night.code == 0, night.log
    assert each.tip() == tip
    assert pulls(each)[0].title == "Image tags, 2024-06-05 00:00 UTC"


def test_a_pull_request_with_nothing_left_to_merge_is_closed(each: Site) -> None:
    each.night(WITHOUT_APP)
    assert each.commits() == [("Image tags, 2024-06-04 00:00 UTC: routine", [BUILD])]
    night = each.night(MAIN)
    assert night.code == 0, night.log
    (pull,) = pulls(each)
    assert pull.state == "closed"
    assert pull.body == "Nothing is left to merge: the pages of main are up to date."


def test_after_a_merge_the_next_night_opens_a_new_pull_request(each: Site) -> None:
    each.night({**MAIN, "app": ROLLED})
    each.merge()
    night = each.night({**MAIN, "app": ROLLED, "new": APP})
    assert night.code == 0, night.log
    assert [pull.state for pull in pulls(each)] == ["closed", "open"]
    assert [files for _, files in each.commits()] == [[BUILD], NEW_FILES]


def test_nights_count_on_while_the_pull_request_waits(site: Site) -> None:
    assert site.night(WITHOUT_APP).code == 0
    assert '"nights":1' in site.show(BUILD).replace(" ", "")
    site.night()
    assert '"nights":2' in site.show(BUILD).replace(" ", "")
    for _ in range(2):  # gone on the third night, and still so on the fourth
        assert site.night().code == 0
        assert site.commits()[-1][1] == APP_FILES
        assert "### Gone images (1)" in pulls(site)[0].body


def test_after_a_rejected_pull_request_the_night_starts_from_main(each: Site) -> None:
    each.night(WITHOUT_APP)
    each.night()
    each.end()
    night = each.night()
    assert "starting from main: no pull request is open" in night.log
    assert '"nights":1' in each.show(BUILD).replace(" ", "")
    assert [pull.state for pull in pulls(each)] == ["closed", "open"]


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


def test_a_pull_request_from_a_fork_is_not_ours(each: Site) -> None:
    each.night({**MAIN, "app": ROLLED})
    pulls(each)[0].owner, pulls(each)[0].body = "mallory", "theirs"
    night = each.night()
    assert night.code == 0, night.log
    assert [pull.owner for pull in pulls(each)] == ["mallory", OWNER]
    assert pulls(each)[0].body == "theirs"


def test_the_open_request_is_found_among_many_others(each: Site) -> None:
    assert each.forge
    for number in range(5):
        each.forge.add("By hand", "", f"topic-{number}", "main")
    each.night({**MAIN, "app": ROLLED})
    for number in range(5):
        each.forge.add("By hand", "", f"later-{number}", "main")
    night = each.night()
    assert night.code == 0, night.log
    assert "going on from last night" in night.log
    assert len([pull for pull in pulls(each) if pull.head == BRANCH]) == 1


def test_a_night_with_something_held_back_is_a_pull_request_with_a_warning(each: Site) -> None:
    night = each.night({**MAIN, "app": ROLLED, "tool": CUT})
    assert night.code == 0, night.log
    assert "something failed or was held back; the report says what\n" in night.log
    assert "held=true\n" in night.outputs
    (pull,) = pulls(each)
    assert pull.title.endswith(" UTC (something failed or was held back)")
    assert pull.body.startswith(WARNING)
    assert pull.body.endswith(night.summary)
    assert "### Held back (1)" in night.summary
    time_of_its_own = ["content/images/tool/tags.json"]
    assert [files for _, files in each.commits()] == [[*APP_FILES, BUILD], time_of_its_own]


def test_a_held_table_is_released_by_its_mark_and_stays_so(site: Site) -> None:
    night = site.night({**MAIN, "tool": CUT})
    (mark,) = re.findall(r"accept-loss `(tool@[0-9a-f]{6})`", night.summary)
    night = site.night(TAGPAGES_NIGHTLY_ACCEPT_LOSS=mark)
    assert night.code == 0, night.log
    assert not pulls(site)[0].body.startswith(WARNING)
    assert "### Tags removed (1)" in pulls(site)[0].body
    assert site.night().code == 0
    assert "`1.7`" not in site.show("content/images/tool/tags_history.md")


def test_a_name_alone_releases_whatever_is_held_of_it(site: Site) -> None:
    site.night({**MAIN, "tool": CUT})
    night = site.night(TAGPAGES_NIGHTLY_ACCEPT_ANY_LOSS="tool")
    assert night.code == 0, night.log
    assert not pulls(site)[0].body.startswith(WARNING)
    assert "`1.7`" not in site.show("content/images/tool/tags_history.md")


def test_a_name_to_release_is_never_run_by_the_shell(site: Site) -> None:
    night = site.night(
        {**MAIN, "app": ROLLED}, TAGPAGES_NIGHTLY_ACCEPT_LOSS="$(touch pwned) `touch pwned`"
    )
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
        (pull,) = pulls(site)
        assert pull.body.startswith(WARNING)
        assert "### Failed (1)\n- `app`: `app/tags.json: its version is 2" in pull.body


def test_a_push_of_somebody_else_during_the_build_is_not_overwritten(each: Site) -> None:
    each.night({**MAIN, "app": ROLLED})
    each.listing({**MAIN, "app": ROLLED, "new": APP})
    clone = each.begin()
    assert each.step(clone, "resume").code == 0
    assert each.step(clone, "build").code == 0
    each.edit(BRANCH, PAGE, "toc: true\n", "toc: false\n")
    theirs = each.tip()
    night = each.step(clone, "publish")
    assert night.code == 1
    assert f"cannot push {BRANCH}" in night.log
    assert each.tip() == theirs
    assert each.methods[-1] == "GET"

    assert each.night().code == 0
    assert "toc: false\n" in each.show(PAGE)
    assert each.commits()[-1][1] == NEW_FILES


def test_a_branch_that_appears_during_the_first_night_is_not_overwritten(site: Site) -> None:
    site.listing({**MAIN, "app": ROLLED})
    clone = site.begin()
    site.step(clone, "resume")
    site.step(clone, "build")
    site.git(site.remote, "branch", BRANCH, "main")
    assert site.step(clone, "publish").code == 1
    assert site.tip() == site.git(site.remote, "rev-parse", "main")
    assert pulls(site) == []


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
    assert "'publsh' is not one of 'resume', 'build', 'publish'" in night.log


def test_a_step_that_comes_too_early_says_what_the_order_is(site: Site) -> None:
    night = site.step(site.begin(), "publish")
    assert (night.code, site.methods) == (2, [])
    assert "begun.json: the steps are resume, build, publish, in this order" in night.log


def test_a_night_on_github_is_annotated_and_summarised(site: Site) -> None:
    night = site.night({**MAIN, "tool": CUT})
    assert "::warning title=Nightly::something failed or was held back; the report" in night.log
    report = night.clone / ".tagpages/nightly/report.md"
    assert night.summary == report.read_text()
    assert night.summary.startswith("# Image tags, 2024-06-04 00:00 UTC\n")


@pytest.mark.parametrize(
    ("images", "changed", "look"),
    [
        pytest.param(MAIN, "false", "false", id="nothing new"),
        pytest.param({**MAIN, "app": ROLLED}, "true", "false", id="routine"),
        pytest.param({**MAIN, "new": APP}, "true", "true", id="needs a look"),
    ],
)
def test_later_steps_are_told_how_the_night_was(
    site: Site, images: dict[str, dict[str, str]], changed: str, look: str
) -> None:
    assert site.night(images).outputs == (
        f"held=false\nreport=.tagpages/nightly/report.md\nchanged={changed}\nneeds-look={look}\n"
    )


def test_a_night_is_built_from_answers(site: Site) -> None:
    site.listing({**MAIN, "new": APP})
    clone = site.begin()
    with chdir(clone):
        assert tagpages("collect", "--quiet", **site.environ, **site.time()).code == 0
    site.listing({})
    night = site.step(clone, TAGPAGES_NIGHTLY_ANSWERS="answers.jsonl.gz")
    assert night.code == 0, night.log
    assert [files for _, files in site.commits()] == [[BUILD], NEW_FILES]


def test_a_request_merged_during_the_build_is_followed_by_a_new_one(each: Site) -> None:
    each.night({**MAIN, "app": ROLLED})
    each.listing({**MAIN, "app": ROLLED, "new": APP})
    clone = each.begin()
    each.step(clone, "resume")
    each.step(clone, "build")
    each.merge()
    night = each.step(clone, "publish")
    assert night.code == 0, night.log
    assert [pull.state for pull in pulls(each)] == ["closed", "open"]
    assert each.night().code == 0
    differing = each.git(each.remote, "diff", "--name-only", "main", BRANCH).splitlines()
    assert differing == [BUILD, *NEW_FILES]


@pytest.fixture
def impatient() -> Iterator[None]:
    """Nobody waits for a forge that is down."""
    with patch.object(api, "WAITS", ()):
        yield


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("step", ["resume", "publish"])
def test_while_the_forge_is_down_nothing_is_published_and_the_next_night_is_whole(
    each: Site, step: str
) -> None:
    each.night({**MAIN, "app": ROLLED})
    tip = each.tip()
    each.listing({**MAIN, "app": ROLLED, "new": APP})
    clone = each.begin()
    assert each.forge
    for name in ("resume", "build", "publish"):
        each.forge.down = name == step
        night = each.step(clone, name)
        if night.code:
            break
    assert (night.code, name) == (1, step)
    assert "answered 503 to GET" in night.log
    assert each.tip() == tip

    each.forge.down = False
    assert each.night().code == 0
    assert len(pulls(each)) == 1
    assert each.commits()[-1][1] == NEW_FILES


@pytest.mark.usefixtures("impatient")
def test_a_forge_that_goes_away_between_push_and_request_costs_that_night_only(each: Site) -> None:
    each.listing({**MAIN, "app": ROLLED})
    clone = each.begin()
    each.step(clone, "resume")
    each.step(clone, "build")
    assert each.forge
    with patch.object(type(each.forge), "add", side_effect=Refusal(502, {"message": "gone"})):
        night = each.step(clone, "publish")
    assert night.code == 1
    assert "answered 502 to POST 'gone'" in night.log
    assert each.night().code == 0
    assert [pull.state for pull in pulls(each)] == ["open"]


def test_a_push_that_the_remote_refuses_opens_no_request(each: Site) -> None:
    hook = each.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'this branch is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    night = each.night({**MAIN, "app": ROLLED})
    assert night.code == 1
    assert f"cannot push {BRANCH}; if somebody pushed to it" in night.log
    assert "this branch is protected" in night.log
    assert pulls(each) == []
    hook.unlink()
    assert each.night().code == 0
    assert len(pulls(each)) == 1


def test_without_a_token_nothing_is_asked(each: Site) -> None:
    assert each.forge
    night = each.step(each.begin(), "resume", **{each.forge.token: ""})
    assert (night.code, each.methods) == (2, [])
    assert f"set the environment variable {each.forge.token}" in night.log


def test_a_token_that_is_refused_is_not_shown_and_the_error_says_what_it_needs(each: Site) -> None:
    assert each.forge
    night = each.step(each.begin(), "resume", **{each.forge.token: "wrong-but-still-a-secret"})
    assert night.code == 1
    assert "answered 401 to GET" in night.log
    assert f": {each.forge.token} " in night.log
    assert "wrong-but-still-a-secret" not in night.log


def test_the_token_of_a_gitlab_job_suffices_to_go_on_from_the_open_request(
    seeded: Path, tmp_path: Path
) -> None:
    with on("gitlab", seeded, tmp_path) as site:
        site.night({**MAIN, "app": ROLLED})
        of_job = {"GITLAB_TOKEN": "", "CI_JOB_TOKEN": JOB_TOKEN}
        clone = site.begin()
        night = site.step(clone, "resume", **of_job)
        assert night.code == 0, night.log
        assert f"`sha256:{'b' * 64}`" in (clone / PAGE).read_text()
        site.step(clone, "build")
        night = site.step(clone, "publish", **of_job)
        assert night.code == 1
        assert "answered 403 to PUT '403 Forbidden': GITLAB_TOKEN needs the scopes" in night.log


def test_a_shallow_clone_is_told_to_be_one(site: Site) -> None:
    site.night({**MAIN, "app": ROLLED})
    site.edit("main", PAGE, "toc: true\n", "toc: false\n")
    site.nights += 1
    remote = f"file://{site.remote}"
    site.git(site.folder, "clone", "--quiet", "--depth=1", "--branch=main", remote, "shallow")
    night = site.step(site.folder / "shallow", "resume")
    assert night.code == 1
    assert "is the clone shallow? Fetch all commits (GitHub: `fetch-depth: 0`" in night.log


def test_git_logs_in_with_the_token_and_nobody_else_sees_it(each: Site) -> None:
    assert each.forge
    web = f"{each.forge.url}/octo/site"
    log = each.folder / "arguments"
    record = each.folder / "bin" / "git"
    record.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >>'{log}'\nexec {which('git')} \"$@\"\n")
    record.chmod(0o755)
    each.git(each.remote, "config", "http.receivepack", "true")
    for images in ({**MAIN, "app": ROLLED}, {**MAIN, "app": ROLLED, "new": APP}):
        each.listing(images)
        clone = each.begin()
        each.git(clone, "remote", "set-url", "origin", f"{web}.git")
        for step in ("resume", "build", "publish"):
            night = each.step(clone, step, CI_PROJECT_URL=web)
            assert night.code == 0, night.log
    assert each.commits()[-1][1] == NEW_FILES
    user = "oauth2" if each.forge.kind == "gitlab" else "x-access-token"
    assert set(each.forge.users) == {user}
    secrets = [TOKEN.encode(), b64encode(f"{user}:{TOKEN}".encode())]
    told = [log.read_bytes(), night.log.encode()]
    told += [path.read_bytes() for path in clone.rglob("*") if path.is_file()]
    assert f"refs/heads/{BRANCH}".encode() in told[0]
    assert not [text for text in told for secret in secrets if secret in text]
    assert not [call.path for call in each.forge.calls if TOKEN in call.path]


@pytest.fixture
def alone(seeded: Path, tmp_path: Path) -> Site:
    """A site without any forge, whose job commits as a person."""
    site = Site(shutil.copytree(seeded, tmp_path / "site"))
    for role in ("AUTHOR", "COMMITTER"):
        site.environ |= {f"GIT_{role}_NAME": "Cron", f"GIT_{role}_EMAIL": "cron@example.com"}
    return site


def test_without_a_forge_the_two_commits_are_made_on_the_branch_that_is_checked_out(
    alone: Site,
) -> None:
    alone.listing({**MAIN, "app": ROLLED, "new": APP})
    clone = alone.begin()
    (clone / ".env").write_text("SECRET=1\n")
    (clone / "staged").write_text("by hand\n")
    alone.git(clone, "add", "staged")
    night = alone.step(clone)
    assert night.code == 0, night.log
    assert "committed to main" in night.log
    show = ["log", "--reverse", "--no-renames", "--name-only", "--format=%s, %an", "origin/main.."]
    routine, _, *files = alone.git(clone, *show).splitlines()
    assert routine == "Image tags, 2024-06-04 00:00 UTC: routine, Cron"
    look = files.index("Image tags, 2024-06-04 00:00 UTC: needs a look, Cron")
    assert files[:look] == [*APP_FILES, BUILD, ""][:look]
    assert files[look + 2 :] == NEW_FILES
    status = alone.git(clone, "status", "--porcelain").splitlines()
    assert status == ["A  staged", "?? .env"]


def test_without_a_forge_no_news_is_no_commit_and_the_next_night_goes_on(alone: Site) -> None:
    clone = alone.begin()
    head = alone.git(clone, "rev-parse", "HEAD")
    night = alone.step(clone)
    assert night.code == 0, night.log
    assert "nothing has changed: no commit" in night.log
    assert alone.git(clone, "status", "--porcelain") == ""
    assert alone.git(clone, "rev-parse", "HEAD") == head
    alone.listing(WITHOUT_APP)
    for count in (1, 2):
        alone.nights += 1
        assert alone.step(clone).code == 0
        assert f'"nights":{count}' in (clone / BUILD).read_text().replace(" ", "")
    assert alone.git(clone, "rev-list", "--count", f"{head}..HEAD") == "2"


def test_a_quiet_night_says_nothing_unless_there_is_trouble(alone: Site) -> None:
    clone = alone.begin()
    for images, said in (({**MAIN, "app": ROLLED}, ""), ({**MAIN, "tool": CUT}, "Held back (1)")):
        alone.nights += 1
        alone.listing(images)
        (alone.folder / "log").write_text("")
        night = alone.step(clone, "--quiet")
        assert night.code == 0
        assert night.log.startswith(said)
        assert bool(night.log) == bool(said)


def test_a_clone_that_is_on_no_branch_is_told_to_be_on_one(site: Site) -> None:
    clone = site.begin()
    site.git(clone, "checkout", "--quiet", "--detach")
    night = site.step(clone, "resume", GITHUB_REF_NAME="")
    assert (night.code, site.methods) == (2, [])
    assert "git is on no branch: check out the one that is to have the pages" in night.log


def test_content_outside_of_the_repository_is_a_mistake(alone: Site) -> None:
    clone = alone.begin()
    catalog = clone / "catalog.yaml"
    catalog.write_text(catalog.read_text().replace("content/images", "../elsewhere"))
    alone.git(alone.folder, "init", "--quiet", "elsewhere")
    alone.git(alone.folder / "elsewhere", "commit", "--quiet", "--allow-empty", "--message=Other")
    night = alone.step(clone)
    assert night.code == 2
    assert "elsewhere does not lie in the git repository" in night.log
