"""Whatever a server writes into a header or a URL: a value, or a RegistryError."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from generator.registry import Origin, RegistryError, Reply
from generator.registry.challenge import challenges
from generator.registry.message import Headers
from generator.registry.origin import resolved
from generator.registry.times import parse_http_date, parse_time

LATIN = st.text(st.characters(max_codepoint=255))
URLISH = st.text('ab./:@?#[]%\\ \n\t"<>{}|^`é1') | st.text()
HEADERISH = st.text('ab,;= "\\<>\t') | LATIN


@given(URLISH)
@example("http://[")
@example("//evil.example/x")
@example("http://a:b@c/")
@example("https:///x")
def test_a_reference_becomes_a_plain_url_or_an_error(reference: str) -> None:
    with suppress(RegistryError):
        url = resolved("https://registry.example/v2/a/tags/list", reference)
        assert url.isascii()
        assert url.isprintable()
        assert " " not in url
        assert url.startswith(f"{Origin.of(url)}/")
        assert "@" not in url.split("/")[2]


@given(HEADERISH)
def test_a_challenge_of_any_kind_is_read(value: str) -> None:
    for challenge in challenges([value]):
        assert challenge.scheme == challenge.scheme.lower()
        assert challenge.scheme


@given(HEADERISH)
def test_a_link_of_any_kind_is_read(value: str) -> None:
    reply = Reply("https://registry.example/", 200, Headers([(b"link", value.encode("latin-1"))]))
    assert reply.next_link in value


@given(st.text())
def test_a_time_of_any_kind_is_read(value: str) -> None:
    for time in (parse_time(value), parse_http_date(value)):
        assert time is None or time.utcoffset() is not None
