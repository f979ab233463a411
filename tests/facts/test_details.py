"""`details.json`: what is known of an image's digests, as it is kept beside the page."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.content.details import decode_details, encode_details
from generator.errors import TagpagesError
from generator.facts.base import Absent, CouldNotLook, Details, Fact, Found
from generator.facts.image import Config, ImageFacts, Platform
from generator.facts.packages import Packages
from generator.facts.sbom import Package
from tests.support import digest

A, B = digest("a"), digest("b")
DETAILS = Details(
    "app",
    {
        B: {
            "image": Found(
                ImageFacts(
                    is_index=True,
                    platforms=(
                        Platform("linux", "amd64", "", "", digest("c"), 1024, 2),
                        Platform("linux", "arm", "v7", "", digest("d"), 0, 0),
                    ),
                    created=datetime(2026, 7, 1, 10, tzinfo=UTC),
                    config=Config(
                        user="nonroot",
                        cmd="a | `b`",
                        env={"PATH": "/bin", "A": ""},
                        exposed_ports=("80/tcp", "443/tcp"),
                    ),
                )
            ),
            "packages": Found(
                Packages(
                    "SPDX",
                    (Package("busybox", "1.36", "GPL-2.0-only", "apk"), Package("glibc")),
                    "referrer",
                    "linux/amd64",
                    digest("e"),
                )
            ),
        },
        A: {"image": CouldNotLook("registry.test answered 503"), "packages": Absent()},
    },
)
TEXT = f"""\
{{
  "version": 1,
  "image": "app",
  "digests": {{
    "{B}": {{
      "image": {{
        "state": "found",
        "value": {{
          "is_index": true,
          "platforms": [
            {{"os":"linux","architecture":"amd64","digest":"{digest("c")}","size":1024,"layers":2}},
            {{"os":"linux","architecture":"arm","variant":"v7","digest":"{digest("d")}","size":0,"layers":0}}
          ],
          "created": "2026-07-01T10:00:00Z",
          "config": {{
            "user": "nonroot",
            "cmd": "a | `b`",
            "env": {{
              "PATH": "/bin",
              "A": ""
            }},
            "exposed_ports": ["80/tcp","443/tcp"]
          }}
        }}
      }},
      "packages": {{
        "state": "found",
        "value": {{
          "format": "SPDX",
          "packages": [
            {{"name":"busybox","version":"1.36","licence":"GPL-2.0-only","type":"apk"}},
            {{"name":"glibc"}}
          ],
          "form": "referrer",
          "platform": "linux/amd64",
          "blob": "{digest("e")}"
        }}
      }}
    }},
    "{A}": {{
      "image": {{
        "state": "could not look",
        "reason": "registry.test answered 503"
      }},
      "packages": {{
        "state": "none"
      }}
    }}
  }}
}}
"""


def test_a_member_stands_on_a_line_and_a_package_too() -> None:
    assert encode_details(DETAILS).decode() == TEXT


def test_what_is_written_is_read_back() -> None:
    read = decode_details(TEXT.encode(), "app")

    assert read == DETAILS
    assert list(read.facts) == [B, A]


def test_a_digest_of_which_nothing_is_known_is_not_written() -> None:
    assert decode_details(encode_details(Details("app", {A: {}})), "app") == Details("app")


def test_facts_stand_in_the_order_of_their_kinds_whoever_answered_first() -> None:
    facts = dict(reversed([*DETAILS.facts[B].items()]))

    assert encode_details(Details("app", {B: facts})) == encode_details(
        Details("app", {B: DETAILS.facts[B]})
    )


text = st.text(st.characters(codec="utf-8"), max_size=20)
names = st.dictionaries(text, text, max_size=3)
platforms = st.builds(
    Platform,
    os=text,
    architecture=text,
    variant=text,
    os_version=text,
    digest=st.sampled_from(["", A]),
    size=st.none() | st.integers(0, 2**62),
    layers=st.none() | st.integers(0, 2**62),
)
configs = st.builds(
    Config,
    user=text,
    entrypoint=text,
    cmd=text,
    env=names,
    volumes=st.lists(text, max_size=3).map(tuple),
    labels=names,
)
images = st.builds(
    ImageFacts,
    is_index=st.booleans(),
    platforms=st.lists(platforms, max_size=3).map(tuple),
    created=st.none() | st.datetimes(timezones=st.just(UTC)),
    config=configs,
)
lists = st.builds(
    Packages,
    format=st.sampled_from(["SPDX", "apko"]),
    packages=st.lists(
        st.builds(Package, name=text, version=text, licence=text, type=text), max_size=3
    ).map(tuple),
    platform=text,
)


def facts_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Fact[Any]]:
    return st.one_of(values.map(Found), st.just(Absent()), text.map(CouldNotLook))


@given(
    st.dictionaries(
        st.sampled_from([A, B]),
        st.fixed_dictionaries({"image": facts_of(images)}, optional={"packages": facts_of(lists)}),
    )
)
def test_whatever_text_is_in_it_it_is_read_back(facts: dict[str, dict[str, Fact[Any]]]) -> None:
    details = Details("app", facts)

    assert decode_details(encode_details(details), "app") == details


def changed(*path: str | int, value: object) -> bytes:
    """The text with one value replaced."""
    file = json.loads(TEXT)
    inner = file
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(file).encode()


IMAGE_VALUE = ("digests", B, "image", "value")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "Input data was truncated"),
        (b"[" * 100_000, "Expected `object`"),
        (b"\xff", "malformed"),
        (b"[]", "Expected `object`, got `array`"),
        (changed("version", value=2), "its version is 2, and this tagpages reads 1 only"),
        (b'{"version": 2, "all": "new"}', "its version is 2, and this tagpages reads 1 only"),
        (changed("image", value="other"), "it is about the image `other`"),
        (changed("digests", value={"latest": {}}), "not a valid digest: 'latest'"),
        (
            changed("digests", A, "sbom", value={}),
            "has a fact of the kind `sbom`, which is unknown",
        ),
        (changed("digests", A, "image", value={"state": "maybe"}), "Invalid value 'maybe'"),
        (
            changed("digests", A, "image", value={"state": "found"}),
            "missing required field `value`",
        ),
        (changed("digests", A, "packages", "state", value="could not look"), "field `reason`"),
        (
            changed("digests", B, "packages", "value", "packages", 1, value={}),
            "missing required field `name`",
        ),
        (changed(*IMAGE_VALUE, "platforms", 0, "digest", value="x"), "not a valid digest: 'x'"),
        (changed(*IMAGE_VALUE, "platforms", 0, "size", value=-1), "Expected `int` >= 0"),
        (changed(*IMAGE_VALUE, "created", value="2026-07-01T10:00:00"), "is not in UTC"),
        (changed(*IMAGE_VALUE, "created", value="2026-07-01T10:00:00+02:00"), "is not in UTC"),
        (changed(*IMAGE_VALUE, "config", "env", value=[]), "Expected `object`, got `array`"),
    ],
)
def test_what_is_not_as_it_is_written_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(TagpagesError) as error:
        decode_details(data, "app")

    assert str(error.value).startswith("app/details.json: ")
    assert told in str(error.value)


def test_keys_of_later_versions_of_this_form_are_passed_over() -> None:
    file = json.loads(TEXT) | {"before": {A: "compact"}}

    assert decode_details(json.dumps(file).encode(), "app") == DETAILS


def test_packages_that_were_written_as_a_list_alone_are_read() -> None:
    text = changed("digests", B, "packages", "value", value=[{"name": "busybox"}])

    packages = decode_details(text, "app").facts[B]["packages"]

    assert packages == Found(Packages("apko", (Package("busybox"),)))
