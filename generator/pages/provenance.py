"""Page kind `provenance`: who signed an image, what is attested of it, and how to check both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from generator.catalog.tables import Verify
from generator.facts.base import CouldNotLook, Found
from generator.facts.evidence import EVIDENCE, Evidence, Format, Sort
from generator.facts.policy import NotVerified, Signer, Verified
from generator.grouping import documented
from generator.model import Table
from generator.pages.base import Page, Site, State, Subject, state_of
from generator.pages.commands import Command, Commands
from generator.pages.tabs import page_values

PATH = "provenance_info/"

_FORMS: dict[Format, str] = {
    "bundle": "Sigstore bundle",
    "simple": "cosign 2 signature",
    "dsse": "cosign 2 attestation",
    "statement": "BuildKit attestation, not signed",
    "notation": "Notary Project signature",
    "sbom": "SBOM, not signed",
}


class EvidenceView(msgspec.Struct, frozen=True):
    """A signature, an attestation or an SBOM; `form` says in words what it is written as.

    It is of the index where `platform` is empty, else of its child of that platform (foreign text,
    as `predicate_type` is). `created` and `time` are in UTC. `verified` is None where nobody
    verified it; if it is False, `reason` says why, in foreign text. `wrong` says why it counts for
    nothing.
    """

    sort: Sort
    form: str
    predicate_type: str
    platform: str
    manifest: str
    created: datetime | None
    wrong: str
    verified: bool | None = None
    signer: Signer = Signer()
    reason: str = ""
    log_index: int | None = None
    time: datetime | None = None


class DigestView(msgspec.Struct, frozen=True):
    """A digest and its documented tags; what was found, and the commands that fit it.

    `state` says whether it was looked; `since` (UTC), since when that could not be done.
    """

    digest: str
    tags: tuple[str, ...]
    state: State
    since: datetime | None
    evidence: tuple[EvidenceView, ...]
    commands: tuple[Command, ...]


class TableView(msgspec.Struct, frozen=True):
    """A table: all its tags, by name, and its documented digests.

    `prefix` is what stands before the image's name in its address; it is empty where the address
    is not known, as `registry` and `repository` are. `signer` is whose signatures count.
    """

    name: str
    title: str
    text: str
    registry: str
    repository: str
    prefix: str
    tags: tuple[str, ...]
    signer: Verify | None
    digests: tuple[DigestView, ...]


def view(subject: Subject, site: Site) -> Mapping[str, object]:
    """What the template is given (`docs/templates.md`)."""
    image = subject.image
    return page_values(site, image.name, PATH) | {
        "tables": [_table(table, subject, site) for table in image.tables],
    }


def _table(table: Table, subject: Subject, site: Site) -> TableView:
    image = subject.image.name
    info = site.tables[table.name]
    address = info.address(image)
    place = "/".join(filter(None, address))
    tags: dict[str, tuple[str, ...]] = {}
    for _, tag, digest in documented([table], site.variants):
        tags[digest] = (*tags.get(digest, ()), tag)
    return TableView(
        table.name,
        info.title,
        info.text,
        address.registry,
        address.repository,
        place.removesuffix(f"/{image}"),
        tuple(sorted((tag for group in table.groups for tag in group.tags), key=by_name)),
        info.verify,
        tuple(_digest(digest, tags[digest], table.name, subject, site) for digest in tags),
    )


def by_name(tag: str) -> str:
    """The sort key of a list of tags: as registries list them, but `1_rc1` before `1-dev`."""
    return tag.replace("_", " ")


def _digest(
    digest: str, tags: tuple[str, ...], table: str, subject: Subject, site: Site
) -> DigestView:
    info = site.tables[table]
    address = info.address(subject.image.name)
    fact = EVIDENCE.of(subject.details.of(table, digest))
    found = fact.value if isinstance(fact, Found) else ()
    make = Commands(address, tags[0], digest, info.verify)
    return DigestView(
        digest,
        tags,
        state_of(fact),
        fact.since if isinstance(fact, CouldNotLook) else None,
        tuple(map(_evidence, found)),
        make.of(found) if address.registry else (),
    )


def _evidence(item: Evidence) -> EvidenceView:
    seen = EvidenceView(
        item.sort,
        _FORMS[item.format],
        item.predicate_type,
        item.platform,
        item.manifest,
        item.created,
        item.wrong,
    )
    match item.verdict:
        case Verified(signer, log_index, time):
            return msgspec.structs.replace(
                seen, verified=True, signer=signer, log_index=log_index, time=time
            )
        case NotVerified(signer, reason):
            return msgspec.structs.replace(seen, verified=False, signer=signer, reason=reason)
    return seen


OUTPUT = Page(
    title="Provenance",
    file="provenance_info.md",
    path=PATH,
    template="provenance.md.j2",
    view=view,
    needs=frozenset({EVIDENCE.name}),
)
