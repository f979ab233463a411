"""How long a page's own thread works, as the browser counts it: other programs do not count."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

DRAWN = "() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


class Work:
    """The milliseconds that a page has worked (Chrome DevTools Protocol, `Performance`)."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def done(self) -> float:
        """All of it so far, with the next frame drawn."""
        self._page.evaluate(DRAWN)
        told = self._session.send("Performance.getMetrics")["metrics"]
        seconds: float = next(item["value"] for item in told if item["name"] == "TaskDuration")
        return seconds * 1000

    def of_each(self, keys: Iterable[str]) -> list[float]:
        """What each of these key presses takes in the page's filter."""
        self._page.get_by_label("Filter").focus()
        times = [self.done()]
        for key in keys:
            self._page.keyboard.press(key)
            times.append(self.done())
        return [after - before for before, after in pairwise(times)]
