"""A registry that answers from memory: images of 20 tags, five to a digest.

Argument: how many images. It prints its address, and runs until it is killed. `GET /count` tells
how many requests came before it. The documents are those of the OCI Image Specification, the
answers those of the Distribution Specification.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import count

IMAGES_DIGESTS, DIGESTS_TAGS = 4, 5
COUNT = b"GET /count"
_OCI = "application/vnd.oci.image."


def digest_of(body: bytes) -> str:
    """A digest as registries write it."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def head(media_type: str, body: bytes) -> bytes:
    """The answer to a HEAD."""
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        f"Docker-Content-Digest: {digest_of(body)}\r\n\r\n"
    ).encode()


def answers(images: int) -> Iterator[tuple[str, bytes]]:
    """Every request line, without its query, with its answer."""
    names = [f"image-{number:05}" for number in range(images)]
    for name in names:
        repository = f"/v2/{name}"
        tags = []
        for number in range(IMAGES_DIGESTS):
            created = f"2026-0{number + 1}-01T00:00:00Z"
            config = json.dumps({"created": created, "config": {"name": name}}).encode()
            body = json.dumps(manifest(config)).encode()
            top = head(f"{_OCI}manifest.v1+json", body)
            for tag in [f"{number}.{patch}" for patch in range(DIGESTS_TAGS)]:
                yield f"HEAD {repository}/manifests/{tag}", top
                tags.append(tag)
            yield f"GET {repository}/manifests/{digest_of(body)}", top + body
            blob = head("application/octet-stream", config) + config
            yield f"GET {repository}/blobs/{digest_of(config)}", blob
        listed = json.dumps({"name": name, "tags": tags}).encode()
        yield f"GET {repository}/tags/list", head("application/json", listed) + listed
    for last, page in (("", names), ("?last", [])):  # all at once, and nothing after that
        body = json.dumps({"repositories": page}).encode()
        yield f"GET /v2/_catalog{last}", head("application/json", body) + body


def manifest(config: bytes) -> dict[str, object]:
    """An image without layers."""
    described = {
        "mediaType": f"{_OCI}config.v1+json",
        "digest": digest_of(config),
        "size": len(config),
    }
    return {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}manifest.v1+json",
        "config": described,
        "layers": [],
    }


async def connection(
    known: dict[bytes, bytes],
    count: Iterator[int],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Answer one client."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while request := await reader.readuntil(b"\r\n\r\n"):
            asked, _, query = request.partition(b" HTTP/")[0].partition(b"?")
            asked += b"?last" if b"last=" in query else b""
            number = next(count)
            if asked == COUNT:
                body = str(number).encode()
                writer.write(head("text/plain", body) + body)
            else:
                writer.write(known[asked])
    writer.close()


async def serve(images: int) -> None:
    """Serve for ever."""
    known = {line.encode(): answer for line, answer in answers(images)}
    server = await asyncio.start_server(partial(connection, known, count()), "127.0.0.1", 0)
    print("{}:{}".format(*server.sockets[0].getsockname()), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
