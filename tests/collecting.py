"""Asking one source for all its images, as a build does it, and nothing of this machine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from generator.catalog.images import Images
from generator.collect import ask, pull
from generator.collect.answers import VERSION, Header, seen
from generator.collect.journal import Journal
from generator.model import Image, Seen, Table, TagGroup
from generator.progress import Progress
from generator.sources.base import SourceSpec

AS_OF = datetime(2024, 6, 3, tzinfo=UTC)
KNOWN = Table("public", (TagGroup(f"sha256:{'a' * 64}", AS_OF, ("0.9",)),))
HEADER = Header(VERSION, AS_OF, "made-up")


def seen_of(
    spec: SourceSpec,
    *,
    include: tuple[str, ...] = ("*",),
    known: Iterable[str] = (),
    journal: Journal | None = None,
) -> Seen:
    """What is seen of a source's images; the `known` ones have pages."""
    collection = pull.Collection(
        sources={"public": spec},
        images=Images(include=include),
        known={name: Image(name, (KNOWN,)) for name in known},
        as_of=AS_OF,
        root=Path(),
        selected=lambda _: True,
    )
    answers = ask.ask_all(collection, HEADER, Progress(), journal)
    return seen([answers], ["public"], known={})["public"]


def leave_alone(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """No login and no proxy of this machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
