"""Requests and replies as values, and what their headers say."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

import msgspec

from generator.errors import UNREADABLE, in_words
from generator.model import shown
from generator.registry.errors import LoginRefusedError, RegistryError, StatusError
from generator.registry.origin import Origin

T = TypeVar("T")

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s;,]*))?)*)")
_NEXT = re.compile(
    r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\"|next(?=\s|;|$))", re.IGNORECASE
)
_WANTS_HTTPS = re.compile(rb"HTTPS (?:port|server)|SSL-enabled", re.IGNORECASE)
"""What servers answer to plain http where they speak https: nginx, Go, Apache."""
_CODE = re.compile(r"[A-Za-z0-9_]{1,64}")


class Sign(Protocol):
    """How a request is signed, for APIs whose requests say when they were sent."""

    def __call__(self, request: Request, now: datetime) -> Request:
        """The request with its signature as of `now` (UTC)."""


@dataclass(frozen=True)
class Request:
    """One HTTP request. Its headers may hold secrets: it is never shown whole.

    `login` tells apart what it logs in with, user and password or a refresh token; empty for none.
    With `sign` each sending of it is signed anew: a signature does not outlive a long wait.
    """

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    login: str = field(default="", repr=False)
    sign: Sign | None = field(default=None, repr=False)

    @property
    def subject(self) -> str:
        """Origin and path, for an error; a query may hold a signature and is left out."""
        return self.url.partition("?")[0]

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of its `Authorization` nobody may see."""
        scheme, _, credential = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return (credential,) if credential else ()
        return credential, b64decode(credential).decode(errors="replace").partition(":")[2]

    def signed(self, now: datetime) -> Request:
        """The request as it is sent now."""
        return self.sign(self, now) if self.sign else self

    def authorised(self, authorization: str) -> Request:
        """The same request with an `Authorization`, if it is not empty.

        Raises RegistryError if it cannot stand in a header.
        """
        if not authorization:
            return self
        if not (authorization.isascii() and authorization.isprintable()):
            raise RegistryError(
                f"the token for {self.subject} has characters that no header may have: "
                "does it end with a line break?"
            )
        headers = {**self.headers, "Authorization": authorization}
        login = authorization if authorization.startswith("Basic ") else self.login
        return replace(self, headers=headers, login=login)


class Headers:
    """Header fields as they came, looked up without regard to case."""

    def __init__(self, raw: Sequence[tuple[bytes, bytes]]) -> None:
        self._raw = raw

    def all(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        key = name.lower().encode()
        return [value.decode("latin-1") for field, value in self._raw if field.lower() == key]

    def get(self, name: str) -> str:
        """The first value of a field, stripped; empty if there is none."""
        return next(iter(self.all(name)), "").strip()


@dataclass(frozen=True)
class Reply:
    """What a server answered to `url`, the whole body read (error bodies may be cut short).

    `refuses_login` tells a wrong login from other refusals: see `Logins`.
    """

    url: str
    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    refuses_login: bool = False

    def json(self, kind: type[T]) -> T:
        """The body as a value of `kind`; raises RegistryError if it is anything else."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except UNREADABLE as error:
            media = self.headers.get("content-type") or "no content type"
            raise RegistryError(
                f"{self.url.partition('?')[0]} did not answer what it should "
                f"({shown(media)}): {shown(in_words(error))}"
            ) from None

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type").partition(";")[0].strip().lower()

    @property
    def next_link(self) -> str:
        """The target of `Link: <…>; rel="next"` (RFC 8288), as written; empty if there is none.

        Raises RegistryError for a next page without a target: it would be the last one unnoticed.
        """
        for value in self.headers.all("link"):
            targets = [target for target, rest in _LINK.findall(value) if _NEXT.search(rest)]
            if targets and targets[0]:
                return str(targets[0])
            if targets or _NEXT.search(_LINK.sub("", value)):
                raise RegistryError(
                    f"{self.url.partition('?')[0]} names a next page in a `Link` that cannot be "
                    f"read: {shown(value)}"
                )
        return ""


class _Problem(msgspec.Struct):
    code: Any = ""
    message: Any = ""


class _Problems(msgspec.Struct, rename={"type": "__type", "capital": "Message"}):
    """The error bodies in use: OCI's `errors`, the bare `message` of vendor APIs, and AWS's.

    AWS (JSON 1.1) has the code in `__type`, after a `#` if there is one, and the message in
    `message` or `Message`.
    """

    errors: list[_Problem] = []
    message: Any = ""
    capital: Any = ""
    type: Any = ""


def status_error(
    request: Request, reply: Reply, redacted: Callable[[str], str] = str, login: str = ""
) -> StatusError:
    """The error for a reply that is no answer, with what its body says, `redacted`.

    `login` says where the login comes from, if one was used. The message is left out if the request
    had a body, which may have held a secret; what is signed holds none. The error is a
    LoginRefusedError if the reply refuses the login.
    """
    problems = _problems(reply.body)
    said_codes = [*(problem.code for problem in problems.errors), problems.type]
    codes = [code for said in said_codes if _CODE.fullmatch(code := str(said).rpartition("#")[2])]
    messages = [str(problem.message) for problem in problems.errors if problem.message]
    message = next(iter(messages), str(problems.message or problems.capital or ""))
    text = "" if request.body and not request.sign else redacted(message)
    said = " ".join([*map(redacted, codes[:1]), *([shown(text)] if text else [])])
    where = (
        request.subject
        if reply.url == request.url
        else f"{Origin.of(reply.url)} (for {request.subject})"
    )
    kind = LoginRefusedError if reply.refuses_login else StatusError
    return kind(
        f"{where} answered {reply.status}{f' {said}' if said else ''}",
        reply.status,
        frozenset(codes),
        _advice(reply, login),
    )


def _problems(body: bytes) -> _Problems:
    try:
        return msgspec.json.decode(body, type=_Problems)
    except UNREADABLE:
        return _Problems()


def _advice(reply: Reply, login: str) -> str:
    match reply.status:
        case HTTPStatus.UNAUTHORIZED if login:
            return f": the login that {login} names is not taken: is it right, and still valid?"
        case HTTPStatus.UNAUTHORIZED:
            return ": log in to it (`docker login`), or name credentials in the catalog"
        case HTTPStatus.FORBIDDEN if login:
            return f": the login that {login} names does not permit it"
        case HTTPStatus.FORBIDDEN:
            return ": this is not permitted without a login"
        case HTTPStatus.BAD_REQUEST if _WANTS_HTTPS.search(reply.body):
            return ": it speaks https: write `https://` before the host"
        case _:
            return ""
