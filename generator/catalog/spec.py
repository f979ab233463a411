"""`Catalog`: all that `catalog.yaml` may say, and the checks that its types cannot make."""

from __future__ import annotations

import re
from datetime import date, datetime
from math import isfinite
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from generator.catalog.base import LineText, PathText, Section, check_image
from generator.catalog.images import Images, Retired
from generator.catalog.readmes import Readmes
from generator.catalog.tables import S, TableSpec
from generator.catalog.tabs import Tab
from generator.grouping import Older, Window

P = TypeVar("P")
"""The page kinds that a catalog may name: a literal of their names."""

Nights = Annotated[int, Meta(ge=1)]

_WINDOW = re.compile(r"([1-9][0-9]{0,3}) (day|month)s?")
_URL = re.compile(r"/(?:[^\s\"'`\\<>{}/]+/)*")
_BASE_URL = re.compile(r"(?:https?://[^\s()<>\[\]{}\"'`\\]+(?<!/))?")
_FRONT_MATTER_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class History(Section, frozen=True, kw_only=True):
    """The pages that `tagpages history --write` makes from git; they are not committed."""

    days: Annotated[
        int, Meta(description="How many days back the changes go.", ge=1, le=36_500)
    ] = 90
    charts: Annotated[
        bool,
        Meta(description="Draw charts (SVG) beside each page: moves a month, and download size."),
    ] = False


