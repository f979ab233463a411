"""Progress of a collection: a bar on a terminal, a line a minute elsewhere."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from generator.registry import Stats

LINE_EVERY = 60.0
"""Seconds between two lines where there is no terminal."""
SILENT_AFTER = 5.0
"""After so many seconds without any answer, a host is told of."""


class Progress:
    """An observer of `collect`: it counts, and shows itself once in `every` seconds, or never.

    With `traces` it writes a line for each request, too.
    """

    def __init__(
        self,
        every: float = math.inf,
        show: Callable[[Progress], None] = lambda now: now.tell(str(now)),
        clock: Callable[[], float] = time.monotonic,
        *,
        traces: bool = False,
    ) -> None:
        self.trace = self.tell if traces else None
        self.images = 0
        self.answered = 0
        self._every = every
        self._show = show
        self._clock = clock
        self._start = self._shown = clock()
        self._stats: Stats | None = None
        self._told: set[str] = set()

    def expect(self, images: int) -> None:
        """So many more images will be asked for."""
        self.images += images

    def watch(self, stats: Stats) -> None:
        """These counters tell what goes over the network."""
        self._stats = stats

    def done(self) -> None:
        """One image has been answered, or has failed."""
        self.answered += 1

    def tell(self, line: str) -> None:
        """Write a line to standard error."""
        sys.stderr.write(f"tagpages: {line}\n")

    def tick(self) -> None:
        """Some time has passed."""
        now = self._clock()
        if self._stats and self._every < math.inf:
            self._tell_silent(self._stats, now)
        if now - self._shown >= self._every:
            self._shown = now
            self._show(self)

    def _tell_silent(self, stats: Stats, now: float) -> None:
        """Tell of each host once that does not answer."""
        for host, silence in stats.silent.items():
            if host not in self._told and now - silence.since >= SILENT_AFTER:
                self._told.add(host)
                reason = f" ({silence.reason})" if silence.reason else ""
                self.tell(f"{host} has not answered for {SILENT_AFTER:g} s{reason}: still trying")

    def __str__(self) -> str:
        """How far it is, in one line."""
        text = f"{self.answered:,} of {self.images:,} answers"
        if self._stats:
            rate = self._stats.requests / max(self._clock() - self._start, 1)
            text += f", {self._stats.requests:,} requests, {rate:.0f}/s"
            text += f", waited {self._stats.waited:.0f} s"
        return text


@contextmanager
def progress(
    *, shown: bool, traces: bool = False, clock: Callable[[], float] = time.monotonic
) -> Iterator[Progress]:
    """Give an observer for `collect`, shown on standard error; a bar is cleared at the end."""
    if traces or not (shown and sys.stderr.isatty()):
        yield Progress(LINE_EVERY if shown else math.inf, clock=clock, traces=traces)
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import Progress as Bar  # noqa: PLC0415 - likewise

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(now: Progress) -> None:
            bar.update(task, description=str(now), completed=now.answered, total=now.images)

        yield Progress(0, show, clock)
