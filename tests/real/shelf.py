"""Thirty images of all sorts, one of them with a thousand tags and ten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.real.pusher import CREATED, DOCKER, HELM, OCI, Content, Inside, Kind, Pusher

AS_OF = datetime(2026, 8, 1, 12, tzinfo=UTC)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)

SIGNATURE = f"sha256-{'5' * 64}.sig"
"""A tag as cosign makes them; no page wants it."""

BUILT = {
    "oci": datetime(2026, 5, 1, 10, tzinfo=UTC),
    "docker": datetime(2026, 5, 2, 10, 0, 0, 123456, tzinfo=UTC),
    "oci-index": datetime(2026, 5, 3, 10, tzinfo=UTC),
    "docker-list": datetime(2026, 5, 4, 10, tzinfo=UTC),
    "attested": datetime(2026, 5, 5, 10, tzinfo=UTC),
    "annotated": datetime(2026, 5, 6, 10, tzinfo=UTC),
    "annotated-index": datetime(2026, 5, 7, 10, tzinfo=UTC),
    "chart": datetime(2026, 5, 8, 10, tzinfo=UTC),
    "epoch": AS_OF,
    "future": AS_OF,
    "timeless": AS_OF,
}
"""When the tag `1.0` of an image changed, as far as the image tells."""


@dataclass(frozen=True)
class Shelf:
    """The folder of a registry that `fill` has filled, and its digests, by repository and tag."""

    folder: Path
    pushed: Mapping[str, Mapping[str, str]]


def fill(push: Pusher) -> None:
    """Thirty images below `team/`, and one elsewhere, with as many tags as a page holds."""
    contents = {
        "oci": push.image("team/oci", "2026-05-01T10:00:00Z"),
        "docker": push.image("team/docker", "2026-05-02T12:00:00.123456001+02:00", DOCKER),
        "oci-index": _platforms(push, "team/oci-index", "2026-05-03T10:00:00Z", OCI),
        "docker-list": _platforms(push, "team/docker-list", "2026-05-04T10:00:00Z", DOCKER),
        "attested": _attested(push, "team/attested", "2026-05-05T10:00:00Z"),
        "annotated": push.image(
            "team/annotated", None, annotations={CREATED: "2026-05-06T10:00:00Z"}
        ),
        "annotated-index": _platforms(
            push, "team/annotated-index", None, OCI, {CREATED: "2026-05-07T10:00:00Z"}
        ),
        "chart": push.image(
            "team/chart", "2020-01-01T00:00:00Z", HELM, {CREATED: "2026-05-08T10:00:00Z"}
        ),
        "epoch": push.image("team/epoch", "1970-01-01T00:00:00Z"),
        "future": push.image("team/future", "2026-08-01T12:00:01Z"),
        "timeless": push.image("team/timeless", None),
    }
    for name, content in contents.items():
        push.tag(f"team/{name}", content, "1.0", "latest")
    for number in range(18):
        versions(push, f"team/app-{number:02}", 4, 2)
    versions(push, "team/many", 1010, 10)
    push.tag("team/oci", contents["oci"], SIGNATURE)
    versions(push, "elsewhere/app", 1000, 1000)


def versions(push: Pusher, repository: str, tags: int, of_each: int) -> None:
    """Tags `0.0`, `0.1` and so on, `of_each` to an image; images an hour apart."""
    for number in range(tags // of_each):
        created = FIRST + timedelta(hours=number)
        content = push.image(repository, created.isoformat())
        push.tag(repository, content, *(f"{number}.{patch}" for patch in range(of_each)))


def _platforms(
    push: Pusher,
    repository: str,
    created: str | None,
    kind: Kind,
    annotations: dict[str, str] | None = None,
) -> Content:
    children = {
        f"linux/{architecture}": push.image(
            repository, created, kind, inside=Inside(f"linux/{architecture}")
        )
        for architecture in ("amd64", "arm64")
    }
    return push.index(repository, children, kind, annotations)


def _attested(push: Pusher, repository: str, created: str) -> Content:
    """As BuildKit writes it, but the attestation first."""
    attestation = push.image(repository, "2026-01-01T00:00:00Z", inside=Inside("unknown/unknown"))
    image = push.image(repository, created)
    return push.index(repository, {"unknown/unknown": attestation, "linux/amd64": image})
