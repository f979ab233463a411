"""The session: pace, sharing, limits that hold for all images together, proxies and https."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from generator.errors import SourceError
from generator.registry import (
    Clock,
    Credentials,
    Endpoint,
    Limits,
    Origin,
    Registry,
    RegistryError,
    Reply,
    Session,
    Stats,
    spread,
)
from generator.registry.auth import Fixed
from generator.registry.errors import RateLimitedError
from generator.registry.gate import Gate, backoff
from generator.registry.message import Headers, Request
from generator.registry.reach import Resolve
from generator.sources.oci import Oci
from tests.collecting import seen_of
from tests.registry.fake import (
    FakeClock,
    FakeRegistry,
    TokenServer,
    anywhere,
    asked,
    run,
    session_for,
)
from tests.registry.server import Answer, Call, Handler, Proxy, Server, as_json


@asynccontextmanager
async def api_of(
    handler: Handler, *, concurrency: int = 4, limits: Limits | None = None
) -> AsyncIterator[tuple[Endpoint, Server]]:
    async with (
        Server(handler).running() as server,
        session_for(FakeClock(), limits=limits) as session,
    ):
        yield Endpoint(session, Origin.configured(server.address), concurrency=concurrency), server


def test_importing_the_package_does_not_import_httpx() -> None:
    code = "import sys, generator.registry, generator.sources.oci; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_host_gets_no_more_requests_at_once_than_allowed() -> None:
    async def scenario() -> int:
        async with api_of(lambda _: Answer(), concurrency=3) as (api, server):
            await asyncio.gather(*(api.get(f"/{number}") for number in range(40)))
            return server.busiest

    assert run(scenario()) == 3


def test_the_lowest_concurrency_that_any_source_wants_counts() -> None:
    async def scenario() -> int:
        async with api_of(lambda _: Answer(), concurrency=8) as (api, server):
            Endpoint(api.session, api.origin, concurrency=2)
            await asyncio.gather(*(api.get(f"/{number}") for number in range(40)))
            return server.busiest

    assert run(scenario()) == 2


def test_connections_are_used_again() -> None:
    async def scenario() -> int:
        async with api_of(lambda _: Answer(), concurrency=2) as (api, server):
            await asyncio.gather(*(api.get(f"/{number}") for number in range(20)))
            return server.connections

    assert run(scenario()) == 2


def test_an_image_with_many_tags_does_not_delay_the_others(registry: FakeRegistry) -> None:
    digest = registry.image()
    for number in range(400):
        registry.tag("big", f"1.{number}", digest)
    for number in range(5):
        registry.tag("small", f"1.{number}", digest)

    async def scenario() -> list[str]:
        session = session_for(FakeClock())
        async with Server(registry).running() as server, asked(session) as ask:
            source = Oci(registry=server.address, concurrency=2).open(ask)
            big = asyncio.create_task(source.tags("big"))
            await server.reached(20)
            await source.tags("small")
            before = [call.path for call in server.calls]
            await big
            return before

    before = run(scenario())
    assert sum("/small/" in path for path in before) == 8
    assert len(before) < 60


def test_a_host_that_fails_time_and_again_is_given_up() -> None:
    async def scenario() -> tuple[list[str], int]:
        errors = []
        async with api_of(lambda _: Answer(500), limits=Limits(tries=2, failures=3)) as (
            api,
            server,
        ):
            for number in range(5):
                with pytest.raises(RegistryError) as caught:
                    await api.get(f"/{number}")
                errors.append(str(caught.value).replace(server.address, "host"))
            return errors, len(server.calls)

    errors, calls = run(scenario())
    assert errors[2] == "http://host/2 answered 500"
    assert errors[3] == "host is given up, 3 requests in a row failed: http://host/2 answered 500"
    assert calls == 6


def test_a_host_that_answers_byte_by_byte_is_given_up() -> None:
    async def scenario() -> tuple[str, int]:
        drip = Answer(200, b"{", length=1000, drip=True)
        limits = Limits(exchange=0.05, failures=3)
        async with api_of(lambda _: drip, limits=limits) as (api, server):
            for _ in range(3):
                with pytest.raises(RegistryError, match="took longer than"):
                    await api.get("/slow")
            with pytest.raises(RegistryError) as caught:
                await api.get("/slow")
            return str(caught.value).replace(server.address, "host"), len(server.calls)

    error, calls = run(scenario())
    assert error == (
        "host is given up, 3 requests in a row failed: "
        "http://host/slow took longer than 0.05 s to answer"
    )
    assert calls == 3


def test_a_host_that_answers_between_failures_is_not_given_up() -> None:
    async def scenario() -> None:
        def handler(call: Call) -> Answer:
            return Answer(200 if call.path == "/good" else 500)

        async with api_of(handler, limits=Limits(tries=1, failures=2)) as (api, _):
            for _ in range(4):
                with pytest.raises(RegistryError, match="answered 500"):
                    await api.get("/bad")
                await api.get("/good")

    run(scenario())


def test_a_server_that_is_not_there_is_an_error() -> None:
    async def scenario() -> None:
        async with session_for(FakeClock(), limits=Limits(tries=2)) as session:
            with pytest.raises(RegistryError, match=r"http://127\.0\.0\.1:1/x cannot be reached: "):
                await Endpoint(session, Origin.configured("127.0.0.1:1")).get("/x")
            assert session.stats.requests == 2
            assert session.stats.retries == 1
            assert 0.5 <= session.stats.waited <= 1

    run(scenario())


def test_the_wait_between_tries_doubles_up_to_half_a_minute() -> None:
    for attempt, longest in enumerate([1, 2, 4, 8, 16, 30, 30]):
        assert longest / 2 <= backoff(attempt) <= longest


def test_one_failure_ends_the_work_on_all_items() -> None:
    async def scenario() -> None:
        async def work(item: int) -> int:
            await asyncio.sleep(0)
            if item == 3:
                raise RegistryError("three")
            return item * item

        assert await spread(work, [1, 2], 5) == {1: 1, 2: 4}
        with pytest.raises(RegistryError, match="three"):
            await spread(work, range(100), 5)

    run(scenario())


def test_json_is_posted_and_paths_are_sent_as_they_are() -> None:
    async def scenario() -> list[Call]:
        async with api_of(lambda _: as_json({"ok": True})) as (api, server):
            await api.request(
                "POST", "/a%252Fb?q=tags%3D*", json={"secret": "s"}, headers={"X-A": "b"}
            )
            await api.get("/orgs/o/packages/a%2Fb")
            return server.calls

    post, get = run(scenario())
    assert (post.method, post.path, post.query) == ("POST", "/a%252Fb", {"q": ["tags=*"]})
    assert post.body == b'{"secret":"s"}'
    assert (post.headers["content-type"], post.headers["x-a"]) == ("application/json", "b")
    assert post.headers["user-agent"].startswith("tagpages")
    assert get.path == "/orgs/o/packages/a%2Fb"


def test_the_answer_to_a_post_is_not_shown_as_it_may_repeat_a_secret() -> None:
    async def scenario() -> str:
        async with api_of(lambda call: as_json({"message": f"bad {call.body!r}"}, 400)) as (
            api,
            server,
        ):
            with pytest.raises(RegistryError) as caught:
                await api.request("POST", "/login", json={"secret": "hunter2"})
            return str(caught.value).replace(server.url, "URL")

    assert run(scenario()) == "URL/login answered 400"


def test_a_shorter_pause_does_not_cut_a_longer_one() -> None:
    async def scenario() -> list[float]:
        clock = FakeClock()
        gate = Gate("host", 1, clock, Limits(), Stats())
        gate.pause(60)
        gate.pause(5)
        async with gate:
            return clock.slept

    assert run(scenario()) == [60]


def test_a_pause_of_five_minutes_is_waited_for_and_a_longer_one_is_an_error() -> None:
    stats = Stats()

    async def waited(seconds: float) -> list[float]:
        clock = FakeClock()
        gate = Gate("host", 1, clock, Limits(), stats)
        gate.pause(seconds)
        async with gate:
            return clock.slept

    assert run(waited(300)) == [300]
    with pytest.raises(
        RateLimitedError, match="host limits requests until 2026-08-01 12:05:01 UTC"
    ):
        run(waited(301))
    assert stats.waited == 300


def test_a_name_is_resolved_once() -> None:
    asked: list[str] = []

    async def counted(host: str) -> tuple[str, ...]:
        asked.append(host)
        return ("8.8.8.8",)

    async def scenario() -> None:
        session = session_for(FakeClock(), resolve=counted)
        for _ in range(3):
            await session.reach.check(
                Origin.configured("storage.test"), Origin.configured("registry.test")
            )

    run(scenario())
    assert asked == ["storage.test"]


def test_a_post_is_not_redirected() -> None:
    async def scenario() -> None:
        async with api_of(lambda _: Answer(307, headers=(("Location", "/b"),))) as (api, server):
            with pytest.raises(RegistryError, match="answered 307"):
                await api.request("POST", "/a", json={})
            assert len(server.calls) == 1

    run(scenario())


def test_pages_may_be_numbered_or_named_in_the_body() -> None:
    def handler(call: Call) -> Answer:
        number = int(call.query["page"][0])
        return as_json({"page": number, "more": number < 3})

    def following(reply: Reply) -> str:
        found = reply.json(dict[str, Any])
        return f"?page={found['page'] + 1}" if found["more"] else ""

    async def scenario() -> list[str]:
        async with api_of(handler) as (api, server):
            async for _ in api.pages("/list?page=1", following):
                pass
            return [call.target for call in server.calls]

    assert run(scenario()) == ["/list?page=1", "/list?page=2", "/list?page=3"]


def test_no_secret_that_was_sent_is_told() -> None:
    async def scenario() -> str:
        async with api_of(lambda _: Answer()) as (api, _):
            for header in ("Bearer s3cret-token", f"Basic {b64encode(b'me:pass-word').decode()}"):
                await Endpoint(api.session, api.origin, Fixed(header)).get("/")
            return api.session.redacted("/s3cret-token says pass-word to me, bWU6cGFzcy13b3Jk")

    assert run(scenario()) == "/*** says *** to me, ***"


def test_a_host_that_no_resolver_can_name_is_an_error() -> None:
    async def scenario() -> None:
        async with session_for(FakeClock()) as session:
            request = Request("GET", "http://xn--zzzzzzzz99999.example/")
            with pytest.raises(RegistryError, match="cannot be"):
                await session.fetch(request, home=Origin.of(request.url), limit=100)

    run(scenario())


@pytest.mark.parametrize("value", ['/v2/a/tags/list?last=1; rel="next"', '<>; rel="next"'])
def test_a_next_page_without_a_target_is_not_the_last_page(value: str) -> None:
    reply = Reply("https://a/", 200, Headers([(b"Link", value.encode())]))
    with pytest.raises(RegistryError, match="names a next page in a `Link` that cannot be read"):
        _ = reply.next_link


@pytest.mark.parametrize(
    ("values", "target"),
    [
        (['</v2/a/tags/list?last=1&n=2>; rel="next"'], "/v2/a/tags/list?last=1&n=2"),
        (['</p?page=1>; rel="prev" , </p?page=3&q=tags=*>; rel="next"'], "/p?page=3&q=tags=*"),
        (["<a>; rel=prev", "<b>; rel=next"], "b"),
        (['<a,b>; title="x, <y>; rel=next"; rel="first next"'], "a,b"),
        (["<a>; REL=NEXT; title=x"], "a"),
        (['<a>; rel="nextish"', "<b>; rel=next-one"], ""),
        (["<a>", ""], ""),
    ],
)
def test_link_headers_are_read_as_rfc_8288_has_them(values: list[str], target: str) -> None:
    headers = Headers([(b"Link", value.encode()) for value in values])
    assert Reply("https://a/", 200, headers).next_link == target


@pytest.mark.parametrize(
    ("address", "insecure", "origin"),
    [
        ("registry.example", False, "https://registry.example"),
        ("Registry.Example:5000", False, "https://registry.example:5000"),
        ("registry.example:443", False, "https://registry.example"),
        ("registry.example", True, "http://registry.example"),
        ("https://registry.example", True, "https://registry.example"),
        ("localhost:5000", False, "http://localhost:5000"),
        ("[::1]:5000", False, "http://[::1]:5000"),
        ("https://127.0.0.1", False, "https://127.0.0.1"),
    ],
)
def test_an_address_is_https_unless_it_may_be_otherwise(
    address: str,
    insecure: bool,
    origin: str,
) -> None:
    assert str(Origin.configured(address, insecure=insecure)) == origin


@pytest.mark.parametrize(
    "address",
    [
        "http://registry.example",
        "http://127.0.0.2",
        "a b",
        "x@y",
        "[::g]",
        "[1:2]",
        "a..b",
        "a:65536",
        "-a",
        "",
        f"{64 * 'a'}.example",
        "http://[",
    ],
)
def test_an_address_that_may_not_be_asked_is_an_error(address: str) -> None:
    with pytest.raises(RegistryError):
        Origin.configured(address)


# --- https and proxies: hosts with names, behind a proxy that leads them all to loopback ---


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """What a test server needs; the client trusts it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@asynccontextmanager
async def world(
    monkeypatch: pytest.MonkeyPatch, resolve: Resolve = anywhere, **servers: Server
) -> AsyncIterator[tuple[Proxy, Session]]:
    """The named hosts, `.test`, reached through a proxy that the environment names."""
    port = {True: 443, False: 80}
    proxy = Proxy(
        {f"{name}.test:{port[bool(server.tls)]}": server for name, server in servers.items()}
    )
    async with proxy.running(), session_for(FakeClock(), resolve=resolve) as session:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        contexts = [server.running() for server in servers.values()]
        for context in contexts:
            await context.__aenter__()
        try:
            yield proxy, session
        finally:
            await session.aclose()
            for context in contexts:
                await context.__aexit__(None, None, None)


