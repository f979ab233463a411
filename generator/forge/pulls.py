"""Pull requests by the REST interface that GitHub has, and Gitea and Forgejo have taken over."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from generator.forge.api import Api
from generator.forge.base import Request


class Pull(msgspec.Struct):
    """A pull request, as far as we read it."""

    number: int
    html_url: str

    @property
    def request(self) -> Request:
        """What a night keeps of it."""
        return Request(self.number, self.html_url)


class PullRequests:
    """The pull requests of one repository; each forge finds ours among them in its own way."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def open(self, branch: str, base: str, title: str, body: str) -> Request:
        """Open a pull request."""
        fields = {"head": branch, "base": base, "title": title, "body": body}
        return self._api.ask("POST", "", Pull, fields).request

    def edit(self, request: Request, title: str, body: str) -> Request:
        """Give an open pull request another title and text."""
        return self._change(request, {"title": title, "body": body})

    def close(self, request: Request, body: str) -> Request:
        """Close a pull request unmerged, with a text that says why."""
        return self._change(request, {"state": "closed", "body": body})

    def _change(self, request: Request, fields: Mapping[str, str]) -> Request:
        return self._api.ask("PATCH", f"/{request.number}", Pull, fields).request
