"""Small stand-ins for the runners of GitHub and GitLab: they run the files that we ship, and docs'.

Scripts run as there, in bash. The actions of others are replaced by what they do for us: a
checkout is a clone, an artifact a file that is copied; the cache and the installed Python are not
needed. An expression may be a name (`inputs.shard`) or a comparison with `''`; any other fails.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.nightly.site import ROOT, Site

EXPRESSION = re.compile(r"\$\{\{ ?(.*?) ?\}\}")
INPUT = re.compile(r"\$\[\[ inputs\.([\w-]+) \]\]")
PROGRAM = f"""\
#!/bin/sh
env >"$RUNNER_TEMP/seen-by-$STEP"
exec '{sys.executable}' -m generator "$@"
"""

Values = Mapping[str, str]


def load(text: str) -> Any:
    # the base loader leaves `on` a text, where YAML 1.1 makes it a truth value
    return yaml.load(text, yaml.BaseLoader)  # noqa: S506 - no objects


class StepError(Exception):
    """A step that has failed, with its log."""


@dataclass
class Machine:
    """A runner: a clone of the site to work in, and a folder of its own for the rest."""

    site: Site
    name: str
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.work = self.site.clone(self.name)
        self.temp = self.site.folder / f"{self.name}-temp"
        programs = self.temp / "tagpages" / "bin"
        programs.mkdir(parents=True)
        (programs / "tagpages").write_text(PROGRAM)
        (programs / "tagpages").chmod(0o755)
        self.summary = self.temp / "summary.md"
        self.log = ""

    def bash(self, step: str, script: str, environ: Values) -> dict[str, str]:
        """Run a script; its outputs. Raises StepError."""
        outputs = self.temp / f"outputs-of-{step}"
        outputs.touch()
        forge = self.site.forge.environ() if self.site.forge else {}
        run = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.work,
            env={
                **self.site.environ,
                **self.site.time(),
                **forge,
                **self.environ,
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_OUTPUT": str(outputs),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "STEP": step,
                **environ,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.log += run.stdout
        if run.returncode:
            raise StepError(f"{step}: exit {run.returncode}\n{run.stdout}")
        return dict(line.split("=", 1) for line in outputs.read_text().splitlines())

    def seen(self, step: str) -> str:
        """The environment that tagpages had in a step."""
        return (self.temp / f"seen-by-{step}").read_text()


def action(machine: Machine, given: Values, context: Values) -> dict[str, str]:
    """Run the steps of `action.yml` with these inputs; its outputs. They are not installed."""
    spec = load((ROOT / "action.yml").read_text())
    assert not given.keys() - spec["inputs"].keys()
    known = dict(context)
    for name, its in spec["inputs"].items():
        known[f"inputs.{name}"] = given.get(name, evaluated(its["default"], known))
    for number, step in enumerate(spec["runs"]["steps"]):
        if "uses" in step or step["name"].startswith("Install"):
            continue
        if applies(step.get("if", ""), known):
            environ = {name: evaluated(text, known) for name, text in step["env"].items()}
            name = step.get("id", f"step-{number}")
            for key, value in machine.bash(name, step["run"], environ).items():
                known[f"steps.{name}.outputs.{key}"] = value
    values = {name: its["value"] for name, its in spec["outputs"].items()}
    return {name: evaluated(text, known) for name, text in values.items()}


def workflow(site: Site, text: str, context: Values) -> dict[str, Machine]:
    """Run a workflow's jobs in order, those of a matrix at the same time; the machines, by name."""
    machines: dict[str, Machine] = {}
    shared: dict[str, str] = dict(context)
    artifacts = site.folder / "artifacts"
    for name, job in load(text)["jobs"].items():
        matrix = job.get("strategy", {}).get("matrix", {"": [""]})
        ((axis, values),) = matrix.items()
        own = {f"{name}-{value}".strip("-"): value for value in values}
        machines |= {each: Machine(site, each) for each in own}
        with ThreadPoolExecutor() as pool:
            runs = [
                pool.submit(
                    _job, machines[each], job, {**shared, f"matrix.{axis}": value}, artifacts
                )
                for each, value in own.items()
            ]
            for run in runs:
                shared |= {f"needs.{name}.outputs.{key}": it for key, it in run.result().items()}
    return machines


