"""A stand-in for GitHub's command `gh`, as far as `scripts/nightly.sh` uses it.

The subset: `gh api` on a repository's pull requests (REST: list, create, update) with fields,
placeholders and two `--jq` filters. State and the calls made are in the JSON file $FAKE_GH.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

OWNER, REPOSITORY = "octo", "site"
BODY_LIMIT = 65_536
PULLS = f"repos/{OWNER}/{REPOSITORY}/pulls"


def main() -> None:
    if not os.environ.get("GH_TOKEN"):
        raise SystemExit("gh: set the GH_TOKEN environment variable")
    file = Path(os.environ["FAKE_GH"])
    state = json.loads(file.read_text())
    state["calls"].append(sys.argv[1:])
    file.write_text(json.dumps(state))
    answer, query = respond(state["pulls"], sys.argv[1:])
    file.write_text(json.dumps(state))
    sys.stdout.write(filtered(answer, query) + "\n")


def respond(pulls: list[dict[str, Any]], arguments: list[str]) -> tuple[Any, str]:
    parser = argparse.ArgumentParser(prog="gh")
    parser.add_argument("command", choices=["api"])
    parser.add_argument("endpoint", type=filled)
    parser.add_argument("--method", required=True)
    parser.add_argument("-f", dest="fields", action="append", type=raw_field, default=[])
    parser.add_argument("-F", dest="fields", action="append", type=typed_field)
    parser.add_argument("--jq", required=True)
    call = parser.parse_args(arguments)
    fields = dict(call.fields)
    if len(fields.get("body", "")) > BODY_LIMIT:
        raise SystemExit("gh: Validation Failed (HTTP 422): body is too long")
    match call.method, call.endpoint.removeprefix(PULLS).strip("/"):
        case "GET", "":
            return listed(pulls, fields), call.jq
        case "POST", "":
            return created(pulls, fields), call.jq
        case "PATCH", number if number.isdecimal():
            return updated(pulls, int(number), fields), call.jq
    raise SystemExit(f"gh: Not Found (HTTP 404): {call.method} {call.endpoint}")


def listed(pulls: list[dict[str, Any]], fields: dict[str, str]) -> list[dict[str, Any]]:
    if fields.keys() != {"state", "base", "head"}:
        raise SystemExit(f"the stand-in cannot list by {sorted(fields)}")
    return [pull for pull in pulls if all(pull[key] == fields[key] for key in fields)]


def created(pulls: list[dict[str, Any]], fields: dict[str, str]) -> dict[str, Any]:
    base, head = fields["base"], f"{OWNER}:{fields['head']}"
    if listed(pulls, {"state": "open", "base": base, "head": head}):
        raise SystemExit(
            f"gh: Validation Failed (HTTP 422): a pull request already exists for {head}"
        )
    if not is_ahead(fields["head"], base):
        raise SystemExit(f"gh: Validation Failed (HTTP 422): no commits between {base} and {head}")
    number = len(pulls) + 1
    url = f"https://github.com/{OWNER}/{REPOSITORY}/pull/{number}"
    pulls.append({**fields, "number": number, "head": head, "state": "open", "html_url": url})
    return pulls[-1]


def updated(pulls: list[dict[str, Any]], number: int, fields: dict[str, str]) -> dict[str, Any]:
    if fields.keys() - {"title", "body", "state"}:
        raise SystemExit(f"the stand-in cannot update {sorted(fields)}")
    pulls[number - 1].update(fields)
    return pulls[number - 1]


def filtered(answer: Any, query: str) -> str:
    match query:
        case ".html_url":
            return str(answer["html_url"])
        case ".[0].number // empty":
            return str(answer[0]["number"]) if answer else ""
    raise SystemExit(f"the stand-in does not know the filter {query}")


def is_ahead(head: str, base: str) -> bool:
    git = ["git", "--git-dir", os.environ["FAKE_GH_REMOTE"]]
    count = subprocess.run(
        [*git, "rev-list", "--count", f"refs/heads/{base}..refs/heads/{head}"],
        capture_output=True,
        check=False,
    )
    return count.returncode == 0 and int(count.stdout) > 0


def raw_field(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def typed_field(text: str) -> tuple[str, str]:
    name, value = raw_field(text)
    return name, Path(value[1:]).read_text() if value.startswith("@") else filled(value)


def filled(text: str) -> str:
    return re.sub(r"{(owner|repo)}", lambda it: {"owner": OWNER, "repo": REPOSITORY}[it[1]], text)


if __name__ == "__main__":
    main()
