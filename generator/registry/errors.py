"""What can go wrong between tagpages and a registry, as errors that a user can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.errors import SourceError, TagpagesError

if TYPE_CHECKING:
    from datetime import datetime


class RegistryError(TagpagesError):
    """A registry, or a server that it sent us to, did not answer as it must."""


class LimitError(RegistryError):
    """A list that is longer than any that we take."""


class StatusError(RegistryError):
    """A status that is no answer: `status`, and the error `codes` of the body, if it had any.

    `bare` is the text without advice.
    """

    def __init__(
        self, bare: str, status: int, codes: frozenset[str] = frozenset(), advice: str = ""
    ) -> None:
        super().__init__(bare + advice)
        self.bare = bare
        self.status = status
        self.codes = codes


class HiddenError(StatusError):
    """A repository that the registry does not show: there is none, or not for this login."""


class LoginRefusedError(StatusError, SourceError):
    """A login that the server refuses, and that is not sent to it again."""


class HostError(RegistryError):
    """A failure of a host, whatever it is asked for, that the next try would meet again."""


class SetupError(RegistryError, SourceError):
    """A mistake in the environment of this run, which every request would meet."""


class GivenUpError(RegistryError, SourceError):
    """A host that does not answer, request after request."""


class RateLimitedError(RegistryError, SourceError):
    """A rate limit that is not worth waiting for; `reset` (UTC) is when it ends."""

    def __init__(self, host: str, reset: datetime) -> None:
        super().__init__(
            f"{host} limits requests until {reset:%Y-%m-%d %H:%M:%S} UTC: build again then, "
            "with credentials that have a higher limit, or with a lower `concurrency`"
        )


class Fault(Exception):  # noqa: N818 - not an error yet: a reason to try again
    """A request that failed on its way and may succeed when it is repeated."""
