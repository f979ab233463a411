"""Errors that a user can act on, and the value that stands for one."""

from __future__ import annotations

import msgspec


class TagpagesError(Exception):
    """What happened, to what, and what to do, in one text for the user.

    Every error that tagpages raises on purpose is one of these; the command line
    prints its text without a traceback. The text never contains a secret.
    """


class UsageError(TagpagesError):
    """A mistake in the catalog or on the command line: nothing was written (exit code 2)."""


class SourceError(TagpagesError):
    """A source that is not worth asking for anything more this time."""


class Failure(msgspec.Struct, frozen=True):
    """An answer that could not be had, with the reason to report."""

    reason: str
