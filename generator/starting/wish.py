"""What somebody wants of `tagpages init`, checked, and what follows for a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from generator.errors import UsageError
from generator.sources import Spec
from generator.sources.remote import Host, check_repository
from generator.starting.hugo import HugoSite
from generator.starting.kinds import OF_THEIR_HOSTS, kind_of
from generator.starting.texts import Start

_FOLDERS = ("images", "container-images")
"""Where pages go below Hugo's content folder: the first that is not there yet, else the last."""
_ONE_HOST = frozenset({"dockerhub", "ghcr"})
"""The kinds of which there is one registry, so that the catalog does not name it."""


@dataclass(frozen=True)
class Wish:
    """The `registry` (a host), the `path` of its images with `{image}`, and the `kind` of source.

    `ci` is `github`, `gitlab` or `none`; `content` is the folder for the pages, by default one
    below the content folder of the site.
    """

    registry: str
    path: str
    kind: str
    ci: str = "none"
    content: str = ""

    def check(self) -> None:
        """Raise UsageError unless a catalog can say this."""
        try:
            msgspec.convert(self.registry, Host)
        except msgspec.ValidationError:
            raise UsageError(
                f"--registry {self.registry} is no host, as `registry.example.com` or "
                "`localhost:5000`; what comes behind it belongs into --path"
            ) from None
        if self.kind in OF_THEIR_HOSTS and kind_of(self.registry) != self.kind:
            raise UsageError(
                f"--registry {self.registry} is not asked as `{self.kind}`: leave out --kind"
            )
        try:
            check_repository(self.path)
            msgspec.convert({"kind": self.kind, "repository": self.path, **self._host()}, Spec)
        except ValueError as error:
            raise UsageError(
                f"--path {self.path}: {error}; for example: 'team/{{image}}'"
            ) from None

    def _host(self) -> dict[str, object]:
        if self.kind in _ONE_HOST:
            return {}
        return {"registry": self.registry, "insecure": self.registry.startswith("http://")}


def start_of(wish: Wish, root: Path, repository: Path, site: HugoSite | None) -> Start:
    """What the files in `root` are made of, in that repository; raises UsageError."""
    within = site.content if site else "content"
    content = wish.content.strip("/") or _free(within, lambda path: (root / path).exists())
    if not content.startswith(f"{within}/"):
        raise UsageError(
            f"--content {content}: it is not below `{within}`, the content folder of the Hugo site"
        )
    folder = root.relative_to(repository).as_posix()
    return Start(
        kind=wish.kind,
        registry=wish.registry,
        path=wish.path,
        content=content,
        url=f"{site.home if site else '/'}{content.removeprefix(f'{within}/').lower()}/",
        base_url=site.base_url if site else "",
        folder="" if folder == "." else folder,
    )


def _free(within: str, is_taken: Callable[[str], bool]) -> str:
    folders = [f"{within}/{name}" for name in _FOLDERS]
    return next((folder for folder in folders if not is_taken(folder)), folders[-1])
