"""`tagpages build` from each kind of source, and the examples of their catalogs."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from generator.catalog.read import read_catalog
from generator.cli import cli
from generator.jobs.job import SiteCatalog
from generator.registry import AwsKeys, Clock
from tests.registry.fake import FakeRegistry
from tests.registry.server import Answer, Call, Handler
from tests.sources import clouds, vendors
from tests.sources.asking import Vendor, at, digest, serving
from tests.sources.clouds import ACCOUNT

EXAMPLES = sorted(Path(__file__).parents[2].joinpath("examples").glob("*.yaml"))
TOKEN = "secret-of-the-test"
NOBODY = "http://127.0.0.1:9"
"""A proxy that is not there: what a machine without a network has."""
ENTRIES = [
    ("1.0", digest(1), at(30)),
    ("latest", digest(1), at(30)),
    *((f"0.{n}", digest(2), at(29) - timedelta(minutes=n)) for n in range(250)),
]
VERSIONS = [(tag, sha, time) for tag, sha, time in ENTRIES]

AWS_ENV = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": TOKEN}
KEYS = AwsKeys("AKIAEXAMPLE", TOKEN)

KINDS: dict[str, tuple[Vendor, str]] = {
    "acr": (
        clouds.Acr(repositories={"team/app": ENTRIES}, logins=[f"alice:{TOKEN}"]),
        (
            "{kind: acr, registry: '@', repository: 'team/{image}',"
            " username: alice, password: '${SECRET}'}"
        ),
    ),
    "chainguard": (
        vendors.Console(repositories={"app": ENTRIES}, token=TOKEN),
        f"{{kind: chainguard, api: '@', group: {vendors.GROUP}, token: '${{SECRET}}'}}",
    ),
    "chainguard-history": (
        vendors.History(tags={tag: [(sha, time)] for tag, sha, time in ENTRIES}),
        "{kind: chainguard-history, registry: '@', repository: 'chainguard/{image}'}",
    ),
    "dockerhub": (
        vendors.Hub(repositories={"team/app": ENTRIES}, users={"alice": TOKEN}),
        (
            "{kind: dockerhub, api: '@', repository: 'team/{image}',"
            " username: alice, password: '${SECRET}'}"
        ),
    ),
    "ecr": (
        clouds.Ecr(repositories={"team/app": ENTRIES}, keys=KEYS),
        (
            f"{{kind: ecr, registry: {ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com, api: '@',"
            " repository: 'team/{image}'}"
        ),
    ),
    "ecr-public": (
        clouds.Ecr(repositories={"app": ENTRIES}, aliases=("acme",), keys=KEYS),
        "{kind: ecr, registry: public.ecr.aws, api: '@', repository: 'acme/{image}'}",
    ),
    "ghcr": (
        vendors.Github(packages={"app": VERSIONS}, token=TOKEN),
        "{kind: ghcr, api: '@', repository: 'acme/{image}', token: '${SECRET}'}",
    ),
    "google": (
        vendors.Google(repositories={"p/r/app": ENTRIES}),
        "{kind: google, registry: '@', repository: 'p/r/{image}'}",
    ),
    "harbor": (
        vendors.Harbor(
            repositories={"team/app": VERSIONS},
            login="Basic YWxpY2U6c2VjcmV0LW9mLXRoZS10ZXN0",
        ),
        (
            "{kind: harbor, registry: '@', repository: 'team/{image}',"
            " username: alice, password: '${SECRET}'}"
        ),
    ),
    "quay": (
        vendors.Quay(repositories={"team/app": ENTRIES}, private=TOKEN),
        "{kind: quay, registry: '@', repository: 'team/{image}', token: '${SECRET}'}",
    ),
    "zot": (
        clouds.Zot(
            repositories={"team/app": ENTRIES},
            login="Basic YWxpY2U6c2VjcmV0LW9mLXRoZS10ZXN0",
        ),
        (
            "{kind: zot, registry: '@', repository: 'team/{image}',"
            " username: alice, password: '${SECRET}'}"
        ),
    ),
}


HOSTS = {
    "acr": "acme.azurecr.io",
    "chainguard": "console-api.enforce.dev",
    "chainguard-history": "cgr.dev",
    "dockerhub": "hub.docker.com",
    "ecr": "api.ecr.eu-west-1.amazonaws.com",
    "ghcr": "api.github.com",
    "gitlab": "gitlab.com",
    "google": "europe-docker.pkg.dev",
    "harbor": "harbor.example.com",
    "oci": "registry.example.com",
    "quay": "quay.io",
    "zot": "zot.example.com:5000",
}
"""What the examples ask first."""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No login, proxy or setting of this machine, and nobody to wait for."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name in ("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_CONFIG_HOME", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    async def at_once(_clock: Clock, _seconds: float) -> None:
        pass

    monkeypatch.setattr(Clock, "sleep", at_once)


def variables(path: Path) -> list[str]:
    """The environment variables that a catalog refers to."""
    lines = (line.partition("#")[0] for line in path.read_text().splitlines())
    return [name for line in lines for name in re.findall(r"\$\{(\w+)\}", line)]


def run(*options: str, **env: str) -> Result:
    """`tagpages build`, in this process."""
    return CliRunner().invoke(
        cli, ["build", *options], standalone_mode=False, catch_exceptions=False, env=env
    )


def build(handler: Handler, source: str, folder: Path) -> Result:
    """Build the pages of the images that the server has."""
    catalog = folder / "catalog.yaml"
    with serving(handler) as server:
        catalog.write_text(
            "content: content\nurl: /images/\n"
            f"tables: [{{name: public, source: {source.replace('@', server.url)}}}]\n"
            + ("images: {include: [app]}\n" if "history" in source else "")
        )
        env = {"SECRET": TOKEN} | AWS_ENV
        return run("--catalog", str(catalog), "--as-of", "2026-08-01T12:00:00Z", **env)


@pytest.mark.parametrize("kind", KINDS)
def test_a_build_writes_the_page_of_an_image_that_the_kind_finds(kind: str, tmp_path: Path) -> None:
    handler, source = KINDS[kind]

    result = build(handler, source, tmp_path)

    written = [path.read_text() for path in tmp_path.glob("content/**/*.*")]
    page = (tmp_path / "content/app/tags_history.md").read_text()
    rows = [" ".join(line.split()) for line in page.splitlines()]
    assert result.return_value == 0, result.output
    assert f"| `1.0` `latest` | July 30th | `{digest(1)}` |" in rows
    assert page.count("`0.") == 250
    assert TOKEN not in "".join([result.output, *written])


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_night_without_news_changes_no_page(kind: str, tmp_path: Path) -> None:
    handler, source = KINDS[kind]
    build(handler, source, tmp_path)
    page = tmp_path / "content/app/tags_history.md"
    state = tmp_path / "content/app/tags.json"
    before = page.read_bytes(), state.read_bytes()

    result = build(handler, source, tmp_path)

    assert result.return_value == 0, result.output
    assert (page.read_bytes(), state.read_bytes()) == before


def test_a_build_finds_the_images_of_a_gitlab_and_shows_what_its_registry_has(
    tmp_path: Path,
) -> None:
    gitlab = clouds.Gitlab(groups={"acme": ["acme/images/app"]}, token=TOKEN)
    sha = gitlab.registry.image("2026-07-30T00:00:00Z")
    gitlab.registry.tag("acme/images/app", "1.0", sha)
    source = "{kind: gitlab, registry: '@', api: '@/api/v4', repository: 'acme/{image}'"

    result = build(gitlab, source + ", token: '${SECRET}'}", tmp_path)

    page = (tmp_path / "content/images/app/tags_history.md").read_text()
    assert result.return_value == 0, result.output
    assert f"| `1.0` | July 30th | `{sha}` |" in [
        " ".join(line.split()) for line in page.splitlines()
    ]
    assert TOKEN not in result.output + page


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_valid_catalog(path: Path) -> None:
    catalog = read_catalog(path, SiteCatalog)

    assert catalog.content == f"../build/{path.stem}"


def test_every_kind_has_an_example() -> None:
    kinds = {
        read_catalog(path, SiteCatalog).tables[0].source.__class__.__name__ for path in EXAMPLES
    }

    assert kinds == {
        "Acr",
        "Chainguard",
        "ChainguardHistory",
        "DockerHub",
        "Ecr",
        "Ghcr",
        "Gitlab",
        "Google",
        "Harbor",
        "Listing",
        "Oci",
        "Quay",
        "Zot",
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_dry_run_of_an_example_without_a_network_says_what_it_could_not_reach(path: Path) -> None:
    secrets = dict.fromkeys(variables(path), TOKEN) | AWS_ENV

    result = run("--dry-run", "--catalog", str(path), HTTPS_PROXY=NOBODY, **secrets)

    if path.stem == "listing":
        assert result.return_value == 0, result.output
    else:
        assert result.return_value == 1
        said = re.search(r"https://([^/]+)/[^ ]* cannot be reached", result.output)
        assert said
        assert said[1] == HOSTS[path.stem]
    assert TOKEN not in result.output
    assert not path.parent.parent.joinpath("build", path.stem).exists()
    assert not path.parent.joinpath(".tagpages").exists()


@pytest.mark.parametrize(
    "path", [path for path in EXAMPLES if variables(path)], ids=lambda path: path.stem
)
def test_a_dry_run_of_an_example_without_its_secret_names_the_variable(path: Path) -> None:
    result = run("--dry-run", "--catalog", str(path), HTTPS_PROXY=NOBODY)

    assert result.return_value == 1
    assert f"names the environment variable {variables(path)[0]}, which is not set" in result.output


IMAGES = 60


def registry() -> FakeRegistry:
    fake = FakeRegistry()
    for number in range(IMAGES):
        fake.tag(
            f"app-{number:02}", "latest", fake.image(f"2026-07-{number % 28 + 1:02}T00:00:00Z")
        )
    return fake


def failing_after(requests: int, answer: Answer) -> Handler:
    """A registry that has images, and from some request on one answer only."""
    fake, calls = registry(), [0]

    def handler(call: Call) -> Answer:
        calls[0] += 1
        return fake(call) if calls[0] <= requests else answer

    return handler


LATE = {
    "an hour's wait": Answer(429, b"", (("Retry-After", "3600"),)),
    "connections that break": Answer(body=b"{", length=10, reset=True),
    "server errors": Answer(503),
}


@pytest.mark.parametrize("case", LATE)
def test_every_image_that_was_answered_has_its_page(case: str, tmp_path: Path) -> None:
    result = build(failing_after(90, LATE[case]), "{kind: oci, registry: '@'}", tmp_path)
    assert result.return_value == 1, result.output
    pages = sorted(path.parent.name for path in tmp_path.glob("content/*/tags_history.md"))
    assert 10 < len(pages) < IMAGES
    told = {f"app-{number:02}" for number in range(IMAGES)} - set(pages)
    assert f"Failed ({len(told)})" in result.output
    assert "Traceback" not in result.output
    assert (tmp_path / ".tagpages" / "answers.jsonl").exists()
