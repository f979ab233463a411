"""The Provenance page: what was found of each documented digest, and what to do with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace as changed

from generator.catalog.tables import Verify
from generator.facts.base import Absent, CouldNotLook, Details, Fact, Found
from generator.facts.evidence import SIGNATURE_TYPE, Evidence
from generator.facts.policy import NotVerified, Signer, Verified
from generator.grouping import Window
from generator.model import Image, Table, TagGroup
from generator.pages import provenance
from generator.pages.base import Site, Subject, TableInfo
from generator.pages.environment import Renderer
from generator.sources.listing import Listing
from generator.sources.oci import Oci
from tests.facts.attaching import PROVENANCE, SPDX
from tests.hugo import build, read, shown
from tests.support import ROOT, body_of, digest

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
A, B, C, D = (digest(sign) for sign in "abcd")
SIGNER = Verify(issuer="https://issuer.test", identity="https://git.test/app@refs/heads/main")
PUBLIC = TableInfo("Public", "", Oci(registry="registry.test", repository="team/{image}"), {})
SITE = Site("/ref/", (), {"public": PUBLIC}, Window(), "recency", NOW, 7, ("latest*",))
SIGNATURE = Evidence("bundle", "fallback", A, B, C, predicate_type=SIGNATURE_TYPE)
ATTESTATION = changed(SIGNATURE, predicate_type=PROVENANCE)
SBOM = changed(SIGNATURE, format="sbom", predicate_type="")


def subject(
    fact: Fact[Any] | None, *tags: str, table: str = "public", name: str = "app"
) -> Subject:
    groups = (TagGroup(A, NOW, tags or ("latest",)), TagGroup(B, NOW, ("1_rc1", "1-dev", "1")))
    tables = {table: {A: {"evidence": fact}}} if fact else {}
    return Subject(Image(name, (Table("public", groups),)), Details(name, {}, tables=tables))


def page(of: Subject, info: TableInfo = PUBLIC, folder: str | None = None) -> str:
    site = replace(SITE, tables={"public": info})
    values = provenance.view(of, site)
    return body_of(Renderer(ROOT / folder if folder else None).render("provenance.md.j2", values))


def found(*items: Evidence, **info: Any) -> str:
    return page(subject(Found(items)), replace(PUBLIC, **info))


def commands(text: str) -> list[str]:
    return [part.partition("\n```")[0] for part in text.split("```sh\n")[1:]]


def test_three_states_and_one_of_which_nobody_asked() -> None:
    since = datetime(2026, 7, 30, tzinfo=UTC)

    assert "Nothing is attached to this digest" in page(subject(Absent()))
    assert "could not be looked up.\n" in page(subject(CouldNotLook("down")))
    assert "could not be looked up since July 30th.\n" in page(subject(CouldNotLook("down", since)))
    assert "Nobody has looked" in page(subject(None))
    assert "registry.test/team/app:latest" not in page(subject(None))


def test_what_another_table_has_is_not_shown() -> None:
    assert "Nobody has looked" in page(subject(Found((SIGNATURE,)), table="private"))


def test_all_tags_are_listed_and_the_documented_ones_have_their_digest() -> None:
    text = page(subject(Absent(), "latest", "latest-dev"))

    row = "| `registry.test/team` | 1, 1_rc1, 1-dev, latest, latest-dev |\n"
    assert row in text
    assert f"### latest, latest-dev\n\n`{A}`\n" in text
    assert B not in text


def test_without_a_documented_tag_the_page_says_so() -> None:
    assert "No tag of this image is documented here." in page(subject(Absent(), "2.0"))


def test_the_commands_name_a_tag_that_there_is() -> None:
    text = page(subject(Found((SIGNATURE,)), "latest-dev"), replace(PUBLIC, verify=SIGNER))

    assert commands(text) == [
        (
            "cosign verify \\\n"
            "  --certificate-oidc-issuer=https://issuer.test \\\n"
            "  --certificate-identity=https://git.test/app@refs/heads/main \\\n"
            "  registry.test/team/app:latest-dev"
        )
    ]


def test_a_key_is_named_in_place_of_an_identity() -> None:
    text = found(SIGNATURE, ATTESTATION, verify=Verify(key="cosign.pub"))

    assert commands(text)[:2] == [
        "cosign verify \\\n  --key=cosign.pub \\\n  registry.test/team/app:latest",
        (
            f"cosign verify-attestation \\\n  --type={PROVENANCE} \\\n  --key=cosign.pub \\\n"
            "  registry.test/team/app:latest"
        ),
    ]


def test_where_nobody_is_named_what_is_there_can_be_looked_at() -> None:
    first, second = commands(found(SIGNATURE, ATTESTATION))

    assert first == "cosign download signature \\\n  registry.test/team/app:latest"
    assert second.startswith("cosign download attestation \\\n")


def test_where_the_address_is_not_known_there_is_no_command() -> None:
    text = found(SIGNATURE, source=Listing(path="x.json"), verify=SIGNER)

    assert commands(text) == []
    assert "| signature | Sigstore bundle | the digest itself |" in text
    assert "| Public | 1, 1_rc1, 1-dev, latest |\n" in text


def test_platforms_share_a_command_which_names_the_usual_one() -> None:
    children = [
        changed(ATTESTATION, subject=value, platform=name)
        for name, value in (("linux/arm64", C), ("linux/amd64", D))
    ]

    (command,) = commands(found(*children))

    assert f"  registry.test/team/app@{D} | jq" in command


def test_an_attestation_of_cosign_2_beside_a_bundle_is_fetched_as_a_blob() -> None:
    old = changed(ATTESTATION, format="dsse", form="att", predicate_type=SPDX, blob=D)
    decode = " | jq -r '(.dsseEnvelope // .).payload' | base64 -d | jq .predicate"

    *_, last = commands(found(SIGNATURE, old))
    (alone,) = commands(found(old))

    assert last == f"oras blob fetch --output - \\\n  registry.test/team/app@{D}{decode}"
    assert alone.startswith("cosign download attestation \\\n")


@pytest.mark.parametrize(
    ("item", "command"),
    [
        (changed(SBOM, form="sbom"), "cosign download sbom \\\n  registry.test/team/app:latest"),
        (SBOM, f"oras blob fetch --output - \\\n  registry.test/team/app@{C}"),
        (
            changed(SIGNATURE, format="notation", predicate_type=""),
            "notation verify \\\n  registry.test/team/app:latest",
        ),
        (
            changed(ATTESTATION, format="statement", form="buildkit", predicate_type=SPDX),
            (
                "docker buildx imagetools inspect registry.test/team/app:latest \\\n"
                "  --format '{{ json .SBOM }}'"
            ),
        ),
        (
            changed(ATTESTATION, format="statement", form="buildkit", predicate_type="urn:x"),
            f"oras blob fetch --output - \\\n  registry.test/team/app@{C} | jq .predicate",
        ),
    ],
)
def test_every_form_has_its_command(item: Evidence, command: str) -> None:
    assert commands(found(item)) == [command]


@pytest.mark.parametrize("kind", ["", "a b", "$(id)", "x\nrm -rf /", "--key=x", "{{< x >}}", "é"])
def test_a_type_that_no_command_should_have_in_it_has_none(kind: str) -> None:
    text = found(changed(ATTESTATION, predicate_type=kind), verify=SIGNER)

    assert commands(text) == []
    assert "| attestation | Sigstore bundle |" in text


def test_what_is_about_another_image_counts_for_nothing() -> None:
    text = found(changed(SIGNATURE, wrong="it is about another digest"), verify=SIGNER)

    assert "counts for nothing: it is not about this image" in text
    assert commands(text) == []


def test_verified_and_not_verified_are_said_with_who_and_why() -> None:
    signer = Signer(SIGNER.issuer, SIGNER.identity)
    good = changed(SIGNATURE, verdict=Verified(signer, 42, datetime(2026, 7, 1, 9, 5, tzinfo=UTC)))
    bad = changed(SIGNATURE, verdict=NotVerified(signer, "it is of `somebody` | else"))

    assert (
        "| verified: signed by `https://git.test/app@refs/heads/main` (`https://issuer.test`),"
        " log index 42, July 1st, 09:05 UTC |\n"
    ) in found(good)
    text = found(bad)
    assert "**not verified**: " in text
    assert "verified: signed by" not in text


def test_a_signature_of_a_key_says_which() -> None:
    verdict = Verified(Signer(key="5" * 64))

    assert f"| verified: signed by `{'5' * 64}` |\n" in found(changed(SIGNATURE, verdict=verdict))


NASTY = "a | b ` c </script><img src=x> {{< x >}} \u202e *d* javascript:alert(1)\n# e"


def test_foreign_text_is_shown_as_it_is_by_hugo(tmp_path: Any) -> None:
    verdict = NotVerified(Signer("i", "j"), NASTY)
    item = changed(ATTESTATION, predicate_type=NASTY, platform=NASTY, verdict=verdict)
    values = provenance.view(subject(Found((item,))), SITE)
    text = Renderer().render("provenance.md.j2", values)

    out = build(tmp_path, {"app/provenance_info.md": text})

    (_, table) = read(out, "app/provenance_info").findall(".//main//table")
    cells = [shown(cell) for cell in table.findall(".//td")]
    literal = "a | b ` c </script><img src=x> {{< x >}} \\u202e *d* javascript:alert(1)\\n# e"
    assert len(cells) == 6
    assert cells[2:4] == [literal, literal]
    assert cells[5] == f"not verified: {literal}"
    assert not table.findall(".//img")


def test_the_sample_s_page_has_its_form() -> None:
    values = provenance.view(subject(Absent()), SITE)
    text = Renderer(ROOT / "templates").render("provenance.md.j2", values)

    assert text.startswith(
        '---\ntitle: "Provenance Information for app Images"\ntype: "article"\nunlisted: true\n'
    )
    assert "\nweight: 600\n" in text
    assert "\n## Registries\n\n| Registry             | Tags" in text
