"""What goes into `Authorization`, and where it may go.

A registry says what it wants with a challenge. A token realm on another origin is legitimate
(Docker Hub has one), but it is the classic way to steal credentials and to reach addresses that
only we can reach: see `_checked_realm`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from generator.registry.challenge import Challenge, challenges
from generator.registry.credentials import Credentials
from generator.registry.errors import RegistryError
from generator.registry.message import Reply
from generator.registry.origin import Origin, resolved
from generator.registry.tokens import Grant

if TYPE_CHECKING:
    from generator.registry.session import Session


class Auth(Protocol):
    """How an endpoint's requests are authorised."""

    @property
    def login(self) -> str:
        """Where the login comes from, for errors; empty without one."""

    async def header(self, scope: str) -> str:
        """The `Authorization` to send for a scope; empty to send none."""

    async def refused(self, scope: str, sent: str, reply: Reply) -> bool:
        """Learn from a 401; whether the request is worth another try, with a new `header`."""


@dataclass(frozen=True)
class Fixed:
    """Always the same header, such as a vendor API's token; the default is to be anonymous.

    `login` says where it comes from.
    """

    value: str = ""
    login: str = ""

    async def header(self, scope: str) -> str:  # noqa: ARG002 - the protocol's
        """The value, whatever the scope."""
        return self.value

    async def refused(self, scope: str, sent: str, reply: Reply) -> bool:  # noqa: ARG002 - the protocol's
        """There is nothing else to try."""
        return False


class Challenged:
    """Whatever the registry at `home` asks for: Bearer, Basic, or nothing."""

    def __init__(
        self, session: Session, home: Origin, credentials: Credentials | None = None
    ) -> None:
        if credentials:
            session.conceal(*credentials.secrets)
        self._session = session
        self._home = home
        self._credentials = credentials
        self._basic = False
        self._grants: dict[str, Grant] = {}
        self._proven: Grant | None = None

    @property
    def login(self) -> str:
        """Where the login comes from."""
        return self._credentials.source if self._credentials else ""

    async def header(self, scope: str) -> str:
        """By what the registry has asked for so far; for a new scope by a guess."""
        if self._credentials and self._credentials.bearer:
            return f"Bearer {self._credentials.bearer}"
        if self._basic and self._credentials:
            return self._credentials.basic
        grant = self._grants.get(scope)
        if grant is None:
            return await self._guessed(scope)
        token = await self._session.tokens.get(grant)
        self._proven = grant
        return f"Bearer {token}"

    async def _guessed(self, scope: str) -> str:
        """A token as the last challenge that led to one would have it; without one, nothing.

        The guess saves the next repository its challenge. It may be wrong: that repository may
        need no token, or another one.
        """
        if not self._proven:
            return ""
        try:
            return f"Bearer {await self._session.tokens.get(replace(self._proven, scope=scope))}"
        except RegistryError:
            self._proven = None
            return ""

    async def refused(self, scope: str, sent: str, reply: Reply) -> bool:
        """Take in the challenge; raises RegistryError if it names a realm that must not be used."""
        if self._credentials and self._credentials.bearer:
            return False
        found = {
            challenge.scheme: challenge
            for challenge in reversed(challenges(reply.headers.all("www-authenticate")))
        }
        if bearer := found.get("bearer"):
            return await self._bearer(bearer, scope, sent, reply)
        self._basic = "basic" in found and bool(self._credentials and self._credentials.username)
        if sent.startswith("Bearer ") and scope not in self._grants:
            self._proven = None
            return True
        return self._basic and not sent

    async def _bearer(self, challenge: Challenge, scope: str, sent: str, reply: Reply) -> bool:
        realm = await self._checked_realm(challenge, reply)
        asked = challenge.parameters.get("scope") or scope
        grant = Grant(
            realm, challenge.parameters.get("service", ""), asked, self._credentials, self._home
        )
        same = sent and grant == self._grants.get(
            scope, self._proven and replace(self._proven, scope=scope)
        )
        if same and challenge.parameters.get("error") == "insufficient_scope":
            return False
        self._session.tokens.drop(grant, sent.removeprefix("Bearer "))
        self._grants[scope] = grant
        return True

    async def _checked_realm(self, challenge: Challenge, reply: Reply) -> str:
        """The realm's URL, if it may be asked and, with credentials, if it may see them.

        It must be https if the registry is, and not at a private place unless the registry is
        there too. Credentials go to the registry's own origin, or where it sends them over a
        channel that nobody else could have written to: https, or loopback, to the same.
        """
        realm = resolved(reply.url, challenge.parameters.get("realm", ""))
        target, home = Origin.of(realm), self._home
        if home.scheme == "https" and target.scheme == "http":
            raise RegistryError(
                f"{home.netloc} names {target}, which is plain http, for its tokens: not asked"
            )
        await self._session.reach.check(target, home)
        safe = target == home or home.scheme == "https" or (home.loopback and target.loopback)
        if self._credentials and not safe:
            raise RegistryError(
                f"{home.netloc} names {target} for its tokens over plain http: "
                "credentials are not sent there"
            )
        return realm
