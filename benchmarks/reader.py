"""What a reader waits for: pages in Chromium, measured by its own performance interfaces.

`python -m benchmarks.reader` prints the table of docs/speed.md. It needs what `make test-long`
installs.
"""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from playwright.sync_api import sync_playwright

from tests.browser import bare
from tests.browser.served import served
from tests.browser.work import Work
from tests.support import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

KEYS = (*"proxy-14", *["Backspace"] * 8)
RUNS = 5
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


class Times(NamedTuple):
    """Milliseconds: to the first paint, of work until all is loaded, and for each key press."""

    paint: float
    work: float
    presses: list[float]


def main() -> None:
    """Print the table."""
    print("| page | HTML | compressed | first paint | work to load | key press | longest |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for count in (800, 7500):
            images = {"app": bare.several(6)} | {f"proxy-{n}": bare.few() for n in range(count - 1)}
            measured(browser, f"index of {count:,} images", images, "ref", pages=["index"])
        tags = {"app": bare.several(250)}
        measured(browser, "500 tags", tags, "ref/app/tags_history", pages=["tags_history"])
        browser.close()


def measured(
    browser: Browser, name: str, images: dict[str, bare.Tags], path: str, **catalog: object
) -> None:
    """Print the line of one page."""
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        bare.write_pages(site, images, **catalog)
        public = bare.build(site.root, bare.OWN_FILES)
        html = (public / path / "index.html").read_bytes()
        with served(public) as url:
            runs = [times(browser.new_page(), f"{url}/{path}/") for _ in range(RUNS)]
    paint, work = (median(values) for values in zip(*[run[:2] for run in runs], strict=True))
    presses = [press for run in runs for press in run.presses]
    print(
        f"| {name} | {len(html) / 1000:,.0f} kB | {len(gzip.compress(html)) / 1000:,.0f} kB"
        f" | {paint:.0f} ms | {work:.0f} ms | {median(presses):.0f} ms | {max(presses):.0f} ms |"
    )


def times(page: Page, url: str) -> Times:
    """Load a page, and type into its filter and out again."""
    work = Work(page)
    page.goto(url, wait_until="networkidle")
    loaded = work.done()
    presses = work.of_each(KEYS)
    paint: float = page.evaluate(PAINT)
    page.close()
    return Times(paint, loaded, presses)


if __name__ == "__main__":
    main()
