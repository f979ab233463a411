"""A small client for a forge's REST interface: JSON in, JSON out, and no secret in any text."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx
import msgspec

from generator.errors import UNREADABLE
from generator.forge.base import ForgeError
from generator.model import shown
from generator.registry.secrets import Secrets

T = TypeVar("T")

WAITS = (2.0, 10.0)
"""Seconds between the tries of a request whose failure may pass."""
LIMIT = 16 << 20
"""Bytes of an answer."""
_PASSING = frozenset({429, 502, 503, 504})
_REFUSALS = frozenset({401, 403, 404})
"""404 too: a forge does not show what a token may not see."""
_TIMEOUT = httpx.Timeout(30, connect=10)


class _Problem(msgspec.Struct):
    """The error bodies in use: `message` (GitLab: of any shape), `error`, GitHub's `errors`."""

    message: Any = ""
    error: Any = ""
    errors: Any = ""


class Api:
    """The requests of one repository: the interface at `address`, asked by whom `headers` log in.

    `needed` says what the token must be allowed to do, for the error of a refusal. Proxies and
    certificates come from the environment, as for registries. Redirects are not followed: none of
    the calls that we make has one, and none may carry the token elsewhere.
    """

    def __init__(
        self,
        address: str,
        headers: Mapping[str, str],
        token: str,
        needed: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = address
        self._needed = needed
        self._secrets = Secrets()
        self._secrets.add(token)
        self._sleep = sleep
        self._headers = {"User-Agent": "tagpages", **headers}

    def ask(self, method: str, path: str, kind: type[T], fields: Mapping[str, str]) -> T:
        """The answer as a value of `kind`. `fields` are the query of a GET, else the JSON body.

        A failure that may pass is tried again, but a POST only if it cannot have arrived: it would
        be done twice. Raises ForgeError.
        """
        sent: dict[str, Any] = {"params" if method == "GET" else "json": dict(fields)}
        url = f"{self._address}{path}"
        for wait in (*WAITS, None):
            try:
                status, body = self._exchange(method, url, sent)
            except httpx.TransportError as error:
                reason = f"cannot be reached: {type(error).__name__} {shown(str(error))}"
                again = method != "POST" or isinstance(error, httpx.ConnectError)
            else:
                if httpx.codes.is_success(status):
                    return self._decoded(url, body, kind)
                reason = f"answered {status} to {method}{self._said(body)}"
                if status in _REFUSALS:
                    reason += f": {self._needed}"
                again = method != "POST" and status in _PASSING
            if wait is None or not again:
                break
            self._sleep(wait)
        raise ForgeError(self._secrets.redacted(f"{url} {reason}"))

    def _exchange(self, method: str, url: str, sent: Mapping[str, Any]) -> tuple[int, bytes]:
        body = bytearray()
        with (
            httpx.Client(headers=self._headers, timeout=_TIMEOUT) as client,
            client.stream(method, url, **sent) as response,
        ):
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LIMIT:
                    raise ForgeError(f"{url} answered more than {LIMIT >> 20} MiB")
            return response.status_code, bytes(body)

    @staticmethod
    def _decoded(url: str, body: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(body, type=kind)
        except UNREADABLE as error:
            raise ForgeError(f"{url} did not answer what it should: {shown(str(error))}") from None

    @staticmethod
    def _said(body: bytes) -> str:
        """What an error's body says, ready to be put behind its status."""
        try:
            problem = msgspec.json.decode(body, type=_Problem)
        except UNREADABLE:
            return ""
        said = (problem.message, problem.error, problem.errors)
        return "".join(f" {shown(str(text))}" for text in said if text)
