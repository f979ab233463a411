"""Every command in the pages about CI and review is run, on a site whose nights have passed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nightly.forges import TOKEN, GitHubStandIn
from tests.nightly.site import BRANCH, ROOT, Site
from tests.support import shell

IMAGES = {"app": {"1.0": "a", "latest": "a"}, "tool": {"1.0": "c"}}
TONIGHT = {"app": {"1.0": "a", "latest": "b"}, "tool": {"1.0": "c"}, "new": {"1.0": "d"}}


def scripts(document: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)```\n", (ROOT / "docs" / document).read_text(), re.DOTALL)


CI, REVIEW = scripts("ci.md"), scripts("review.md")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site with pages, whose registry has changed since."""
    with GitHubStandIn(tmp_path / "remote.git") as forge:
        site = Site(tmp_path, forge)
        site.seed(IMAGES)
        site.listing(TONIGHT)
        for role in ("AUTHOR", "COMMITTER"):
            site.environ |= {f"GIT_{role}_NAME": "Cron", f"GIT_{role}_EMAIL": "cron@example.com"}
        yield site


def run(site: Site, folder: Path, script: str, **env: str) -> str:
    """What a script prints."""
    return shell(script, folder, {**site.environ, **site.time(), **env})


def test_three_commands_make_a_night_on_any_ci(site: Site) -> None:
    assert site.forge
    environ = {**site.forge.environ(), "GITHUB_TOKEN": TOKEN}
    assert len(CI) == 2
    said = run(site, site.begin(), CI[0], **environ)
    assert "https://github.com/octo/site/pull/1" in said
    assert [subject.partition(": ")[2] for subject, _ in site.commits()] == [
        "routine",
        "needs a look",
    ]


def test_the_lines_for_cron_commit_and_push_a_night_and_nothing_on_the_next(site: Site) -> None:
    clone = site.begin()
    run(site, clone, CI[1])
    log = ["log", "--format=%an: %s", "main"]
    commits = site.git(site.remote, *log).splitlines()
    assert commits[:2] == [
        "Cron: Image tags, 2024-06-04 00:00 UTC: needs a look",
        "Cron: Image tags, 2024-06-04 00:00 UTC: routine",
    ]
    for _ in range(2):
        site.nights += 1
        run(site, clone, CI[1])
        assert site.git(site.remote, *log).splitlines() == commits


def test_a_crontab_has_the_same_lines() -> None:
    (line,) = re.findall(
        r"`17 3 \* \* \* cd /srv/site && (.*?)`", (ROOT / "docs/ci.md").read_text()
    )
    long = {"-q": "--quiet"}
    words = " ".join(long.get(word, word) for word in line.replace(" && ", "\n").split(" "))
    assert words.replace("\npull", " pull") == CI[1].strip()


def test_every_command_of_a_review_tells_something(site: Site) -> None:
    site.night()
    clone = site.clone("review", BRANCH)
    report, check, history, again = REVIEW
    told = run(site, clone, report)
    assert "New images (1)" in told
    assert "content/images/new/tags.json" in told
    assert run(site, clone, check) == ""
    told = run(site, clone, history)
    assert f"sha256:{'b' * 64}" in told
    assert "app:1.0" in told
    run(site, clone, "tagpages collect --quiet")
    told = run(site, clone, again)
    assert "\n0 added, 0 removed, 0 changed, 3 unchanged, 0 failed or held back\n" in told
