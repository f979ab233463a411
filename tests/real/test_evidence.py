"""Provenance pages of a real registry: what is found where it lies, and what a night asks for."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.facts.evidence import SIGNATURE_TYPE
from generator.facts.verify import is_available
from tests.facts.attaching import PROVENANCE, bundle, statement
from tests.real.attached import Pushed, push_image, refer, sign_as_cosign_2
from tests.real.client import NOBODY
from tests.real.distribution import Distribution, storage
from tests.real.pusher import pusher
from tests.signing import IDENTITY, ISSUER, Sigstore
from tests.support import body_of, tagpages

pytestmark = pytest.mark.xdist_group("evidence")

SCRIPT = Path(__file__).parent / "attach.mjs"
PACKAGES = (
    "@sigstore/bundle@5.0.1",
    "@sigstore/mock@0.13.0",
    "@sigstore/oci@0.7.2",
    "@sigstore/sign@5.1.0",
    "promise-retry@2.0.1",
)
SIGNER = {"issuer": ISSUER, "identity": IDENTITY}
KEYLESS = f"""\
  --certificate-oidc-issuer={ISSUER} \\
  --certificate-identity={IDENTITY} \\
"""


@dataclass
class Site:
    """A site of two tables: `public` is signed, `private` has the same digests alone."""

    folder: Path
    disk: Path
    start: type[Distribution]
    nights: int = 0

    def push(self) -> Pushed:
        with self.start(self.disk) as registry, pusher(registry.address) as push:
            push_image(push, "mirror/app")
            return push_image(push, "team/app")

    def night(self, verify: Mapping[str, object] | None = None) -> list[str]:
        """Build the pages; the targets of the requests."""
        self.nights += 1
        with self.start(self.disk) as registry:
            tables = [
                {
                    "name": name,
                    "source": {
                        "kind": "oci",
                        "registry": registry.address,
                        "repository": f"{repository}/{{image}}",
                    },
                }
                | ({"verify": verify or SIGNER} if name == "public" else {})
                for name, repository in (("public", "team"), ("private", "mirror"))
            ]
            catalog = {
                "content": "content",
                "url": "/images/",
                "tables": tables,
                "pages": ["provenance"],
                "images": {"include": ["app"]},
                "variants": ["latest*"],
            }
            (self.folder / "catalog.yaml").write_text(json.dumps(catalog))
            run = tagpages(
                "build",
                "--catalog",
                self.folder / "catalog.yaml",
                "--as-of",
                f"2026-08-{self.nights:02}T12:00:00Z",
                **NOBODY,
            )
            assert run.code == 0, run.err
            self.report = run.err + run.out
        return [target for _, target, _ in registry.requests()]

    @property
    def page(self) -> str:
        """The page, with a name in place of the address, whose port differs from night to night."""
        text = (self.folder / "content/app/provenance_info.md").read_text()
        return text.replace(text.partition("127.0.0.1:")[2].partition("/")[0], "5000")

    def table(self, name: str) -> str:
        return self.page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


@dataclass(frozen=True)
class Nights:
    """Two nights of everything that may be attached: the site, and what the second one asked."""

    site: Site
    pushed: Pushed
    first_page: str
    asked: list[str]


@pytest.fixture(scope="module")
def nights(
    docker_registry: type[Distribution], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nights]:
    with storage() as disk:
        site = Site(tmp_path_factory.mktemp("site"), disk, docker_registry)
        pushed = attached(site)
        site.night()
        page = site.page
        yield Nights(site, pushed, page, site.night())


@pytest.fixture
def site(docker_registry: type[Distribution], disk: Path, tmp_path: Path) -> Site:
    return Site(tmp_path, disk, docker_registry)


def signed(site: Site, *bundles: object, pushed: Pushed | None = None) -> Pushed:
    pushed = pushed or site.push()
    with site.start(site.disk) as registry, pusher(registry.address) as push:
        refer(push, "team/app", pushed.index, *bundles)
    return pushed


def attached(site: Site) -> Pushed:
    """Everything attached to the image, and its bundles by a made-up signer."""
    pushed = site.push()
    with site.start(site.disk) as registry, pusher(registry.address) as push:
        sign_as_cosign_2(push, "team/app", pushed)
    digest = pushed.index.digest
    return signed(
        site,
        bundle(statement(digest, PROVENANCE, {})),
        bundle(statement(digest, SIGNATURE_TYPE, {})),
        pushed=pushed,
    )


def rows(text: str) -> list[list[str]]:
    """The cells of a table without its header."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line] for line in lines[1:]]


