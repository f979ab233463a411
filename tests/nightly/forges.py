"""Stand-ins for the interfaces of three forges, as far as a night uses them, and for their git.

Each answers as its documentation says: GitHub's REST reference "Pulls" (version 2022-11-28),
GitLab's "Merge requests API" and "CI/CD job token", Gitea's swagger (`repo…PullRequest`). Behind
all is the same state. Git is served by git's own CGI program, to whoever has the token.
"""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

TOKEN = "stand-in-for-a-secret"
JOB_TOKEN = "stand-in-for-the-token-of-a-job"
OWNER, REPOSITORY = "octo", "site"
PAGE = 2
"""Entries of a page of Gitea's, which it does not make longer than that."""


@dataclass
class Pull:
    """A pull request, whatever its forge calls it; `owner` is whose branch `head` is."""

    number: int
    title: str
    body: str
    head: str
    base: str
    owner: str = OWNER
    state: str = "open"


class Call(NamedTuple):
    """A request to a stand-in."""

    method: str
    path: str
    fields: Mapping[str, str]
    headers: Mapping[str, str]


class Refusal(Exception):  # noqa: N818 - an answer
    """A status that is no success, and the body that comes with it."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


@dataclass
class StandIn(AbstractContextManager["StandIn"]):
    """A forge on loopback that has one repository. While it is `down`, it answers 503."""

    remote: Path
    pulls: list[Pull] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    down: bool = False

    kind: ClassVar[str]
    token: ClassVar[str]
    body_limit: ClassVar[int]

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        host, port, *_ = self._server.server_address
        return f"http://{host!s}:{port}"

    def environ(self) -> dict[str, str]:
        """What its CI says of the repository and the run."""
        raise NotImplementedError

    def respond(self, call: Call) -> tuple[int, object]:
        """The answer to a call; raises Refusal."""
        raise NotImplementedError

    def ours(self, head: str, base: str) -> list[Pull]:
        """The open pull requests from a branch of the repository's own."""
        return [
            pull
            for pull in self.pulls
            if (pull.owner, pull.head, pull.base, pull.state) == (OWNER, head, base, "open")
        ]

    def add(self, title: str, body: str, head: str, base: str) -> Pull:
        self.pulls.append(Pull(len(self.pulls) + 1, title, body, head, base))
        return self.pulls[-1]

    def update(self, number: str, **values: str | None) -> Pull:
        pull = self.pulls[int(number) - 1]
        for name, value in values.items():
            if value is not None:
                setattr(pull, name, value)
        if len(pull.body) > self.body_limit:
            raise Refusal(422, {"message": "the text is too long"})
        return pull

    def is_ahead(self, head: str, base: str) -> bool:
        count = ["rev-list", "--count", f"refs/heads/{base}..refs/heads/{head}"]
        run = subprocess.run(
            ["git", "--git-dir", self.remote, *count], capture_output=True, check=False
        )
        return run.returncode == 0 and int(run.stdout) > 0


class GitHubStandIn(StandIn):
    kind, token, body_limit = "github", "GITHUB_TOKEN", 65_536
    pulls_path = f"/repos/{OWNER}/{REPOSITORY}/pulls"

    def environ(self) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": f"{OWNER}/{REPOSITORY}",
            "GITHUB_REF_NAME": "main",
        }

    def respond(self, call: Call) -> tuple[int, object]:
        if call.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, {"message": "Bad credentials", "status": "401"})
        number = call.path.removeprefix(self.pulls_path).strip("/")
        match call.method, number, dict(call.fields):
            case "GET", "", {"state": "open", "head": head, "base": base}:
                owner, _, branch = head.partition(":")
                assert owner == OWNER
                return 200, [self.shown(pull) for pull in self.ours(branch, base)]
            case "POST", "", {"head": head, "base": base, "title": title, "body": body}:
                self.check(head, base, body)
                return 201, self.shown(self.add(title, body, head, base))
            case "PATCH", number, fields if number.isdecimal():
                assert not fields.keys() - {"title", "body", "state"}
                return 200, self.shown(self.update(number, **fields))
        raise Refusal(404, {"message": "Not Found", "status": "404"})

    def check(self, head: str, base: str, body: str) -> None:
        wrong = ""
        if self.ours(head, base):
            wrong = f"A pull request already exists for {OWNER}:{head}."
        elif not self.is_ahead(head, base):
            wrong = f"No commits between {base} and {head}"
        elif len(body) > self.body_limit:
            wrong = f"body is too long (maximum is {self.body_limit} characters)"
        if wrong:
            raise Refusal(422, {"message": "Validation Failed", "errors": [{"message": wrong}]})

    @staticmethod
    def shown(pull: Pull) -> dict[str, object]:
        url = f"https://github.com/{OWNER}/{REPOSITORY}/pull/{pull.number}"
        head = {"label": f"{pull.owner}:{pull.head}", "ref": pull.head}
        return {
            "number": pull.number, "html_url": url, "state": pull.state,
            "title": pull.title, "body": pull.body, "head": head, "base": {"ref": pull.base},
        }  # fmt: skip


