"""Days as old pages write them → dates: with and without a year, and relative ones. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from contextlib import suppress
from datetime import date, timedelta
from functools import lru_cache

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:[ ,]+(?P<year>[0-9]{4}))?"
_ISO = re.compile(r"([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})(?![0-9])")
_WORDS = (
    re.compile(rf"\b{_MONTH}\s+{_DAY}\b{_YEAR}"),  # May 31st, 2024
    re.compile(rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}{_YEAR}"),  # 31 May 2024
)
_AGO = re.compile(r"\b([0-9]+|an?)\s+(second|minute|hour|day|week|month|year)s?\s+ago\b")
_NAMED = {"today": 0, "now": 0, "yesterday": 1}
_SINCE = re.compile(r"\b(today|now|yesterday)\b")
_DAYS = {"second": 0, "minute": 0, "hour": 0, "day": 1, "week": 7}
_MONTHS_OF = {"month": 1, "year": 12}


@lru_cache(maxsize=4096)
def day_of(text: str, written: date) -> date | None:
    """The day that a page's text names, or None; `written` is the day (UTC) of the page's commit.

    A day without a year is the last one of that name up to a day after `written`: the clocks of
    the registry and of the page's writer may lie on two sides of midnight.
    """
    text = text.lower()
    if iso := _ISO.search(text):
        return _date(*map(int, iso.groups()))
    for form in _WORDS:
        if found := form.search(text):
            month, day = _MONTHS[found["month"]], int(found["day"])
            if found["year"]:
                return _date(int(found["year"]), month, day)
            return _last(month, day, written + timedelta(days=1))
    return _before(text, written)


def _before(text: str, written: date) -> date | None:
    """The day of a relative time: `3 days ago`, `an hour ago`, `yesterday`."""
    if named := _SINCE.search(text):
        return written - timedelta(days=_NAMED[named[1]])
    ago = _AGO.search(text)
    if not ago:
        return None
    count = 1 if ago[1] in {"a", "an"} else int(ago[1])
    with suppress(OverflowError, ValueError):
        if ago[2] in _DAYS:
            return written - timedelta(days=count * _DAYS[ago[2]])
        year, month = divmod(written.year * 12 + written.month - 1 - count * _MONTHS_OF[ago[2]], 12)
        return date(year, month + 1, min(written.day, monthrange(year, month + 1)[1]))
    return None


def _last(month: int, day: int, until: date) -> date | None:
    """The last such day up to `until`; 29 February is there every four or eight years."""
    candidates = (_date(until.year - back, month, day) for back in range(9))
    return next((found for found in candidates if found and found <= until), None)


def _date(year: int, month: int, day: int) -> date | None:
    with suppress(ValueError):
        return date(year, month, day)
    return None
