"""SPDX and CycloneDX documents in JSON, as far as they tell packages.

Sources: SPDX 2.3, clause 7 ("Package information"); CycloneDX 1.6, `components`; the package URL
specification for what a purl tells.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from generator.errors import UNREADABLE, TagpagesError
from generator.model import shown

PACKAGES_LIMIT = 20_000
"""The most entries that a document may have."""
TEXT_LIMIT = 255
"""The longest name, version or licence, in characters; what is longer is cut."""

SbomFormat = Literal["SPDX", "CycloneDX"]

_NO_LICENCE = {None, "", "NOASSERTION", "NONE"}
_NO_PACKAGES = {"CONTAINER", "OPERATING-SYSTEM", "FILE", "SOURCE"}
"""SPDX's purposes of what is no package of an image, but the image itself, or a part of one."""
_NO_COMPONENTS = {"container", "operating-system", "file"}
_NO_PURLS = {"oci", "docker", "github"}
"""Types of purls that name an image, or the source of a package."""


class Package(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A package; what nobody told is empty.

    `type` is that of its purl, which tells the package manager: `apk`, `deb`, `golang`. All of it
    is foreign text.
    """

    name: str
    version: str = ""
    licence: str = ""
    type: str = ""


class _Reference(msgspec.Struct, rename="camel", gc=False):
    reference_locator: str | None = None


class _SpdxPackage(msgspec.Struct, rename="camel", gc=False):
    name: str
    version_info: str | None = None
    license_concluded: str | None = None
    license_declared: str | None = None
    primary_package_purpose: str | None = None
    external_refs: list[_Reference] | None = None

    def package(self) -> Package | None:
        refs = (ref.reference_locator or "" for ref in self.external_refs or ())
        kind = _purl_type(next((ref for ref in refs if ref.startswith("pkg:")), ""))
        if self.primary_package_purpose in _NO_PACKAGES or kind in _NO_PURLS:
            return None
        told = (self.license_concluded, self.license_declared)
        licence = next((text for text in told if text not in _NO_LICENCE), None)
        return _package(self.name, self.version_info, licence, kind)


class _License(msgspec.Struct, gc=False):
    id: str | None = None
    name: str | None = None


class _LicenseChoice(msgspec.Struct, gc=False):
    license: _License | None = None
    expression: str | None = None

    def __str__(self) -> str:
        named = self.license or _License()
        return self.expression or named.id or named.name or ""


class _Component(msgspec.Struct, gc=False):
    name: str
    type: str = ""
    version: str | None = None
    licenses: list[_LicenseChoice] | None = None
    purl: str | None = None

    def package(self) -> Package | None:
        kind = _purl_type(self.purl or "")
        if self.type in _NO_COMPONENTS or kind in _NO_PURLS:
            return None
        licences = filter(None, map(str, self.licenses or ()))
        return _package(self.name, self.version, " AND ".join(licences), kind)


class _Document(msgspec.Struct, rename="camel"):
    """Either kind of document: which one it is, its own keys tell."""

    spdx_version: str = ""
    bom_format: str = ""
    packages: list[_SpdxPackage] | None = None
    components: list[_Component] | None = None


def read_sbom(document: bytes) -> tuple[SbomFormat, tuple[Package, ...]]:
    """The format of a document, `SPDX` or `CycloneDX`, and its packages, each once.

    Raises TagpagesError for what is neither, is not as it should be, or goes over the limit.
    """
    try:
        read = msgspec.json.decode(document, type=_Document)
    except UNREADABLE as error:
        raise TagpagesError(f"it is not as it should be: {shown(str(error))}") from None
    name: SbomFormat
    entries: list[_SpdxPackage] | list[_Component] | None
    if read.spdx_version.startswith("SPDX-2."):
        name, entries = "SPDX", read.packages
    elif read.bom_format == "CycloneDX":
        name, entries = "CycloneDX", read.components
    else:
        raise TagpagesError("it is neither SPDX 2 nor CycloneDX in JSON")
    if len(entries or ()) > PACKAGES_LIMIT:
        raise TagpagesError(
            f"it lists {len(entries or ()):,} packages: the limit is {PACKAGES_LIMIT:,}"
        )
    packages = filter(None, (entry.package() for entry in entries or ()))
    return name, tuple(dict.fromkeys(packages))


def _package(name: str, version: str | None, licence: str | None, kind: str) -> Package | None:
    return Package(cut(name), cut(version or ""), cut(licence or ""), kind) if name else None


def _purl_type(purl: str) -> str:
    """The type of a package URL, `pkg:apk/wolfi/bash@5.2`; empty without one."""
    return cut(purl.removeprefix("pkg:").lstrip("/").partition("/")[0].lower())


def cut(text: str) -> str:
    """A foreign text, cut at the limit."""
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"
