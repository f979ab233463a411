"""A site whose pages come from Debian's registry, night after night; its log has the requests."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.real.client import NOBODY
from tests.real.distribution import Distribution
from tests.real.pusher import Pusher, pusher
from tests.support import ROOT, Run, tree_of

TARGET = re.compile(r"/v2/.*(_catalog|tags/list|manifests|blobs)")

Change = Callable[[Pusher], None]


@dataclass
class Site:
    """A site whose pages come from the registry that `start` starts; nights are days apart.

    `tables` are repositories by table, `keys` those of each source, `catalog` those of the catalog;
    `pushed` has the digests, by repository and tag.
    """

    folder: Path
    start: Callable[[], AbstractContextManager[Distribution]]
    keys: Mapping[str, object] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=lambda: {"public": "team/{image}"})
    catalog: Mapping[str, object] = field(default_factory=dict)
    nights: int = 0
    pushed: dict[str, dict[str, str]] = field(default_factory=dict)

    @contextmanager
    def serving(self, change: Change | None = None) -> Iterator[Distribution]:
        """The registry of the next night, after a change; the catalog names its address."""
        self.nights += 1
        if change:
            with self.start() as registry, pusher(registry.address) as push:
                change(push)
            for repository, tags in push.pushed.items():
                self.pushed.setdefault(repository, {}).update(tags)
        with self.start() as registry:
            self._write_catalog(registry.address)
            yield registry

    def night(self, change: Change | None = None) -> Counter[str]:
        """Build the pages, after a change of the registry; what the build asked for."""
        with self.serving(change) as registry:
            run = self.run("build", "--as-of", self.as_of)
        assert run.code == 0, run.err
        return Counter(
            f"{method} {match[1]}"
            for method, target, _ in registry.requests()
            if (match := TARGET.match(target))
        )

    @property
    def as_of(self) -> str:
        """The time of the last night."""
        return f"2026-08-{self.nights:02}T12:00Z"

    def run(self, command: str, *options: str | Path) -> Run:
        """Run a command, with the catalog of the last night."""
        done = subprocess.run(
            [
                *(sys.executable, "-m", "generator", command),
                *("--catalog", self.folder / "catalog.yaml"),
                *options,
            ],
            cwd=ROOT,
            env={**os.environ, **NOBODY, **self.env},
            capture_output=True,
            text=True,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def _write_catalog(self, address: str) -> None:
        source = {"kind": "oci", "registry": address, **self.keys}
        catalog = {
            "content": "content",
            "url": "/images/",
            "window": "12 months",
            "tables": [
                {"name": name, "source": source | {"repository": repository}}
                for name, repository in self.tables.items()
            ],
            **self.catalog,
        }
        (self.folder / "catalog.yaml").write_text(json.dumps(catalog))

    def files(self, content: str = "content") -> dict[str, str]:
        """The text of every file of the content tree, without the record of the build."""
        found = tree_of(self.folder / content)
        return {path: data.decode() for path, data in found.items() if path != "build.json"}
