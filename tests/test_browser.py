"""Hostile READMEs and SBOMs in a real browser: `make test-long`.

Each page is looked at in a frame, and tells what ran in it, what it could load, and where its
elements are.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.hostile_readmes import FOREIGN, READMES, build_readmes
from tests.hostile_sboms import CYCLONEDX, SPDX
from tests.hugo import hugo
from tests.support import Site
from tests.test_hostile_sboms import page

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("browser")]

PROBE = """<script>
window.ran = [];
alert = confirm = prompt = print = said => ran.push(String(said));
addEventListener("load", () => setTimeout(() => {
  const main = document.querySelector("main"), names = {};
  for (const element of main.querySelectorAll("*"))
    names[element.localName] = (names[element.localName] || 0) + 1;
  for (const link of document.links) if (link.protocol == "javascript:") link.click();
  setTimeout(() => parent.postMessage({
    ran,
    names,
    protocols: [...new Set([...document.links].map(link => link.protocol))],
    loaded: [...new Set([...document.images].map(image => new URL(image.src).protocol))],
    handlers: [...main.querySelectorAll("*")].filter(element =>
      [...element.attributes].some(attribute => attribute.name.startsWith("on"))).length,
    body: [...document.body.children].map(element => element.localName),
    headings: [...main.querySelectorAll("h1, h2")].map(element => element.localName),
  }, "*"), 50);
}, 50));
</script>"""
HARNESS = """<!doctype html><title>harness</title><pre id="told"></pre><script>
const pages = PAGES, told = {};
const next = () => {
  const page = pages.shift();
  if (page === undefined) { document.getElementById("told").textContent = JSON.stringify(told);
                            document.title = "done"; return; }
  const frame = document.createElement("iframe");
  const listen = event => {
    if (event.source != frame.contentWindow) return;
    told[page] = event.data; removeEventListener("message", listen); frame.remove(); next(); };
  addEventListener("message", listen);
  frame.src = page; document.body.append(frame);
};
next();
</script>"""
CONTROL = "<script>alert(1)</script><a href='javascript:alert(2)'>x</a><img src=x onerror=alert(3)>"


def told_by(site: Path, pages: list[str], profile: Path) -> dict[str, Any]:
    """What each of the pages told, in Chromium."""
    for file in site.rglob("index.html"):
        file.write_text(file.read_text().replace("<head>", f"<head>{PROBE}", 1))
    (site / "harness.html").write_text(HARNESS.replace("PAGES", json.dumps(pages)))
    handler = partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        options += ["--virtual-time-budget=600000", "--host-resolver-rules=MAP * ~NOTFOUND"]
        options[-1] += ", EXCLUDE 127.0.0.1"
        url = f"http://127.0.0.1:{server.server_port}/harness.html"
        done = subprocess.run(
            ["chromium", *options, "--dump-dom", url], capture_output=True, text=True, check=True
        )
        server.shutdown()
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2_000:]
    told: dict[str, Any] = json.loads(html.unescape(found[1]))
    return told


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What every hostile page told, and a page of ours that does run things."""
    if not shutil.which("chromium"):
        pytest.skip("chromium is not installed")
    site = Site(tmp_path_factory.mktemp("browser"))
    build_readmes(site)
    for name, document in (("spdx", SPDX), ("cyclonedx", CYCLONEDX)):
        (site.content / f"sbom-{name}.md").write_text(page(document))
    done = hugo(site.content, site.root / "site")
    assert done.returncode == 0, done.stderr
    control = site.root / "site" / "control"
    control.mkdir()
    (control / "index.html").write_text(
        f"<!doctype html><html><head></head><body><main>{CONTROL}</main></body></html>"
    )
    names = [*READMES, "sbom-spdx", "sbom-cyclonedx", "control"]
    profile = tmp_path_factory.mktemp("profile")
    return told_by(site.root / "site", [f"/{name}/" for name in names], profile)


def test_the_probe_notices_what_runs(told: dict[str, Any]) -> None:
    assert sorted(told["/control/"]["ran"]) == ["1", "2", "3"]
    assert told["/control/"]["handlers"] == 1


@pytest.mark.parametrize("name", [*READMES, "sbom-spdx", "sbom-cyclonedx"])
def test_nothing_runs_and_no_element_leaves_its_place(told: dict[str, Any], name: str) -> None:
    page = told[f"/{name}/"]
    assert page["ran"] == []
    assert page["handlers"] == 0
    assert set(page["protocols"]) <= {"http:", "https:", "mailto:"}
    assert set(page["loaded"]) <= {"https:"}
    assert FOREIGN.isdisjoint(page["names"])
    assert page["body"] == ["nav", "main"]
    assert page["headings"] == ["h1", "h2", "h2"]
