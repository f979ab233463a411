"""What Renovate makes of a site's `renovate.json`, as docs configure it: `make test-long`.

Renovate, and the Node that it needs, come from npm. The site is a real Hugo's, served on loopback.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.hugo import hugo
from tests.support import ROOT, Listing, Site, addressed_tables, digest

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("renovate")]  # installed once

PACKAGES = ("renovate@44.121.2", "node@24")
NEW, OLD = "2024-06-02T10:00:00Z", "2023-06-01T10:00:00Z"
PUBLIC: Listing = {
    "app": [("latest", "a", NEW), ("1.2", "a", NEW), ("1.1", "b", OLD), ("1.0", "c", OLD)]
}
PRIVATE: Listing = {"app": [("1.1", "d", NEW), ("1.2", "e", NEW)]}
DOCKERFILE = f"""FROM registry.example.com/public/app:1.1@{digest("b")} AS old
FROM registry.example.com/public/app:1.2@{digest("f")} AS rebuilt
FROM registry.example.com/public/app:latest@{digest("f")}
"""
IMAGES = f"registry.example.com/private/app:1.1@{digest('d')}\n"


@pytest.fixture(scope="module")
def renovate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Renovate is installed."""
    folder = tmp_path_factory.mktemp("renovate")
    (folder / "package.json").write_text("{}")
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    subprocess.run(["npm", "install", *quiet, *PACKAGES], cwd=folder, check=True)
    return folder / "node_modules"


@pytest.fixture
def served(site: Site, tmp_path: Path) -> Iterator[str]:
    """The address of a site with two tables, as Hugo publishes it."""
    site.catalog(
        base_url="https://docs.example.com", outputs=["renovate"], tables=addressed_tables()
    )
    site.lists(PUBLIC, PRIVATE)
    site.build()
    done = hugo(site.content, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    # the test's Hugo serves the content folder at the root; the catalog says /ref/
    (tmp_path / "web").mkdir()
    (tmp_path / "out").rename(tmp_path / "web/ref")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "web"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def documented(address: str) -> str:
    """The configuration of docs/data.md, for the site at that address."""
    text = (ROOT / "docs/data.md").read_text()
    found = re.search(r"<!-- renovate: begin -->\n```json\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1].replace("https://docs.example.com", address)


def run(renovate: Path, program: str, folder: Path, *options: str) -> str:
    node = renovate / "node/bin/node"
    done = subprocess.run(
        [node, renovate / f"renovate/dist/{program}.js", *options],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": "json",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    return done.stdout


def updates_of(log: str) -> dict[tuple[str, str], list[tuple[str, str, str]]]:
    """By file and tag: the kind of each update, its new tag, and the new digest."""
    lines = map(json.loads, filter(None, log.splitlines()))
    files = next(line["config"] for line in lines if line["msg"] == "packageFiles with updates")
    return {
        (file["packageFile"], dep["currentValue"]): [
            (update["updateType"], update["newValue"], update["newDigest"])
            for update in dep["updates"]
        ]
        for manager in files.values()
        for file in manager
        for dep in file["deps"]
    }


def test_renovate_finds_new_tags_and_rebuilt_ones(
    renovate: Path, served: str, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "renovate.json").write_text(documented(served))
    (project / "Dockerfile").write_text(DOCKERFILE)
    (project / "images.txt").write_text(IMAGES)
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for command in (["init", "--quiet"], ["add", "--all"], [*who, "commit", "--quiet", "-mx"]):
        subprocess.run(["git", *command], cwd=project, check=True)

    run(renovate, "config-validator", project, "--strict")
    found = updates_of(run(renovate, "renovate", project, "--platform=local", "--dry-run=lookup"))

    assert found == {
        ("Dockerfile", "1.1"): [("minor", "1.2", digest("a"))],
        ("Dockerfile", "1.2"): [("digest", "1.2", digest("a"))],
        ("Dockerfile", "latest"): [("digest", "latest", digest("a"))],
        ("images.txt", "1.1"): [("minor", "1.2", digest("e"))],
    }
