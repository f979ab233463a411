"""The time that the work on one image may take, and that on a whole source."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from generator.errors import TagpagesError
from generator.registry import working_at_most
from generator.sources.base import SourceSpec
from generator.sources.remote import RemoteSpec

T = TypeVar("T")


async def in_time(answer: Awaitable[T], spec: SourceSpec) -> T:
    """The answer of an image, awaited as long as the source allows one to be worked on.

    Raises TagpagesError when that is over.
    """
    seconds = spec.image_timeout
    if seconds is None:
        return await answer
    try:
        async with working_at_most(seconds):
            return await answer
    except TimeoutError:
        raise TagpagesError(
            f"no whole answer within {seconds / 60:g} minutes{_advice(spec)}"
        ) from None


def late(spec: SourceSpec) -> TagpagesError:
    """The error for a source that has taken all the time that it may."""
    return TagpagesError(
        f"not asked to its end within {(spec.time_limit or 0) / 60:g} minutes: what it answered "
        "counts; `deadline` of this source allows no more"
    )


def _advice(spec: SourceSpec) -> str:
    """What in the catalog says how fast the source is asked."""
    if not isinstance(spec, RemoteSpec):
        return ""
    requests = f"{spec.concurrency} request{'s' if spec.concurrency > 1 else ''}"
    return f"; `concurrency` of this source allows at most {requests} at a time"
