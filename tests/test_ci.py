"""The files of three CIs, those of the documentation included: valid, safe, and run for real."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.nightly.forges import JOB_TOKEN, TOKEN, GitHubStandIn, GitLabStandIn
from tests.nightly.site import CATALOG, ROOT, Site
from tests.nightly.workflow import (
    Machine,
    StepError,
    action,
    component,
    load,
    pipeline,
    workflow,
)

DOCUMENT = (ROOT / "docs" / "ci.md").read_text()
SIMPLE, MATRIX, INCLUDE, GITEA = re.findall(r"```yaml\n(.*?)```\n", DOCUMENT, re.DOTALL)
COMPONENT = (ROOT / "templates" / "nightly.yml").read_text()
ACTION = load((ROOT / "action.yml").read_text())
OWN = (ROOT / ".github" / "workflows" / "nightly.yml").read_text()
SECRET = "what-opens-the-registry"
IMAGES = {f"image-{number}": {"1.0": "a", "latest": "b"} for number in range(12)}
CONTEXT = {
    "github.token": TOKEN,
    "github.ref": "refs/heads/main",
    "inputs.accept-loss": "",
    "secrets.REGISTRY_PASSWORD": SECRET,
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site on GitHub that has no pages yet."""
    with GitHubStandIn(tmp_path / "remote.git") as forge:
        site = Site(tmp_path, forge)
        site.found(CATALOG)
        site.listing(IMAGES)
        yield site


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[Site]:
    """A site on GitLab that has no pages yet."""
    with GitLabStandIn(tmp_path / "remote.git") as forge:
        site = Site(tmp_path, forge)
        site.found(CATALOG)
        site.listing(IMAGES)
        yield site


def pages(machine: Machine) -> int:
    return len(list(machine.work.glob("content/images/*/tags_history.md")))


def test_a_site_needs_a_workflow_of_fifteen_lines() -> None:
    assert len(SIMPLE.splitlines()) == 15


def test_the_documented_workflow_keeps_one_pull_request(site: Site) -> None:
    machine = workflow(site, SIMPLE, CONTEXT)["pages"]
    assert site.forge
    (pull,) = site.forge.pulls
    assert pull.title == "Image tags, 2024-06-03 00:00 UTC"
    assert machine.summary.read_text() == pull.body
    assert pages(machine) == 12
    site.nights += 1
    site.listing({**IMAGES, "new": {"1.0": "c"}})
    (site.folder / "pages").rename(site.folder / "pages-1")
    (site.folder / "pages-temp").rename(site.folder / "pages-1-temp")
    assert "going on from last night" in workflow(site, SIMPLE, CONTEXT)["pages"].log
    assert [pull.title for pull in site.forge.pulls] == ["Image tags, 2024-06-04 00:00 UTC"]


def test_this_repositorys_own_workflow_runs_the_action(site: Site) -> None:
    workflow(site, OWN, CONTEXT)
    assert site.forge
    assert len(site.forge.pulls) == 1


def test_each_step_of_the_action_sees_only_the_secrets_that_it_needs(site: Site) -> None:
    machine = workflow(site, SIMPLE, CONTEXT)["pages"]
    held = {
        step: (SECRET in machine.seen(step), TOKEN in machine.seen(step))
        for step in ("step-2", "collect", "build", "publish")
    }
    assert held == {
        "step-2": (False, True),
        "collect": (True, False),
        "build": (False, False),
        "publish": (False, True),
    }
    assert "REGISTRY_ENV" not in machine.seen("collect")


def test_the_action_tells_later_steps_how_the_night_was(site: Site) -> None:
    machine = Machine(site, "runner")
    assert action(machine, {}, CONTEXT) == {
        "changed": "true",
        "needs-look": "true",
        "held": "false",
        "report": ".tagpages/nightly/report.md",
        "answers": f"{machine.temp}/answers.jsonl.gz",
    }


def test_a_secret_that_is_no_assignment_ends_the_night_and_is_not_shown(site: Site) -> None:
    machine = Machine(site, "runner")
    with pytest.raises(StepError, match="a line of registry-env is not NAME=value") as raised:
        action(machine, {"registry-env": f"A=b\nTHE PASSWORD={SECRET}"}, CONTEXT)
    assert SECRET not in str(raised.value)


def test_a_runner_that_dies_costs_its_part_and_nothing_else(site: Site) -> None:
    action(Machine(site, "first"), {}, CONTEXT)
    site.merge()
    site.listing({name: {**tags, "2.0": "c"} for name, tags in IMAGES.items()})
    lacking = MATRIX.replace("shard: [1, 2, 3, 4]", "shard: [1, 2, 4]")
    machine = workflow(site, lacking, CONTEXT)["build"]
    written = list(machine.work.glob("content/images/*/tags_history.md"))
    renewed = [path for path in written if "`2.0`" in path.read_text()]
    assert 0 < len(renewed) < len(written) == 12
    assert site.forge
    assert "part 3 of 4 of the answers is missing" in site.forge.pulls[-1].body


