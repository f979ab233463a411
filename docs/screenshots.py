"""Take the pictures in docs/images: pages of the committed content, built by Hugo, in Chromium.

`python -m docs.screenshots` needs what `make test-long` installs. Look at what it made before
you commit it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

from tests.browser.served import served
from tests.hugo import hugo

ROOT = Path(__file__).parent.parent
REFERENCE = "chainguard/chainguard-images/reference"
PAGES = {
    "tags-history": f"{REFERENCE}/calico-apiserver/tags_history/#public-registry",
    "index": f"{REFERENCE}/",
}
WIDTHS = {360: 640, 1280: 720}
"""CSS pixels: the height of each width."""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main() -> None:
    """Take a picture of each page at each width, in each theme."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        done = hugo(ROOT / "content", Path(folder))
        if done.returncode:
            raise SystemExit(done.stderr)
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        with served(Path(folder)) as url:
            for name, path in PAGES.items():
                for width, height in WIDTHS.items():
                    for theme in THEMES:
                        page = browser.new_page(
                            viewport={"width": width, "height": height}, color_scheme=theme
                        )
                        page.goto(f"{url}/{path}", wait_until="networkidle")
                        picture = ROOT / f"docs/images/{name}-{width}-{theme}.png"
                        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main()
