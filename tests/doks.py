"""Doks, a theme with shortcodes `tabs` and `tab` of its own, and the files of a site on it.

The theme comes from npm. Its styles and scripts are left out: they need a newer Node than many
systems have, and no page says anything else for them.
"""

from __future__ import annotations

from pathlib import Path

from tests.npm import installed

PACKAGES = {
    "doks-core": "1.9.3",
    "core": "1.5.9",
    "images": "3.3.4",
    "inline-svg": "1.2.1",
    "seo": "2.4.2",
}
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


def install(folder: Path) -> Path:
    """Fetch the theme into a folder; the folder of its packages."""
    return installed(folder, {f"@thulite/{name}": version for name, version in PACKAGES.items()})


def write_files(root: Path) -> None:
    """Write the site's own files."""
    for path, text in OWN_FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def mounts(theme: Path) -> list[dict[str, str]]:
    """The mounts of the site, its own folders first."""
    parts = [(part, kind) for part in PACKAGES for kind in ("layouts", "assets", "i18n", "data")]
    own = [{"source": kind, "target": kind} for kind in ("content", "layouts", "assets")]
    return own + [
        {"source": str(theme / "@thulite" / part / kind), "target": kind}
        for part, kind in parts
        if (theme / "@thulite" / part / kind).is_dir()
    ]


def own_tabs(root: Path) -> list[str]:
    """What the tabs of the site's own page say, once it is built."""
    guide = (root / "public" / "docs" / "guide" / "index.html").read_text()
    return [name for name in ("macOS", "Linux") if f">\n      {name}</button>" in guide]
