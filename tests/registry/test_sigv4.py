"""Signed requests: as AWS signs its examples, for their own host, and when they are sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from generator.registry import AwsKeys, Endpoint, Origin, Sigv4, StatusError
from generator.registry.message import Request
from tests.registry.fake import NOW, FakeClock, run, session_for
from tests.registry.server import Answer, Call, Handler, Server, as_json

# The key, the time and the signatures are AWS's: "iam" is the example of the AWS General Reference,
# the others have the names that they have in its aws4_testsuite.
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TIME = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPf"
    "IeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7"
    "WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm"
    "8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
UTF8 = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
SUITE = "https://example.amazonaws.com/"
VECTORS: dict[str, tuple[Request, str, str, str, str]] = {
    "iam": (
        Request("GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", UTF8),
        "iam",
        "",
        "content-type;host;x-amz-date",
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    ),
    "post-vanilla": (
        Request("POST", SUITE),
        "service",
        "",
        "host;x-amz-date",
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ),
    "post-x-www-form-urlencoded": (
        Request("POST", SUITE, FORM, b"Param1=value1"),
        "service",
        "",
        "content-type;host;x-amz-date",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ),
    "post-sts-header-before": (
        Request("POST", SUITE),
        "service",
        TOKEN,
        "host;x-amz-date;x-amz-security-token",
        "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
    ),
}


@pytest.mark.parametrize("vector", VECTORS)
def test_a_request_is_signed_as_aws_signs_it(vector: str) -> None:
    request, service, token, names, signature = VECTORS[vector]

    signed = Sigv4(AwsKeys("AKIDEXAMPLE", SECRET, token), "us-east-1", service)(request, TIME)

    assert signed.headers["Authorization"] == (
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    assert signed.headers["X-Amz-Date"] == "20150830T123600Z"
    assert signed.headers.get("X-Amz-Security-Token", "") == token
    assert "X-Amz-Date" not in request.headers


SIGN = Sigv4(AwsKeys("AKIDEXAMPLE", SECRET, TOKEN), "us-east-1", "service")


def test_what_signs_shows_no_secret() -> None:
    shown = repr(SIGN) + repr(Request("POST", SUITE, sign=SIGN))

    assert SECRET not in shown
    assert TOKEN not in shown


def asked(method: str, first: Server, other: Server) -> str:
    """The error that comes of a signed request that is redirected to the other; empty for none."""

    async def scenario() -> str:
        async with first.running(), other.running(), session_for(FakeClock()) as session:
            first.handler = redirect_to(other)
            try:
                api = Endpoint(session, Origin.of(first.url))
                await api.request(method, "/", headers={"X-Amz-Target": "A.B"}, sign=SIGN)
            except StatusError as error:
                return str(error).replace(first.url, "URL")
            return ""

    return run(scenario())


def redirect_to(server: Server) -> Handler:
    return lambda _: Answer(307, headers=(("Location", f"{server.url}/elsewhere"),))


def test_a_redirect_to_another_host_carries_no_signature() -> None:
    first, other = Server(lambda _: Answer()), Server(lambda _: as_json({}))

    assert asked("GET", first, other) == ""
    assert first.calls[0].authorization.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    (call,) = other.calls
    assert call.authorization == ""
    assert [name for name in call.headers if name.startswith("x-amz")] == []


def test_a_signed_post_is_not_sent_on() -> None:
    first, other = Server(lambda _: Answer()), Server(lambda _: as_json({}))

    assert asked("POST", first, other) == "URL/ answered 307"
    assert other.calls == []


def test_each_sending_is_signed_anew_so_that_no_wait_is_too_long() -> None:
    answers = [Answer(429, headers=(("Retry-After", "290"),))] * 3

    def handler(_: Call) -> Answer:
        return answers.pop() if answers else as_json({})

    async def scenario() -> list[Call]:
        server = Server(handler)
        async with server.running(), session_for(FakeClock()) as session:
            await Endpoint(session, Origin.of(server.url)).request("POST", "/", json={}, sign=SIGN)
            return server.calls

    calls = run(scenario())

    dates = [f"{NOW + timedelta(seconds=290 * wait):%Y%m%dT%H%M%SZ}" for wait in range(4)]
    assert [call.headers["x-amz-date"] for call in calls] == dates
    assert len({call.authorization for call in calls}) == 4
