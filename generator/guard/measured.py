"""What a rule measured, and when that is too much to believe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil, sqrt

from generator.guard.extent import Place

AT_LEAST = 3
"""Fewer tags, or images, than this are never too much to lose."""


@dataclass(frozen=True)
class Measured:
    """How much of a whole a rule counted, and when that is too much to believe.

    That is when there are `at_least` so many, and more than `limit` (a share) of the `whole`.
    `sentence` says it, and `places` which tags it is about. With `is_untimely` the time of the
    build itself may be wrong.
    """

    count: int
    whole: int
    limit: float
    at_least: int
    sentence: str
    places: Callable[[], Iterable[Place]]
    is_untimely: bool = False

    @property
    def is_too_much(self) -> bool:
        """Whether the limit is passed."""
        return self.count >= self.at_least and self.count > self.limit * self.whole

    @property
    def margin(self) -> float:
        """How much of what is allowed was counted: above 1 is too much."""
        return self.count / max(self.at_least, self.limit * self.whole, 1)

    @property
    def reason(self) -> str:
        """The sentence, with the limit that it is about."""
        limit = f"; the limit is {percent(self.limit)}" if 0 < self.limit < 1 else ""
        return f"{self.sentence}{limit}"


def at_least(whole: int) -> int:
    """How many of a whole are needed to be told from chance: this grows with its size."""
    return max(AT_LEAST, ceil(sqrt(whole) / 2))


def percent(share: float) -> str:
    """A share in percent, with one decimal unless it is 0."""
    return f"{share:.1%}".replace(".0%", "%")


def of(count: int, whole: int) -> str:
    """A number of a whole: `1,200 of 9,000`."""
    return f"{count:,} of {whole:,}"
