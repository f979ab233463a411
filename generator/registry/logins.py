"""Logins that servers have refused: a wrong password is sent once, not once an image.

Accounts are locked after a few wrong passwords. A 401 refuses the credentials of a request
(RFC 9110, section 15.5.2), and so does `invalid_grant` for a refresh token (RFC 6749, section 5.2);
a 403 refuses what was asked for. Some token servers answer 401 for a scope, too: a server that
has taken the login before means the scope.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from generator.registry.message import Reply, Request
from generator.registry.origin import Origin
from generator.registry.worktime import turn


@dataclass
class _Login:
    """What is known of one login at one server: nothing, that it was `taken`, or its `refusal`."""

    taken: bool = False
    refusal: Reply | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Logins:
    """The logins that were sent, by server."""

    def __init__(self) -> None:
        self._known: dict[tuple[Origin, str], _Login] = {}

    async def sent(self, request: Request, send: Callable[[], Awaitable[Reply]]) -> Reply:
        """The reply to a request, by `send`; for a login that was refused, its refusal again.

        While nothing is known of a login, one request alone finds out, and the others wait.
        """
        if not request.login:
            return await send()
        login = self._known.setdefault((Origin.of(request.url), request.login), _Login())
        async with turn(login.lock):
            if not (login.taken or login.refusal):
                reply = await send()
                login.taken = not _refuses(reply)
                if login.taken:
                    return reply
                login.refusal = replace(reply, refuses_login=True)
        if login.refusal:
            return replace(login.refusal, url=request.url)
        return await send()


def _refuses(reply: Reply) -> bool:
    return reply.status == HTTPStatus.UNAUTHORIZED or (
        reply.status == HTTPStatus.BAD_REQUEST and b'"invalid_grant"' in reply.body
    )
