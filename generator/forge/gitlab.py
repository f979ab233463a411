"""GitLab, by the REST interface (docs.gitlab.com/api/merge_requests).

A job's own token may look for merge requests and fetch; to push and to write one takes a token of
the project (docs.gitlab.com/ci/jobs/ci_job_token).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from generator.forge.api import Api
from generator.forge.base import Author, Login, Request, place_of, token_of

_NEEDED = "GITLAB_TOKEN needs the scopes `api` and `write_repository`, and the role Developer"


class _MergeRequest(msgspec.Struct):
    iid: int
    web_url: str
    source_project_id: int | None = None
    target_project_id: int | None = None

    @property
    def request(self) -> Request:
        return Request(self.iid, self.web_url)


class GitLab:
    """A project on GitLab: that of the pipeline that runs us, else that of the remote."""

    def __init__(self, environ: Mapping[str, str], remote: str) -> None:
        self.login, headers = _credentials(environ)
        self.base = environ.get("CI_COMMIT_BRANCH", "")
        self.run = environ.get("CI_PIPELINE_URL", "")
        self.author = Author(
            environ.get("GITLAB_USER_NAME") or "tagpages",
            environ.get("GITLAB_USER_EMAIL") or "tagpages@noreply.invalid",
        )
        # the runner's own remote has the job's token in its URL, which may not push
        project = environ.get("CI_PROJECT_URL", "")
        self.remote = f"{project}.git" if project else "origin"
        api, identity = environ.get("CI_API_V4_URL", ""), environ.get("CI_PROJECT_ID", "")
        if not (api and identity):
            place = place_of(remote)
            api, identity = f"{place.site}/api/v4", quote(place.path, safe="")
        address = f"{api}/projects/{identity}/merge_requests"
        self._api = Api(address, headers, self.login.token, _NEEDED)

    def find(self, branch: str, base: str) -> Request | None:
        """The open merge request from this project's own branch to `base`, if there is one."""
        # forks have branches of the same name, and a page of 100 requests of them is unheard of
        fields = {
            "state": "opened", "source_branch": branch, "target_branch": base, "per_page": "100",
        }  # fmt: skip
        found = self._api.ask("GET", "", list[_MergeRequest], fields)
        ours = (it for it in found if it.source_project_id == it.target_project_id)
        return next((it.request for it in ours), None)

    def open(self, branch: str, base: str, title: str, body: str) -> Request:
        """Open a merge request."""
        fields = {"source_branch": branch, "target_branch": base, "title": title}
        return self._api.ask("POST", "", _MergeRequest, {**fields, "description": body}).request

    def edit(self, request: Request, title: str, body: str) -> Request:
        """Give an open merge request another title and text."""
        return self._change(request, {"title": title, "description": body})

    def close(self, request: Request, body: str) -> Request:
        """Close a merge request unmerged, with a text that says why."""
        return self._change(request, {"state_event": "close", "description": body})

    def _change(self, request: Request, fields: Mapping[str, str]) -> Request:
        return self._api.ask("PUT", f"/{request.number}", _MergeRequest, fields).request


def _credentials(environ: Mapping[str, str]) -> tuple[Login, dict[str, str]]:
    """What git logs in with, and what the interface is asked with.

    Raises UsageError when the environment has neither token.
    """
    job = environ.get("CI_JOB_TOKEN", "").strip()
    if job and not environ.get("GITLAB_TOKEN", "").strip():
        return Login("gitlab-ci-token", job), {"JOB-TOKEN": job}
    token = token_of(environ, "GITLAB_TOKEN")
    return Login("oauth2", token), {"PRIVATE-TOKEN": token}
