from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parent.parent / ".github" / "workflows"
PERMISSIONS = {
    "check.yml": {"contents": "read"},
    "nightly.yml": {"contents": "write", "pull-requests": "write"},
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
    assert [job["permissions"] for job in jobs(name)] == [PERMISSIONS[name]]


def test_no_expression_is_pasted_into_a_script(name: str) -> None:
    scripts = [step["run"] for step in steps(name) if "run" in step]
    assert not [script for script in scripts if "${{" in script]


def test_the_token_is_not_left_in_the_checkout(name: str) -> None:
    checkouts = [step for step in steps(name) if "actions/checkout@" in step.get("uses", "")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == ["false"]


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
