"""A server that misbehaves, one test for each way: the right tags, or one clear error."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

import pytest

from generator.registry import Limits
from tests.registry.fake import MANIFEST, NOW, FakeRegistry, pull
from tests.registry.server import Answer, Call, Server, as_json, problem

LIST = "/v2/app/tags/list"
LOGIN: dict[str, Any] = {
    "username": "alice",
    "password": "${PASSWORD}",
    "env": {"PASSWORD": "hunter22"},
}
BASIC = "Basic YWxpY2U6aHVudGVyMjI="
BEARER = Answer(401, headers=(("WWW-Authenticate", 'Basic realm="here"'),))


def times(count: int, answer: Answer) -> Callable[[Call], Answer | None]:
    """Answer so for the first few calls."""
    left = [answer] * count
    return lambda _: left.pop() if left else None


def asks_for_login(call: Call) -> Answer | None:
    return None if call.authorization == BASIC else BEARER


def test_a_429_with_seconds_is_waited_out(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, times(1, Answer(429, b"slow down", (("Retry-After", "7"),))))
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert outcome.slept == [7]
    assert outcome.stats.retries == 1
    assert outcome.stats.waited == 7


def test_a_429_with_a_date_is_waited_out(registry: FakeRegistry) -> None:
    later = format_datetime(NOW.replace(minute=2), usegmt=True)
    registry.when("HEAD", "1.0", times(1, Answer(429, headers=(("Retry-After", later),))))
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert outcome.slept == [120]


def test_a_429_pauses_the_whole_host(registry: FakeRegistry) -> None:
    for number in range(20):
        registry.tag("app", f"2.{number}", registry.image())
    registry.when("HEAD", "/2.0", times(1, Answer(429, headers=(("Retry-After", "60"),))))
    outcome = pull(registry)
    assert len(outcome.digests) == 22
    assert outcome.slept == [60]


def test_a_429_after_429_is_waited_out_longer_than_a_failure_is_tried(
    registry: FakeRegistry,
) -> None:
    registry.when("GET", LIST, times(15, Answer(429, headers=(("Retry-After", "1"),))))
    assert list(pull(registry).digests) == ["1.0", "latest"]


def test_a_429_without_end_is_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, Answer(429, headers=(("Retry-After", "1"),)))
    outcome = pull(registry)
    assert outcome.error.endswith("answered 429")
    assert outcome.stats.requests == 20


def test_a_429_without_a_time_is_waited_out_ever_longer(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, times(3, Answer(429, b"<html>429</html>")))
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert [0.5 * 2**n <= wait <= 2**n for n, wait in enumerate(outcome.slept)] == [True] * 3


@pytest.mark.parametrize(
    "headers",
    [
        (("Retry-After", "21600"),),
        (("Retry-After", "Sat, 01 Aug 2026 18:00:00 GMT"),),
        (("X-RateLimit-Reset", str(int(NOW.timestamp()) + 21600)),),
    ],
)
def test_a_rate_limit_that_is_too_long_to_wait_for_names_its_end(
    registry: FakeRegistry, headers: tuple[tuple[str, str], ...]
) -> None:
    registry.when("HEAD", "/1.0", Answer(429, headers=headers))
    outcome = pull(registry)
    assert outcome.error == (
        f"{outcome.server.address} limits requests until 2026-08-01 18:00:00 UTC: "
        "build again then, with credentials that have a higher limit, or with a lower `concurrency`"
    )
    assert outcome.slept == []


def test_a_403_that_is_a_spent_rate_limit_counts_as_one(registry: FakeRegistry) -> None:
    spent = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", str(int(NOW.timestamp()) + 9)))
    registry.when("GET", LIST, times(1, Answer(403, b"{}", spent)))
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert outcome.slept == [9]


@pytest.mark.parametrize(
    "when", ["soon", "-5", "Sat, 99 Aug 2026", "Sat, 01 Aug 1970 00:00:00", "0"]
)
def test_a_retry_after_without_sense_means_the_usual_wait(
    registry: FakeRegistry, when: str
) -> None:
    registry.when("GET", LIST, times(1, Answer(429, headers=(("Retry-After", when),))))
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert len(outcome.slept) == 1
    assert outcome.slept[0] <= 1


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_burst_of_server_errors_is_survived(registry: FakeRegistry, status: int) -> None:
    registry.when("GET", LIST, times(4, Answer(status)))
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert len(outcome.slept) == outcome.stats.retries == 4


def test_a_503_that_lasts_is_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, Answer(503, b"<h1>maintenance</h1>"))
    outcome = pull(registry)
    assert outcome.error == f"{outcome.server.url}{LIST} answered 503"
    assert len(outcome.server.calls) == 6


def test_a_404_of_the_server_is_not_tried_again(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, Answer(404, b"<h1>nothing here</h1>"))
    outcome = pull(registry)
    assert outcome.error == f"{outcome.server.url}{LIST} answered 404"
    assert len(outcome.server.calls) == 1


def test_a_repository_that_does_not_exist_is_no_error(registry: FakeRegistry) -> None:
    outcome = pull(registry, repository="other/{image}")
    assert (outcome.tags, outcome.error) == (None, "")


def test_a_repository_that_vanishes_between_pages_is_an_error(registry: FakeRegistry) -> None:
    registry.page_size = 1
    registry.when(
        "GET", LIST, lambda call: problem(404, "NAME_UNKNOWN") if "last" in call.query else None
    )
    outcome = pull(registry)
    assert outcome.error == f"{outcome.server.url}{LIST} answered 404 NAME_UNKNOWN"


def test_a_connection_reset_in_the_middle_of_a_body_is_tried_again(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, times(1, Answer(200, b'{"tags": ["1.0"', length=500, reset=True)))
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert outcome.stats.retries == 1


@pytest.mark.parametrize("reset", [False, True])
def test_a_body_that_is_shorter_than_its_length_says_is_tried_again(
    registry: FakeRegistry, reset: bool
) -> None:
    short = Answer(200, b'{"tags": ["1.0"]}', length=18, reset=reset)
    registry.when("GET", LIST, times(1, short))
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert outcome.stats.retries == 1


def test_a_body_that_always_breaks_off_is_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, Answer(200, b'{"tags": ["1.0"', length=500))
    outcome = pull(registry)
    assert outcome.error.startswith(f"{outcome.server.url}{LIST} cannot be reached: ")
    assert len(outcome.server.calls) == 6


@pytest.mark.parametrize("field", [("Content-Length", "-1"), ("X-Long", "x" * 20_000), ("", "")])
def test_a_broken_header_is_an_error(registry: FakeRegistry, field: tuple[str, str]) -> None:
    registry.when("GET", LIST, Answer(200, b"{}", (field,)))
    outcome = pull(registry, limits=Limits(tries=2))
    assert outcome.error.startswith(f"{outcome.server.url}{LIST} cannot be reached: ")


def test_truncated_json_is_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, Answer(200, b'{"name": "app", "tags": ["1.0", "lat', _json()))
    outcome = pull(registry)
    assert outcome.error == (
        f"{outcome.server.url}{LIST} did not answer what it should ('application/json'): "
        "'Input data was truncated'"
    )


def test_a_slow_drip_ends_in_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, Answer(200, b'{"tags":', _json(), length=1000, drip=True))
    outcome = pull(registry, limits=Limits(exchange=0.1))
    assert outcome.error == f"{outcome.server.url}{LIST} took longer than 0.1 s to answer"


def test_a_server_that_says_nothing_is_tried_again_and_then_an_error(
    registry: FakeRegistry,
) -> None:
    registry.when("GET", LIST, Answer(200, b"", _json(), length=1000, hang=True))
    outcome = pull(registry, limits=Limits(read=0.05, tries=2))
    assert outcome.error.startswith(f"{outcome.server.url}{LIST} cannot be reached: ReadTimeout")
    assert len(outcome.server.calls) == 2


def test_endless_paging_ends_at_the_limit(registry: FakeRegistry) -> None:
    numbers = iter(range(1000))
    registry.when("GET", LIST, lambda _: page(["1.0"], f"{LIST}?next={next(numbers)}"))
    outcome = pull(registry, limits=Limits(pages=50))
    assert outcome.error == f"{outcome.server.address} lists more than 50 pages, which is the limit"
    assert len(outcome.server.calls) == 50


def test_a_page_that_names_itself_as_the_next_one_is_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, page(["1.0"], f"{LIST}?last=1.0"))
    outcome = pull(registry)
    assert outcome.error == (
        f"{outcome.server.address} lists the page '{outcome.server.url}{LIST}' twice: "
        "its paging is broken"
    )


@pytest.mark.parametrize("form", ["{}/v2/app/tags/list?last=1.0", "//{}/v2/app/tags/list?last=1.0"])
def test_a_link_to_another_host_is_an_error_and_gets_no_credentials(
    registry: FakeRegistry, form: str
) -> None:
    thief = Server(FakeRegistry())

    def linked(call: Call) -> Answer:
        host = thief.url if form.startswith("{}") else thief.address
        return asks_for_login(call) or page(["1.0"], form.format(host))

    registry.when("GET", LIST, linked)
    outcome = pull(registry, beside=thief, **LOGIN)
    assert outcome.error == (
        f"{outcome.server.address} names a next page at {thief.url}: not followed"
    )
    assert thief.calls == []


def test_a_link_with_the_other_scheme_of_the_same_host_is_followed_on_the_scheme_in_use(
    registry: FakeRegistry,
) -> None:
    def linked(call: Call) -> Answer | None:
        if "last" in call.query:
            return None
        return page(["1.0"], f"https://{call.headers['host']}{LIST}?last=1.0")

    registry.when("GET", LIST, linked)
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "latest"]


def test_a_link_after_a_redirect_is_followed_on_the_other_host_without_credentials(
    registry: FakeRegistry,
) -> None:
    digest = registry.image()
    for number in range(250):
        registry.tag("far/app", f"{number:03}", digest)
    far = Server(registry.proper)
    registry.page_size = 100
    registry.when("*", "", asks_for_login)
    registry.when("GET", LIST, lambda _: moved(f"{far.url}/v2/far/app/tags/list?n=100"))
    registry.repositories["app"] = registry.repositories["far/app"]
    outcome = pull(registry, beside=far, **LOGIN)
    assert len(outcome.digests) == 250
    assert [(call.path, call.authorization) for call in far.calls] == [
        ("/v2/far/app/tags/list", "")
    ] * 3


def test_a_link_after_a_redirect_may_lead_back_with_the_credentials(registry: FakeRegistry) -> None:
    near = Server(registry)
    far = Server(lambda _: page(["1.0"], f"{near.url}{LIST}?last=1.0"))
    registry.when("*", "", asks_for_login)
    registry.when("GET", LIST, lambda call: None if "last" in call.query else moved(far.url))
    outcome = pull(near, beside=far, **LOGIN)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert [call.authorization for call in far.calls] == [""]


def test_a_link_after_a_redirect_to_a_third_host_is_an_error(registry: FakeRegistry) -> None:
    far = Server(lambda _: page(["1.0"], "http://127.0.0.2:9/v2/app/tags/list?last=1.0"))
    registry.when("GET", LIST, lambda _: moved(far.url))
    outcome = pull(registry, beside=far)
    assert outcome.error == (f"{far.address} names a next page at http://127.0.0.2:9: not followed")


def test_a_redirect_to_another_host_is_followed_without_credentials(registry: FakeRegistry) -> None:
    storage = Server(registry.proper)
    registry.when("*", "", asks_for_login)
    registry.when("GET", "/blobs/", lambda call: moved(f"{storage.url}{call.target}?signature=s"))
    outcome = pull(registry, beside=storage, **LOGIN)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert [call.authorization for call in storage.calls] == [""]
    assert storage.calls[0].query == {"signature": ["s"]}


def test_the_challenge_of_a_redirects_target_gets_no_credentials(registry: FakeRegistry) -> None:
    thief = Server(lambda _: BEARER)
    registry.when("*", "", asks_for_login)
    registry.when("GET", "/blobs/", lambda call: moved(f"{thief.url}{call.target}"))
    outcome = pull(registry, beside=thief, **LOGIN)
    assert outcome.error.startswith(f"{thief.url} (for {outcome.server.url}/v2/app/blobs/")
    assert [call.authorization for call in thief.calls] == [""]


def test_a_redirect_on_the_same_host_keeps_the_credentials(registry: FakeRegistry) -> None:
    registry.when("*", "", asks_for_login)
    registry.when("HEAD", "/v2/app/manifests/1.0", moved("/v2/app/manifests/latest"))
    outcome = pull(registry, **LOGIN)
    assert list(outcome.digests) == ["1.0", "latest"]


def test_redirects_without_end_are_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, moved(LIST))
    outcome = pull(registry)
    assert outcome.error == f"{outcome.server.address} redirects more than 5 times"


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("http://169.254.169.254/latest/meta-data", "cloud metadata"),
        ("http://[fe80::1]/", "link-local"),
        ("http://10.0.0.1:8080/", "private"),
        ("http://[::ffff:192.168.0.1]/", "private"),
    ],
)
def test_a_redirect_to_an_inner_address_is_not_followed(
    registry: FakeRegistry, target: str, kind: str
) -> None:
    registry.when("GET", "/blobs/", moved(target))
    outcome = pull(registry)
    assert outcome.error.startswith(f"{outcome.server.address} sends us to http://")
    assert outcome.error.endswith(f"a {kind} address: not followed")


@pytest.mark.parametrize(
    "target", ["ftp://files.example/x", "http://user:pw@127.0.0.1/x", "http://a\\b/", "http://["]
)
def test_a_redirect_to_what_is_no_plain_url_is_an_error(
    registry: FakeRegistry, target: str
) -> None:
    registry.when("GET", "/blobs/", moved(target))
    outcome = pull(registry)
    assert outcome.error.startswith("not a ")
    assert "pw" not in outcome.error


def test_a_realm_at_the_metadata_of_a_cloud_is_not_asked(registry: FakeRegistry) -> None:
    registry.when("*", "", realm("http://169.254.169.254/token"))
    outcome = pull(registry, **LOGIN)
    assert outcome.error == (
        f"{outcome.server.address} sends us to http://169.254.169.254, "
        "a cloud metadata address: not followed"
    )


def test_a_realm_on_another_host_over_plain_http_gets_no_credentials(
    registry: FakeRegistry,
) -> None:
    registry.when("*", "", realm("http://auth.example/token"))
    outcome = pull(registry, **LOGIN)
    assert outcome.error == (
        f"{outcome.server.address} names http://auth.example for its tokens over plain http: "
        "credentials are not sent there"
    )


@pytest.mark.parametrize("header", [(), (("Docker-Content-Digest", ""),)])
def test_a_missing_digest_header_is_made_up_for_by_a_get(
    registry: FakeRegistry, header: tuple[tuple[str, str], ...]
) -> None:
    _, body = registry.contents[registry.repositories["app"]["1.0"]]
    registry.when("*", "/manifests/", Answer(200, body, (("Content-Type", MANIFEST), *header)))
    outcome = pull(registry)
    assert outcome.digests == registry.repositories["app"]


def test_a_missing_digest_header_with_html_is_an_error(registry: FakeRegistry) -> None:
    registry.when("*", "/manifests/", Answer(200, b"<html>", (("Content-Type", "text/html"),)))
    outcome = pull(registry)
    assert "did not answer what it should ('text/html')" in outcome.error


def test_a_digest_that_is_none_is_an_error(registry: FakeRegistry) -> None:
    registry.when(
        "HEAD", "/1.0", Answer(200, headers=(("Docker-Content-Digest", "sha256:../../x"),))
    )
    outcome = pull(registry)
    assert outcome.error == (
        f"{outcome.server.address}/app '1.0' has not a valid digest: 'sha256:../../x'"
    )


@pytest.mark.parametrize("where", ["/manifests/sha256:", "/blobs/"])
def test_a_body_that_is_not_its_digests_is_an_error(registry: FakeRegistry, where: str) -> None:
    registry.when("GET", where, Answer(200, b'{"schemaVersion": 2}', (("Content-Type", MANIFEST),)))
    outcome = pull(registry)
    assert outcome.error.endswith("has another content than its digest says")


def test_a_wrong_digest_header_is_an_error(registry: FakeRegistry) -> None:
    wrong = (("Docker-Content-Digest", f"sha256:{'0' * 64}"), ("Content-Type", MANIFEST))
    registry.when("HEAD", "/1.0", Answer(200, headers=wrong))
    registry.when("GET", "/manifests/sha256:000", Answer(200, b'{"schemaVersion": 2}', wrong))
    outcome = pull(registry)
    assert outcome.error.endswith("has another content than its digest says")


def test_a_digest_that_the_registry_does_not_have_is_an_error(registry: FakeRegistry) -> None:
    registry.when(
        "HEAD", "/1.0", Answer(200, headers=(("Docker-Content-Digest", f"sha256:{'e' * 64}"),))
    )
    assert "answered 404" in pull(registry).error


def test_a_gzip_body_is_decoded(registry: FakeRegistry) -> None:
    body = gzip.compress(b'{"tags": ["1.0"]}')
    registry.when("GET", LIST, Answer(200, body, (*_json(), ("Content-Encoding", "gzip"))))
    assert list(pull(registry).digests) == ["1.0"]


def test_a_gzip_error_body_is_understood(registry: FakeRegistry) -> None:
    body = gzip.compress(b'{"errors": [{"code": "NAME_UNKNOWN"}]}')
    registry.when("GET", LIST, Answer(404, body, (*_json(), ("Content-Encoding", "gzip"))))
    outcome = pull(registry)
    assert (outcome.tags, outcome.error) == (None, "")


@pytest.mark.parametrize("where", [LIST, "/manifests/sha256:", "/blobs/"])
def test_a_gzip_bomb_is_an_error(registry: FakeRegistry, where: str) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024), compresslevel=9)
    registry.when("GET", where, Answer(200, bomb, (*_json(), ("Content-Encoding", "gzip"))))
    outcome = pull(registry)
    limit = "16 MiB" if where == LIST else "4 MiB"
    assert outcome.error.endswith(f" answered more than {limit}, which is the limit")


def test_a_gzip_bomb_in_an_error_is_cut_short(registry: FakeRegistry) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024), compresslevel=9)
    registry.when("GET", LIST, Answer(400, bomb, (("Content-Encoding", "gzip"),)))
    outcome = pull(registry)
    assert outcome.error == f"{outcome.server.url}{LIST} answered 400"


@pytest.mark.parametrize("cut", [-10, 4])
def test_a_gzip_body_that_ends_early_is_tried_again(registry: FakeRegistry, cut: int) -> None:
    body = gzip.compress(b'{"tags": ["1.0"]}')[:cut]
    registry.when("GET", LIST, times(1, Answer(200, body, (("Content-Encoding", "gzip"),))))
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert outcome.stats.retries == 1


def test_a_body_that_is_no_gzip_is_tried_again(registry: FakeRegistry) -> None:
    registry.when(
        "GET", LIST, times(1, Answer(200, b"plain text", (("Content-Encoding", "gzip"),)))
    )
    assert list(pull(registry).digests) == ["1.0", "latest"]


def test_a_gzip_body_of_several_members_is_decoded_whole(registry: FakeRegistry) -> None:
    parts = (b'{"tags": ["1.0"', b"", b', "latest"', b"]}")
    body = b"".join(map(gzip.compress, parts)) + bytes(512)
    registry.when("GET", LIST, Answer(200, body, (*_json(), ("Content-Encoding", "gzip"))))
    assert list(pull(registry).digests) == ["1.0", "latest"]


def test_a_gzip_body_whose_last_member_ends_early_is_tried_again(registry: FakeRegistry) -> None:
    body = gzip.compress(b'{"tags": ["1.0"]}') + gzip.compress(b"   ")[:-4]
    registry.when("GET", LIST, times(1, Answer(200, body, (("Content-Encoding", "gzip"),))))
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert outcome.stats.retries == 1


@pytest.mark.parametrize("member", [b"", bytes(1024 * 1024)])
def test_a_gzip_bomb_of_many_members_is_an_error(registry: FakeRegistry, member: bytes) -> None:
    body = gzip.compress(member, compresslevel=9) * 2000
    registry.when("GET", LIST, Answer(200, body, (("Content-Encoding", "gzip"),)))
    outcome = pull(registry, limits=Limits(tries=1))
    limit = "which is the limit" if member else "broken gzip body: more than 1,000 members"
    assert limit in outcome.error


def test_an_encoding_that_nobody_asked_for_is_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, Answer(200, b"x", (("Content-Encoding", "br"),)))
    outcome = pull(registry)
    assert outcome.error == f"{outcome.server.url}{LIST} answered in the encoding 'br'"


def test_a_body_of_100_mb_is_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, Answer(200, bytes(100_000_000), _json()))
    outcome = pull(registry)
    assert (
        outcome.error == f"{outcome.server.url}{LIST} answered more than 16 MiB, which is the limit"
    )


def test_300000_tags_are_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, as_json({"tags": [f"1.{number}" for number in range(300_000)]}))
    outcome = pull(registry)
    assert outcome.error == (
        f"{outcome.server.address} lists more than 200,000 entries, which is the limit"
    )
    assert len(outcome.server.calls) == 1


@pytest.mark.parametrize(
    "tag", ["a b", "../etc", "latest\n", "-x", "ta\u0433", "a" * 129, "<script>"]
)
def test_an_invalid_tag_is_an_error_that_names_it(registry: FakeRegistry, tag: str) -> None:
    registry.when("GET", LIST, as_json({"tags": ["1.0", tag]}))
    outcome = pull(registry)
    assert outcome.error.startswith(f"{outcome.server.address}/app lists not a valid tag: ")
    assert ascii(tag[:20])[:-1] in outcome.error
    assert outcome.error.isprintable()


def test_a_tag_that_is_no_text_is_an_error(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, as_json({"tags": ["1.0", 7]}))
    assert "`$.tags[1]` is a whole number, not a text or empty" in pull(registry).error


def test_nulls_and_digests_among_the_tags_are_passed_over(registry: FakeRegistry) -> None:
    digest = registry.repositories["app"]["1.0"]
    registry.when("GET", LIST, as_json({"tags": [None, "1.0", digest, None, "latest"]}))
    assert list(pull(registry).digests) == ["1.0", "latest"]


def test_duplicate_tags_across_pages_count_once(registry: FakeRegistry) -> None:
    registry.when(
        "GET",
        LIST,
        lambda call: (
            as_json({"tags": ["latest", "1.0"]})
            if "last" in call.query
            else page(["1.0", "latest"], f"{LIST}?last=latest")
        ),
    )
    outcome = pull(registry)
    assert list(outcome.digests) == ["1.0", "latest"]
    assert len(outcome.server.asked("HEAD")) == 2


def test_a_server_that_speaks_https_to_plain_http_is_told_apart(registry: FakeRegistry) -> None:
    body = b"<html>400 The plain HTTP request was sent to HTTPS port</html>"
    registry.when("GET", LIST, Answer(400, body))
    outcome = pull(registry)
    assert outcome.error == (
        f"{outcome.server.url}{LIST} answered 400: "
        "it speaks https: write `https://` before the host"
    )


@pytest.mark.parametrize(
    "body",
    [b"<html>Sign in to the proxy</html>", b"", b"\xff\xfe", b"[" * 100_000, b"[]", b"{}", b"null"],
)
def test_html_or_nonsense_with_200_is_an_error_and_no_empty_list(
    registry: FakeRegistry, body: bytes
) -> None:
    registry.when("GET", LIST, Answer(200, body, (("Content-Type", "text/html; charset=utf-8"),)))
    outcome = pull(registry)
    assert outcome.tags is None
    assert outcome.error.startswith(f"{outcome.server.url}{LIST} did not answer what it should")


@pytest.mark.parametrize("tags", [[], None])
def test_a_list_without_tags_is_an_empty_one(
    registry: FakeRegistry, tags: list[str] | None
) -> None:
    registry.when("GET", LIST, as_json({"name": "app", "tags": tags}))
    assert pull(registry).tags == []


def test_a_foreign_error_text_is_made_safe_to_print(registry: FakeRegistry) -> None:
    registry.when("GET", LIST, problem(400, "NAME_INVALID", "\x1b[31m`x`\n<b>" + "y" * 500))
    outcome = pull(registry)
    assert outcome.error.startswith(f"{outcome.server.url}{LIST} answered 400 NAME_INVALID ")
    assert outcome.error.isprintable()
    assert len(outcome.error) < 250


def test_an_error_text_that_repeats_our_secret_does_not_show_it(registry: FakeRegistry) -> None:
    registry.when(
        "GET",
        LIST,
        lambda call: (
            asks_for_login(call) or problem(400, "X", f"bad: {call.authorization} hunter22")
        ),
    )
    outcome = pull(registry, **LOGIN)
    assert "NAME_INVALID" not in outcome.error
    assert "hunter22" not in outcome.error
    assert BASIC.split()[1] not in outcome.error


def page(tags: list[str], link: str) -> Answer:
    return as_json({"tags": tags}, Link=f'<{link}>; rel="next"')


def moved(target: str) -> Answer:
    return Answer(307, headers=(("Location", target),))


def realm(url: str) -> Answer:
    return Answer(401, headers=(("WWW-Authenticate", f'Bearer realm="{url}",service="s"'),))


def _json() -> tuple[tuple[str, str], ...]:
    return (("Content-Type", "application/json"),)
