"""Kind `packages`: the packages that an image was made from.

They are read from an attached SBOM, or from the configuration that apko made the image from,
attached or recorded. Of an index they are those of linux/amd64 where its SBOM is found, else of the
index, else of the first platform that has one.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from generator.errors import SourceError, TagpagesError
from generator.facts.apko import decode_apko
from generator.facts.attached import ATTACHED, Artifact
from generator.facts.base import Absent, CouldNotLook, Fact, Found, Kind, Question
from generator.facts.image import IMAGE, USUAL_PLATFORM
from generator.facts.sbom import Package, SbomFormat, read_sbom
from generator.facts.statements import is_statement, read_statement
from generator.registry import Repository
from generator.registry.limits import MIB, sized

SBOM_LIMIT = 32 * MIB
"""The largest document that is read, in bytes, with all that it is wrapped in."""
TRIES = 5
"""How many of the attached documents are tried, until one tells packages."""

_CONSTRAINT = re.compile(r"([^=<>~@]+)(?:=([^@]+))?")
"""apk's world file: a name, then perhaps `=` and a version, or a constraint that is none."""
_SBOM_PREDICATES = ("https://spdx.dev/Document", "https://cyclonedx.org/bom")
"""How the types of predicates begin that are SBOMs; a version may follow."""
_APKO_PREDICATE = "https://apko.dev/image-configuration"
_SBOM_TYPES = ("spdx", "cyclonedx", "syft")
"""What the media types of all SBOMs have in them."""
_SYSTEM = frozenset({"apk", "deb", "rpm"})

Format = SbomFormat | Literal["apko"]


class Packages(msgspec.Struct, frozen=True, omit_defaults=True):
    """Packages, in the order in which a document of this `format` tells them.

    An attached document lies at `form` (`facts/attached.py`), and has the digest `blob`; it is
    about the child of that `platform`, or about the digest itself where that is empty. All three
    are empty of a recorded document.
    """

    format: Format
    packages: tuple[Package, ...]
    form: str = ""
    platform: str = ""
    blob: str = ""

    @property
    def managers(self) -> frozenset[str]:
        """The managers of packages of an operating system that are known: `apk`, `deb`, `rpm`."""
        if self.format == "apko":
            return frozenset({"apk"})
        return _SYSTEM & {package.type for package in self.packages}


async def look(asked: Question) -> Fact[Packages]:
    """The packages that the attached documents tell; `Absent` where none is attached.

    Where none of the documents can be read, the reason is that of the first one.
    """
    attached = ATTACHED.of(asked.known)
    if isinstance(attached, CouldNotLook):
        return CouldNotLook(attached.reason)
    failed: list[TagpagesError] = []
    candidates = sorted(filter(_may_tell, ATTACHED.found(asked.known) or ()), key=_rank)
    for artifact in candidates[:TRIES]:
        try:
            packages = await _read(asked.repository, artifact)
        except SourceError:
            raise
        except TagpagesError as error:
            failed.append(error)
        else:
            if packages and packages.packages:
                return Found(packages)
    if not failed and len(candidates) > TRIES:
        return CouldNotLook(f"the first {TRIES} of the attached SBOMs tell no packages")
    return CouldNotLook(str(failed[0])) if failed else Absent()


def _may_tell(artifact: Artifact) -> bool:
    """Whether an artifact is an SBOM, or a statement that may be one."""
    if is_statement(artifact):
        told = artifact.predicate_type
        return not told or told.startswith((*_SBOM_PREDICATES, _APKO_PREDICATE))
    return any(name in artifact.media_type for name in _SBOM_TYPES)


def _rank(artifact: Artifact) -> tuple[int, int]:
    """What is tried first: the documents of the usual platform; what says that it is an SBOM."""
    platforms = (USUAL_PLATFORM, "")
    place = platforms.index(artifact.platform) if artifact.platform in platforms else 2
    if artifact.predicate_type.startswith(_APKO_PREDICATE):
        return place, 1
    return place, 2 if is_statement(artifact) and not artifact.predicate_type else 0


async def _read(repository: Repository, artifact: Artifact) -> Packages | None:
    """The packages that a document tells; None if it turns out to be something else."""
    what = f"{artifact.blob}, attached to {artifact.subject}"
    if artifact.size > SBOM_LIMIT:
        raise TagpagesError(
            f"{what}, has {artifact.size:,} bytes: the limit of an SBOM is {sized(SBOM_LIMIT)}"
        )
    content = await repository.blob(artifact.blob, SBOM_LIMIT)
    if is_statement(artifact):
        statement = read_statement(artifact, content)
        if statement is None:
            return None
        if statement.predicate_type.startswith(_APKO_PREDICATE):
            return _attached(artifact, "apko", _recorded(bytes(statement.predicate)))
        if not statement.predicate_type.startswith(_SBOM_PREDICATES):
            return None
        content = bytes(statement.predicate)
    try:
        name, packages = read_sbom(content)
    except TagpagesError as error:
        raise TagpagesError(f"{what}, cannot be read: {error}") from None
    return _attached(artifact, name, packages)


def _attached(artifact: Artifact, name: Format, packages: tuple[Package, ...]) -> Packages:
    return Packages(name, packages, artifact.form, artifact.platform, artifact.blob)


def read(recorded: bytes) -> Fact[Packages]:
    """The packages of a recorded apko configuration; raises TagpagesError if it is none."""
    packages = _recorded(recorded)
    return Found(Packages("apko", packages)) if packages else Absent()


def _recorded(configuration: bytes) -> tuple[Package, ...]:
    return tuple(_package(text) for text in decode_apko(configuration).contents.packages)


def _package(text: str) -> Package:
    match = _CONSTRAINT.match(text)
    return Package(match[1], match[2] or "") if match else Package(text)


_decode_any = msgspec.json.Decoder(
    Found[Packages | tuple[Package, ...]] | Absent | CouldNotLook
).decode


def _decode(raw: msgspec.Raw) -> Fact[Packages]:
    """The fact; where it is a list alone, as it once was, that was read from apko."""
    fact: Fact[Packages | tuple[Package, ...]] = _decode_any(raw)
    if not isinstance(fact, Found):
        return fact
    value = fact.value
    return Found(value if isinstance(value, Packages) else Packages("apko", value))


_FACT = Found[Packages] | Absent | CouldNotLook
PACKAGES = Kind[Packages](
    "packages",
    _FACT,
    _decode,
    look,
    read,
    after=(IMAGE.name, ATTACHED.name),
    settled=(Found,),
)
