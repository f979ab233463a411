"""Repositories of charts, SBOMs and the like: no page, unless the catalog asks for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.model import Table, TagGroup, short_digest
from generator.sources.harbor import Harbor
from generator.sources.oci import Oci
from tests.collecting import AS_OF, leave_alone
from tests.registry.fake import CONFIG, INDEX, MANIFEST, NOW, FakeRegistry, describe
from tests.registry.server import Answer, Server
from tests.sources import asking, vendors
from tests.sources.asking import serving
from tests.support import Run, Site

CHART = "application/vnd.cncf.helm.config.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"


def artifact(registry: FakeRegistry, config: str = CHART, name: str = "", **keys: str) -> str:
    """Store an artifact's manifest; its digest. Another name makes another digest."""
    value = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": config, "digest": registry.put(config, {"name": name}), "size": 2},
        "layers": [],
        **keys,
    }
    return registry.put(MANIFEST, value)


def asked(registry: FakeRegistry, known: Table | None = None, **keys: Any) -> asking.Outcome:
    tables = {"app": known} if known else {}
    return asking.ask(lambda url: Oci(registry=url, **keys), registry, "app", known=tables)


@pytest.mark.parametrize(
    ("config", "keys", "kind"),
    [
        (CHART, {}, CHART),
        ("application/vnd.wasm.config.v0+json", {}, "application/vnd.wasm.config.v0+json"),
        (EMPTY, {"artifactType": "application/spdx+json"}, "application/spdx+json"),
        (EMPTY, {}, EMPTY),
    ],
)
def test_a_repository_of_artifacts_is_no_image(
    config: str, keys: dict[str, str], kind: str
) -> None:
    registry = FakeRegistry()
    registry.tag("app", "1.0", artifact(registry, config, **keys))
    outcome = asked(registry)
    assert (outcome.images, outcome.errors) == ({"app": None}, {})
    assert outcome.artifacts == [("app", kind)]


def test_an_artifact_costs_no_more_requests_than_an_image() -> None:
    registry = FakeRegistry()
    digest = artifact(registry)
    registry.tag("app", "1.0", digest)
    assert [f"{call.method} {call.path}" for call in asked(registry).server.calls] == [
        "GET /v2/app/tags/list",
        "HEAD /v2/app/manifests/1.0",
        f"GET /v2/app/manifests/{digest}",
    ]


def test_an_index_of_artifacts_is_no_image() -> None:
    registry = FakeRegistry()
    child = artifact(registry)
    registry.tag("app", "1.0", registry.index(describe(child)))
    assert asked(registry).artifacts == [("app", CHART)]
    registry.tag("app", "1.0", registry.index(describe(child) | {"artifactType": CHART}))
    assert asked(registry).artifacts == [("app", CHART)]
    bare = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "artifactType": "a/b"}
    registry.tag("app", "1.0", registry.put(INDEX, bare))
    assert asked(registry).artifacts == [("app", "a/b")]


@pytest.mark.parametrize("config", [CONFIG, "application/octet-stream", ""])
def test_an_image_is_one_whatever_else_its_repository_has(config: str) -> None:
    registry = FakeRegistry()
    registry.tag("app", "chart", artifact(registry))
    registry.tag("app", "1.0", artifact(registry, config))
    outcome = asked(registry)
    assert outcome.tags() == ["1.0", "chart"]
    assert outcome.artifacts == []


def test_an_index_of_an_image_and_an_sbom_is_an_image() -> None:
    registry = FakeRegistry()
    sbom = describe(artifact(registry)) | {"artifactType": "application/spdx+json"}
    registry.tag("app", "1.0", registry.index(sbom, describe(registry.image())))
    assert asked(registry).tags() == ["1.0"]
    registry.tag(
        "app", "1.0", registry.index(describe(registry.image()) | {"artifactType": CONFIG})
    )
    assert asked(registry).tags() == ["1.0"]


def test_an_index_that_names_nothing_may_be_of_an_image() -> None:
    registry = FakeRegistry()
    registry.tag("app", "1.0", registry.index())
    assert asked(registry).tags() == ["1.0"]


def test_what_the_catalog_asks_for_gets_a_page() -> None:
    registry = FakeRegistry()
    registry.tag("app", "1.0", artifact(registry))
    outcome = asked(registry, artifacts=True)
    assert (outcome.tags(), outcome.artifacts) == (["1.0"], [])


