"""The one module that knows httpx, and aiohttp as its transport.

A request here is one exchange: bounded in bytes and time, without redirects, retries, cookies
or credentials of its own. Proxies and certificates come from the environment (`HTTPS_PROXY`,
`HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`, `SSL_CERT_DIR`).

httpx's transports are used, not its client, which would do all that again and take longer than
the request.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import zlib
from typing import TYPE_CHECKING, Protocol
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from generator.model import shown
from generator.registry.errors import Fault, HostError, RegistryError, SetupError
from generator.registry.limits import Limits, sized
from generator.registry.message import Headers, Reply, Request
from generator.registry.origin import Origin
from generator.registry.reach import Resolve

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_MEMBERS = 1_000
"""The most members of a compressed body: each takes time, though it may hold nothing."""
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"})
"""OpenSSL's reasons, by its version, for an answer that is no TLS."""
_KEEPALIVE = 30.0
_HEADERS = {"User-Agent": "tagpages", "Accept-Encoding": "gzip"}


class Client:
    """Connections to any number of hosts, reused.

    Raises SetupError if the certificates that the environment names cannot be read.
    """

    def __init__(self, limits: Limits, resolve: Resolve) -> None:
        self._limits = limits
        self._resolver = _Resolver(resolve)
        timeout = httpx.Timeout(limits.read, connect=limits.connect, pool=None)
        self._extensions = {"timeout": timeout.as_dict()}
        self._transports: dict[Origin, AiohttpTransport] = {}
        self._context = _trusted()

    async def exchange(self, request: Request, limit: int) -> Reply:
        """Send a request and read its answer, of at most `limit` bytes.

        Raises Fault for what may pass when it is tried again, HostError for a host that is too
        slow or not to be trusted, and RegistryError for an answer that is too large, or in an
        encoding that nobody asked for.
        """
        total = asyncio.timeout(self._limits.exchange)
        try:
            async with total:
                return await self._exchange(request, limit)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise RegistryError(
                f"{shown(request.subject)} cannot be asked: {shown(str(error))}"
            ) from None
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            if total.expired():
                seconds = self._limits.exchange
                raise HostError(
                    f"{request.subject} took longer than {seconds:g} s to answer"
                ) from None
            cause = error.__cause__
            blamed = cause.os_error if isinstance(cause, aiohttp.ClientConnectorError) else error
            text = str(getattr(blamed, "strerror", None) or blamed)
            reason = f"{type(blamed).__name__} {shown(text)}"
            if isinstance(blamed, ssl.SSLError) and blamed.reason in _NO_TLS:
                raise HostError(
                    f"{request.subject} cannot be asked: nobody speaks https there: is the port "
                    "right? Plain http is `http://` before the host, with `insecure: true`"
                ) from None
            if isinstance(cause, ssl.CertificateError):
                raise HostError(f"{request.subject} cannot be trusted: {reason}") from None
            raise Fault(reason) from None

    async def _exchange(self, request: Request, limit: int) -> Reply:
        sent = httpx.Request(
            request.method,
            request.url,
            headers=_HEADERS | request.headers,
            content=request.body,
            extensions=self._extensions,
        )
        transport = self._transport(Origin.of(request.url))
        response = await transport.handle_async_request(sent)
        try:
            body = b""
            if request.method != "HEAD":
                body = await self._body(request, response, limit)
        finally:
            await response.aclose()
        return Reply(request.url, response.status_code, Headers(response.headers.raw), body)

    async def _body(self, request: Request, response: httpx.Response, limit: int) -> bytes:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip", "x-gzip", "deflate"}:
            raise RegistryError(f"{request.subject} answered in the encoding {shown(encoding)}")
        decoder = _Plain() if encoding == "identity" else _Members()
        limit = limit if response.is_success else self._limits.error
        try:
            body, whole = await _read(response.aiter_raw(), decoder, limit)
        except zlib.error as error:
            raise Fault(f"broken {encoding} body: {error}") from None
        if response.is_success and not whole:
            raise RegistryError(
                f"{request.subject} answered more than {sized(limit)}, which is the limit"
            )
        if response.is_success and not decoder.eof:
            raise Fault(f"the {encoding} body ended early")
        return body

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            await transport.aclose()

    def _transport(self, origin: Origin) -> AiohttpTransport:
        if origin not in self._transports:
            self._transports[origin] = self._new_transport(_proxy(origin))
        return self._transports[origin]

    def _new_transport(self, proxy: httpx.Proxy | None) -> AiohttpTransport:
        """Return a transport without cookies: those of a session would outlive its credentials."""
        connector = aiohttp.TCPConnector(
            ssl=self._context,
            limit=0,
            keepalive_timeout=_KEEPALIVE,
            resolver=self._resolver,
        )
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return AiohttpTransport(verify=self._context, proxy=proxy, client=session)


