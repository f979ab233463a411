"""What every forge does for a night, and where a repository lies on it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from generator.errors import TagpagesError, UsageError

# An SSH address may be written as a URL, or as scp does: `git@host:path`.
_ADDRESS = re.compile(
    r"(?:(?P<scheme>https?|ssh|git)://|(?!\w+://))(?:[^@/]*@)?(?P<host>[^/:]+)(?P<port>:\d+(?=/))?"
    r"[:/]/*(?P<path>[^/].*?)(?:\.git)?/?"
)


class ForgeError(TagpagesError):
    """A forge that does not answer as it must."""


class Request(NamedTuple):
    """A pull request (GitLab says merge request): its number, and the page that shows it."""

    number: int
    url: str


class Login(NamedTuple):
    """What git logs in with where the remote asks for it."""

    user: str
    token: str


class Author(NamedTuple):
    """Whose the commits are, unless the environment says otherwise (GIT_AUTHOR_NAME, …)."""

    name: str
    email: str


class Forge(Protocol):
    """One repository on a forge. Every call raises ForgeError when it is refused or not answered.

    `remote` is what git fetches from and pushes to: a remote's name, or a URL. `base` is the branch
    that CI runs for, and `run` the address of the run's page; both are empty outside of CI.
    """

    remote: str
    login: Login
    author: Author
    base: str
    run: str

    def find(self, branch: str, base: str) -> Request | None:
        """The open request from this repository's own branch (not a fork's) to `base`, if any."""

    def open(self, branch: str, base: str, title: str, body: str) -> Request:
        """Open a request."""

    def edit(self, request: Request, title: str, body: str) -> Request:
        """Give an open request another title and text."""

    def close(self, request: Request, body: str) -> Request:
        """Close a request unmerged, with a text that says why."""


class Place(NamedTuple):
    """Where a repository lies: the web address of its forge, and its path there."""

    site: str
    path: str


def place_of(remote: str) -> Place:
    """Where the remote's address says that the repository lies; https unless it says http.

    Raises UsageError for an address that is no forge's.
    """
    found = _ADDRESS.fullmatch(remote)
    if not found or "/" not in found["path"]:
        raise UsageError(f"the remote `origin` ({remote or 'none'}) is no repository of a forge")
    port = found["port"] or "" if found["scheme"] in {"http", "https"} else ""
    scheme = "http" if found["scheme"] == "http" else "https"
    return Place(f"{scheme}://{found['host']}{port}", found["path"])


def token_of(environ: Mapping[str, str], name: str) -> str:
    """The token in an environment variable. Raises UsageError when there is none."""
    if token := environ.get(name, "").strip():
        return token
    raise UsageError(f"set the environment variable {name}: the forge is asked with that token")
