"""A loopback HTTP/1.1 server that does exactly what a test says, and a proxy in front of it."""

from __future__ import annotations

import asyncio
import json
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Call:
    """A request as the server saw it; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")


@dataclass(frozen=True)
class Answer:
    """What to answer. `length` states another Content-Length than the body has; `drip` sends
    one byte at a time until the client has had enough; `hang` sends nothing more for as long;
    `reset` tears the connection after the body.
    """

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    drip: bool = False
    hang: bool = False
    reset: bool = False


def as_json(value: object, status: int = 200, **headers: str) -> Answer:
    fields = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Answer(
        status, json.dumps(value).encode(), (("Content-Type", "application/json"), *fields)
    )


def problem(status: int, code: str, message: str = "", **headers: str) -> Answer:
    return as_json(
        {"errors": [{"code": code, "message": message, "detail": {}}]}, status, **headers
    )


Handler = Callable[[Call], Answer]


@dataclass
class Server:
    """Answers as `handler` says and remembers every call."""

    handler: Handler
    tls: ssl.SSLContext | None = None
    calls: list[Call] = field(default_factory=list)
    port: int = 0
    busiest: int = 0
    connections: int = 0
    _called: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: int = 0
    _tasks: list[asyncio.Task[None] | None] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def asked(self, method: str, path: str = "") -> list[Call]:
        return [call for call in self.calls if call.method == method and path in call.path]

    async def reached(self, calls: int) -> None:
        """Wait until so many calls have come."""
        while len(self.calls) < calls:
            self._called.clear()
            await self._called.wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Server]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await _ended(self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.append(asyncio.current_task())
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while call := await read_call(reader):
                self.calls.append(call)
                self._called.set()
                self._busy += 1
                self.busiest = max(self.busiest, self._busy)
                await asyncio.sleep(0)  # lets the other connections be busy too
                answer = self.handler(call)
                self._busy -= 1
                if not await _send(answer, call, reader, writer):
                    break
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


async def _ended(tasks: Sequence[asyncio.Task[None] | None]) -> None:
    """The clients are gone by now: every task sees its connection end."""
    await asyncio.gather(*filter(None, tasks))


async def read_call(reader: asyncio.StreamReader) -> Call | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Call(method, target, headers, body)


async def _send(
    answer: Answer, call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Send the answer; whether the connection can be used on."""
    length = len(answer.body) if answer.length is None else answer.length
    fields = [("Content-Length", str(length)), *answer.headers]
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    writer.write(f"HTTP/1.1 {answer.status} Said\r\n{head}\r\n".encode())
    if call.method != "HEAD":
        writer.write(answer.body)
    await writer.drain()
    while answer.drip:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)
    if answer.hang:
        await reader.read()
    if answer.reset:
        sock: Any = writer.get_extra_info("socket")
        sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    return not answer.reset and (call.method == "HEAD" or length == len(answer.body))


@dataclass
class Proxy:
    """A forward proxy: tunnels by CONNECT, relays plain http; `hosts` leads each host:port."""

    hosts: Mapping[str, Server]
    calls: list[Call] = field(default_factory=list)
    port: int = 0
    _tasks: list[asyncio.Task[None] | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Proxy]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await _ended(self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.append(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            call = await read_call(reader)
            assert call
            self.calls.append(call)
            if call.method == "CONNECT":
                await self._tunnel(self.hosts[call.target], reader, writer)
            else:
                parts = urlsplit(call.target)
                server = self.hosts[parts.netloc if parts.port else f"{parts.netloc}:80"]
                target = f"{parts.path}?{parts.query}" if parts.query else parts.path
                plain = Call(call.method, target, call.headers, call.body)
                server.calls.append(plain)
                await _send(server.handler(plain), plain, reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _tunnel(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
