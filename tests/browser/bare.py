"""A bare site: ten lines of layout that mount the component, and pages of all kinds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from generator.content.details import encode_details
from generator.facts.base import Details, Found
from generator.facts.evidence import SIGNATURE_TYPE, Evidence
from generator.facts.image import Config, ImageFacts, Platform
from generator.facts.packages import Packages
from generator.facts.sbom import Package
from tests.support import AS_OF, ROOT, Site

LAYOUT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ .Title }}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/site.css">
{{ partial "tagpages/head.html" . }}
</head>
<body>
<main>
<h1>{{ .Title }}</h1>
{{ .Content }}
</main>
</body>
</html>
"""
STYLE = """:root { color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  html { background: #14171c; color: #e3e7ed; }
  a { color: #98a4ff; }
}
"""
OWN_FILES = {"layouts/all.html": LAYOUT, "static/site.css": STYLE}
CONFIG = {
    "baseURL": "https://docs.example.org/",
    "title": "Docs",
    "disableKinds": ["rss", "sitemap", "taxonomy", "term"],
    "markup": {"highlight": {"codeFences": False}},
    "module": {"imports": [{"path": "tagpages"}]},
}
PAGES = ["index", "overview", "details", "tags_history", "provenance", "package_index"]
NOW = datetime.fromisoformat(AS_OF)
OTHERS = 24
"""Images beside those that tests name: together more than a page shows without a filter."""

Tags = dict[str, tuple[str, datetime]]
"""By tag: the digest, and when it last changed."""


def digest(name: str) -> str:
    return f"sha256:{sha256(name.encode()).hexdigest()}"


def several(count: int) -> Tags:
    """Two tags for each of so many digests, five of which are old; `latest` is the newest."""
    tags: Tags = {}
    for number in range(count):
        age = timedelta(hours=1, minutes=number) if number < count - 5 else timedelta(days=99)
        names = ("latest", "latest-dev") if number == 0 else (f"3.{number}", f"3.{number}-dev")
        tags |= dict.fromkeys(names, (digest(f"app {number}"), NOW - age))
    return tags


def few() -> Tags:
    """Three tags, two of them beyond the window."""
    return {
        "latest": (digest("few"), NOW - timedelta(days=1)),
        "1.1": (digest("few 1.1"), NOW - timedelta(days=100)),
        "1.0": (digest("few 1.0"), NOW - timedelta(days=200)),
    }


def listing(images: Mapping[str, Tags]) -> list[dict[str, object]]:
    """What `chainctl` would print."""
    return [
        {
            "repo": {"name": image},
            "tags": [
                {"name": tag, "digest": digest, "lastUpdated": f"{time:%Y-%m-%dT%H:%M:%SZ}"}
                for tag, (digest, time) in tags.items()
            ],
        }
        for image, tags in images.items()
    ]


def facts(image: str, value: str) -> Details:
    """What is known of a digest: 60 packages, a long entrypoint, a signature."""
    packages = tuple(Package(f"lib{n}", f"1.{n}-r0", "MIT", "apk") for n in range(60))
    packages += (Package("lib10", "1.9-r0", "MIT", "apk"), Package("module", "v1", "", "golang"))
    contents = ImageFacts(
        platforms=(Platform("linux", "amd64"), Platform("linux", "arm64")),
        config=Config(user="65532", entrypoint=f"/usr/bin/{'long-' * 20}name"),
        created=datetime(2024, 6, 1, tzinfo=UTC),
    )
    signature = Evidence("bundle", "fallback", value, digest("s"), predicate_type=SIGNATURE_TYPE)
    return Details(
        image,
        {
            value: {
                "image": Found(contents),
                "packages": Found(Packages("SPDX", packages, "referrer")),
            }
        },
        tables={"public": {value: {"evidence": Found((signature,))}}},
    )


def source(table: str) -> dict[str, str]:
    place = {"registry": "r.example.com", "repository": f"{table}/{{image}}"}
    return {"kind": "listing", "path": f"{table}.json", **place}


def write_pages(site: Site, public: Mapping[str, Tags], **catalog: object) -> None:
    """Pages of all kinds, by default in `content/ref`, with the facts of the image `app`."""
    tables = [
        {"name": "public", "title": "Public *Registry*", "source": source("public")},
        {"name": "private", "source": source("private")},
    ]
    keys: dict[str, object] = {
        "content": "content/ref",
        "pages": PAGES,
        "outputs": ["addresses", "packages"],
    }
    keys |= catalog
    site.catalog(tables=tables, **keys)
    site.raw_listing("public", listing(public))
    private = {"latest": (digest("private"), NOW - timedelta(days=2))}
    site.raw_listing("private", listing({"app": private}))
    _tagpages("build", site)
    details = encode_details(facts("app", public["app"]["latest"][0]))
    (site.root / str(keys["content"]) / "app/details.json").write_bytes(details)
    _tagpages("render", site)


def _tagpages(command: str, site: Site) -> None:
    """Run it as a process of its own: an open browser has this one's event loop."""
    line = [sys.executable, "-m", "generator", command, f"--catalog={site.catalog_file}"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def images() -> dict[str, Tags]:
    others = {f"other-{number}": few() for number in range(OTHERS)}
    return {"app": several(30), "few": few(), "many": several(250)} | others


def build(
    root: Path, files: Mapping[str, str], config: Mapping[str, Any] = CONFIG, path: str = ""
) -> Path:
    """Build the site of `root` with `files` of its own, the component beside its other themes.

    `path` is a folder with a program that Hugo needs. Without a theme, a warning is a failure.
    """
    strict = ["--panicOnWarning"] if config is CONFIG else []
    for file, text in files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    themes = root / str(config.get("themesDir", "themes"))
    shutil.copytree(ROOT / "hugo", themes / "tagpages", dirs_exist_ok=True)
    (root / "hugo.json").write_text(json.dumps(config))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUGO_")}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "hugo",
            "build",
            "--noBuildLock",
            "--environment=development",
            *strict,
        ],
        cwd=root,
        env=clean | {"PATH": f"{path}{os.pathsep}{clean['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return root / "public"
