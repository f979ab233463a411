"""What a night costs by the number of images: docs/scale.md has the tables that this prints.

`.venv/bin/python -m benchmarks.scale [IMAGES…]` (100, 1,000, 10,000 and 100,000 by default, which
takes some twenty minutes; a registry is asked for 10,000 at most). Images have 20 tags, five to a
digest. `oci` asks the stand-in of `benchmarks/standin.py`: the first night, and one on which
nothing has changed; each collects, then builds from the answers. `listing` builds from a file.
Memory is that of the largest process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.request import urlopen

from benchmarks.build import ROOT, Figures, measured
from benchmarks.standin import DIGESTS_TAGS, IMAGES_DIGESTS, digest_of

SIZES = (100, 1000, 10_000, 100_000)
MOST_ASKED = 10_000
NIGHTS = {"first": "2026-08-01T00:00:00Z", "quiet": "2026-08-02T00:00:00Z"}
TAGPAGES = (sys.executable, "-m", "generator")


def commands(folder: Path, source: object) -> dict[str, Sequence[str]]:
    """The commands of a night, but for its time, for a catalog with this source."""
    catalog = folder / "catalog.yaml"
    tables = [{"name": "public", "source": source}]
    catalog.write_text(
        json.dumps({"content": str(folder / "pages"), "url": "/images/", "tables": tables})
    )
    answers, common = str(folder / "answers.jsonl.gz"), ("--quiet", "--catalog", str(catalog))
    return {
        "collect": (*TAGPAGES, "collect", *common, "--out", answers),
        "build": (*TAGPAGES, "build", *common),
        "build from answers": (*TAGPAGES, "build", *common, "--answers", answers),
    }


def row(night: str, step: str, figures: Figures, requests: int = 0) -> str:
    """A row of the table, but for its first two cells."""
    return f"{night} | {step} | {requests:,} | {figures.cpu:.1f} s | {figures.memory:.0f} MB |"


def oci(folder: Path, images: int) -> Iterator[str]:
    """Two nights of a registry."""
    server = [sys.executable, str(ROOT / "benchmarks/standin.py"), str(images)]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = next(iter(process.stdout or ())).strip()
            steps = commands(folder, {"kind": "oci", "registry": address})
            for night, time in NIGHTS.items():
                before = asked(address)
                figures = measured([*steps["collect"], "--as-of", time])
                requests = asked(address) - before - 1
                yield row(night, "collect", figures, requests)
                yield row(night, "build", measured([*steps["build from answers"]]))
        finally:
            process.kill()


def asked(address: str) -> int:
    """How many requests the stand-in has answered."""
    with urlopen(f"http://{address}/count") as reply:
        return int(reply.read())


def listing(folder: Path, images: int) -> Iterator[str]:
    """Two nights of a file."""
    tags = [
        {
            "name": f"{number}.{patch}",
            "digest": digest_of(str(number).encode()),
            "lastUpdated": f"2026-0{number + 1}-01T00:00:00Z",
        }
        for number in range(IMAGES_DIGESTS)
        for patch in range(DIGESTS_TAGS)
    ]
    with (folder / "public.json").open("w") as file:
        entries = (
            json.dumps({"repo": {"name": f"image-{number:05}"}, "tags": tags})
            for number in range(images)
        )
        file.write("[" + next(entries))
        file.writelines(f",\n{entry}" for entry in entries)
        file.write("]")
    build = commands(folder, {"kind": "listing", "path": "public.json"})["build"]
    for night, time in NIGHTS.items():
        yield row(night, "build", measured([*build, "--as-of", time]))


def main() -> None:
    """Print the table."""
    sizes = [int(size.replace(",", "")) for size in sys.argv[1:]] or SIZES
    print("| kind | images | night | step | requests | CPU | memory |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for images in sizes:
        for kind in (listing, oci) if images <= MOST_ASKED else (listing,):
            with tempfile.TemporaryDirectory() as temporary:
                for line in kind(Path(temporary), images):
                    print(f"| `{kind.__name__}` | {images:,} | {line}", flush=True)


if __name__ == "__main__":
    main()
