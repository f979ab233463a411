"""Documents that anybody may push, and that name what lies elsewhere: never part of a URL."""

from __future__ import annotations

from typing import Any

import pytest

from tests.registry.fake import CONFIG, INDEX, MANIFEST, FakeRegistry, describe, pull
from tests.registry.server import Call

LOGIN: dict[str, Any] = {"token": "${TOKEN}", "env": {"TOKEN": "hunter2"}}
ELSEWHERE = [
    "../../../../api/v2.0/users/current/secret?x=",
    "sha256:../../../secret",
    "sha256:abc",
    f"sha256:{'a' * 64}/../../secret",
    f"sha256:{'a' * 64}?x=",
    f"sha256:{'a' * 64}\n",
    f"blake3:{'a' * 300}",
    "latest",
    "",
]


def strayed(call: Call) -> bool:
    return not call.target.startswith(("/v2/app/tags/list", "/v2/app/manifests/")) or (
        "secret" in call.target
    )


@pytest.mark.parametrize("digest", ELSEWHERE)
@pytest.mark.parametrize("media_type", [MANIFEST, INDEX])
def test_a_child_of_an_index_is_not_asked_for_if_its_digest_is_none(
    registry: FakeRegistry, media_type: str, digest: str
) -> None:
    index = registry.index(describe(digest, media_type=media_type))
    registry.repositories["app"] = {"1.0": index}

    outcome = pull(registry, **LOGIN)

    assert outcome.error.startswith(
        f"{outcome.server.address}/app '{index}' has not a valid digest: "
    )
    assert [call.target for call in outcome.server.calls if strayed(call)] == []
    assert len(outcome.server.calls) == 3


@pytest.mark.parametrize("digest", ELSEWHERE)
def test_a_configuration_is_not_asked_for_if_its_digest_is_none(
    registry: FakeRegistry, digest: str
) -> None:
    config = {"mediaType": CONFIG, "digest": digest, "size": 1}
    image = registry.put(MANIFEST, {"schemaVersion": 2, "mediaType": MANIFEST, "config": config})
    registry.repositories["app"] = {"1.0": image}

    outcome = pull(registry, **LOGIN)

    assert f"/app '{image}' has not a valid digest: " in outcome.error
    assert [call.target for call in outcome.server.calls if strayed(call)] == []
    assert len(outcome.server.calls) == 3
