from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".github" / "workflows"
PERMISSIONS: dict[str, dict[str, dict[str, str]]] = {
    "check.yml": {"pages": {"contents": "read"}},
    "nightly.yml": {"pages": {"contents": "write", "pull-requests": "write"}},
    "release.yml": {
        "build": {"contents": "read", "id-token": "write", "attestations": "write"},
        "pypi": {"id-token": "write"},
        "github": {"contents": "write"},
        "image": {"contents": "read", "packages": "write"},
    },
    "test.yml": {"test": {"contents": "read"}},
}


@pytest.fixture(params=sorted(PERMISSIONS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def load(name: str) -> Any:
    # the base loader leaves `on` a text, where YAML 1.1 makes it a truth value
    return yaml.load((FOLDER / name).read_text(), yaml.BaseLoader)  # noqa: S506 - no objects


def jobs(name: str) -> list[dict[str, Any]]:
    return list(load(name)["jobs"].values())


def steps(name: str) -> Iterator[dict[str, Any]]:
    for job in jobs(name):
        yield from job["steps"]


def test_every_workflow_is_tested() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PERMISSIONS)


def test_every_action_is_pinned_by_commit_and_names_its_version(name: str) -> None:
    lines = re.findall(r"uses: ([^.].*)", (FOLDER / name).read_text())
    others = [step["uses"] for step in steps(name) if not step.get("uses", "./").startswith("./")]
    assert len(lines) == len(others)
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", it) for it in lines)


def test_a_job_may_do_what_it_must_and_no_more(name: str) -> None:
    assert load(name)["permissions"] == {}
    assert {key: job["permissions"] for key, job in load(name)["jobs"].items()} == PERMISSIONS[name]


def test_no_expression_is_pasted_into_a_script(name: str) -> None:
    scripts = [step["run"] for step in steps(name) if "run" in step]
    assert not [script for script in scripts if "${{" in script]


def test_the_token_is_not_left_in_the_checkout(name: str) -> None:
    checkouts = [step for step in steps(name) if "actions/checkout@" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)


def test_the_nightly_job_is_the_action_of_this_repository() -> None:
    checkout, action = steps("nightly.yml")
    assert checkout["with"]["fetch-depth"] == "0"
    assert (action["uses"], list(action["with"])) == ("./", ["accept-loss"])


def test_a_job_ends_and_two_runs_do_not_cross(name: str) -> None:
    assert all(int(job["timeout-minutes"]) <= 120 for job in jobs(name))
    assert "${{ github.ref }}" in load(name)["concurrency"]["group"]


def test_a_night_is_never_cut_off_by_the_next() -> None:
    assert load("nightly.yml")["concurrency"]["cancel-in-progress"] == "false"


def test_the_nightly_job_runs_by_the_clock_and_by_hand() -> None:
    triggers = load("nightly.yml")["on"]
    assert sorted(triggers) == ["schedule", "workflow_dispatch"]
    assert sorted(triggers["workflow_dispatch"]["inputs"]) == ["accept-loss"]


def test_the_check_runs_on_pull_requests_only() -> None:
    assert list(load("check.yml")["on"]) == ["pull_request"]
    assert [step["run"] for step in steps("check.yml") if "run" in step] == [
        "make check ARGS=--diff"
    ]


def test_the_tests_run_on_all_supported_versions_of_python() -> None:
    (job,) = jobs("test.yml")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    supported = [
        entry.rpartition(" ")[2] for entry in project["classifiers"] if ":: Python ::" in entry
    ]
    assert job["strategy"]["matrix"]["python"] == supported
    assert f">={supported[0]}" == project["requires-python"]
    assert [step["run"] for step in job["steps"] if "run" in step] == ["make test"]


def test_a_release_is_published_only_after_it_is_built_and_attested() -> None:
    release = load("release.yml")
    assert release["on"] == {"push": {"tags": ["v*"]}}
    assert {key: job.get("needs") for key, job in release["jobs"].items()} == {
        "build": None,
        "pypi": "build",
        "github": "pypi",
        "image": "pypi",
    }
    build = [step.get("uses", step.get("run", "")) for step in release["jobs"]["build"]["steps"]]
    assert [
        text.partition("@")[0] for text in build if "make release" in text or "attest" in text
    ] == [
        "make release",
        "actions/attest-build-provenance",
        "actions/attest-sbom",
    ]


def test_no_workflow_keeps_a_token_for_pypi() -> None:
    text = (FOLDER / "release.yml").read_text()
    assert "secrets." not in text
    assert "password:" not in text
