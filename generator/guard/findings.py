"""What a build notices beyond the plain changes: one value for each thing to tell a reviewer."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

FindingKind = Literal[
    "failed",
    "held",
    "released",
    "waiting",
    "missing",
    "gone",
    "retired",
    "excluded",
    "unmanaged",
    "kept_folder",
    "moved_back",
    "flapping",
    "immutable_changed",
    "time_back",
    "kept_day",
    "not_looked_up",
    "odd_answer",
    "removed",
    "left_out",
    "unmatched",
    "no_image",
    "unchanged",
    "time_ahead",
    "unverified",
    "unsigned",
    "user_root",
    "entrypoint",
    "grown",
    "end_of_life",
    "packages",
]
"""What was noticed:

- `failed`: a source or an image could not be asked; its last known good stands.
- `held`: an answer is not believed; the last known good stands.
- `released`: an answer that was held is believed from now on.
- `waiting`: a new image has no page yet, because one of its tables could not be had.
- `missing`: no source has the image; it is removed after some nights. Without nights it never had
  a page, and the catalog names it.
- `gone`: the image's pages were removed.
- `retired`: the image's pages gave way to a redirect, or to a page that says so.
- `excluded`: the image's pages were removed, because the catalog excludes it.
- `unmanaged`: there are pages that no build keeps up to date: the catalog neither includes nor
  excludes the image, or there is no `tags.json` beside them, and no source has the image.
- `kept_folder`: the folder of a removed image holds files that are not tagpages'.
- `moved_back`: a tag points again to a digest that it had left.
- `flapping`: a tag has moved back again and again in the nights that are remembered.
- `immutable_changed`: a tag that never moves moved.
- `time_back`: the time of a tag or a group went back to an earlier day.
- `not_looked_up`: what the digests of documented tags contain could not be looked up; what was
  known of them stands.
- `odd_answer`: a source's answer has something odd, which was left out, or taken as it is.
- `kept_day`: the source gave a later day for the same digest and tags, which is not believed.
- `left_out`: a source that has never answered yet; pages do without its table until it does.
- `unmatched`: the catalog names something that nothing has, and that it never had.
- `no_image`: a repository holds no images, but artifacts of that type, and so gets no page.
- `unchanged`: a source has given the very same answer for longer than it used to.
- `time_ahead`: tags have a time after that of the build, which is not believed.
- `unverified`: the image of a documented tag had a signature or attestation that was verified, and
  has none any more.
- `unsigned`: it was signed, and is not any more.
- `user_root`: it is started as root now, and was not.
- `entrypoint`: it is started with another entrypoint.
- `grown`: it has grown by more than a quarter.
- `end_of_life`: the end of its life has come, as an attached artifact says.
- `packages`: its packages are not what they were in the build before.
- `removed`: tags that a page showed are gone from the registry.
"""

EVENTS: frozenset[FindingKind] = frozenset(
    {
        "released",
        "gone",
        "retired",
        "excluded",
        "kept_folder",
        "moved_back",
        "immutable_changed",
        "time_back",
        "unverified",
        "unsigned",
        "user_root",
        "entrypoint",
        "grown",
        "end_of_life",
        "removed",
    }
)
"""What happens once; all other kinds say how something stands, for as long as it stands so."""


class Worst(msgspec.Struct, frozen=True):
    """An image that a hold is about: how many tags of it, and some of them."""

    image: str
    count: int
    tags: tuple[str, ...]


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing to tell; `table` names the source, `nights` counts how long it has been so.

    `since` is the first night of it, and `until` the one that ends it, if nothing changes.
    `accept` is what `--accept-loss` takes to believe it, `worst` has what it is about most.
    """

    kind: FindingKind
    image: str | None = None
    table: str | None = None
    detail: str = ""
    tags: tuple[str, ...] = ()
    nights: int = 0
    accept: str = ""
    since: date | None = None
    until: date | None = None
    worst: tuple[Worst, ...] = ()

    @property
    def subject(self) -> str:
        """What it is about: an image, the source of a table, or else the site's own files."""
        return self.image or (f"source {self.table}" if self.table else "the site")
