"""What pulling tags from registries costs: rates against floors, and the memory of many images.

`make bench`, or `.venv/bin/python benchmarks/registry.py [RUNS]` (5 by default), prints two
Markdown tables. Debian's `docker-registry` and `skopeo` must be there (`make test-tools`).

The first is about one image of 2,000 tags in a real registry, all known already, as on a night
without changes: its list and a HEAD for each tag, 4 at once. The floor is a bare aiohttp loop that
does the same and checks nothing. skopeo, 8 processes at a time, inspects a sample of the tags (all
of them would take minutes), without the list of tags that it would ask for each time. The three
run in turn; ratios are the median of the runs'.

The second is about whole first nights (`tagpages build`) of many images of 20 tags, against a
server in a process of its own that answers from memory: once each.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp

from benchmarks.build import Figures, measured
from generator.model import Table, TagGroup
from generator.registry import Keychain, Session
from generator.sources.base import Ask
from generator.sources.oci import Oci
from tests.real.distribution import Distribution, storage
from tests.real.pusher import DOCKER, OCI, pusher
from tests.real.shelf import AS_OF, versions

ROOT = Path(__file__).parent.parent
TAGS, TAGS_OF_EACH, IMAGE, AT_ONCE = 2000, 10, "many", 4
PROCESSES, SAMPLE = 8, 160
SMALL, LARGE = 1000, 5000

Digests = Mapping[str, str]
Pull = Callable[[str, Digests], Coroutine[None, None, Digests]]


async def ours(address: str, known: Digests) -> Digests:
    """The digests of all tags, by the source that a build uses."""
    groups = tuple(TagGroup(digest, AS_OF, (tag,)) for tag, digest in known.items())
    async with Session(keychain=Keychain({})) as session:
        ask = Ask(
            root=ROOT,
            as_of=AS_OF,
            names=(IMAGE,),
            listed=False,
            wanted=lambda _: True,
            known=lambda _: Table("public", groups),
            repositories={},
            session=lambda: session,
        )
        tags = await Oci(registry=address, concurrency=AT_ONCE).open(ask).tags(IMAGE)
        return {tag.name: tag.digest for tag in tags or ()}


async def bare(address: str, known: Digests) -> Digests:  # noqa: ARG001 - as `ours`
    """The digests of all tags, by a loop that checks nothing."""
    base = f"http://{address}/v2/{IMAGE}"
    accept = {"Accept": f"{OCI.index}, {OCI.manifest}, {DOCKER.index}, {DOCKER.manifest}"}
    digests: dict[str, str] = {}
    async with aiohttp.ClientSession(headers=accept) as session:
        async with session.get(f"{base}/tags/list") as reply:
            tags = iter((await reply.json())["tags"])

        async def work() -> None:
            for tag in tags:
                async with session.head(f"{base}/manifests/{tag}") as reply:
                    digests[tag] = reply.headers["Docker-Content-Digest"]

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return digests


def rate(pull: Pull, address: str, pushed: Digests) -> float:
    """Tags a second."""
    start = time.perf_counter()
    digests = asyncio.run(pull(address, pushed))
    seconds = time.perf_counter() - start
    if digests != pushed:
        sys.exit(f"{pull.__name__}: wrong digests")
    return len(digests) / seconds


def skopeo_rate(address: str, pushed: Digests) -> float:
    """Tags a second, of a sample of them."""
    command = ["skopeo", "inspect", "--no-tags", "--tls-verify=false", "--format={{.Digest}}"]

    def inspect(tag: str) -> str:
        image = f"docker://{address}/{IMAGE}:{tag}"
        return subprocess.check_output([*command, image], text=True).strip()

    sample = list(pushed)[:: len(pushed) // SAMPLE]
    start = time.perf_counter()
    with ThreadPoolExecutor(PROCESSES) as pool:
        digests = list(pool.map(inspect, sample))
    seconds = time.perf_counter() - start
    if digests != [pushed[tag] for tag in sample]:
        sys.exit("skopeo: wrong digests")
    return len(sample) / seconds


def rates(runs: int) -> Iterator[str]:
    """The rows of the first table."""
    with storage() as folder, Distribution(folder) as registry:
        with pusher(registry.address) as push:
            versions(push, IMAGE, TAGS, TAGS_OF_EACH)
        pushed = push.pushed[IMAGE]
        rounds = [
            (
                rate(ours, registry.address, pushed),
                rate(bare, registry.address, pushed),
                skopeo_rate(registry.address, pushed),
            )
            for _ in range(runs)
        ]
    mine = statistics.median(one for one, *_ in rounds)
    for place, name, target in ((1, "bare aiohttp", 0.7), (2, "skopeo inspect", 4)):
        other = statistics.median(one[place] for one in rounds)
        ratio = statistics.median(one[0] / one[place] for one in rounds)
        yield f"| {name} | {mine:.0f} /s | {other:.0f} /s | {ratio:.2f} | ≥ {target} |"


def first_night(folder: Path, images: int) -> Figures:
    """A build of the pages of so many images."""
    server = [sys.executable, str(ROOT / "benchmarks/standin.py"), str(images)]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        try:
            source = {"kind": "oci", "registry": next(iter(process.stdout or ())).strip()}
            catalog = folder / f"{images}.yaml"
            pages, tables = f"pages-{images}", [{"name": "public", "source": source}]
            catalog.write_text(json.dumps({"content": pages, "url": "/images/", "tables": tables}))
            figures = measured(
                [sys.executable, "-m", "generator", "build", "--catalog", str(catalog)]
            )
        finally:
            process.kill()
    if len(list((folder / pages).glob("*/tags.json"))) != images:
        sys.exit("pages are missing")
    return figures


def scale(folder: Path) -> Iterator[str]:
    """The rows of the second table."""
    first = Figures(0, 0, 0)
    for images in (SMALL, LARGE):
        night = first_night(folder, images)
        first = first if first.cpu else night
        growth = night.cpu / images / (first.cpu / SMALL)
        yield (
            f"| {images:,} | {night.wall:.1f} s | {night.cpu:.1f} s | {growth:.2f}"
            f" | {night.memory:.0f} MB |"
        )


def main() -> None:
    """Print the tables."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as temporary:
        print("| digests of 2,000 tags | tagpages | other | ratio | wanted |")
        print("| --- | --- | --- | --- | --- |")
        for row in rates(runs):
            print(row, flush=True)
        print("\n| images of 20 tags | wall | CPU | CPU an image, relative | memory (< 300 MB) |")
        print("| --- | --- | --- | --- | --- |")
        for row in scale(Path(temporary)):
            print(row, flush=True)


if __name__ == "__main__":
    main()
