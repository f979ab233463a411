"""How many requests a host is sent at once: more while it answers quickly, fewer when it cannot.

Additive increase and multiplicative decrease, as TCP avoids congestion (RFC 5681, section 3.1), and
a memory of what was too much. Pure: times are given, in seconds of any one clock.
"""

from __future__ import annotations

from math import inf
from statistics import median

DEFAULT_CONCURRENCY = 64
"""The most requests at once, where the catalog does not say."""
FLOOR, START = 1, 4
"""The fewest requests at once, and those at first."""
STEP = 2
"""So many more after a round of quick answers: a round is as many answers as the limit."""
SLOW = 2.0
"""Answers that take more than so many times what they took in the quickest round are not quick."""
PATIENCE = 20
"""So many rounds the limit stays below what was too much before it is tried again."""


class Pace:
    """The limit of one host, between `FLOOR` and the ceiling."""

    def __init__(self, ceiling: int) -> None:
        self.limit = min(START, ceiling)
        self._ceiling = ceiling
        self._round: list[float] = []
        self._quickest = inf
        self._slowed = -inf
        self._too_much = inf
        self._patience = 0

    def answered(self, seconds: float) -> None:
        """Note an answer that took so long while the limit was used up."""
        self._round.append(seconds)
        if len(self._round) < self.limit:
            return
        typical = median(self._round)
        self._round.clear()
        self._quickest = min(self._quickest, typical)
        if typical <= SLOW * self._quickest:
            self._grow()

    def _grow(self) -> None:
        """Allow more; what was too much only after some rounds just below it."""
        if self.limit >= self._too_much:
            self._too_much = inf
        limit = min(self.limit + STEP, self._ceiling)
        if limit >= self._too_much:
            self._patience -= 1
            limit = int(self._too_much) - (self._patience > 0)
        self.limit = limit

    def overloaded(self, sent: float, now: float) -> None:
        """Note that the host could not keep up with a request that was sent then.

        The limit is halved once for all requests that were under way together.
        """
        if sent <= self._slowed:
            return
        self._slowed = now
        self._round.clear()
        self._too_much, self._patience = max(self.limit, FLOOR + 1), PATIENCE
        self.limit = max(self.limit // 2, FLOOR)