def test_all_is_found_where_it_lies(nights: Nights) -> None:
    site = nights.site

    form, made = "Sigstore bundle", "May 1st"
    assert [row[:5] for row in rows(site.table("Public"))] == [
        ["attestation", "BuildKit attestation, not signed", "`linux/amd64`", f"`{PROVENANCE}`", ""],
        ["attestation", form, "the digest itself", f"`{PROVENANCE}`", made],
        ["signature", form, "the digest itself", f"`{SIGNATURE_TYPE}`", made],
        ["signature", "cosign 2 signature", "the digest itself", f"`{SIGNATURE_TYPE}`", ""],
        ["SBOM", "SBOM, not signed", "`linux/amd64`", "", ""],
        ["attestation", "cosign 2 attestation", "`linux/arm64`", "`https://spdx.dev/Document`", ""],
    ]  # fmt: skip


def test_each_command_fits_the_form(nights: Nights) -> None:
    site, pushed = nights.site, nights.pushed

    image = "127.0.0.1:5000/team/app"
    commands = [part.partition("\n```")[0] for part in site.table("Public").split("```sh\n")[1:]]
    decoded = "| jq -r '(.dsseEnvelope // .).payload' | base64 -d | jq .predicate"
    assert commands == [
        (
            f"docker buildx imagetools inspect {image}:latest \\\n"
            "  --format '{{ json .Provenance }}'"
        ),
        f"cosign verify-attestation \\\n  --type={PROVENANCE} \\\n{KEYLESS}  {image}:latest",
        (
            f"cosign download attestation \\\n  --predicate-type={PROVENANCE} \\\n"
            f"  {image}:latest {decoded}"
        ),
        f"cosign verify \\\n{KEYLESS}  {image}:latest",
        f"cosign verify \\\n  --new-bundle-format=false \\\n{KEYLESS}  {image}:latest",
        f"cosign download sbom \\\n  {image}@{pushed.amd.digest}",
        (
            "cosign verify-attestation \\\n  --type=https://spdx.dev/Document \\\n"
            f"{KEYLESS}  {image}@{pushed.arm.digest}"
        ),
        (
            "cosign download attestation \\\n  --predicate-type=https://spdx.dev/Document \\\n"
            f"  {image}@{pushed.arm.digest} {decoded}"
        ),
    ]


def test_another_registry_has_nothing_of_the_same_digest(nights: Nights) -> None:
    site, pushed = nights.site, nights.pushed

    private = site.table("Private")
    assert f"`{pushed.index.digest}`" in private
    ((sort, form, platform, kind, *_),) = rows(private)
    assert (sort, form) == ("attestation", "BuildKit attestation, not signed")
    assert (platform, kind) == ("`linux/amd64`", f"`{PROVENANCE}`")
    assert "cosign" not in private


def test_no_tag_of_a_signature_is_a_tag_of_the_image(nights: Nights) -> None:
    site = nights.site

    registries = rows(site.page.partition("## Registries\n")[2].partition("\n## ")[0])
    assert registries == [
        ["`127.0.0.1:5000/team`", "1.0, latest"],
        ["`127.0.0.1:5000/mirror`", "1.0, latest"],
    ]


