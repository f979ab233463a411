"""Packages are read from attached SBOMs, in whatever wrapping; what cannot be read is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.facts.base import Absent, CouldNotLook, Facts, Found
from generator.facts.packages import PACKAGES, TRIES, Packages
from generator.facts.sbom import PACKAGES_LIMIT, Package
from generator.registry.limits import MIB
from tests.facts.asking import entry, facts
from tests.facts.attaching import (
    BUNDLE,
    CYCLONEDX,
    CYCLONEDX_JSON,
    DSSE,
    IN_TOTO,
    SPDX,
    SPDX_JSON,
    Attacher,
    bundle,
    envelope,
    statement,
)
from tests.registry.fake import FakeRegistry
from tests.registry.server import problem
from tests.support import digest

APKO = "https://apko.dev/image-configuration"


def spdx(*names: str, **keys: object) -> dict[str, object]:
    packages = [
        {
            "name": name,
            "versionInfo": "1",
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "MIT",
            "externalRefs": [
                {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x"},
                {"referenceType": "purl", "referenceLocator": f"pkg:apk/wolfi/{name}@1?arch=x"},
            ],
        }
        for name in names
    ]
    return {"spdxVersion": "SPDX-2.3", "packages": packages} | keys


def cyclonedx(*names: str) -> dict[str, object]:
    components = [
        {
            "type": "library",
            "name": name,
            "version": "2",
            "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "Own"}}],
            "purl": f"pkg:deb/debian/{name}@2",
        }
        for name in names
    ]
    return {"bomFormat": "CycloneDX", "components": components}


def told(registry: FakeRegistry, of: str, **known: Any) -> Facts:
    return facts(registry, of, "image", "attached", "packages", known=known).facts


def found(registry: FakeRegistry, of: str) -> Packages:
    fact = PACKAGES.of(told(registry, of))
    assert isinstance(fact, Found), fact
    return fact.value


def reason(registry: FakeRegistry, of: str) -> str:
    fact = PACKAGES.of(told(registry, of))
    assert isinstance(fact, CouldNotLook), fact
    return fact.reason


@pytest.fixture
def registry() -> FakeRegistry:
    return FakeRegistry()


@pytest.fixture
def attacher(registry: FakeRegistry) -> Attacher:
    return Attacher(registry)


@pytest.fixture
def app(attacher: Attacher) -> str:
    return attacher.child()


BASH = Package("bash", "1", "MIT", "apk")


def test_an_spdx_document_that_refers_to_the_image(attacher: Attacher, app: str) -> None:
    attacher.refer(app, SPDX_JSON, spdx("bash"))

    packages = found(attacher.registry, app)

    assert (packages.format, packages.packages) == ("SPDX", (BASH,))
    assert (packages.form, packages.platform) == ("fallback", "")
    assert packages.managers == {"apk"}


def test_a_cyclonedx_document_under_cosigns_tag(attacher: Attacher, app: str) -> None:
    attacher.cosign(app, "sbom", (CYCLONEDX_JSON, cyclonedx("bash")))

    packages = found(attacher.registry, app)

    assert (packages.format, packages.form) == ("CycloneDX", "sbom")
    assert packages.packages == (Package("bash", "2", "MIT AND Own", "deb"),)
    assert packages.managers == {"deb"}


def test_a_statement_in_an_envelope(attacher: Attacher, app: str) -> None:
    value = envelope(statement(app, SPDX, spdx("bash")))
    attacher.cosign(app, "att", (DSSE, value), predicateType=SPDX)

    assert found(attacher.registry, app).packages == (BASH,)


def test_a_statement_in_a_bundle(attacher: Attacher, app: str) -> None:
    value = bundle(statement(app, f"{CYCLONEDX}/v1.6", cyclonedx("bash")))
    attacher.refer(app, BUNDLE, value, {"dev.sigstore.bundle.predicateType": CYCLONEDX})

    assert found(attacher.registry, app).format == "CycloneDX"


def test_a_bare_statement_in_an_index(attacher: Attacher) -> None:
    arm = attacher.child("linux/arm64")
    value = statement(arm, SPDX, spdx("bash"))
    index = attacher.registry.index(entry(arm, "linux/arm64"), attacher.buildkit(arm, SPDX, value))

    packages = found(attacher.registry, index)

    assert (packages.form, packages.platform) == ("buildkit", "linux/arm64")
    assert packages.packages == (BASH,)


def test_apkos_configuration(attacher: Attacher, app: str) -> None:
    config = {"contents": {"packages": ["bash=5.2-r1"]}}
    value = envelope(statement(app, APKO, config))
    attacher.cosign(app, "att", (DSSE, value), predicateType=APKO)

    packages = found(attacher.registry, app)

    assert (packages.format, packages.packages) == ("apko", (Package("bash", "5.2-r1"),))


def test_an_sbom_is_preferred_to_apkos_configuration(attacher: Attacher, app: str) -> None:
    config = statement(app, APKO, {"contents": {"packages": ["x"]}})
    attacher.refer(app, BUNDLE, bundle(config), {"dev.sigstore.bundle.predicateType": APKO})
    attacher.cosign(app, "sbom", (SPDX_JSON, spdx("bash")))

    assert found(attacher.registry, app).packages == (BASH,)


def test_the_predicate_that_the_statement_names_counts_where_no_annotation_does(
    attacher: Attacher, app: str
) -> None:
    slsa = envelope(statement(app, "https://slsa.dev/provenance/v1", {}))
    attacher.cosign(app, "att", (DSSE, slsa), (DSSE, envelope(statement(app, SPDX, spdx("bash")))))

    assert found(attacher.registry, app).packages == (BASH,)


def test_of_an_index_the_packages_of_the_usual_platform_are_shown(attacher: Attacher) -> None:
    arm, amd = attacher.child("linux/arm64"), attacher.child()
    index = attacher.registry.index(entry(arm, "linux/arm64"), entry(amd))
    attacher.refer(index, SPDX_JSON, spdx("of-the-index"))
    attacher.refer(arm, SPDX_JSON, spdx("of-arm"))
    attacher.refer(amd, SPDX_JSON, spdx("of-amd"))

    packages = found(attacher.registry, index)

    assert packages.platform == "linux/amd64"
    assert [package.name for package in packages.packages] == ["of-amd"]


def test_what_is_no_package_is_left_out(attacher: Attacher, app: str) -> None:
    document = spdx("bash")
    packages = document["packages"]
    assert isinstance(packages, list)
    packages += [
        {"name": "image", "primaryPackagePurpose": "CONTAINER"},
        {"name": "wolfi", "primaryPackagePurpose": "OPERATING-SYSTEM"},
        {"name": "layer", "externalRefs": [{"referenceLocator": "pkg:oci/app@sha256:1"}]},
        {"name": "", "versionInfo": "1"},
        packages[0],
        {"name": "bare"},
    ]
    attacher.refer(app, SPDX_JSON, document)

    assert found(attacher.registry, app).packages == (BASH, Package("bare"))


def test_an_attestation_of_something_else_is_no_sbom(attacher: Attacher, app: str) -> None:
    slsa = "https://slsa.dev/provenance/v1"
    attacher.cosign(app, "att", (DSSE, envelope(statement(app, slsa, {}))), predicateType=slsa)
    signature = {"mediaType": BUNDLE, "messageSignature": {"signature": "x"}}
    attacher.refer(app, BUNDLE, signature)

    assert PACKAGES.of(told(attacher.registry, app)) == Absent()


def test_a_statement_about_another_image_is_not_shown(attacher: Attacher, app: str) -> None:
    value = bundle(statement(digest("e"), SPDX, spdx("evil")))
    attacher.refer(app, BUNDLE, value, {"dev.sigstore.bundle.predicateType": SPDX})

    assert "is about another digest: not shown" in reason(attacher.registry, app)


@pytest.mark.parametrize(
    ("content", "told_of_it"),
    [
        (b"[" * 100_000, "not as it should be"),
        (b'{"spdxVersion": "SPDX-2.3", "x": ' + b'{"a":' * 50_000, "not as it should be"),
        (b"SPDXVersion: SPDX-2.3", "not as it should be"),
        (b'{"spdxVersion": "SPDX-2.3", "packages": [{"name": 1}]}', "not as it should be"),
        (b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}', "neither SPDX 2"),
        (b"\xff", "not as it should be"),
        (
            json.dumps({"bomFormat": "CycloneDX", "components": [{"name": "x"}] * 1_000_000}),
            f"it lists 1,000,000 packages: the limit is {PACKAGES_LIMIT:,}",
        ),
    ],
    ids=["nested", "nested aside", "tag-value", "types", "SPDX 3", "no UTF-8", "a million"],
)
def test_a_document_that_cannot_be_read_is_told(
    content: bytes | str, told_of_it: str, attacher: Attacher, app: str
) -> None:
    data = content.encode() if isinstance(content, str) else content
    attacher.refer(app, SPDX_JSON, data)

    assert told_of_it in reason(attacher.registry, app)


def test_a_document_over_the_limit_is_not_asked_for(attacher: Attacher, app: str) -> None:
    attacher.refer(app, SPDX_JSON, b" " * (32 * MIB + 1))

    outcome = facts(attacher.registry, app, "image", "attached", "packages")

    fact = PACKAGES.of(outcome.facts)
    assert isinstance(fact, CouldNotLook)
    assert "has 33,554,433 bytes: the limit of an SBOM is 32 MiB" in fact.reason
    assert not [target for target in outcome.targets[2:] if "/blobs/" in target]


def test_a_document_that_is_longer_than_it_says_is_given_up(attacher: Attacher, app: str) -> None:
    attacher.cosign(app, "sbom", (SPDX_JSON, {}))
    (blob,) = (name for name, (kind, _) in attacher.registry.contents.items() if kind == SPDX_JSON)
    attacher.registry.contents[blob] = (SPDX_JSON, b" " * (32 * MIB + 1))

    assert "32 MiB" in reason(attacher.registry, app)


def test_the_next_document_is_read_where_one_cannot_be(attacher: Attacher, app: str) -> None:
    attacher.refer(app, SPDX_JSON, b"[]")
    attacher.refer(app, SPDX_JSON, spdx("bash"))

    assert found(attacher.registry, app).packages == (BASH,)


def test_so_many_documents_are_tried_and_no_more(attacher: Attacher, app: str) -> None:
    for number in range(TRIES + 1):
        attacher.refer(app, SPDX_JSON, spdx(comment=number))

    assert reason(attacher.registry, app) == "the first 5 of the attached SBOMs tell no packages"


def test_where_a_place_did_not_answer_the_packages_are_not_known_either(
    attacher: Attacher, app: str
) -> None:
    attacher.refer(app, SPDX_JSON, spdx("bash"))
    attacher.registry.rules.insert(0, ("GET", ".att", lambda _: problem(403, "DENIED")))

    assert "answered 403 DENIED" in reason(attacher.registry, app)


def test_names_of_any_length_are_cut(attacher: Attacher, app: str) -> None:
    attacher.refer(app, SPDX_JSON, spdx("a" * 100_000))

    (package,) = found(attacher.registry, app).packages

    assert package.name == "a" * 254 + "…"


def test_bare_statements_need_their_media_type_only(attacher: Attacher, app: str) -> None:
    attacher.refer(app, IN_TOTO, statement(app, SPDX, spdx("bash")))

    assert found(attacher.registry, app).packages == (BASH,)
