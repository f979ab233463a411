"""Chromium, as Debian has it, driven by Playwright; the sites that it reads, built by Hugo."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.browser import bare
from tests.browser.served import served
from tests.hugo import hugo
from tests.npm import installed
from tests.support import ROOT, Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = "4.14.1"

Open = Callable[..., "Page"]
"""Opens an address: `open(url, width=1280, dark=False, scripts=True)`."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser; while it is open, nothing else in this process may run an event loop."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed: `apt-get install chromium` installs it")
    playwright = pytest.importorskip("playwright.sync_api", reason="`make test-long` installs it")
    with (
        playwright.sync_playwright() as play,
        play.chromium.launch(executable_path=program, args=["--no-sandbox"]) as started,
    ):
        yield started


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """What opens a page, and fails the test if it loads from another host or logs anything.

    A page that is not `alone` has a theme's scripts, which may do both: of these nothing is told.
    """
    told: list[str] = []
    with ExitStack() as contexts:

        def opened(
            url: str,
            *,
            width: int = 1280,
            dark: bool = False,
            scripts: bool = True,
            alone: bool = True,
        ) -> Page:
            context = contexts.enter_context(
                browser.new_context(
                    viewport={"width": width, "height": 800},
                    color_scheme="dark" if dark else "light",
                    java_script_enabled=scripts,
                    permissions=["clipboard-read", "clipboard-write"],
                )
            )
            page = context.new_page()
            page.on(
                "pageerror",
                lambda error: told.extend([str(error)] * (alone or "tagpages" in str(error.stack))),
            )
            host = url.split("/")[2]
            if alone:
                page.on("console", lambda message: told.append(message.text))
                page.on("request", lambda sent: told.extend([sent.url] * (host not in sent.url)))
            else:
                page.route(lambda asked: host not in asked, lambda route: route.abort())
            page.goto(url)
            return page

        yield opened
    assert told == []


@pytest.fixture(scope="session")
def bare_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the bare site's pages."""
    site = Site(tmp_path_factory.mktemp("bare"))
    bare.write_pages(site, bare.images())
    with served(bare.build(site.root, bare.OWN_FILES)) as url:
        yield f"{url}/ref"


@pytest.fixture(scope="session")
def sample_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the sample site's pages."""
    folder = tmp_path_factory.mktemp("sample") / "site"
    done = hugo(ROOT / "content", folder)
    assert done.returncode == 0, done.stderr
    with served(folder) as url:
        yield f"{url}/chainguard/chainguard-images/reference"


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Page], list[str]]:
    """What lists where a page violates axe-core's rules: WCAG 2.2 AA, and best practices."""
    modules = installed(tmp_path_factory.mktemp("axe"), {"axe-core": AXE})
    source = (modules / "axe-core/axe.min.js").read_text()

    def violations(page: Page, inside: str = "html") -> list[str]:
        page.evaluate(source)
        found = page.evaluate("part => axe.run(part).then(result => result.violations)", inside)
        return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]

    return violations
