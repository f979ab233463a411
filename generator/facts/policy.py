"""Whose signatures count in a registry, and what came of verifying one: values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from generator.model import check_utc


class Signer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who must have signed: an `identity` that its `issuer` vouches for, or the owner of a key.

    `key` is the sha256 of the public key's file, in hexadecimal.
    """

    issuer: str = ""
    identity: str = ""
    key: str = ""


class Verified(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="state", tag="verified"):
    """The signer signed it; the transparency log has it at `log_index` since `time` (UTC)."""

    signer: Signer
    log_index: int | None = None
    time: datetime | None = None

    def __post_init__(self) -> None:
        """Check the time."""
        check_utc(self.time)


class NotVerified(msgspec.Struct, frozen=True, tag_field="state", tag="not verified"):
    """It could not be shown that the signer signed it, for this reason."""

    signer: Signer
    reason: str


Verdict = Verified | NotVerified


@dataclass(frozen=True)
class Policy:
    """Whose signatures count: those of an identity, or of a public key (`key`, PEM).

    `trusted_root` is the file with the authorities and logs to trust, as `sigstore` reads it;
    without one they are those of the public Sigstore.
    """

    issuer: str = ""
    identity: str = ""
    key: bytes = field(default=b"", repr=False)
    trusted_root: Path | None = None

    @property
    def signer(self) -> Signer:
        """Who must have signed."""
        return Signer(self.issuer, self.identity, sha256(self.key).hexdigest() if self.key else "")
