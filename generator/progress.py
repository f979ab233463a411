"""Progress of a collection: a bar on a terminal, a line a minute elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LINE_EVERY = 60.0
"""Seconds between two lines where there is no terminal."""


class Silent:
    """An observer that shows nothing."""

    def expect(self, images: int) -> None:
        """So many more images will be asked for."""

    def done(self) -> None:
        """One image has been answered, or has failed."""


@dataclass
class _Lines:
    """A line a minute on standard error."""

    total: int = 0
    count: int = 0
    last: float = 0.0

    def expect(self, images: int) -> None:
        self.total += images
        self.last = self.last or time.monotonic()

    def done(self) -> None:
        self.count += 1
        now = time.monotonic()
        if now - self.last >= LINE_EVERY:
            self.last = now
            sys.stderr.write(f"tagpages: {self.count} of {self.total} answers\n")


@contextmanager
def progress(*, shown: bool) -> Iterator[Silent | _Lines]:
    """An observer for `collect` that shows how far it is."""
    yield _Lines() if shown else Silent()
