"""Commands for a shell that show or verify what was found, each in the words that its form needs.

Sources: the references of cosign 2 and 3, of Docker's buildx, of notation and of oras.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from itertools import chain

import msgspec

from generator.catalog.tables import Verify
from generator.facts.evidence import Evidence
from generator.facts.image import USUAL_PLATFORM
from generator.sources.base import Address

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9+.:/_?=&%~@-]*")
"""Types of predicates that a command may have in it: they are foreign text."""
_DECODE = "jq -r '(.dsseEnvelope // .).payload' | base64 -d | jq .predicate"
"""Reads bundles and the envelopes of cosign 2 alike."""
_BUILDX = {
    "https://spdx.dev/Document": ".SBOM",
    "https://slsa.dev/provenance/v0.2": ".Provenance",
    "https://slsa.dev/provenance/v1": ".Provenance",
}


class Command(msgspec.Struct, frozen=True):
    """A command, of several lines: what it does, and to what; `platform` is that of a child."""

    does: str
    text: str
    predicate_type: str = ""
    platform: str = ""


class Commands:
    """Makes the commands for a digest of an image, to which `tag` points."""

    def __init__(self, address: Address, tag: str, digest: str, signer: Verify | None) -> None:
        self._repository = f"{address.registry}/{address.repository}"
        self._tag = tag
        self._digest = digest
        self._signer = _signer(signer) if signer else []

    def of(self, evidence: Iterable[Evidence]) -> tuple[Command, ...]:
        """The commands for what was found: one for all that differs in its platform only."""
        items = [item for item in evidence if not item.wrong]
        bundled = {item.subject for item in items if item.format == "bundle"}
        first: dict[tuple[object, ...], Evidence] = {}
        for item in sorted(items, key=lambda item: item.platform != USUAL_PLATFORM):
            kind = (item.sort, item.format, item.form, item.predicate_type, not item.platform)
            first.setdefault(kind, item)
        found = (
            self._of(item, alone=item.subject not in bundled)
            for item in items
            if item in first.values()
        )
        return tuple(dict.fromkeys(chain.from_iterable(found)))

    def _of(self, item: Evidence, *, alone: bool) -> Iterator[Command]:
        """The commands for one; `alone` says that there is no bundle beside it."""
        if item.sort == "signature":
            yield self._signature(item, alone=alone)
        elif item.format == "sbom":
            yield self._download(item, "Download the SBOM")
        elif item.format == "statement":
            yield self._statement(item)
        else:
            yield from self._attestation(item, alone=alone)

    def _signature(self, item: Evidence, *, alone: bool) -> Command:
        if item.format == "notation":
            return self._command(item, "Verify the signature", "notation verify")
        if not self._signer:
            return self._command(item, "Download the signature", "cosign download signature")
        return self._command(
            item, "Verify the signature", "cosign verify", *_old(item, alone=alone), *self._signer
        )

    def _attestation(self, item: Evidence, *, alone: bool) -> Iterator[Command]:
        if not _TYPE.fullmatch(item.predicate_type):
            return
        kind = item.predicate_type
        if self._signer:
            yield self._command(
                item,
                "Verify the attestation",
                "cosign verify-attestation",
                f"--type={shlex.quote(kind)}",
                *_old(item, alone=alone),
                *self._signer,
            )
        if item.format == "dsse" and not alone:  # cosign 3 sees no `.att` beside a bundle
            yield self._download(item, "Download the attestation", f" | {_DECODE}")
        else:
            yield self._command(
                item,
                "Download the attestation",
                "cosign download attestation",
                f"--predicate-type={shlex.quote(kind)}",
                then=f" | {_DECODE}",
            )

    def _statement(self, item: Evidence) -> Command:
        field = _BUILDX.get(item.predicate_type)
        if field is None:
            return self._download(item, "Show the attestation", " | jq .predicate")
        text = f"docker buildx imagetools inspect {self._repository}:{self._tag}"
        text += f" \\\n  --format '{{{{ json {field} }}}}'"
        return Command("Show the attestation", text, item.predicate_type)

    def _download(self, item: Evidence, does: str, then: str = "") -> Command:
        if item.form == "sbom":
            return self._command(item, does, "cosign download sbom")
        text = f"oras blob fetch --output - \\\n  {self._repository}@{item.blob}{then}"
        return Command(does, text, item.predicate_type, item.platform)

    def _command(self, item: Evidence, does: str, *words: str, then: str = "") -> Command:
        place = f":{self._tag}" if item.subject == self._digest else f"@{item.subject}"
        text = " \\\n  ".join([*words, f"{self._repository}{place}{then}"])
        return Command(does, text, item.predicate_type, item.platform)


def _signer(verify: Verify) -> list[str]:
    """The options that name the signer."""
    if verify.key:
        return [f"--key={shlex.quote(verify.key)}"]
    return [
        f"--certificate-oidc-issuer={shlex.quote(verify.issuer)}",
        f"--certificate-identity={shlex.quote(verify.identity)}",
    ]


def _old(item: Evidence, *, alone: bool) -> list[str]:
    """What makes cosign 3 look for the form of cosign 2 where there are bundles."""
    return [] if alone or item.format == "bundle" else ["--new-bundle-format=false"]
