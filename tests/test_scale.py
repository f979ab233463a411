"""The cost model of docs/scale.md: its arithmetic, and its requests, counted by servers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.collecting import leave_alone
from tests.registry.server import Handler
from tests.sources import clouds, vendors
from tests.sources.asking import at, digest, serving
from tests.support import ROOT, tagpages

DOCUMENT = (ROOT / "docs" / "scale.md").read_text()
SIZES = (100, 1000, 10_000, 100_000)
IMAGES = 7
TAGS = [(f"{number}.{patch}", number) for number in range(4) for patch in range(5)]
"""An image of the model: its tags, five to a digest."""


def rows(title: str) -> list[list[str]]:
    """The rows of the first table below a title."""
    section = DOCUMENT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    return [line.split(" | ") for line in lines[2:]]


def number(cell: str) -> float:
    return float(cell.replace(",", ""))


def the_row(*words: str) -> list[str]:
    """The row whose first cell has all these words."""
    (row,) = (row for row in rows("Requests") if all(word in row[0] for word in words))
    return row


def an_image(*words: str) -> float:
    """The requests an image of that row."""
    return number(the_row(*words)[1])


def test_the_requests_of_each_size_are_those_of_an_image_times_the_images() -> None:
    table = rows("Requests")
    assert len(table) == 12
    for _, each, *sizes in table:
        assert [number(cell) for cell in sizes] == [round(number(each) * it) for it in SIZES]


def test_the_minutes_are_requests_times_an_answer_by_those_at_once() -> None:
    table = rows("Minutes")[:4]
    asked = [number(cell) for cell in the_row("chainguard-history")[2:]]
    assert [number(requests) for requests, *_ in table] == asked
    for requests, *minutes in table:
        expected = [number(requests) * 0.05 / at_once / 60 for at_once in (4, 16, 64)]
        assert minutes == [f"{it:.1f}" for it in expected]


@pytest.fixture
def registry() -> Iterator[str]:
    """The address of a registry with images of 20 tags, five to a digest."""
    server = [sys.executable, str(ROOT / "benchmarks" / "standin.py"), str(IMAGES)]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.kill()


def build(folder: Path, night: str, source: object, *include: str, **environ: str) -> None:
    """A night of one source."""
    keys: dict[str, object] = {"content": "pages", "url": "/images/", "window": "off"}
    keys |= {"images": {"include": include}} if include else {}
    catalog = folder / "catalog.yaml"
    catalog.write_text(json.dumps(keys | {"tables": [{"name": "public", "source": source}]}))
    run = tagpages("build", "--catalog", catalog, "--as-of", night, **environ)
    assert run.code == 0, run.err


def requests(folder: Path, registry: str, night: str, **keys: object) -> int:
    """The requests of a night of the registry, but for the list of images."""

    def count() -> int:
        with urlopen(f"http://{registry}/count") as reply:
            return int(reply.read())

    before = count()
    build(folder, night, {"kind": "oci", "registry": registry, **keys})
    return count() - before - 2


def test_a_registry_counts_as_many_requests_as_the_model_says(
    registry: str, tmp_path: Path
) -> None:
    first = requests(tmp_path, registry, "2026-08-01T00:00:00Z")
    assert first == an_image("`oci`", "the first night") * IMAGES
    quiet = requests(tmp_path, registry, "2026-08-02T00:00:00Z")
    assert quiet == an_image("`oci`", "`chainguard-history`") * IMAGES


def test_immutable_tags_are_asked_for_once_in_a_week(registry: str, tmp_path: Path) -> None:
    requests(tmp_path, registry, "2026-08-01T00:00:00Z")
    week = [
        requests(tmp_path, registry, f"2026-08-{day:02}T00:00:00Z", immutable=r"(?!0\.[01]$).*")
        for day in range(2, 9)
    ]
    assert round(sum(week) / 7 / IMAGES, 1) == an_image("`oci`", "18 of the 20 tags")


@dataclass
class Kind:
    """A kind of source, with a server of images that have the tags of the model.

    `keys` are of the catalog, `URL` being the server's. `first` and `quiet` name the rows of such
    nights. `lists` is how many requests the list of images takes, with logins, where the row does
    not count it.
    """

    server: Callable[[list[str]], Handler]
    keys: Mapping[str, str]
    quiet: str
    first: str = ""
    lists: int = 1
    include: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)


Entries = dict[str, list[tuple[str, str, Any]]]


def tags_of(names: list[str], before: str = "team/") -> Entries:
    """A row for each tag."""
    rows = [(tag, digest(number), at(number + 1)) for tag, number in TAGS]
    return {f"{before}{name}": list(rows) for name in names}


def digests_of(names: list[str], before: str = "team/") -> Entries:
    """A row for each digest."""
    tags = [" ".join(tag for tag, its in TAGS if its == number) for number in range(4)]
    rows = [(its, digest(number), at(number + 1)) for number, its in enumerate(tags)]
    return {f"{before}{name}": list(rows) for name in names}


def versions_of(names: list[str]) -> Entries:
    """Fifty versions for each digest that has tags, as GitHub keeps them."""
    untagged = [("", digest(number), at(1)) for number in range(100, 296)]
    return {name: rows + untagged for name, rows in digests_of(names, "").items()}


def gitlab(names: list[str]) -> Handler:
    """A public project."""
    server = clouds.Gitlab(projects={"team": [f"team/{name}" for name in names]}, token="")
    for image, name in enumerate(names):
        for tag, number in TAGS:
            built = server.registry.image(f"2026-07-0{number + 1}T00:00:{image:02}Z")
            server.registry.tag(f"team/{name}", tag, built)
    return server


def changed(names: list[str]) -> dict[str, Any]:
    """When each image last changed."""
    return {f"team/{name}": at(20) for name in names}


TEAM = {"registry": "URL", "repository": "team/{image}"}
KINDS = {
    "chainguard": Kind(
        lambda names: vendors.Console(repositories=tags_of(names, "")),
        {"group": vendors.GROUP, "token": "${TOKEN}", "api": "URL"},
        "`chainguard` ",
        environ={"TOKEN": "console-token"},
    ),
    "chainguard-history": Kind(
        lambda _: vendors.History(tags={tag: [(digest(n), at(n + 1))] for tag, n in TAGS}),
        {"registry": "URL", "repository": "chainguard/{image}"},
        "`chainguard-history`",
        lists=2,  # none, but a refusal and a token
        include=("app",),
    ),
    "dockerhub": Kind(
        lambda names: vendors.Hub(repositories=tags_of(names), changed=changed(names)),
        {"api": "URL", **TEAM},
        "`dockerhub`, `quay` ",
        "`dockerhub`, `quay`, the first night",
    ),
    "quay": Kind(
        lambda names: vendors.Quay(repositories=tags_of(names), changed=changed(names)),
        TEAM,
        "`dockerhub`, `quay` ",
        "`dockerhub`, `quay`, the first night",
    ),
    "ecr": Kind(
        lambda names: clouds.Ecr(repositories=digests_of(names)),
        TEAM | {"registry": "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "api": "URL"},
        "`ecr`",
        environ=clouds.AWS_ENV,
    ),
    "google": Kind(lambda names: vendors.Google(repositories=tags_of(names)), TEAM, "`google`"),
    "harbor": Kind(lambda names: vendors.Harbor(repositories=digests_of(names)), TEAM, "`harbor`"),
    "acr": Kind(
        lambda names: clouds.Acr(repositories=tags_of(names)),
        {"username": "alice", "password": "${PASSWORD}", **TEAM},
        "`acr`",
        lists=3,
        environ={"PASSWORD": "hunter2"},
    ),
    "ghcr": Kind(
        lambda names: vendors.Github(packages=versions_of(names)),
        {"api": "URL", "token": "${TOKEN}", "repository": "acme/{image}"},
        "`ghcr`",
        lists=2,
        environ={"TOKEN": "ghp_classic"},
    ),
    "zot": Kind(lambda names: clouds.Zot(repositories=tags_of(names)), TEAM, "`zot`"),
    "gitlab": Kind(
        gitlab,
        {"api": "URL/api/v4", **TEAM},
        "`gitlab`, `chainguard-history`",
        "`gitlab`, the first night",
    ),
}


def counted(name: str, images: int, nights: int, folder: Path) -> list[int]:
    """The requests of each night of a kind."""
    kind, counts = KINDS[name], []
    names = list(kind.include) or [f"app-{number:03}" for number in range(images)]
    with serving(kind.server(names)) as server:
        keys = {key: value.replace("URL", server.url) for key, value in kind.keys.items()}
        for night in range(1, nights + 1):
            server.calls.clear()
            time = f"2026-08-{night:02}T00:00:00Z"
            build(folder, time, {"kind": name, **keys}, *kind.include, **kind.environ)
            counts.append(len(server.calls))
    return counts


TIMED = ("dockerhub", "quay")


@pytest.mark.parametrize("name", [name for name in KINDS if name not in TIMED])
def test_the_server_of_a_kind_counts_as_many_requests_as_the_model_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_alone(monkeypatch, tmp_path)
    kind, images = KINDS[name], len(KINDS[name].include) or 10
    first, quiet = counted(name, images, 2, tmp_path)
    assert first == an_image(kind.first or kind.quiet) * images + kind.lists
    assert quiet == an_image(kind.quiet) * images + kind.lists


@pytest.mark.parametrize("name", TIMED)
def test_where_the_list_has_times_a_week_counts_as_many_requests_as_the_model_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_alone(monkeypatch, tmp_path)
    kind = KINDS[name]
    first, *week = counted(name, 100, 8, tmp_path)
    assert first == an_image(kind.first) * 100 + kind.lists
    assert round(sum(week) / 7 / 100, 2) == an_image(kind.quiet)
