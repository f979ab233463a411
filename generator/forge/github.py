"""GitHub, and GitHub Enterprise Server, by the REST interface.

`gh` is not needed, and would not do: `gh pr edit` asks for more than the permission
`pull-requests: write` (github.com/cli/cli/issues/6274).
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.forge.api import Api
from generator.forge.base import Author, Login, Request, place_of, token_of
from generator.forge.pulls import Pull, PullRequests

_NEEDED = (
    "GITHUB_TOKEN needs `contents: write` and `pull-requests: write`, and the repository's settings"
    " must let GitHub Actions create pull requests"
)


class GitHub(PullRequests):
    """A repository on GitHub: that of the workflow that runs us, else that of the remote."""

    remote = "origin"
    author = Author("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")

    def __init__(self, environ: Mapping[str, str], remote: str) -> None:
        token = token_of(environ, "GITHUB_TOKEN")
        self.login = Login("x-access-token", token)
        self.base = environ.get("GITHUB_REF_NAME", "")
        site, api = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_API_URL", "")
        path = environ.get("GITHUB_REPOSITORY", "")
        if not (path and api):
            place = place_of(remote)
            site, path, api = site or place.site, path or place.path, api or _api(place.site)
        run = environ.get("GITHUB_RUN_ID", "")
        self.run = f"{site}/{path}/actions/runs/{run}" if run else ""
        self._owner = path.partition("/")[0]
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        super().__init__(Api(f"{api}/repos/{path}/pulls", headers, token, _NEEDED))

    def find(self, branch: str, base: str) -> Request | None:
        """The open pull request from this repository's own branch to `base`, if there is one."""
        fields = {"state": "open", "base": base, "head": f"{self._owner}:{branch}"}
        pulls = self._api.ask("GET", "", list[Pull], fields)
        return pulls[0].request if pulls else None


def _api(site: str) -> str:
    """The interface of GitHub itself, or of a server of one's own."""
    is_own = site != "https://github.com"
    return f"{site}/api/v3" if is_own else "https://api.github.com"
