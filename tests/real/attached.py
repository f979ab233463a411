"""An image with everything that may be attached to one, pushed to a registry as tools do it."""

from __future__ import annotations

from dataclasses import dataclass
from json import dumps, loads

from tests.facts.attaching import (
    BUNDLE,
    CYCLONEDX_JSON,
    DSSE,
    IN_TOTO,
    PROVENANCE,
    SIMPLE,
    SPDX,
    envelope,
    statement,
)
from tests.real.pusher import Content, Inside, Pusher

CREATED = "2026-05-01T12:00:00Z"


@dataclass(frozen=True)
class Pushed:
    """An index of two platforms, and the BuildKit attestation of the first one in it."""

    index: Content
    amd: Content
    arm: Content


def push_image(push: Pusher, repository: str) -> Pushed:
    """Push the image as BuildKit does, tagged `latest`."""
    images = {
        f"linux/{name}": push.image(
            repository, CREATED, inside=Inside(f"linux/{name}", run={"Labels": {}})
        )
        for name in ("amd64", "arm64")
    }
    amd, arm = images.values()
    told = layer(IN_TOTO, statement(amd.digest, PROVENANCE, {}))
    attestation = push.artifact(repository, told, None, **{"in-toto.io/predicate-type": PROVENANCE})
    children = images | {f"unknown/unknown@{amd.digest}": attestation}
    index = push.index(repository, children)
    push.tag(repository, index, "latest", "1.0")
    return Pushed(index, amd, arm)


def sign_as_cosign_2(push: Pusher, repository: str, pushed: Pushed) -> None:
    """A signature of the index, an attestation of a child, and an SBOM of the other."""
    signing = {"critical": {"image": {"docker-manifest-digest": pushed.index.digest}}}
    attested = envelope(statement(pushed.arm.digest, SPDX, {}))
    for content, subject, suffix in (
        (layer(SIMPLE, signing), pushed.index, "sig"),
        (layer(DSSE, attested), pushed.arm, "att"),
        (layer(CYCLONEDX_JSON, {"bomFormat": "CycloneDX"}), pushed.amd, "sbom"),
    ):
        annotations = {"predicateType": SPDX} if suffix == "att" else {}
        manifest = push.artifact(repository, content, None, **annotations)
        push.tag(repository, manifest, f"{subject.digest.replace(':', '-')}.{suffix}")


def refer(push: Pusher, repository: str, subject: Content, *bundles: object) -> None:
    """Bundles under the fallback tag of their subject, as cosign 3 attaches them."""
    artifacts = (push.artifact(repository, layer(BUNDLE, bundle), subject) for bundle in bundles)
    push.refer(repository, subject, *map(_made, artifacts))


def _made(artifact: Content) -> Content:
    """The artifact with the time at which it was made."""
    annotations = {"org.opencontainers.image.created": CREATED}
    manifest = loads(artifact.body) | {"annotations": annotations}
    return Content.of(artifact.media_type, manifest)


def layer(media_type: str, value: object) -> Content:
    """A layer with a JSON document."""
    return Content(media_type, dumps(value).encode())