class GitLabStandIn(StandIn):
    kind, token, body_limit = "gitlab", "GITLAB_TOKEN", 1_048_576
    project, path = 42, "/api/v4/projects/42/merge_requests"

    def environ(self) -> dict[str, str]:
        return {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{self.url}/api/v4",
            "CI_PROJECT_ID": str(self.project),
            "CI_COMMIT_BRANCH": "main",
        }

    def respond(self, call: Call) -> tuple[int, object]:
        of_job = call.headers.get("JOB-TOKEN") == JOB_TOKEN
        if call.headers.get("PRIVATE-TOKEN") != TOKEN and not of_job:
            raise Refusal(401, {"message": "401 Unauthorized"})
        if of_job and call.method != "GET":
            raise Refusal(403, {"message": "403 Forbidden"})
        number = call.path.removeprefix(self.path).strip("/")
        match call.method, number, dict(call.fields):
            case "GET", "", {"state": "opened", "source_branch": head, "target_branch": base}:
                return 200, [
                    self.shown(pull)
                    for pull in reversed(self.pulls)  # the latest first, forks' as well
                    if (pull.head, pull.base, pull.state) == (head, base, "open")
                ]
            case "POST", "", {
                "source_branch": head, "target_branch": base, "title": title, "description": body,
            }:  # fmt: skip
                if self.ours(head, base):
                    text = "Another open merge request already exists for this source branch: !1"
                    raise Refusal(409, {"message": [text]})
                return 201, self.shown(self.add(title, body, head, base))
            case "PUT", number, fields if number.isdecimal():
                assert not fields.keys() - {"title", "description", "state_event"}
                state = {"close": "closed"}.get(fields.get("state_event", ""))
                texts = {"title": fields.get("title"), "body": fields.get("description")}
                return 200, self.shown(self.update(number, **texts, state=state))
        raise Refusal(404, {"error": "404 Not Found"})

    def shown(self, pull: Pull) -> dict[str, object]:
        source = self.project if pull.owner == OWNER else self.project + 1
        url = f"https://gitlab.com/{OWNER}/{REPOSITORY}/-/merge_requests/{pull.number}"
        return {
            "id": 1000 + pull.number, "iid": pull.number, "web_url": url,
            "state": {"open": "opened"}.get(pull.state, pull.state),
            "title": pull.title, "description": pull.body,
            "source_branch": pull.head, "target_branch": pull.base,
            "source_project_id": source, "target_project_id": self.project,
        }  # fmt: skip


class GiteaStandIn(StandIn):
    kind, token, body_limit = "gitea", "GITEA_TOKEN", 1 << 20
    pulls_path = f"/api/v1/repos/{OWNER}/{REPOSITORY}/pulls"

    def environ(self) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITEA_ACTIONS": "true",
            "GITHUB_SERVER_URL": self.url,
            "GITHUB_REPOSITORY": f"{OWNER}/{REPOSITORY}",
            "GITHUB_REF_NAME": "main",
        }

    def respond(self, call: Call) -> tuple[int, object]:
        if call.headers.get("Authorization") != f"token {TOKEN}":
            raise Refusal(401, {"message": "invalid username, password or token", "url": self.url})
        number = call.path.removeprefix(self.pulls_path).strip("/")
        match call.method, number, dict(call.fields):
            case "GET", "", {"state": "open", "page": page}:
                start = (int(page) - 1) * PAGE
                pulls = [pull for pull in self.pulls if pull.state == "open"]
                return 200, [self.shown(pull) for pull in pulls[start : start + PAGE]]
            case "POST", "", {"head": head, "base": base, "title": title, "body": body}:
                if self.ours(head, base):
                    raise Refusal(409, {"message": "pull request already exists for these targets"})
                return 201, self.shown(self.add(title, body, head, base))
            case "PATCH", number, fields if number.isdecimal():
                assert not fields.keys() - {"title", "body", "state"}
                return 201, self.shown(self.update(number, **fields))
        raise Refusal(404, {"message": "The target couldn't be found."})

    def shown(self, pull: Pull) -> dict[str, object]:
        head = {"ref": pull.head, "repo_id": 7 if pull.owner == OWNER else 8}
        url = f"{self.url}/{OWNER}/{REPOSITORY}/pulls/{pull.number}"
        return {
            "number": pull.number, "html_url": url, "state": pull.state, "title": pull.title,
            "body": pull.body, "head": head, "base": {"ref": pull.base, "repo_id": 7},
        }  # fmt: skip


STAND_INS: Mapping[str, Callable[[Path], StandIn]] = {
    "github": GitHubStandIn,
    "gitlab": GitLabStandIn,
    "gitea": GiteaStandIn,
}


def _handler(forge: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if url.path.startswith(f"/{OWNER}/{REPOSITORY}.git/"):
                self.git(url.path, url.query, body)
                return
            fields: dict[str, Any] = json.loads(body) if body else dict(parse_qsl(url.query))
            call = Call(self.command, url.path, fields, dict(self.headers))
            forge.calls.append(call)
            try:
                status, answer = forge.respond(call) if not forge.down else (503, {})
            except Refusal as refusal:
                status, answer = refusal.status, refusal.body
            self.reply(status, {"Content-Type": "application/json"}, json.dumps(answer).encode())

        do_GET = do_POST = do_PATCH = do_PUT = answer  # noqa: N815 - as the library calls them

        def git(self, path: str, query: str, body: bytes) -> None:
            """Let `git http-backend` answer (git-http-backend(1)), if the password is the token."""
            scheme, _, login = self.headers.get("Authorization", "").partition(" ")
            user, _, password = b64decode(login).decode().partition(":")
            if scheme != "Basic" or password != TOKEN:
                self.reply(401, {"WWW-Authenticate": 'Basic realm="git"'}, b"")
                return
            forge.users.append(user)
            run = subprocess.run(
                ["git", "http-backend"],
                input=body,
                env={
                    "PATH": os.environ["PATH"],
                    "GIT_PROJECT_ROOT": str(forge.remote),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "REMOTE_USER": user,
                    "REQUEST_METHOD": self.command,
                    "PATH_INFO": path.removeprefix(f"/{OWNER}/{REPOSITORY}.git"),
                    "QUERY_STRING": query,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "CONTENT_LENGTH": str(len(body)),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                },
                capture_output=True,
                check=True,
            )
            head, _, content = run.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
            self.reply(int(headers.pop("Status", "200").split()[0]), headers, content)

        def reply(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