def test_a_second_night_asks_for_the_lists_of_what_is_attached_and_nothing_else(
    nights: Nights,
) -> None:
    pushed, targets = nights.pushed, nights.asked
    subjects = (pushed.index.digest, pushed.amd.digest, pushed.arm.digest)
    lists = {
        f"/v2/{place}/app/manifests/{subject.replace(':', '-')}{suffix}"
        for place in ("team", "mirror")
        for subject in subjects
        for suffix in ("", ".sig", ".att", ".sbom")
    }
    asked = [target for target in targets if "sha256" in target and "/referrers/" not in target]
    assert sorted(asked) == sorted(lists)
    assert len([target for target in targets if "/referrers/" in target]) == 2
    assert body_of(nights.site.page) == body_of(nights.first_page)


def test_what_is_signed_later_is_found_and_its_end_needs_a_look(site: Site) -> None:
    pushed = site.push()
    site.night()
    assert "cosign" not in site.page

    signed(site, bundle(statement(pushed.index.digest, SIGNATURE_TYPE, {})), pushed=pushed)
    site.night()
    assert "cosign verify" in site.table("Public")

    with site.start(site.disk) as registry, pusher(registry.address) as push:
        push.tag("team/app", push.image("team/app", "2026-06-01T12:00:00Z"), "latest")
    site.night()
    assert "Not signed any more (1)\n  app: public: `latest`" in site.report


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with npm's @sigstore packages."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: `apt-get install npm` installs it")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text("{}")
    run = subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return folder


@pytest.mark.long
def test_a_bundle_that_npm_attached_is_found_and_its_made_up_log_is_not_believed(
    site: Site, npm: Path
) -> None:
    pushed = site.push()
    with site.start(site.disk) as registry:
        run = subprocess.run(
            ["node", SCRIPT, f"{registry.address}/team/app", pushed.index.digest, PROVENANCE],
            cwd=npm,
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stderr

    site.night()

    found = rows(site.table("Public"))[-1]
    assert found[:4] == ["attestation", "Sigstore bundle", "the digest itself", f"`{PROVENANCE}`"]
    assert found[4]
    assert "verified" not in found[5].replace("**not verified**", "")
    assert f"cosign verify-attestation \\\n  --type={PROVENANCE} \\\n" in site.page


def verify(site: Site, sigstore: Sigstore) -> dict[str, str]:
    (site.folder / "trusted_root.json").write_bytes(sigstore.trusted_root())
    return SIGNER | {"trusted_root": "trusted_root.json"}


@pytest.mark.long
@pytest.mark.skipif(not is_available(), reason="the extra is not installed: `make test-long`")
def test_what_is_found_is_verified_once_and_a_signer_that_fails_is_told_first(site: Site) -> None:
    sigstore = Sigstore()
    keys = verify(site, sigstore)
    pushed = site.push()
    subject = pushed.index.digest
    signed(site, sigstore.bundle(statement(subject, SIGNATURE_TYPE, {})), pushed=pushed)

    site.night(keys)
    said = f"verified: signed by `{IDENTITY}` (`{ISSUER}`), log index 42, May 1st, 12:00 UTC"
    assert rows(site.table("Public"))[-1][-1] == said
    assert not [target for target in site.night(keys) if "/blobs/" in target]

    signed(
        site,
        sigstore.bundle(statement(subject, SIGNATURE_TYPE, {}), identity="https://git.test/other"),
        pushed=pushed,
    )
    site.night(keys)
    assert "**not verified**" in rows(site.table("Public"))[-1][-1]
    assert "SANs do not match" in site.page
    assert site.report.partition("Not verified any more")[2].startswith(" (1)\n  app: public: ")


@pytest.mark.long
@pytest.mark.skipif(not is_available(), reason="the extra is not installed: `make test-long`")
def test_when_the_catalog_names_another_signer_all_is_verified_again(site: Site) -> None:
    sigstore = Sigstore()
    keys = verify(site, sigstore)
    pushed = site.push()
    signed(site, sigstore.bundle(statement(pushed.index.digest, PROVENANCE, {})), pushed=pushed)
    site.night(keys | {"identity": "https://git.test/other"})
    assert "**not verified**" in site.page

    site.night(keys)

    assert "verified: signed by" in site.page
    assert "**not verified**" not in site.page
