"""What the tests of live registries share."""

from __future__ import annotations

import pytest

from tests.registry.fake import FakeRegistry


@pytest.fixture
def registry() -> FakeRegistry:
    """A registry with one image, `app`, of two tags."""
    fake = FakeRegistry()
    digest = fake.image()
    fake.tag("app", "1.0", digest)
    fake.tag("app", "latest", digest)
    return fake


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxies of the machine are not the tests'."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
