"""What a page says of where its images are pulled from, kind by kind."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from generator.sources import Spec
from generator.sources.base import Address

NOWHERE = Address("", "")


def address(override: str | None = None, **source: Any) -> Address:
    """The address of the image `app`."""
    spec: Any = msgspec.convert(source, Spec)
    found: Address = spec.address("app", override)
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"kind": "oci", "registry": "r.example.com:5000"}, ("r.example.com:5000", "app")),
        ({"kind": "oci", "registry": "https://r.example.com"}, ("r.example.com", "app")),
        ({"kind": "oci", "registry": "http://[::1]:5000"}, ("[::1]:5000", "app")),
        (
            {"kind": "harbor", "registry": "h.example.com", "repository": "team/{image}"},
            ("h.example.com", "team/app"),
        ),
        ({"kind": "google", "registry": "gcr.io", "repository": "p/{image}"}, ("gcr.io", "p/app")),
        ({"kind": "acr", "registry": "a.azurecr.io"}, ("a.azurecr.io", "app")),
        (
            {"kind": "ecr", "registry": "public.ecr.aws", "repository": "acme/{image}"},
            ("public.ecr.aws", "acme/app"),
        ),
        (
            {"kind": "gitlab", "registry": "registry.gitlab.com", "repository": "a/b/{image}"},
            ("registry.gitlab.com", "a/b/app"),
        ),
        ({"kind": "zot", "registry": "z.example.com:5000"}, ("z.example.com:5000", "app")),
        ({"kind": "quay", "repository": "team/{image}"}, ("quay.io", "team/app")),
        ({"kind": "dockerhub", "repository": "team/{image}"}, ("docker.io", "team/app")),
        ({"kind": "dockerhub", "registry": "https://m.example.com"}, ("m.example.com", "app")),
        ({"kind": "ghcr", "repository": "team/{image}"}, ("ghcr.io", "team/app")),
        ({"kind": "ghcr", "api": "https://git.example.com/api/v3"}, NOWHERE),
        (
            {"kind": "chainguard-history", "repository": "team/{image}"},
            ("cgr.dev", "team/app"),
        ),
        ({"kind": "chainguard", "group": "0a", "token": "${TOKEN}"}, NOWHERE),
        (
            {"kind": "ghcr", "api": "https://git.example.com/api/v3", "registry": "r.example.com"},
            ("r.example.com", "app"),
        ),
        (
            {"kind": "chainguard", "group": "0a", "token": "${TOKEN}", "organization": "acme.com"},
            ("cgr.dev", "acme.com/app"),
        ),
        ({"kind": "listing", "path": "a.json"}, NOWHERE),
        (
            {"kind": "listing", "path": "a.json", "registry": "r.example.com"},
            ("r.example.com", "app"),
        ),
    ],
)
def test_a_source_says_where_an_image_is_pulled_from(
    source: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert address(**source) == expected


def test_a_live_source_s_override_is_the_whole_repository() -> None:
    source = {"kind": "quay", "repository": "team/{image}"}
    assert address("other/tool", **source) == ("quay.io", "other/tool")


def test_a_console_s_override_is_a_name_below_the_organisation() -> None:
    source = {"kind": "chainguard", "group": "0a", "token": "${TOKEN}", "organization": "acme.com"}
    assert address("old-app", **source) == ("cgr.dev", "acme.com/old-app")


def test_a_listing_s_override_is_the_name_in_the_file() -> None:
    source = {"kind": "listing", "path": "a.json", "registry": "r.io", "repository": "team/{image}"}
    assert address("old-app", **source) == ("r.io", "team/old-app")
