"""Rows whose time or digest is null, in the listings of vendors: an odd row costs only itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from generator.model import Table
from generator.sources.acr import Acr
from generator.sources.ecr import Ecr
from generator.sources.ghcr import Ghcr
from generator.sources.google import Google
from generator.sources.harbor import Harbor
from generator.sources.quay import Quay
from tests.registry.fake import NOW
from tests.registry.server import as_json
from tests.sources import clouds, vendors
from tests.sources.asking import Outcome, SpecOf, Vendor, ask, at, digest, table

GOOD = ("2.0", digest(2), at(4))
TIME = "2026-07-04T00:00:00Z"
SECONDS = int(at(4).timestamp())


@dataclass
class Kind:
    """A vendor whose page has a row that is odd and a good one.

    `body` makes the page of a digest and a time, which may be null.
    """

    spec: SpecOf
    server: Vendor
    path: str
    body: Any
    time: Any = TIME
    environ: dict[str, str] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)

    def ask(self, sha: str | None, time: Any, known: dict[str, Table] | None = None) -> Outcome:
        """The answer where the tag `1.0` has this digest and this time."""
        self.server.when(self.path, as_json(self.body(sha, time), **self.headers))
        return ask(self.spec, self.server, "app", env=self.environ, known=known)


def harbor_row(tag: str, sha: str | None, time: str | None) -> dict[str, object]:
    return {"digest": sha, "type": None, "tags": [{"name": tag, "push_time": time}]}


def ecr_row(tag: str, sha: str | None, time: float | None) -> dict[str, object]:
    return {"imageDigest": sha, "imageTags": [tag], "imagePushedAt": time}


def ghcr_row(tag: str, sha: str | None, time: str | None) -> dict[str, object]:
    return {"name": sha, "created_at": time, "metadata": {"container": {"tags": [tag]}}}


KINDS = {
    "quay": lambda: Kind(
        lambda url: Quay(repository="team/{image}", registry=url),
        vendors.Quay(repositories={"team/app": []}),
        "/tag/",
        lambda sha, time: {
            "tags": [
                {"name": "1.0", "manifest_digest": sha, "start_ts": time},
                {"name": "2.0", "manifest_digest": digest(2), "start_ts": SECONDS},
            ],
            "has_additional": False,
        },
        SECONDS,
    ),
    "harbor": lambda: Kind(
        lambda url: Harbor(repository="team/{image}", registry=url),
        vendors.Harbor(repositories={"team/app": []}),
        "/artifacts",
        lambda sha, time: [harbor_row("1.0", sha, time), harbor_row("2.0", digest(2), TIME)],
        headers={"X_Total_Count": "2"},
    ),
    "ecr": lambda: Kind(
        lambda url: Ecr(
            repository="team/{image}",
            registry="123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            api=url,
        ),
        clouds.Ecr(repositories={"team/app": []}),
        "/",
        lambda sha, time: {
            "imageDetails": [
                ecr_row("1.0", sha, time),
                ecr_row("2.0", digest(2), SECONDS),
                {"imageDigest": digest(3), "imageTags": None},
            ]
        },
        SECONDS,
        environ=clouds.AWS_ENV,
    ),
    "acr": lambda: Kind(
        lambda url: Acr(
            repository="team/{image}", registry=url, username="alice", password="${PASSWORD}"
        ),
        clouds.Acr(repositories={"team/app": []}),
        "/_tags",
        lambda sha, time: {
            "tags": [
                {"name": "1.0", "digest": sha, "lastUpdateTime": time, "createdTime": None},
                {"name": "2.0", "digest": digest(2), "lastUpdateTime": TIME},
            ]
        },
        environ={"PASSWORD": "hunter2"},
    ),
    "ghcr": lambda: Kind(
        lambda url: Ghcr(repository="acme/{image}", api=url, token="${TOKEN}"),
        vendors.Github(packages={"app": []}),
        "/versions",
        lambda sha, time: [
            ghcr_row("1.0", sha, time),
            ghcr_row("2.0", digest(2), TIME),
            {"name": digest(3), "created_at": TIME, "metadata": {"container": {"tags": None}}},
        ],
        environ={"TOKEN": "ghp_classic"},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_tag_whose_time_is_null_has_that_of_its_known_digest_or_of_the_night(kind: str) -> None:
    assert KINDS[kind]().ask(digest(1), None).rows() == [("1.0", digest(1), NOW), GOOD]
    known = {"app": table((1, at(3), "1.0"))}
    assert KINDS[kind]().ask(digest(1), None, known).rows() == [("1.0", digest(1), at(3)), GOOD]


@pytest.mark.parametrize("kind", KINDS)
def test_a_tag_whose_digest_is_null_is_left_out_and_told(kind: str) -> None:
    odd = KINDS[kind]()

    outcome = odd.ask(None, odd.time)

    assert outcome.rows() == [GOOD]
    [(image, said)] = outcome.notes
    assert (image, said.partition(": ")[2]) == ("app", "tag `1.0` has no digest and is left out")


def test_a_manifest_whose_time_is_null_has_the_night_s_and_one_without_tags_is_nobody_s() -> None:
    google = vendors.Google(repositories={"acme/app": []})
    manifests = {
        digest(1): {"timeUploadedMs": None, "tag": ["1.0"]},
        digest(2): {"timeUploadedMs": f"{SECONDS}000", "tag": ["2.0"]},
        digest(3): {"timeUploadedMs": f"{SECONDS}000", "tag": None},
    }
    google.when("/tags/list", as_json({"tags": ["1.0", "2.0"], "manifest": manifests}))

    outcome = ask(lambda url: Google(repository="acme/{image}", registry=url), google, "app")

    assert outcome.rows() == [("1.0", digest(1), NOW), GOOD]
