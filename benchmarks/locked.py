"""A first night from a real registry with TLS and logins: 2,000 images (or `IMAGES`) of 20 tags.

`make bench`, or `.venv/bin/python -m benchmarks.locked [RUNS]` (1 by default), prints a Markdown
table. Debian's `docker-registry` must be there (`make test-tools`). It has a certificate of an
authority of its own, and wants a login: by htpasswd with each request, or a token for each image.

tagpages is `tagpages build`, whole, with page and state of each image. The floor is a bare loop of
aiohttp that sends the same requests, as many at once, and keeps nothing: `benchmarks.locked bare`.
Both are processes of their own, one right after the other; medians of the runs.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import aiohttp

from benchmarks.build import Figures, measured
from tests.real.authority import certify
from tests.real.distribution import Distribution, storage
from tests.real.locked import PASSWORD, USER, basic, locked
from tests.real.pusher import DOCKER, OCI, pusher
from tests.real.shelf import versions
from tests.real.token_server import SERVICE

IMAGES = int(os.environ.get("IMAGES", "2000"))
TAGS, TAGS_OF_EACH, AT_ONCE, PAGE = 20, 5, 8, 1000
BASIC = f"Basic {basic(USER, PASSWORD)}"
ACCEPT = f"{OCI.index}, {OCI.manifest}, {DOCKER.index}, {DOCKER.manifest}"


class Bare:
    """The floor: what a pull asks for, and nothing else."""

    def __init__(self, session: aiohttp.ClientSession, base: str, realm: str) -> None:
        self._session = session
        self._base = base
        self._realm = realm

    async def everything(self) -> int:
        """Pull all images of the catalog; how many tags they have."""
        names = iter(await self._names())

        async def work() -> int:
            return sum([await self._image(name) for name in names])

        return sum(await asyncio.gather(*(work() for _ in range(AT_ONCE))))

    async def _names(self) -> list[str]:
        headers = await self._login("registry:catalog:*")
        names: list[str] = []
        while len(names) % PAGE == 0:
            url = f"{self._base}/_catalog?n={PAGE}&last={names[-1] if names else ''}"
            async with self._session.get(url, headers=headers) as reply:
                page = (await reply.json())["repositories"]
            if not page:
                break
            names += page
        return names

    async def _image(self, name: str) -> int:
        headers = await self._login(f"repository:{name}:pull")
        base = f"{self._base}/{name}"
        async with self._session.get(f"{base}/tags/list", headers=headers) as reply:
            tags = (await reply.json())["tags"]
        digests = set()
        for tag in tags:
            async with self._session.head(f"{base}/manifests/{tag}", headers=headers) as reply:
                digests.add(reply.headers["Docker-Content-Digest"])
        for digest in digests:
            async with self._session.get(f"{base}/manifests/{digest}", headers=headers) as reply:
                config = json.loads(await reply.read())["config"]["digest"]
            async with self._session.get(f"{base}/blobs/{config}", headers=headers) as reply:
                json.loads(await reply.read())["created"]
        return len(tags)

    async def _login(self, scope: str) -> dict[str, str]:
        if not self._realm:
            return {"Authorization": BASIC, "Accept": ACCEPT}
        query = {"service": SERVICE, "scope": scope}
        headers = {"Authorization": BASIC}
        async with self._session.get(self._realm, params=query, headers=headers) as reply:
            token = (await reply.json())["token"]
        return {"Authorization": f"Bearer {token}", "Accept": ACCEPT}


async def bare(address: str, realm: str) -> None:
    """Run the floor."""
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector) as session:
        tags = await Bare(session, f"https://{address}/v2", realm).everything()
    if tags != IMAGES * TAGS:
        sys.exit(f"{tags} tags")


def fill(folder: Path) -> None:
    """Push the images; each has digests of its own, which nobody has read under another name."""
    with Distribution(folder) as registry, pusher(registry.address) as push:
        for number in range(IMAGES):
            versions(push, f"image-{number:04}", TAGS, TAGS_OF_EACH)


def night(folder: Path, address: str) -> Figures:
    """A build of all pages, where there are none yet."""
    source = {
        "kind": "oci",
        "registry": f"https://{address}",
        "username": USER,
        "password": "${PASSWORD}",
        "concurrency": AT_ONCE,
    }
    table = {"name": "public", "source": source}
    catalog = folder / "catalog.json"
    catalog.write_text(json.dumps({"content": "content", "url": "/images/", "tables": [table]}))
    figures = measured([sys.executable, "-m", "generator", "build", "--catalog", str(catalog)])
    if len(list(folder.glob("content/*/tags.json"))) != IMAGES:
        sys.exit("pages are missing")
    return figures


def rounds(kind: str, folder: Path, own: Path, runs: int) -> Iterator[tuple[Figures, Figures]]:
    """The figures of tagpages and of the floor, in turn."""
    with locked(kind, folder, own) as (address, realm):
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as site:
                ours = night(Path(site), address)
            floor = [sys.executable, "-m", "benchmarks.locked", "bare", address, realm]
            yield ours, measured(floor)


def main(runs: int) -> None:
    """Print the table."""
    columns = "tagpages | bare | ratio (≤ 1.5) | ratio of CPU | memory (< 100 MB)"
    print(f"| {IMAGES:,} images of {TAGS} tags | {columns} |")
    print("| --- | --- | --- | --- | --- | --- |")
    with storage() as folder, tempfile.TemporaryDirectory() as temporary:
        trusted, own = certify(Path(temporary))
        os.environ |= {"SSL_CERT_FILE": str(trusted), "PASSWORD": PASSWORD}
        fill(folder)
        for kind in ("htpasswd", "token"):
            both = list(rounds(kind, folder, own, runs))
            wall, floor = (median(side[at].wall for side in both) for at in (0, 1))
            ratio = median(ours.wall / bare.wall for ours, bare in both)
            cpu = median(ours.cpu / bare.cpu for ours, bare in both)
            memory = max(ours.memory for ours, _ in both)
            print(
                f"| TLS, {kind} | {wall:.0f} s | {floor:.0f} s | {ratio:.2f} | {cpu:.2f}"
                f" | {memory:.0f} MB |",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["bare"]:
        asyncio.run(bare(*sys.argv[2:]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
