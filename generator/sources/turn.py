"""Whose turn it is: what is asked for seldom is spread over the nights, each thing in its own."""

from __future__ import annotations

from datetime import datetime
from zlib import crc32


def is_turn(thing: str, night: datetime, nights: int) -> bool:
    """Whether it is the thing's turn: one night in so many, which follows from its name alone."""
    return (crc32(thing.encode()) + night.date().toordinal()) % nights == 0
