"""Pages of an image with much to tell stay small enough for a reader and for git."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from generator.facts.base import Details, Facts, Found
from generator.facts.evidence import Evidence
from generator.facts.image import Config, ImageFacts, Platform
from generator.facts.packages import Packages
from generator.facts.sbom import Package
from generator.grouping import Window
from generator.model import Image, Table, TagGroup
from generator.pages import IMAGE_OUTPUTS
from generator.pages.base import Page, Site, Subject, TableInfo
from generator.pages.environment import Renderer
from generator.sources.oci import Oci
from tests.support import ROOT

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
LIMIT = 150_000
"""Bytes of the Markdown of one page."""
VARIANTS = ("latest", "latest-dev", "latest-glibc", "latest-root")
PLATFORMS = ("amd64", "arm64", "arm", "ppc64le", "riscv64", "s390x")
PREDICATES = ("https://spdx.dev/Document", "https://slsa.dev/provenance/v1")


def digest(*parts: object) -> str:
    return f"sha256:{sha256(repr(parts).encode()).hexdigest()}"


def facts(table: str, variant: str) -> tuple[Facts, Facts]:
    """What a digest contains, and what its registry has beside it: all of it the usual length."""
    platforms = tuple(
        Platform("linux", name, digest=digest(variant, name), size=123_456_789, layers=12)
        for name in PLATFORMS
    )
    config = Config(
        user="65532",
        entrypoint="/usr/bin/application --config /etc/application/config.yaml",
        cmd="--listen 0.0.0.0:8080",
        working_dir="/home/nonroot",
        env={f"SETTING_{at}": "/usr/local/sbin:/usr/local/bin" for at in range(20)},
    )
    packages = tuple(
        Package(f"a-package-of-usual-length-{at}", f"1.{at}.3-r{len(table)}", "Apache-2.0", "apk")
        for at in range(200)
    )
    evidence = tuple(
        Evidence(
            "bundle",
            "referrer",
            digest(variant, name),
            digest(table, name, kind),
            platform=f"linux/{name}",
            predicate_type=kind,
            created=NOW,
        )
        for name in PLATFORMS
        for kind in PREDICATES
    )
    found: Facts = {
        "image": Found(ImageFacts(platforms=platforms, created=NOW, config=config)),
        "packages": Found(Packages("SPDX", packages)),
    }
    return found, {"evidence": Found(evidence)}


def subject() -> Subject:
    """An image with four variants in two tables, all of other contents, and 200 packages each."""
    known: dict[str, Facts] = {}
    beside: dict[str, dict[str, Facts]] = {}
    tables = []
    for name in ("public", "private"):
        groups = tuple(TagGroup(digest(name, tag), NOW, (tag,)) for tag in VARIANTS)
        tables.append(Table(name, groups))
        for group in groups:
            known[group.digest], beside.setdefault(name, {})[group.digest] = facts(
                name, group.tags[0]
            )
    return Subject(
        Image("application", tuple(tables)), Details("application", known, tables=beside)
    )


@pytest.mark.parametrize("folder", [None, ROOT / "templates"], ids=["neutral", "sample"])
@pytest.mark.parametrize("name", ["overview", "details", "tags_history", "provenance"])
def test_four_variants_of_200_packages_are_below_the_limit(name: str, folder: Path | None) -> None:
    source = Oci(registry="registry.example.com", repository="team/{image}")
    tables = {table: TableInfo(table, "", source, {}) for table in ("public", "private")}
    site = Site("/ref/", (), tables, Window(), "recency", NOW, 7, ("latest*",))
    output = IMAGE_OUTPUTS[name]
    assert isinstance(output, Page)
    text = Renderer(folder).render(output.template, output.view(subject(), site))
    assert 1_000 < len(text.encode()) < LIMIT
