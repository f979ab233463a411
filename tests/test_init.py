"""`tagpages init`: what it finds, what it writes, and what it leaves alone."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from generator.catalog.read import read_catalog
from generator.jobs.job import SiteCatalog
from generator.starting.hugo import read_site
from generator.starting.kinds import KINDS, kind_of
from tests.hugo import read, shown
from tests.support import ROOT, Run, tagpages, tree_of

GIVEN = ("--registry", "registry.example.com", "--path", "team/{image}", "--ci", "none")
HUGO = (
    'baseURL = "https://docs.acme.test/handbook/"\ncontentDir = "docs"\ntimeZone = "Asia/Tokyo"\n'
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands run in, below a root without a git repository or a site."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def catalog(folder: Path) -> SiteCatalog:
    return read_catalog(folder / "catalog.yaml", SiteCatalog)


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_an_empty_folder_becomes_a_site_with_a_catalog_that_works(folder: Path) -> None:
    run = tagpages("init", *GIVEN)
    assert (run.code, run.out) == (0, "")
    assert sorted(tree_of(folder)) == [
        ".gitattributes",
        ".gitignore",
        "catalog.yaml",
        "hugo.yaml",
        "layouts/_default/baseof.html",
        "layouts/_default/list.html",
        "layouts/_default/single.html",
        "layouts/_default/tagpages-redirect.html",
        "templates/index.md.j2",
        "templates/overview.md.j2",
        "templates/tags_history.md.j2",
    ]
    made = catalog(folder)
    assert (made.content, made.url, made.base_url) == ("content/images", "/images/", "")
    (table,) = made.tables
    assert table.source.address("app") == ("registry.example.com", "team/app")


def test_it_says_what_it_wrote_and_what_to_do_next(folder: Path) -> None:
    lines = tagpages("init", *GIVEN).err.splitlines()
    assert lines[0] == "added catalog.yaml"
    assert lines[-4:] == [
        "Next:",
        "  tagpages doctor     tells whether catalog, login and site are well",
        "  tagpages build      asks registry.example.com, and writes pages below content/images",
        "  hugo server         shows them: http://localhost:1313/images/",
    ]


def test_the_new_site_builds_with_hugo_and_its_templates_change_no_word(folder: Path) -> None:
    tagpages("init", *GIVEN)
    text = (folder / "catalog.yaml").read_text()
    live = text[text.index("    source:\n") : text.index("\n# Which images get")]
    recorded = "    source: {kind: listing, path: tags.json}\n"
    (folder / "catalog.yaml").write_text(text.replace(live, recorded))
    tag = {"name": "1.0", "digest": f"sha256:{'a' * 64}", "lastUpdated": "2024-06-01T10:00:00Z"}
    (folder / "tags.json").write_text(json.dumps([{"repo": {"name": "app"}, "tags": [tag]}]))
    night = ("--as-of", "2024-06-03T00:46:08Z")
    assert tagpages("build", *night).code == 0
    done = subprocess.run(
        [sys.executable, "-m", "hugo", "build", "--panicOnWarning", "--printPathWarnings"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (
        shown(read(folder / "public", "images/app/tags_history").find(".//td[3]/code"))
        == (tag["digest"])
    )
    assert 'href="/images/">' in (folder / "public/index.html").read_text()
    with_templates = tree_of(folder / "content")
    (folder / "catalog.yaml").write_text(
        text.replace(live, recorded).replace("templates: templates", "")
    )
    assert tagpages("render", "--front-matter").code == 0
    assert tree_of(folder / "content") == with_templates


def test_an_existing_site_says_where_pages_go(folder: Path) -> None:
    write(folder, **{"hugo.toml": HUGO, "docs/images/_index.md": "---\ntitle: Ours\n---\n"})
    before = tree_of(folder)
    assert tagpages("init", *GIVEN).code == 0
    made = catalog(folder)
    assert made.content == "docs/container-images"
    assert made.url == "/handbook/container-images/"
    assert made.base_url == "https://docs.acme.test"
    after = tree_of(folder)
    assert {path: after[path] for path in before} == before
    assert {path for path in after if path.startswith("layouts")} == {
        "layouts/tagpages-redirect.html"
    }
    assert "hugo.yaml" not in after
    assert b"/public/" not in after[".gitignore"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("hugo.toml", 'contentDir = "pages"'),
        ("hugo.yaml", "contentDir: pages"),
        ("hugo.yml", "contentdir: pages"),
        ("hugo.json", '{"contentDir": "pages"}'),
        ("config.toml", 'contentDir = "pages"'),
        ("config.yaml", "contentDir: pages"),
        ("config.json", '{"CONTENTDIR": "pages"}'),
        ("config/_default/hugo.toml", 'contentDir = "pages"'),
        ("config/_default/config.yaml", "contentDir: pages"),
    ],
)
def test_a_site_is_found_by_each_form_of_its_configuration(
    folder: Path, file: str, text: str
) -> None:
    write(folder, **{file: text})
    assert tagpages("init", *GIVEN).code == 0
    assert catalog(folder).content == "pages/images"


def test_a_folder_of_configuration_says_more_than_one_file(folder: Path) -> None:
    write(
        folder,
        **{
            "config/_default/hugo.toml": 'defaultContentLanguageInSubdir = true\ntheme = "own"\n',
            "config/_default/languages.toml": '[en]\ncontentDir = "content/en"\n',
            "config/_default/module.toml": '[[imports]]\npath = "github.com/acme/theme"\n',
        },
    )
    site = read_site(folder)
    assert site is not None
    assert (site.content, site.home) == ("content/en", "/en/")
    assert site.themes == ["own", "github.com/acme/theme"]


def test_a_mount_in_place_of_the_content_folder_is_where_pages_go(folder: Path) -> None:
    mount = '[[module.mounts]]\nsource = "handbook"\ntarget = "content"\n'
    write(folder, **{"hugo.toml": mount})
    assert tagpages("init", *GIVEN).code == 0
    assert catalog(folder).content == "handbook/images"


def test_the_address_of_a_folder_is_in_lower_case_as_hugo_has_it(folder: Path) -> None:
    assert tagpages("init", *GIVEN, "--content", "content/Images/All/").code == 0
    assert (catalog(folder).content, catalog(folder).url) == ("content/Images/All", "/images/all/")


@pytest.mark.parametrize("url", ["https://example.org/", "http://localhost:1313/", "/", ""])
def test_an_address_that_nobody_has_set_is_none(folder: Path, url: str) -> None:
    write(folder, **{"hugo.yaml": f"baseURL: '{url}'"})
    assert tagpages("init", *GIVEN).code == 0
    assert (catalog(folder).base_url, catalog(folder).url) == ("", "/images/")


def test_shortcodes_of_links_make_the_tab_bar_and_others_do_not(folder: Path) -> None:
    write(folder, **{"hugo.yaml": "theme: own"})
    theme = folder / "themes/own/layouts/shortcodes"
    write(theme, **{"tabs.html": "{{ .Inner }}", "tab.html": '{{ .Get "title" }}{{ .Inner }}'})
    assert tagpages("init", *GIVEN).code == 0
    assert not (folder / "templates/tabs.md.j2").exists()
    (folder / "catalog.yaml").unlink()
    (theme / "tab.html").write_text((ROOT / "preview/layouts/_shortcodes/tab.html").read_text())
    assert tagpages("init", *GIVEN).code == 0
    tabs = (folder / "templates/tabs.md.j2").read_text()
    sample = (ROOT / "templates/tabs.md.j2").read_text()
    assert tabs.partition("#}")[2] == sample.partition("#}")[2]


def test_a_catalog_that_is_there_stays_and_nothing_is_written(folder: Path) -> None:
    write(folder, **{"catalog.yaml": "tables: []\n"})
    run = tagpages("init", *GIVEN)
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"tagpages: {folder}/catalog.yaml is there already, and stays as it is: `tagpages doctor` "
        "tells whether it works; to start anew, move it away\n"
    )
    assert tree_of(folder) == {"catalog.yaml": b"tables: []\n"}


def test_a_file_that_is_there_stays_and_is_named(folder: Path) -> None:
    write(folder, **{"hugo.yaml": "", "templates/index.md.j2": "ours", ".gitignore": "/public"})
    run = tagpages("init", *GIVEN)
    assert run.code == 0
    assert "left as it is templates/index.md.j2\n" in run.err
    assert "changed .gitignore\n" in run.err
    assert (folder / "templates/index.md.j2").read_text() == "ours"
    assert (folder / ".gitignore").read_text().startswith("/public\n/.tagpages/\n")


def test_lines_that_are_there_are_not_written_twice(folder: Path) -> None:
    tagpages("init", *GIVEN)
    before = tree_of(folder)
    (folder / "catalog.yaml").unlink()
    run = tagpages("init", *GIVEN)
    assert run.code == 0
    assert tree_of(folder) == before
    assert run.err.startswith("added catalog.yaml\nleft as it is templates/index.md.j2\n")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"app.py": ""}, "is neither a Hugo site nor empty, there is app.py: run `tagpages init`"),
        ({"../hugo.toml": ""}, "lies in the Hugo site "),
        ({"hugo.toml": "a = "}, "cannot read the configuration of Hugo, "),
        ({"hugo.json": "[]"}, "hugo.json: it is no mapping"),
    ],
)
def test_where_no_site_can_be_made_nothing_is_written(
    folder: Path, files: dict[str, str], said: str
) -> None:
    write(folder, **files)
    before = tree_of(folder.parent)
    run = tagpages("init", *GIVEN)
    assert run.code == 2
    assert said in run.err
    assert tree_of(folder.parent) == before


@pytest.mark.parametrize("text", ['{"auths": {}}', "no JSON", "[]"])
def test_a_configuration_of_another_program_is_no_site(folder: Path, text: str) -> None:
    write(folder.parent, **{"config.json": text})
    assert tagpages("init", *GIVEN).code == 0
    assert (folder / "hugo.yaml").exists()


@pytest.mark.parametrize("name", ["README.md", "LICENSE", ".editorconfig"])
def test_what_every_repository_has_counts_as_empty(folder: Path, name: str) -> None:
    write(folder, **{name: "ours\n"})
    assert tagpages("init", *GIVEN).code == 0
    assert (folder / name).read_text() == "ours\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--registry", "registry.example.com/team"), "is no host, as `registry.example.com`"),
        (("--path", "team"), "--path team: `repository` names `{image}` once; for example"),
        (("--path", "Team/{image}"), "--path Team/{image}: `repository`: "),
        (("--kind", "docker"), "'docker' is not one of 'oci', 'acr', 'dockerhub', "),
        (("--kind", "gitlab"), "is not asked as `gitlab`: leave out --kind"),
        (("--kind", "ghcr"), "is not asked as `ghcr`: leave out --kind"),
        (("--content", "pages"), "--content pages: it is not below `content`"),
        (("--ci", "jenkins"), "'jenkins' is not one of 'github', 'gitlab', 'none'"),
    ],
)
def test_a_wish_that_cannot_be_is_a_mistake_and_nothing_is_written(
    folder: Path, options: tuple[str, str], said: str
) -> None:
    run = tagpages("init", *GIVEN, *options)
    assert run.code == 2
    assert said in run.err
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("registry", "kind"),
    [
        ("registry.example.com", "oci"),
        ("http://localhost:5000", "oci"),
        ("docker.io", "dockerhub"),
        ("ghcr.io", "ghcr"),
        ("quay.io", "quay"),
        ("europe-docker.pkg.dev", "google"),
        ("eu.gcr.io", "google"),
        ("evil-gcr.io", "oci"),
        ("acme.azurecr.io", "acr"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "ecr"),
        ("registry.gitlab.com", "gitlab"),
        ("registry.gitlab.example", "oci"),
    ],
)
def test_the_kind_fits_the_host(registry: str, kind: str) -> None:
    assert kind_of(registry) == kind


@pytest.mark.parametrize("kind", KINDS)
def test_the_catalog_of_each_kind_works_with_and_without_the_login_that_it_shows(
    folder: Path, kind: str
) -> None:
    hosts = {
        "dockerhub": "docker.io",
        "ecr": "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "ghcr": "ghcr.io",
        "gitlab": "registry.gitlab.com",
    }
    host = hosts.get(kind, "registry.example.com")
    run = tagpages("init", "--registry", host, "--path", "team/{image}", "--kind", kind)
    assert run.code == 0, run.err
    assert type(catalog(folder).tables[0].source).__struct_config__.tag == kind
    lines = (folder / "catalog.yaml").read_text().splitlines()
    logins = ("      # username:", "      # password:", "      # token:", "      # profile:")
    shown_lines = [line.replace("# ", "") if line.startswith(logins) else line for line in lines]
    assert shown_lines != lines
    (folder / "catalog.yaml").write_text("\n".join(shown_lines))
    catalog(folder)


def test_plain_http_that_is_asked_for_is_allowed(folder: Path) -> None:
    given = ("--registry", "http://registry.test:5000", "--path", "{image}")
    assert tagpages("init", *given).code == 0
    catalog(folder)


def test_without_a_terminal_what_is_missing_is_a_mistake(folder: Path) -> None:
    run = tagpages("init", "--registry", "registry.example.com")
    assert run == Run(
        2,
        "",
        "tagpages: --path is missing, and there is no terminal to ask: Where its images are, such "
        "as team/{image}\n",
    )
    assert not list(folder.iterdir())


def test_on_a_terminal_what_is_missing_is_asked_for(folder: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "generator", "init", "--registry", "registry.example.com"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.write(ours, b"team/{image}\njenkins\ngithub\n")
        out, err = process.communicate()
    os.close(ours)
    os.close(theirs)
    assert (process.returncode, out) == (0, "")
    assert "Where its images are, such as team/{image}: " in err
    assert err.count("The CI to write the nightly job for (github, gitlab, none) [none]: ") == 2
    assert (folder / ".github/workflows/tagpages.yml").exists()
    assert catalog(folder).tables[0].source.address("app").repository == "team/app"


def test_the_layout_of_redirects_is_that_of_the_sample_site(folder: Path) -> None:
    tagpages("init", *GIVEN)
    ours = ROOT / "hugo/layouts/tagpages-redirect.html"
    assert (folder / "layouts/_default/tagpages-redirect.html").read_text() == ours.read_text()


def test_the_workflow_of_github_is_ready_to_run(folder: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], check=True)
    assert tagpages("init", *GIVEN, "--registry", "127.0.0.1:1", "--ci", "github").code == 0
    text = (folder / ".github/workflows/tagpages.yml").read_text()
    workflow = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - no objects, and `on` stays a text
    assert set(workflow["on"]) == {"schedule", "workflow_dispatch"}
    checkout, ours = workflow["jobs"]["pages"]["steps"]
    assert re.fullmatch(r"actions/checkout@[0-9a-f]{40}", checkout["uses"])
    assert ours["uses"] == f"tagpages/tagpages@v{version('tagpages')}"
    assert ours["with"]["catalog"] == "catalog.yaml"
    line = "ok      ci: tagpages.yml may push its branch and open a pull request"
    assert line in tagpages("doctor", HOME="/nowhere").out.splitlines()


def test_the_pipeline_of_gitlab_includes_the_component(folder: Path) -> None:
    assert tagpages("init", *GIVEN, "--ci", "gitlab").code == 0
    (included,) = yaml.safe_load((folder / ".gitlab-ci.yml").read_text())["include"]
    release = version("tagpages")
    assert included["remote"].endswith(f"/tagpages/tagpages/v{release}/templates/nightly.yml")
    assert included["inputs"] == {"catalog": "catalog.yaml", "version": release}


def test_a_pipeline_that_is_there_stays_and_what_to_add_is_shown(folder: Path) -> None:
    write(folder, **{"hugo.yaml": "", ".gitlab-ci.yml": "test: {script: [make]}\n"})
    run = tagpages("init", *GIVEN, "--ci", "gitlab")
    assert run.code == 0
    assert "left as it is .gitlab-ci.yml\n  for the nightly job, add to it:\n" in run.err
    assert "include:\n  - remote: https://" in run.err
    assert (folder / ".gitlab-ci.yml").read_text() == "test: {script: [make]}\n"


def test_the_job_lies_in_the_root_of_the_repository_and_knows_the_folder_of_the_site(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "--quiet"], check=True)
    (folder / "docs").mkdir()
    monkeypatch.chdir(folder / "docs")
    assert tagpages("init", *GIVEN, "--ci", "github").code == 0
    workflow = (folder / ".github/workflows/tagpages.yml").read_text()
    assert "catalog: docs/catalog.yaml\n" in workflow


def test_in_a_site_with_a_theme_sections_get_the_layout_that_shows_their_text(folder: Path) -> None:
    write(folder, **{"hugo.yaml": "theme: own\n"})
    write(folder / "themes/own/layouts", **{"single.html": "{{ .Content }}", "list.html": "none"})
    assert tagpages("init", *GIVEN).code == 0
    text = (folder / "catalog.yaml").read_text()
    live = text[text.index("    source:\n") : text.index("\n# Which images get")]
    recorded = "    source: {kind: listing, path: tags.json}\n"
    (folder / "catalog.yaml").write_text(text.replace(live, recorded))
    (folder / "tags.json").write_text("[]")
    assert tagpages("build").code == 0
    assert "\nlayout: single\n---\n" in (folder / "content/images/_index.md").read_text()
    done = subprocess.run([sys.executable, "-m", "hugo", "build"], capture_output=True, check=False)
    assert done.returncode == 0
    assert "Default tag" in (folder / "public/images/index.html").read_text()