def test_what_has_a_page_keeps_it() -> None:
    registry = FakeRegistry()
    registry.tag("app", "1.0", artifact(registry))
    known = Table("public", (TagGroup(f"sha256:{'a' * 64}", AS_OF, ("0.9",)),))
    outcome = asked(registry, known)
    assert (outcome.tags(), outcome.artifacts) == (["1.0"], [])


# Harbor tells the type with each artifact


def harbor(kinds: dict[str, str], **keys: Any) -> asking.Outcome:
    digests = {tag: asking.digest(number) for number, tag in enumerate(kinds)}
    fake = vendors.Harbor(repositories={"team/app": [(tag, digests[tag], NOW) for tag in kinds]})
    fake.types = {digests[tag]: kind for tag, kind in kinds.items()}
    return asking.ask(
        lambda url: Harbor(registry=url, repository="team/{image}", **keys), fake, "app"
    )


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ({"1.0": "CHART", "2.0": "CHART"}, [("app", "CHART")]),
        ({"1.0": "SBOM"}, [("app", "SBOM")]),
        ({"1.0": "CHART", "2.0": "IMAGE"}, []),
        ({"1.0": "UNKNOWN"}, []),
        ({"1.0": ""}, []),
    ],
)
def test_harbor_tells_what_is_no_image(kinds: dict[str, str], told: list[tuple[str, str]]) -> None:
    outcome = harbor(kinds)
    assert outcome.errors == {}
    assert outcome.artifacts == told
    assert (outcome.images["app"] is None) == bool(told)


def test_harbor_s_artifacts_get_pages_if_the_catalog_asks_for_them() -> None:
    assert harbor({"1.0": "CHART"}, artifacts=True).tags() == ["1.0"]


# A whole build


def built(server: Server, tmp_path: Path, *args: str, **images: Any) -> Run:
    site = Site(tmp_path)
    table = {"name": "public", "source": {"kind": "oci", "registry": server.address}}
    site.catalog(tables=[table], as_of="2026-08-02T00:00:00Z", images=images)
    return site.run("build", *args)


@pytest.mark.parametrize("images", [{}, {"include": ["app", "chart-1", "chart-2", "sbom"]}])
def test_a_build_tells_of_them_once_with_their_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, images: dict[str, Any]
) -> None:
    leave_alone(monkeypatch, tmp_path)
    registry = FakeRegistry()
    registry.tag("app", "1.0", registry.image())
    for name in ("chart-1", "chart-2"):
        registry.tag(name, "1.0", artifact(registry))
    registry.tag("sbom", "1.0", artifact(registry, EMPTY, artifactType="application/spdx+json"))
    with serving(registry) as server:
        first = built(server, tmp_path, **images)
        run = built(server, tmp_path, "--report", f"{tmp_path}/night.md", **images)
    assert (first.code, run.code) == (0, 0)
    assert "No images, so without a page: 3\n" in run.err
    assert [path.name for path in (tmp_path / "content").iterdir() if path.is_dir()] == ["app"]
    text = (tmp_path / "night.md").read_text()
    assert "### No images, so without a page (3)\n" in text
    assert f"public: `{CHART}`" in text


# Night after night


class Nights:
    """A site of a registry with an image and a chart of three versions, built night after night."""

    def __init__(self, folder: Path, server: Server, registry: FakeRegistry) -> None:
        self.site = Site(folder)
        self.registry = registry
        self.source: dict[str, Any] = {"kind": "oci", "registry": server.address}
        self.night = 0
        self._server = server
        registry.tag("app", "1.0", registry.image())
        for version in ("1.0", "2.0", "3.0"):
            self.push(version)

    def push(self, version: str) -> None:
        """Push a version of the chart, which has a digest of its own."""
        self.registry.tag("chart", version, artifact(self.registry, name=version))

    def build(self, *options: str | Path, command: str = "build") -> Run:
        self.night += 1
        self._server.calls.clear()
        return self.again(*options, command=command)

    def again(self, *options: str | Path, command: str = "build") -> Run:
        """The same night again."""
        self.site.catalog(tables=[{"name": "public", "source": self.source}], as_of=None)
        return self.site.run(command, "--as-of", f"2026-08-{self.night:02}T01:00:00Z", *options)

    def asked(self) -> list[str]:
        """What the last build asked about the chart."""
        calls = (f"{call.method} {call.path}" for call in self._server.calls)
        return sorted(call.replace("/v2/chart/", "") for call in calls if "/v2/chart/" in call)

    def remembered(self) -> object:
        return json.loads((self.site.content / "build.json").read_bytes()).get("artifacts")


