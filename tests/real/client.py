"""How the tests ask: the `oci` source as a build would use it, and skopeo beside it."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from generator.model import Tag
from generator.registry import Keychain, Session
from generator.sources.base import Ask
from generator.sources.oci import Oci
from tests.real.shelf import AS_OF

NOBODY = {"HOME": "/nonexistent", "XDG_RUNTIME_DIR": "/nonexistent"}
"""An environment without any login."""

Skopeo = Callable[..., dict[str, Any]]
Answers = dict[str, dict[str, Tag] | None]


def pull(
    address: str,
    *names: str,
    env: Mapping[str, str] | None = None,
    repository: str = "team/{image}",
    **keys: Any,
) -> Answers:
    """The tags of images, by name: of `names`, or of all that the registry lists.

    `keys` are the source's in the catalog, `env` is the environment. Raises TagpagesError for an
    answer that cannot be had.
    """
    keys["repository"] = repository
    return asyncio.run(_pull(address, names, NOBODY | dict(env or {}), keys))


async def _pull(
    address: str, names: tuple[str, ...], env: Mapping[str, str], keys: Mapping[str, Any]
) -> Answers:
    async with Session(keychain=Keychain(env)) as session:
        ask = Ask(
            root=Path(),
            as_of=AS_OF,
            names=names,
            listed=not names,
            wanted=lambda _: True,
            known=lambda _: None,
            repositories={},
            session=lambda: session,
        )
        source = Oci(registry=address, **keys).open(ask)
        answers: Answers = {}
        for name in await source.names():
            tags = await source.tags(name)
            answers[name] = None if tags is None else {tag.name: tag for tag in tags}
        return answers


def run_skopeo(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [
            "skopeo",
            "--override-os=linux",
            "--override-arch=amd64",
            *arguments,
            "--tls-verify=false",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
