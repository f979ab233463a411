"""A site on Doks, a theme with shortcodes `tabs` and `tab` of its own: `make test-long`.

The theme comes from npm. Its styles and scripts are left out: they need a newer Node than many
systems have, and no page says anything else for them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.npm import installed
from tests.support import AS_OF, ROOT, Listing, Site, digest

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("doks")]  # installed once

PACKAGES = {
    "doks-core": "1.9.3",
    "core": "1.5.9",
    "images": "3.3.4",
    "inline-svg": "1.2.1",
    "seo": "2.4.2",
}
NIGHT: Listing = {"app": [("latest", "a", "2024-06-01T10:00:00Z")]}
GUIDE = """---
title: Guide
---
{{< tabs "install" >}}
{{< tab "macOS" >}}

Use **brew**.

{{< /tab >}}
{{< tab "Linux" >}}

Use **apt**.

{{< /tab >}}
{{< /tabs >}}
"""
OWN_FILES = {
    "content/_index.md": "---\ntitle: Home\n---\n",
    "content/docs/_index.md": "---\ntitle: Docs\n---\n",
    "content/docs/guide.md": GUIDE,
    # the theme wants each site to have these
    "layouts/_partials/head/custom-head.html": "",
    "layouts/_partials/head/script-header.html": "",
    # in place of the theme's
    "layouts/_partials/head/stylesheet.html": "",
    "layouts/_partials/footer/script-footer.html": "",
}


@pytest.fixture(scope="module")
def theme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The theme's packages, installed."""
    folder = tmp_path_factory.mktemp("doks")
    return installed(folder, {f"@thulite/{name}": version for name, version in PACKAGES.items()})


def mounts(theme: Path) -> list[dict[str, str]]:
    """The folders of a site on Doks, whose packages are in `theme`."""
    parts = [(part, kind) for part in PACKAGES for kind in ("layouts", "assets", "i18n", "data")]
    own = [{"source": kind, "target": kind} for kind in ("content", "layouts", "assets")]
    return own + [
        {"source": str(theme / "@thulite" / part / kind), "target": kind}
        for part, kind in parts
        if (theme / "@thulite" / part / kind).is_dir()
    ]


@pytest.fixture
def doks(site: Site, theme: Path) -> Site:
    """A site on Doks whose own pages use its tabs; tagpages writes to `docs/images`."""
    for path, text in OWN_FILES.items():
        (site.root / path).parent.mkdir(parents=True, exist_ok=True)
        (site.root / path).write_text(text)
    module = {"mounts": mounts(theme)}
    config = {"baseURL": "https://docs.example.org/", "title": "Docs", "module": module}
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


def own_tabs(doks: Site) -> list[str]:
    """What the tabs of the site's own page say."""
    guide = (doks.root / "public" / "docs" / "guide" / "index.html").read_text()
    return [name for name in ("macOS", "Linux") if f">\n      {name}</button>" in guide]


def test_the_packaged_pages_and_the_theme_s_own_tabs_stand_side_by_side(doks: Site) -> None:
    done = build(doks)
    assert done.returncode == 0, done.stderr
    assert own_tabs(doks) == ["macOS", "Linux"]
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
