"""The rows of a listing, and when a listing is whole.

A listing of several pages may shift while it is read: what is pushed moves entries on to the next
page, where they come again; what is deleted moves entries back to a page that was read already.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from generator.errors import TagpagesError
from generator.sources.paging import ATTEMPTS

_TOLERATED = 100
"""A count may be off by one in so many entries, and by one in fewer."""


class ShiftingError(TagpagesError):
    """A listing that is another one each time."""


@dataclass(frozen=True)
class Row:
    """A tag as an API lists it: `time` is None without a believable one, `digest` may be empty.

    `artifact` is the type of what is no image, and gets no page.
    """

    tag: str
    digest: str
    time: datetime | None
    artifact: str = ""


@dataclass(frozen=True)
class Rows:
    """One listing of all tags.

    `missing` is how many entries it lacks by the server's own count, None where nothing tells that
    it is whole. With `cut` its last page is full: a page more may be what is missing.
    """

    rows: Sequence[Row]
    missing: int | None = 0
    cut: bool = False
    pages: int = 1

    @property
    def repeats(self) -> bool:
        """Whether a tag comes twice."""
        return len({row.tag for row in self.rows}) < len(self.rows)

    @property
    def is_nearly_whole(self) -> bool:
        """Whether so little is missing that it may be the count that is wrong."""
        if self.cut or not self.rows:
            return False
        different = {(row.tag, row.digest) for row in self.rows}
        if len(different) > len({row.tag for row in self.rows}):
            return False
        return abs(self.missing or 0) <= max(1, len(self.rows) // _TOLERATED)


async def whole(ask: Callable[[], Awaitable[Rows]], known: Collection[str]) -> Rows:
    """A whole listing, each tag once; `missing` is by how much the server's count stays off.

    Where the server tells how many entries there are, that proves it, unless `known` tags are
    missing from several pages: what is deleted and pushed meanwhile leaves the count alone. Such a
    list is read once more. A count that is off a little, over listings that all have the same tags,
    is a wrong count. Where the server does not tell, the listings are put together by tag, until
    one has no news and all `known` tags are there, or are missing again. Raises ShiftingError for a
    listing that does not come to rest.
    """
    merged: dict[str, Row] = {}
    agreed = True
    for attempt in range(ATTEMPTS):
        found = await ask()
        listing = {row.tag: row for row in found.rows}
        new = listing.keys() - merged.keys()
        agreed = agreed and not (attempt and (new or len(listing) < len(merged)))
        merged |= listing
        if found.missing is None:
            if (attempt and not new) or not (found.repeats or set(known) - merged.keys()):
                return Rows([*merged.values()])
        elif not (found.missing or found.repeats) and (
            attempt or found.pages == 1 or set(known) <= listing.keys()
        ):
            return found
    if found.missing is not None and agreed and found.is_nearly_whole:
        return Rows([*listing.values()], found.missing)
    raise ShiftingError(
        f"is listed with gaps or repetitions, {ATTEMPTS} times in a row: "
        "it changes while it is listed; build again later"
    )
