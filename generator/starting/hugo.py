"""A Hugo site, as its configuration says it.

Source: gohugo.io, "Configure Hugo": one file `hugo.*` (formerly `config.*`) in the root, or the
folder `config/_default` with such a file and one for each key, or both. Keys have no case.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from generator.errors import UsageError

_READERS: dict[str, Callable[[str], object]] = {
    ".toml": tomllib.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
    ".json": json.loads,
}
_ROOTS = ("hugo", "config")
_FOLDER = "config/_default"
_KEYS = frozenset({"baseurl", "contentdir", "languagecode", "module", "theme", "title"})
"""Keys by which a `config.*` is known as Hugo's."""
_MADE_UP = ("localhost", "example.com", "example.org", "example.net")
"""Hosts of a `baseURL` that nobody has set yet."""


@dataclass(frozen=True)
class HugoSite:
    """A Hugo site: `settings` is its configuration, keys in lower case."""

    root: Path
    settings: Mapping[str, Any]

    @property
    def content(self) -> str:
        """The content folder of the default language, relative to the root."""
        for mount in self._mounts("content"):
            return mount
        own = self._language.get("contentdir") or self.settings.get("contentdir")
        return str(own or "content").strip("/")

    @property
    def base_url(self) -> str:
        """The site's address without a path; empty where nobody has set it yet."""
        parts = urlsplit(str(self.settings.get("baseurl") or ""))
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"} or host.removeprefix("www.") in _MADE_UP:
            return ""
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def home(self) -> str:
        """Where the default language's pages begin on the site, from slash to slash."""
        path = urlsplit(str(self.settings.get("baseurl") or "")).path.strip("/")
        within = self._default if self.settings.get("defaultcontentlanguageinsubdir") else ""
        return "/".join(["", *filter(None, (path, within)), ""])

    @property
    def time_zone(self) -> str:
        """The time zone of times without an offset; empty for UTC."""
        return str(self._language.get("timezone") or self.settings.get("timezone") or "")

    @property
    def themes(self) -> list[str]:
        """The names of its themes, and the paths of the modules that it imports."""
        theme = self.settings.get("theme") or []
        imports = self._module.get("imports") or []
        return [
            *([theme] if isinstance(theme, str) else map(str, theme)),
            *(str(entry.get("path")) for entry in imports if isinstance(entry, dict)),
        ]

    def layouts(self) -> Iterator[Path]:
        """The folders of its layouts, its own first; those of modules in a cache are not seen."""
        yield self.root / str(self.settings.get("layoutdir") or "layouts")
        themes = self.root / str(self.settings.get("themesdir") or "themes")
        for theme in self.themes:
            yield themes / theme / "layouts"
            yield self.root / "_vendor" / theme / "layouts"
        for source in self._mounts("layouts"):
            yield self.root / source

    def shortcodes(self) -> dict[str, list[Path]]:
        """The files of each shortcode that is found, by name; the first one counts."""
        found: dict[str, list[Path]] = {}
        for layouts in dict.fromkeys(path.resolve() for path in self.layouts()):
            for folder in (layouts / "_shortcodes", layouts / "shortcodes"):
                for file in sorted(folder.rglob("*.html")):
                    name = file.relative_to(folder).with_suffix("").as_posix()
                    found.setdefault(name, []).append(file)
        return found

    @property
    def _module(self) -> Mapping[str, Any]:
        module = self.settings.get("module")
        return module if isinstance(module, dict) else {}

    def _mounts(self, target: str) -> Iterator[str]:
        for mount in self._module.get("mounts") or []:
            if isinstance(mount, dict) and str(mount.get("target")).strip("/") == target:
                yield str(mount.get("source")).rstrip("/")

    @property
    def _default(self) -> str:
        return str(self.settings.get("defaultcontentlanguage") or "en").lower()

    @property
    def _language(self) -> Mapping[str, Any]:
        languages = self.settings.get("languages")
        found = languages.get(self._default) if isinstance(languages, dict) else None
        return found if isinstance(found, dict) else {}


def read_site(root: Path) -> HugoSite | None:
    """The site in a folder; None where there is none.

    Raises UsageError for a configuration that cannot be read.
    """
    folder = sorted(file for file in (root / _FOLDER).glob("*") if file.suffix in _READERS)
    named = [root / f"{stem}{ending}" for stem in _ROOTS for ending in _READERS]
    files = [file for file in named if file.is_file() and _is_hugos(file)][:1] + folder
    if not any(file.stem in _ROOTS for file in files):
        return None
    settings: dict[str, Any] = {}
    for file in files:
        found = _read(file)
        settings |= found if file.stem in _ROOTS else {file.stem.lower(): found}
    return HugoSite(root, settings)


def _is_hugos(file: Path) -> bool:
    """Whether a file in the root is Hugo's: many programs have a `config.json`, as Docker."""
    if file.stem == "hugo":
        return True
    try:
        return not _KEYS.isdisjoint(_read(file))
    except UsageError:
        return False


def _read(file: Path) -> dict[str, Any]:
    try:
        settings = _READERS[file.suffix](file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"cannot read the configuration of Hugo, {file}: {reason}") from None
    lowered = _lowered({} if settings is None else settings)
    if not isinstance(lowered, dict):
        raise UsageError(f"cannot read the configuration of Hugo, {file}: it is no mapping")
    return lowered


def _lowered(value: object) -> object:
    """The same, with the keys of all mappings in lower case."""
    if isinstance(value, dict):
        return {str(key).lower(): _lowered(item) for key, item in value.items()}
    return [_lowered(item) for item in value] if isinstance(value, list) else value