def test_without_any_answers_a_night_fails_and_asks_nobody(site: Site) -> None:
    machine = Machine(site, "runner")
    with pytest.raises(StepError, match="no shard has left any answers in collected"):
        action(machine, {"answers": "collected"}, CONTEXT)
    assert pages(machine) == 0


@pytest.mark.parametrize("shards", ["1", "4"])
def test_the_component_collects_in_parallel_and_keeps_one_merge_request(
    gitlab: Site, shards: str
) -> None:
    spec, jobs = component(COMPONENT, {"shards": shards})
    assert spec["version"]["default"] == "0.1.0"
    machines = pipeline(
        gitlab,
        jobs,
        {"CI_PIPELINE_CREATED_AT": "2024-06-04T00:00:00Z", "CI_JOB_TOKEN": JOB_TOKEN},
        {
            "tagpages/collect": {"REGISTRY_PASSWORD": SECRET},
            "tagpages/publish": {"GITLAB_TOKEN": TOKEN},
        },
    )
    assert len(machines) == int(shards) + 1
    assert gitlab.forge
    (request,) = gitlab.forge.pulls
    assert request.title == "Image tags, 2024-06-04 00:00 UTC"
    assert pages(machines["tagpages-publish-1"]) == 12
    seen = [machines["tagpages-collect-1"].seen("script")]
    seen += [machines["tagpages-publish-1"].seen("script")]
    assert [(SECRET in it, TOKEN in it) for it in seen] == [(True, False), (False, True)]


def test_the_documented_include_gives_the_component_inputs_that_it_takes() -> None:
    (included,) = load(INCLUDE)["include"]
    assert included["component"].endswith("/nightly@v0.1.0")
    spec, _ = component(COMPONENT, included["inputs"])
    assert set(spec) >= set(included["inputs"])


def interpolated(shards: str) -> str:
    """The jobs of the component as GitLab reads them."""
    body = COMPONENT.partition("\n---\n")[2]
    spec, _ = component(COMPONENT, {})
    for name, its in {**spec, "shards": {"default": shards}}.items():
        body = body.replace(f"$[[ inputs.{name} ]]", its["default"])
    return body


def files(folder: Path) -> dict[str, list[Path]]:
    """All files of CIs, by the schema that holds for them."""
    head = COMPONENT.partition("\n---\n")[0] + "\n"
    texts = {"simple": SIMPLE, "matrix": MATRIX, "gitea": GITEA}
    gitlab = {"head": head, "body": interpolated("4"), "include": INCLUDE}
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    for name, text in {**texts, **gitlab}.items():
        (workflows / f"{name}.yml").write_text(text)
    return {
        "vendor.github-actions": [ROOT / "action.yml"],
        "vendor.github-workflows": [
            *(ROOT / ".github" / "workflows").iterdir(),
            *(workflows / f"{name}.yml" for name in texts),
        ],
        "vendor.gitlab-ci": [workflows / f"{name}.yml" for name in gitlab],
    }


def test_every_file_keeps_to_its_schema(tmp_path: Path) -> None:
    for schema, paths in files(tmp_path).items():
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
        run = subprocess.run([*command, *paths], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout


def test_nothing_unsafe_is_found_in_any_file_of_github(tmp_path: Path) -> None:
    paths = files(tmp_path)
    found = [*paths["vendor.github-actions"], *paths["vendor.github-workflows"]]
    config = tmp_path / "zizmor.yml"
    # an example names a release, and says that its commit is better; the rest are our own rules
    config.write_text(
        "rules:\n  unpinned-uses: {config: {policies: {tagpages/*: ref-pin, '*': hash-pin}}}\n"
        "  excessive-permissions: {ignore: [gitea.yml]}\n"
    )
    program = str(Path(sys.executable).parent / "zizmor")
    zizmor = [program, "--offline", "--no-progress", "--quiet", "--config", str(config)]
    run = subprocess.run([*zizmor, *found], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_every_action_is_pinned_and_no_expression_is_pasted_into_a_script() -> None:
    steps: list[dict[str, Any]] = ACTION["runs"]["steps"]
    assert not [step["name"] for step in steps if "${{" in step.get("run", "")]
    uses = re.findall(r"uses: (.*)", (ROOT / "action.yml").read_text())
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", it) for it in uses)
    assert len(uses) == sum("uses" in step for step in steps)


def test_the_inputs_and_outputs_of_the_action_are_documented() -> None:
    told = re.findall(r"^\| (`.*?) \|", DOCUMENT, re.MULTILINE)
    names = {name for cell in told for name in re.findall(r"`([\w-]+)`", cell)}
    assert names == {*ACTION["inputs"], *ACTION["outputs"]}
