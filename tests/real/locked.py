"""A registry that wants a login, over TLS if there is a certificate."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.real.distribution import Distribution
from tests.real.token_server import TokenServer

USER, PASSWORD = "reader", "a: pässword"
HTPASSWD = "reader:$2y$05$abcdefghijklmnopqrstuuxhf6mXk1Q3U9dnh8Eq0yhWQxPH.Y.6."
"""The user and the password as `htpasswd -nbB` writes them (bcrypt)."""


def basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


@contextmanager
def locked(kind: str, folder: Path, certificate: Path | None = None) -> Iterator[tuple[str, str]]:
    """A registry on the folder, locked by `htpasswd` or `token`.

    Its address, and the URL that gives tokens, if there is one.
    """
    if kind == "htpasswd":
        file = folder / "htpasswd"
        file.write_text(f"{HTPASSWD}\n")
        auth: dict[str, object] = {"htpasswd": {"realm": "the registry", "path": str(file)}}
        with Distribution(folder, auth, certificate=certificate) as registry:
            yield registry.address, ""
    else:
        with TokenServer({USER: PASSWORD}, certificate).running() as tokens:
            auth = tokens.configuration(folder)
            with Distribution(folder, auth, certificate=certificate) as registry:
                yield registry.address, tokens.realm
