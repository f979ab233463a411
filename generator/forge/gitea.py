"""Gitea and Forgejo, by the REST interface (docs.gitea.com/api, operations `repo…PullRequest…`).

Their Actions set the variables of GitHub's, which is where the addresses come from in CI.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

import msgspec

from generator.forge.api import Api
from generator.forge.base import Author, Login, Request, place_of, token_of
from generator.forge.pulls import Pull, PullRequests

_NEEDED = "GITEA_TOKEN must be allowed to write to the repository (`write:repository`)"


class _Branch(msgspec.Struct):
    ref: str
    repo_id: int


class _Pull(Pull):
    head: _Branch
    base: _Branch


class Gitea(PullRequests):
    """A repository on Gitea: that of the workflow that runs us, else that of the remote."""

    remote = "origin"
    author = Author("gitea-actions", "teabot@gitea.io")

    def __init__(self, environ: Mapping[str, str], remote: str) -> None:
        token = token_of(environ, "GITEA_TOKEN")
        self.login = Login("x-access-token", token)  # any name does: the token says who it is
        self.base = environ.get("GITHUB_REF_NAME", "")
        site, path = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
        if not (site and path):
            site, path = place_of(remote)
        number = environ.get("GITHUB_RUN_NUMBER", "")
        self.run = f"{site}/{path}/actions/runs/{number}" if number else ""
        address = f"{site}/api/v1/repos/{path}/pulls"
        super().__init__(Api(address, {"Authorization": f"token {token}"}, token, _NEEDED))

    def find(self, branch: str, base: str) -> Request | None:
        """The open pull request from this repository's own branch to `base`, if there is one."""
        for page in count(1):  # the server decides how long a page is, whatever we ask for
            fields = {"state": "open", "limit": "50", "page": str(page)}
            pulls = self._api.ask("GET", "", list[_Pull], fields)
            for pull in pulls:
                is_own = pull.head.repo_id == pull.base.repo_id
                if is_own and (pull.head.ref, pull.base.ref) == (branch, base):
                    return pull.request
            if not pulls:
                break
        return None