class _Resolver(AbstractResolver):
    """Names as the session resolves them: it knows where a host may be connected to."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        del family  # aiohttp asks for any
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in await self._resolve(host)
        ]

    async def close(self) -> None:
        """There is nothing to close."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Plain:
    eof = True

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return data[:max_length]


class _Members:
    """Decodes gzip or zlib, all members of it (RFC 1952, section 2.2); zeros may fill it up."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._count = 1

    @property
    def eof(self) -> bool:
        return self._member.eof

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        decoded = bytearray()
        while data and len(decoded) < max_length:
            if self._member.eof:
                data = data.lstrip(b"\0")
                if not data:
                    break
                self._next()
            decoded += self._member.decompress(data, max_length - len(decoded))
            data = self._member.unused_data
        return bytes(decoded)

    def _next(self) -> None:
        if self._count == _MEMBERS:
            raise zlib.error(f"more than {_MEMBERS:,} members")
        self._count += 1
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)


async def _read(chunks: AsyncIterable[bytes], decoder: _Decoder, limit: int) -> tuple[bytes, bool]:
    """The first `limit` bytes of the body, decoded, and whether that is the whole of it."""
    body = bytearray()
    wire = 0
    async for chunk in chunks:
        wire += len(chunk)
        body += decoder.decompress(chunk, limit + 1 - len(body))
        if len(body) > limit or wire > limit:
            return bytes(body[:limit]), False
    return bytes(body), True


def _trusted() -> ssl.SSLContext:
    """Return what certificates are checked against; raises SetupError if it cannot be read."""
    variables = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # the first that is set counts
    variable = next(filter(os.environ.get, variables), "")
    path = os.environ.get(variable, "")
    try:
        if variable == "SSL_CERT_DIR":  # OpenSSL looks into it late, and tells nothing
            os.scandir(path).close()
        return httpx.create_ssl_context()
    except OSError as error:
        raise SetupError(
            f"the certificates that {variable} names cannot be read: {path}: {error.strerror}"
        ) from None


def _proxy(origin: Origin) -> httpx.Proxy | None:
    """Return the proxy that the environment names for an origin, as urllib reads it.

    Raises SetupError if that is none for HTTP.
    """
    proxies = getproxies()
    address = proxies.get(origin.scheme) or proxies.get("all")
    if not address or origin.loopback or proxy_bypass(f"{origin.host}:{origin.port}"):
        return None
    url = address if "://" in address else f"http://{address}"
    try:
        proxy = httpx.Proxy(url)
        Origin.of(f"{proxy.url.scheme}://{proxy.url.netloc.decode()}")
    except (ValueError, httpx.InvalidURL, RegistryError):
        raise SetupError(
            f"the environment names a proxy for {origin} that is none for HTTP: "
            "write `http://host:port`"
        ) from None
    if proxy.auth:  # as aiohttp 4 will want it
        login = aiohttp.encode_basic_auth(*proxy.auth)
        proxy = httpx.Proxy(proxy.url, headers={"Authorization": login})
    return proxy
