"""Times as servers write them, as UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec


def parse_time(text: str) -> datetime | None:
    """An RFC 3339 time, fractions of any length included; None if it is none."""
    try:
        return _utc(msgspec.convert(text, datetime))
    except (msgspec.ValidationError, OverflowError):
        return None


def parse_http_date(text: str) -> datetime | None:
    """An HTTP date (RFC 9110, section 5.6.7), as in `Retry-After`; None if it is none."""
    try:
        return _utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError):
        return None


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