def _job(machine: Machine, job: Any, context: Values, artifacts: Path) -> dict[str, str]:
    known = dict(context)
    for number, step in enumerate(job["steps"]):
        name = step.get("id", f"step-{number}")
        given = {key: evaluated(text, known) for key, text in step.get("with", {}).items()}
        outputs: dict[str, str] = {}
        match step.get("uses", "").partition("@")[0]:
            case "":
                outputs = machine.bash(name, step["run"], step.get("env", {}))
            case "actions/checkout":
                assert given == {"fetch-depth": "0", "persist-credentials": "false"}
            case "actions/upload-artifact":
                (artifacts / given["name"]).mkdir(parents=True)
                shutil.copy(given["path"], artifacts / given["name"])
            case "actions/download-artifact":
                assert given["merge-multiple"] == "true"
                for folder in artifacts.glob(given["pattern"]):
                    shutil.copytree(folder, machine.work / given["path"], dirs_exist_ok=True)
            case uses:
                assert uses in {"./", "tagpages/tagpages"}
                outputs = action(machine, given, known)
        known |= {f"steps.{name}.outputs.{key}": value for key, value in outputs.items()}
    return {key: evaluated(text, known) for key, text in job.get("outputs", {}).items()}


def evaluated(text: str, context: Values) -> str:
    """The text with its expressions replaced; what a skipped step would have put out is empty."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        return context.get(name, "") if name.startswith("steps.") else context[name]

    return EXPRESSION.sub(value, text)


def applies(condition: str, context: Values) -> bool:
    """Whether a condition of ours holds."""
    if not condition:
        return True
    name, _, value = condition.partition(" == ")
    assert value == "''"
    return context[name] == ""


def component(text: str, inputs: Values) -> tuple[Any, Any]:
    """A GitLab component as its two documents: what it takes, and the jobs with these inputs."""
    head, _, body = text.partition("\n---\n")
    spec = load(head)["spec"]["inputs"]
    assert not inputs.keys() - spec.keys()
    given = {name: inputs.get(name, its.get("default")) for name, its in spec.items()}
    return spec, load(INPUT.sub(lambda it: str(given[it[1]]), body))


def pipeline(
    site: Site, jobs: Any, environ: Values, secrets: Mapping[str, Values]
) -> dict[str, Machine]:
    """Run the jobs of `templates/nightly.yml`; each has the secrets of its environment."""
    artifacts: list[Path] = []
    machines: dict[str, Machine] = {}
    for name in ("tagpages-collect", "tagpages-publish"):
        job = jobs[name]
        variables = jobs[".tagpages"]["variables"] | job.get("variables", {})
        env = {**variables, **environ, **secrets[job["environment"]["name"]]}
        of = int(job.get("parallel", "1"))
        own = {number: Machine(site, f"{name}-{number}") for number in range(1, of + 1)}
        with ThreadPoolExecutor() as pool:
            runs = [
                pool.submit(_gitlab_job, machine, job, artifacts, {**env, **_node(number, of)})
                for number, machine in own.items()
            ]
            artifacts = [path for run in runs for path in run.result()]
        machines |= {machine.name: machine for machine in own.values()}
    return machines


def _gitlab_job(
    machine: Machine, job: Any, artifacts: Sequence[Path], environ: Values
) -> list[Path]:
    for path in artifacts:
        shutil.copy(path, machine.work)
    programs = f"PATH={machine.temp}/tagpages/bin:$PATH"
    machine.bash("script", "\n".join([programs, *job["script"]]), environ)
    return [path for it in job["artifacts"]["paths"] for path in machine.work.glob(it)]


def _node(number: int, of: int) -> dict[str, str]:
    """What a job is told of its place among others; nothing if it is alone."""
    return {"CI_NODE_INDEX": str(number), "CI_NODE_TOTAL": str(of)} if of > 1 else {}
