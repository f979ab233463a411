"""Progress of a collection: a bar on a terminal, a line a minute elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.registry import Stats

LINE_EVERY = 60.0
"""Seconds between two lines where there is no terminal."""


class Progress:
    """An observer of `collect` that counts, and shows nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.images = 0
        self.answered = 0
        self._clock = clock
        self._start = self._shown = clock()
        self._stats: Stats | None = None

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

    def __str__(self) -> str:
        """How far it is, in one line."""
        text = f"{self.answered:,} of {self.images:,} answers"
        if self._stats:
            rate = self._stats.requests / max(self._clock() - self._start, 1)
            text += f", {self._stats.requests:,} requests, {rate:.0f}/s"
            text += f", waited {self._stats.waited:.0f} s"
        return text


class Lines(Progress):
    """A line a minute on standard error."""

    def tick(self) -> None:
        """Some time has passed."""
        now = self._clock()
        if now - self._shown >= LINE_EVERY:
            self._shown = now
            sys.stderr.write(f"tagpages: {self}\n")


class Bar(Progress):
    """A bar on standard error, which is a terminal."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
        from rich.progress import Progress as RichProgress  # noqa: PLC0415

        self._bar = RichProgress(console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=None)

    def tick(self) -> None:
        """Some time has passed."""
        self._bar.update(
            self._task, description=str(self), completed=self.answered, total=self.images
        )

    @contextmanager
    def drawn(self) -> Iterator[Bar]:
        """The bar, shown while something is collected."""
        with self._bar:
            yield self


@contextmanager
def progress(*, shown: bool) -> Iterator[Progress]:
    """An observer for `collect`: a bar where standard error is a terminal."""
    if not shown:
        yield Progress()
    elif sys.stderr.isatty():
        with Bar().drawn() as bar:
            yield bar
    else:
        yield Lines()
