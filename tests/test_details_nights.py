"""The Details page from night to night, by whole builds of a recorded listing."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from generator.content.details import decode_details
from tests.support import AS_OF, Site, digest

TIME = "2024-06-01T00:00:00Z"


def record(site: Site, sign: str, *packages: str) -> None:
    """One night: `latest` at a digest, and what it contains."""
    site.lists({"app": [("latest", sign, TIME)]})
    config = {"contents": {"packages": packages}, "accounts": {"run-as": "65532"}}
    details = [{"image": "app", "variants": [{"tag": "latest", "config": config}]}]
    (site.root / "details.json").write_text(json.dumps(details))


@pytest.fixture
def documented(site: Site) -> Site:
    source = {"kind": "listing", "path": "public.json", "details": "details.json"}
    tables: list[Mapping[str, object]] = [{"name": "public", "source": source}]
    site.catalog(tables=tables, pages=["details", "tags_history"], as_of=None)
    return site


def page(site: Site) -> str:
    return (site.content / "app" / "image_specs.md").read_text()


def test_a_tag_that_moved_says_so_the_next_night_and_in_the_nights_after(documented: Site) -> None:
    record(documented, "a", "bash=5.1", "curl=8")
    documented.build("--as-of", AS_OF)
    assert "What changed" not in page(documented)

    record(documented, "b", "bash=5.2")
    documented.build("--as-of", "2024-06-04T00:00Z")
    told = page(documented)
    assert "- June 4th: from `aaaaaaaaaaaa` to `bbbbbbbbbbbb`\n" in told
    assert "  - Packages removed: `curl` `8`\n" in told
    assert "  - Packages with other versions: `bash` `5.1` to `5.2`\n" in told

    documented.build("--as-of", "2024-06-05T00:00Z")
    assert page(documented) == told
    assert documented.run("check", "--as-of", "2024-06-05T00:00Z").code == 0
    state = (documented.content / "app" / "details.json").read_bytes()
    (move,) = decode_details(state, "app").moves["public"]["latest"]
    assert (move.before, move.digest) == (digest("a"), digest("b"))


def test_what_could_not_be_looked_up_is_told_with_the_first_night(documented: Site) -> None:
    record(documented, "a", "bash")
    (documented.root / "details.json").unlink()

    for day in ("03", "04"):
        documented.run("build", "--as-of", f"2024-06-{day}T00:46Z")

    assert "its packages could not be looked up since June 3rd.\n" in page(documented)