async def digest_at(
    session: Session, login: Credentials | None = None, *, insecure: bool = False
) -> str | None:
    origin = Origin.configured("registry.test", insecure=insecure)
    repository = await Registry(session, origin, credentials=login).repository("app")
    return await repository.digest("1.0")


def test_https_goes_through_the_proxy_of_the_environment_as_a_tunnel(
    registry: FakeRegistry, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> list[Call]:
        async with world(monkeypatch, registry=Server(registry, tls)) as (proxy, session):
            assert await digest_at(session) == registry.repositories["app"]["1.0"]
            return proxy.calls

    calls = run(scenario())
    assert [(call.method, call.target) for call in calls] == [("CONNECT", "registry.test:443")]
    assert calls[0].authorization == ""


@pytest.mark.parametrize("secure", [True, False])
def test_the_proxys_own_login_stays_between_it_and_us(
    registry: FakeRegistry,
    tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    secure: bool,
) -> None:
    server = Server(registry, tls if secure else None)

    async def scenario() -> list[Call]:
        async with world(monkeypatch, registry=server) as (proxy, session):
            for name in ("HTTP_PROXY", "HTTPS_PROXY"):
                monkeypatch.setenv(name, proxy.url.replace("//", "//user:pass@"))
            await digest_at(session, insecure=not secure)
            return proxy.calls

    assert run(scenario())[0].headers["proxy-authorization"] == "Basic dXNlcjpwYXNz"
    if secure:
        assert "proxy-authorization" not in server.calls[0].headers


def test_plain_http_goes_through_the_proxy_of_the_environment(
    registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> list[Call]:
        async with world(monkeypatch, registry=Server(registry)) as (proxy, session):
            assert await digest_at(session, insecure=True) == registry.repositories["app"]["1.0"]
            return proxy.calls

    assert run(scenario())[0].target == "http://registry.test/v2/app/manifests/1.0"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_never_goes_through_a_proxy(
    registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    async def scenario() -> list[Call]:
        async with world(monkeypatch) as (proxy, session), Server(registry).running() as server:
            repository = await Registry(
                session, Origin.configured(f"{host}:{server.port}")
            ).repository("app")
            assert await repository.tags() == ["1.0", "latest"]
            await session.aclose()
            return proxy.calls

    assert run(scenario()) == []


def test_no_proxy_is_honoured(registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> list[Call]:
        async with world(monkeypatch) as (proxy, session), Server(registry).running() as server:
            monkeypatch.setenv("NO_PROXY", "127.0.0.2")
            address = f"127.0.0.2:{server.port}"
            api = Endpoint(session, Origin.configured(address, insecure=True))
            with pytest.raises(RegistryError, match="cannot be reached"):
                await api.get("/v2/")
            return proxy.calls

    assert run(scenario()) == []


@pytest.mark.parametrize(
    ("name", "value", "proxied"),
    [
        ("ALL_PROXY", "{proxy}", True),
        ("http_proxy", "{proxy}", True),
        ("HTTPS_PROXY", "{proxy}", False),
        ("NO_PROXY", "registry.test", False),
        ("no_proxy", "other.example, test", False),
        ("NO_PROXY", ".test", False),
        ("NO_PROXY", "registry.test:{port}", False),
        ("NO_PROXY", "*", False),
        ("NO_PROXY", "other.test,gistry.test,registry.test:1", True),
    ],
)
def test_the_environment_says_which_host_has_a_proxy(
    registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, name: str, value: str, proxied: bool
) -> None:
    async def here(host: str) -> tuple[str, ...]:
        return ("127.0.0.1",)

    async def scenario() -> list[Call]:
        async with (
            Server(registry).running() as server,
            world(monkeypatch, here) as (proxy, session),
        ):
            host = f"registry.test:{server.port}"
            proxy.hosts = {host: server}
            if name.lower() != "no_proxy":
                monkeypatch.delenv("HTTP_PROXY")
                monkeypatch.delenv("HTTPS_PROXY")
            monkeypatch.setenv(
                name, value.format(proxy=proxy.url.removeprefix("http://"), port=server.port)
            )
            origin = Origin.configured(host, insecure=True)
            repository = await Registry(session, origin).repository("app")
            assert await repository.tags() == ["1.0", "latest"]
            await session.aclose()
            return proxy.calls

    assert bool(run(scenario())) == proxied


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://user:hunter2@127.0.0.1:9",
        "ftp://user:hunter2@127.0.0.1:9",
        "http://[::1",
        "http://user:hunter2@127.0.0.1:99999",
        "http://user:hunter2@",
    ],
)
def test_a_proxy_that_is_none_for_http_is_named_without_its_login(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    async def scenario() -> None:
        async with session_for(FakeClock()) as session:
            await digest_at(session)

    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(SourceError) as error:
        run(scenario())
    assert str(error.value) == (
        "the environment names a proxy for https://registry.test that is none for HTTP: write "
        "`http://host:port`"
    )


@pytest.mark.skipif(not which("openssl"), reason="openssl names the files of such a folder")
def test_a_folder_of_certificates_is_trusted(
    registry: FakeRegistry,
    tls: ssl.SSLContext,
    certificate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = ["openssl", "x509", "-hash", "-noout", "-in", str(certificate)]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    (tmp_path / f"{name}.0").write_bytes(certificate.read_bytes())
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    async def scenario() -> str | None:
        async with world(monkeypatch, registry=Server(registry, tls)) as (_, session):
            return await digest_at(session)

    assert run(scenario()) == registry.repositories["app"]["1.0"]


def test_certificates_that_cannot_be_read_are_named_by_their_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with session_for(FakeClock()) as session:
            await digest_at(session)

    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        monkeypatch.setenv(name, str(tmp_path / "none.pem"))
        with pytest.raises(SourceError) as error:
            run(scenario())
        monkeypatch.delenv(name)
        assert str(error.value) == (
            f"the certificates that {name} names cannot be read: {tmp_path}/none.pem: "
            "No such file or directory"
        )


def test_a_file_that_has_no_certificates_is_named_by_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with session_for(FakeClock()) as session:
            await digest_at(session)

    (tmp_path / "none.pem").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(SourceError, match=r"that SSL_CERT_FILE names cannot be read: .*none.pem: "):
        run(scenario())


def test_an_environment_that_no_request_can_use_fails_the_source_and_not_each_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    seen = seen_of(Oci(registry="registry.test"), include=("app", "other"))
    assert seen.failed == {}
    assert seen.failure
    assert seen.failure.reason.startswith("the certificates that SSL_CERT_FILE names cannot be")


def test_cookies_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(lambda _: Answer(200, headers=(("Set-Cookie", "sid=1; Path=/"),)))

    async def scenario() -> None:  # of a host with a name: aiohttp keeps none of an address
        async with world(monkeypatch, registry=server) as (_, session):
            api = Endpoint(session, Origin.configured("registry.test", insecure=True))
            await api.get("/1")
            await api.get("/2")

    run(scenario())
    assert [(call.target, call.headers.get("cookie")) for call in server.calls] == [
        ("/1", None),
        ("/2", None),
    ]


def test_a_server_that_speaks_plain_http_to_https_is_told_at_once() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def scenario() -> tuple[str, int]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, session_for(FakeClock()) as session:
            with pytest.raises(RegistryError) as error:
                await Endpoint(session, Origin.configured(f"https://{host}")).get("/v2/")
            return str(error.value).replace(host, "HOST"), session.stats.requests

    said, requests = run(scenario())
    assert said == (
        "https://HOST/v2/ cannot be asked: nobody speaks https there: is the port right? "
        "Plain http is `http://` before the host, with `insecure: true`"
    )
    assert requests == 1


def test_a_certificate_that_nobody_vouches_for_is_an_error_at_once(
    registry: FakeRegistry, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    async def scenario() -> None:
        async with world(monkeypatch, registry=Server(registry, tls)) as (_, session):
            with pytest.raises(RegistryError, match="cannot be trusted: "):
                await digest_at(session)
            assert session.stats.requests == 1

    run(scenario())


def test_a_realm_on_another_host_gets_the_login_if_named_over_https(
    registry: FakeRegistry, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = TokenServer(registry)
    tokens.server.tls = tls
    tokens.challenge = (
        'Bearer realm="https://auth.test/token",service="s",scope="repository:app:pull"'
    )

    async def scenario() -> str | None:
        server = Server(tokens.guard, tls)
        async with world(monkeypatch, registry=server, auth=tokens.server) as (_, session):
            return await digest_at(session, Credentials("alice", "hunter2"))

    assert run(scenario()) == registry.repositories["app"]["1.0"]
    assert [call.authorization for call in tokens.server.calls] == ["Basic YWxpY2U6aHVudGVyMg=="]


def test_a_token_server_that_redirects_to_another_host_takes_no_login_along(
    registry: FakeRegistry, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = TokenServer(registry)
    tokens.challenge = (
        'Bearer realm="https://auth.test/token",service="s",scope="repository:app:pull"'
    )
    auth = Server(lambda _: Answer(302, headers=(("Location", "https://storage.test/steal"),)), tls)
    thief = Server(lambda _: Answer(401), tls)

    async def scenario() -> None:
        server = Server(tokens.guard, tls)
        async with world(monkeypatch, registry=server, auth=auth, storage=thief) as (_, session):
            with pytest.raises(RegistryError, match=r"no token for registry.test"):
                await digest_at(session, Credentials("alice", "hunter2"))

    run(scenario())
    assert [call.authorization for call in thief.calls] == [""]


def test_a_redirect_from_https_to_http_is_not_followed(
    registry: FakeRegistry, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.when("HEAD", "", Answer(302, headers=(("Location", "http://storage.test/x"),)))

    async def scenario() -> None:
        async with world(monkeypatch, registry=Server(registry, tls)) as (_, session):
            with pytest.raises(
                RegistryError,
                match=r"registry.test redirects from https to http://storage.test: not followed",
            ):
                await digest_at(session)

    run(scenario())


@pytest.mark.parametrize(
    "target", ["https://127.0.0.1:9/x", "https://localhost/x", "https://10.0.0.1/x"]
)
def test_a_redirect_from_outside_to_an_inner_place_is_not_followed(
    registry: FakeRegistry, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    registry.when("HEAD", "", Answer(302, headers=(("Location", target),)))

    async def scenario() -> None:
        async with world(monkeypatch, registry=Server(registry, tls)) as (_, session):
            with pytest.raises(
                RegistryError, match=r"registry.test sends us to .* address: not followed"
            ):
                await digest_at(session)

    run(scenario())


def test_the_real_clock_goes_on() -> None:
    clock = Clock()
    before = clock.monotonic()
    run(clock.sleep(0))
    assert clock.monotonic() >= before
    assert clock.now().utcoffset() == timedelta(0)
