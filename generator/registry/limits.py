"""How much and how long: the bounds on everything that a server can make us do."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, of the wire and of the decoded body alike; times in seconds."""

    manifest: int = 4 * MIB
    token: int = MIB
    error: int = MIB
    page: int = 16 * MIB
    pages: int = 10_000
    tags: int = 200_000
    """The most entries of one list, tags or repositories, counted page by page."""
    connect: float = 10
    read: float = 30
    exchange: float = 120
    """One request with its whole answer: what ends a slow drip that never trips `read`."""
    wait: float = 300
    """The longest pause that a server may ask for; a longer one is an error."""
    tries: int = 6
    """How often one request is sent at most, as long as its failures are passing ones."""
    waits: int = 20
    """How often one request may be told to wait for a rate limit: others may be served first."""
    failures: int = 10
    """After so many requests in a row that failed for good, a host is asked no more."""
    redirects: int = 5


def sized(size: int) -> str:
    """A size in words for an error: `4 MiB`, `300 bytes`."""
    return f"{size // MIB} MiB" if size >= MIB and size % MIB == 0 else f"{size} bytes"