class Catalog(Section, Generic[S, P], frozen=True, kw_only=True):
    """What a site's pages are made of: the file that a user edits."""

    content: Annotated[
        PathText, Meta(description="The folder that pages are written to, relative to this file.")
    ]
    url: Annotated[
        str,
        Meta(description="The same place on the site, from slash to slash."),
    ]
    base_url: Annotated[
        str,
        Meta(description="The site's address, `https://docs.example.com`, for links in reports."),
    ] = ""
    tables: Annotated[
        tuple[TableSpec[S], ...],
        Meta(
            description="The tables of a page, in their order, each with its source.", min_length=1
        ),
    ]
    templates: Annotated[
        PathText | None,
        Meta(
            description=(
                "A folder with templates of your own; what it lacks comes from the packaged ones, "
                "file by file."
            )
        ),
    ] = None
    pages: Annotated[
        tuple[P, ...], Meta(description="The kinds of page to write.", min_length=1)
    ] = ("tags_history",)  # type: ignore[assignment] # of any P
    outputs: Annotated[
        tuple[P, ...], Meta(description="The kinds of data file to write beside the pages.")
    ] = ()
    tabs: Annotated[
        tuple[Tab, ...] | None,
        Meta(description="The whole tab bar, in order; by default it has the pages in `pages`."),
    ] = None
    window: Annotated[
        str | bool,
        Meta(
            description="How long a digest is shown after a change: `1 month`, `30 days` or `off`.",
            examples=["1 month", "30 days", "off"],
        ),
    ] = "1 month"
    older: Annotated[
        Older,
        Meta(
            description=(
                "What becomes of older digests. `fold`: they stand in a table of their own below, "
                "which the Hugo component folds. `hide`: a sentence counts their tags. `show`: "
                "they stand among the others."
            )
        ),
    ] = "fold"
    tag_order: Annotated[
        Literal["recency", "version"],
        Meta(
            description=(
                "`recency`: newest first, as the registry has it. `version`: by version, rows by "
                "their first tag, so that the same tags always stand in the same place."
            )
        ),
    ] = "recency"
    pad: Annotated[
        bool,
        Meta(
            description=(
                "Pad the cells of a table to its widest one. Without it a row that changes "
                "changes no other line."
            )
        ),
    ] = True
    lastmod: Annotated[
        bool,
        Meta(
            description=(
                "Write `lastmod` into front matter. Without it new pages have none, and a page "
                "whose body changes loses it: for sites that take it from git."
            )
        ),
    ] = True
    variants: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "Globs of the tags whose images are documented: what their digests contain is "
                'asked for. `["latest*"]`: the tags that begin with `latest`.'
            )
        ),
    ] = ()
    as_of: Annotated[
        datetime | None,
        Meta(description="The time that pages are written for; only for recorded listings."),
    ] = None
    front_matter: Annotated[
        dict[str, Any], Meta(description="Fixed front matter values for new pages.")
    ] = msgspec.field(default_factory=dict)
    images: Annotated[Images, Meta(description="Which images have pages.")] = Images()
    descriptions: Annotated[
        dict[str, LineText],
        Meta(
            description=(
                "By image, a sentence that says what it is, in plain text; by default it is the "
                "image's own label `org.opencontainers.image.description`."
            )
        ),
    ] = msgspec.field(default_factory=dict)
    readmes: Annotated[
        Readmes,
        Meta(description="What becomes of the READMEs of images, which stand on their first page."),
    ] = Readmes()
    retired: Annotated[
        dict[str, Retired], Meta(description="Images that are retired on purpose, by name.")
    ] = msgspec.field(default_factory=dict)
    history: Annotated[
        History | None,
        Meta(description="The history pages; without it, there are none."),
    ] = None
    gone_after: Annotated[
        Nights,
        Meta(
            description=(
                "Remove the pages of an image that every source has lacked for so many nights in a "
                "row; believe a held table that has lacked the same tags for as long."
            )
        ),
    ] = 3
    stale_after: Annotated[
        Nights,
        Meta(
            description=(
                "Raise a source or an image that could not be asked for so many nights to the top "
                "of the report."
            )
        ),
    ] = 7

    def __post_init__(self) -> None:
        """Check what the types cannot say."""
        self.window_length()
        if not _URL.fullmatch(self.url):
            raise ValueError(f"`url`: write `{self.url}` from slash to slash, as `/images/`")
        if not _BASE_URL.fullmatch(self.base_url):
            raise ValueError("`base_url`: write `https://docs.example.com`, no slash at its end")
        names = [table.name for table in self.tables]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise ValueError(f"`tables[{index}].name`: another table is named `{name}` too")
        for key, kinds in (("pages", self.pages), ("outputs", (*self.pages, *self.outputs))):
            if len(set(kinds)) < len(kinds):
                raise ValueError(f"`{key}`: a kind is there twice")
        for image, overrides in self.images.overrides.items():
            for table in sorted(overrides.keys() - set(names)):
                raise ValueError(f"`images.overrides.{image}.{table}`: there is no such table")
        self._check_names()
        for key, value in self.front_matter.items():
            _check_front_matter(key, value)

    def _check_names(self) -> None:
        for name in self.descriptions:
            check_image("descriptions", name)
        for name, retired in self.retired.items():
            check_image("retired", name)
            if retired.redirect == name:
                raise ValueError(f"`retired.{name}.redirect`: it leads to itself")
            if retired.redirect in self.retired:
                raise ValueError(
                    f"`retired.{name}.redirect`: `{retired.redirect}` is retired too; name the"
                    " image that has a page"
                )

    def window_length(self) -> Window:
        """The window as a value; raises ValueError when the text is none."""
        if self.window in {False, "off"}:  # YAML 1.1 reads a bare `off` as false
            return Window()
        match = _WINDOW.fullmatch(str(self.window))
        if not match:
            raise ValueError(
                f"`window`: `{self.window}` is none; write `1 month`, `30 days` or `off`"
            )
        return Window(int(match[1]), "day" if match[2] == "day" else "month")


def _check_front_matter(key: str, value: object) -> None:
    """Raise ValueError unless this can be one line of front matter."""
    if key == "lastmod":
        raise ValueError("`front_matter.lastmod`: it changes with the page")
    if key == "retired":
        raise ValueError(
            "`front_matter.retired`: it marks the page of a retired image; use `retired`"
        )
    if not _FRONT_MATTER_KEY.fullmatch(key):
        raise ValueError(f"`front_matter`: a key is letters, digits, `_` and `-`, not {key!r}")
    values = [value]
    for item in values:
        if isinstance(item, dict | list):
            values += item.values() if isinstance(item, dict) else item
        elif not (item is None or isinstance(item, str | int | date)) and not (
            isinstance(item, float) and isfinite(item)
        ):
            raise ValueError(f"`front_matter.{key}`: cannot hold a {type(item).__name__}")