HEADS = ["HEAD manifests/1.0", "HEAD manifests/2.0", "HEAD manifests/3.0"]


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    leave_alone(monkeypatch, tmp_path)
    registry = FakeRegistry()
    with serving(registry) as server:
        site = Nights(tmp_path, server, registry)
        assert site.build().code == 0
        assert len(site.asked()) == 7
        yield site


def test_a_known_artifact_costs_no_request_more_than_a_known_image(nights: Nights) -> None:
    run = nights.build()

    assert nights.asked() == ["GET tags/list", *HEADS]
    assert "No images, so without a page: 1\n" in run.err
    assert nights.remembered() == {
        "public:chart": {
            "kind": CHART,
            "tags": {
                tag: short_digest(digest)
                for tag, digest in nights.registry.repositories["chart"].items()
            },
        }
    }


def test_of_a_known_artifact_immutable_tags_are_asked_for_in_turn(nights: Nights) -> None:
    nights.source["immutable"] = r"\d+\.\d+"

    asked = []
    for _ in range(7):
        assert nights.build().code == 0
        asked += nights.asked()

    assert sorted(asked) == ["GET tags/list"] * 7 + HEADS


def test_a_new_version_of_a_known_artifact_costs_one_request_more(nights: Nights) -> None:
    nights.push("4.0")

    nights.build()

    new = nights.registry.repositories["chart"]["4.0"]
    assert nights.asked() == [
        f"GET manifests/{new}",
        "GET tags/list",
        *HEADS,
        "HEAD manifests/4.0",
    ]


def test_an_image_that_comes_to_a_known_artifact_gets_a_page_with_all_tags_and_asks_nothing_twice(
    nights: Nights,
) -> None:
    nights.registry.tag("chart", "4.0", nights.registry.image("2026-07-02T00:00:00Z"))

    run = nights.build()

    assert "New images (1)\n  chart" in run.err
    page = nights.site.page("chart").read_text()
    assert all(f"`{tag}`" in page for tag in ("1.0", "2.0", "3.0", "4.0"))
    assert len(set(nights.asked())) == len(nights.asked()) == 10
    assert nights.remembered() is None


def test_a_tag_of_a_known_artifact_that_moves_to_an_image_makes_it_one(nights: Nights) -> None:
    nights.registry.tag("chart", "2.0", nights.registry.image("2026-07-02T00:00:00Z"))

    nights.build()

    assert nights.site.page("chart").exists()


def test_what_fails_for_a_night_is_not_forgotten(nights: Nights) -> None:
    before = nights.remembered()
    nights.registry.when("GET", "/v2/chart/tags/list", Answer(400))
    assert nights.build().code == 1
    nights.registry.rules.clear()
    nights.registry.when("GET", "/v2/_catalog", Answer(400))
    assert nights.build().code == 1
    nights.registry.rules.clear()

    assert nights.build("--only", "app").code == 0
    assert nights.remembered() == before
    nights.build()
    assert nights.asked() == ["GET tags/list", *HEADS]


def test_what_is_gone_or_left_out_is_forgotten(nights: Nights) -> None:
    del nights.registry.repositories["chart"]

    nights.build()

    assert nights.remembered() is None


def test_a_catalog_that_asks_for_a_known_artifact_gets_its_page(nights: Nights) -> None:
    nights.source["artifacts"] = True

    nights.build()

    assert nights.site.page("chart").exists()
    assert nights.remembered() is None


def test_answers_in_files_tell_of_artifacts_too(nights: Nights) -> None:
    parts = [nights.site.root / f"answers.{number}.jsonl.gz" for number in (1, 2)]
    nights.push("4.0")
    nights.night += 1
    for number, path in enumerate(parts, 1):
        nights.again("--shard", f"{number}/2", "--out", path, command="collect")

    run = nights.again(*(option for path in parts for option in ("--answers", path)))

    assert run.code == 0, run.err
    nights.build()
    assert nights.asked() == ["GET tags/list", *HEADS, "HEAD manifests/4.0"]
