"""`catalog.yaml` → `Catalog`, every mistake named with its file, line and key.

The catalog knows neither the kinds of source nor the kinds of page: they are the type
parameters of `Catalog`, filled in by the layers that own them.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from math import isfinite
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from generator.catalog.globs import is_glob, pattern
from generator.catalog.readmes import Readmes
from generator.errors import TagpagesError
from generator.grouping import Older, Window
from generator.model import check_name

S = TypeVar("S")
"""The sources that a catalog may name: a union of the source kinds."""
P = TypeVar("P")
"""The page kinds that a catalog may name: a literal of their names."""

PathText = Annotated[str, Meta(pattern=r"^[^\x00]+(?!\n)$", examples=["folder/name"])]
LineText = Annotated[str, Meta(pattern=r"^[^\r\n]+(?!\n)$", examples=["some words on one line"])]
SignerText = Annotated[
    str,
    Meta(
        pattern=r"^[^\s\"'`\\<>{}$\x00-\x1f]*(?!\n)$",
        examples=["https://example.com/signer", "keys/cosign.pub"],
    ),
]
"""A text that stands in a command of a page as it is: no spaces, quotes or brackets."""
IMAGE = "{image}"
"""What stands for the image's name in an address."""
Share = Annotated[float, Meta(ge=0, le=1)]
Nights = Annotated[int, Meta(ge=1)]

_WINDOW = re.compile(r"([1-9][0-9]{0,3}) (day|month)s?")
_URL = re.compile(r"/(?:[^\s\"'`\\<>{}/]+/)*")
_BASE_URL = re.compile(r"(?:https?://[^\s()<>\[\]{}\"'`\\]+(?<!/))?")
_TAB_TITLE = re.compile(r"[^`\r\n]+")
_LINK = re.compile(r"[^\s\"'`\\<>(){}\[\]]*")
_NO_LINK = "an address has no spaces, quotes, backslashes or brackets"
_FRONT_MATTER_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def _checked_name(key: str, name: str) -> None:
    try:
        check_name(name)
    except TagpagesError as error:
        raise ValueError(f"`{key}`: {error}") from None


class _Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A mapping of the catalog: unknown keys are mistakes."""


class Tab(_Spec, frozen=True, kw_only=True):
    """One tab of the bar above a page."""

    title: Annotated[str, Meta(description="What the tab says.")]
    path: Annotated[
        str | None, Meta(description="Where it leads, below the image's URL: `tags_history/`.")
    ] = None
    url: Annotated[
        str | None,
        Meta(description="Where it leads, in place of `path`; may have the image as `{image}`."),
    ] = None

    def __post_init__(self) -> None:
        """Refuse what neither a Markdown link nor a shortcode's parameter can hold."""
        if not _TAB_TITLE.fullmatch(self.title):
            raise ValueError("`title`: write it on one line, without backticks")
        if (self.path is None) == (self.url is None):
            raise ValueError("a tab has a `path` below the image's URL, or else a `url`")
        if not _LINK.fullmatch((self.url or "").replace(IMAGE, "")):
            raise ValueError(f"`url`: {_NO_LINK}")
        if not _LINK.fullmatch(self.path or ""):
            raise ValueError(f"`path`: {_NO_LINK}")

    def link(self, below: str, image: str) -> str:
        """Where it leads on the pages of an image, whose own URL is `below`."""
        return f"{below}{self.path}" if self.url is None else self.url.replace(IMAGE, image)


class Guard(_Spec, frozen=True, kw_only=True):
    """How much of a source's answer may be missing, or new, before it is held back."""

    table_loss: Annotated[
        Share,
        Meta(description="Hold a table that loses more than this share of its visible tags."),
    ] = 0.5
    table_growth: Annotated[
        Annotated[float, Meta(ge=1)],
        Meta(
            description=(
                "Hold a table that has more than so many times the visible tags of before (and at "
                "least 500 more)."
            ),
        ),
    ] = 5
    source_loss: Annotated[
        Share,
        Meta(
            description=(
                "Hold the source when it loses more than this share of all its visible tags."
            )
        ),
    ] = 0.1
    week_loss: Annotated[
        Share,
        Meta(
            description=(
                "Hold the source when it has lost more than this share of its visible tags within "
                "seven nights, and shows that much less."
            )
        ),
    ] = 0.15
    image_loss: Annotated[
        Share,
        Meta(
            description=(
                "Hold the source when more than this share of its images become empty or missing "
                "in one night."
            )
        ),
    ] = 0.05
    name_loss: Annotated[
        Share,
        Meta(
            description=(
                "Hold the source when one tag name is gone from more than this share of the images "
                "that had it (at least 5)."
            )
        ),
    ] = 0.04
    source_gain: Annotated[
        Annotated[float, Meta(ge=0)],
        Meta(
            description=(
                "Hold the source when the images that it has, or the visible tags, become more by "
                "more than this share (and at least 10 images, or 200 tags)."
            )
        ),
    ] = 0.25
    moved_back: Annotated[
        Share,
        Meta(
            description=(
                "Hold the source when more than this share of its tags point again to a digest "
                "that they had left."
            )
        ),
    ] = 0.05
    source_gone_after: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(
            description=(
                "Believe a held source when the same has been missing for so many nights in a row; "
                "0 is never. Without it: 7, but never on a site of more than 1,000 tags."
            ),
        ),
    ] = None


class Verify(_Spec, frozen=True, kw_only=True):
    """Whose signatures of a table's images count."""

    issuer: Annotated[
        SignerText,
        Meta(description="Who vouches for the identity: the OIDC issuer in the certificate."),
    ] = ""
    identity: Annotated[
        SignerText,
        Meta(description="Who must have signed, as the certificate says it, in full."),
    ] = ""
    key: Annotated[
        SignerText,
        Meta(
            description=(
                "In place of both: the file with the public key (PEM), relative to the catalog."
            )
        ),
    ] = ""
    trusted_root: Annotated[
        PathText | None,
        Meta(
            description=(
                "The file with the authorities and logs of a Sigstore of your own "
                "(`trusted_root.json`), relative to the catalog."
            )
        ),
    ] = None

    def __post_init__(self) -> None:
        """Check that this says who must have signed."""
        if bool(self.issuer) != bool(self.identity) or bool(self.key) == bool(self.identity):
            raise ValueError("write `issuer` and `identity`, or else `key`")
        if self.key and self.trusted_root:
            raise ValueError("`trusted_root`: with a `key` there is none")


class TableSpec(_Spec, Generic[S], frozen=True, kw_only=True):
    """One table of the pages, and the registry that it shows."""

    name: Annotated[
        str,
        Meta(
            description="The table's name in templates and state.",
            pattern=r"^[a-z][a-z0-9_-]{0,62}(?!\n)$",
            examples=["public", "private-2"],
        ),
    ]
    title: Annotated[
        LineText | None,
        Meta(description="The table's heading, in Markdown; by default the name, capitalised."),
    ] = None
    text: Annotated[
        str, Meta(description="What stands between heading and table, in Markdown.")
    ] = ""
    source: Annotated[S, Meta(description="Where the table's tags come from.")]
    guard: Annotated[Guard, Meta(description="When to disbelieve this source.")] = Guard()
    verify: Annotated[
        Verify | None,
        Meta(
            description=(
                "Whose signatures count: for the commands on the Provenance page, and to verify "
                "what is found, where `tagpages[verify]` is installed."
            )
        ),
    ] = None

    @property
    def heading(self) -> str:
        """The title, or else the name in words: `Public`."""
        return self.title or self.name.replace("-", " ").replace("_", " ").capitalize()


class Override(_Spec, frozen=True, kw_only=True):
    """What differs for one image in one table."""

    repository: Annotated[str, Meta(description="The repository to ask for this image.")]


class Images(_Spec, frozen=True, kw_only=True):
    """Which images have pages."""

    include: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "Globs over the names that the sources list, or exact names, which are asked for "
                "even if no source lists them."
            )
        ),
    ] = ("*",)
    exclude: Annotated[
        tuple[str, ...],
        Meta(description="Globs of images that get no page, and lose the one that they have."),
    ] = ()
    overrides: Annotated[
        dict[str, dict[str, Override]],
        Meta(description="By image, then by table: what to ask for in place of the source's rule."),
    ] = {}

    def exact(self) -> tuple[str, ...]:
        """The included names that are no globs."""
        return tuple(name for name in self.include if not is_glob(name))

    def globs(self) -> tuple[str, ...]:
        """The included globs."""
        return tuple(filter(is_glob, self.include))

    def has_globs(self) -> bool:
        """Whether what the sources list matters."""
        return bool(self.globs())

    def wanted(self, name: str) -> bool:
        """Whether the image gets a page, if it has tags."""
        return bool(pattern(self.include).fullmatch(name)) and not self.excluded(name)

    def excluded(self, name: str) -> bool:
        """Whether the image must not have a page."""
        return bool(pattern(self.exclude).fullmatch(name))

    def repositories(self, table: str) -> dict[str, str]:
        """By image, the repositories of a table that differ from the source's rule."""
        return {
            image: tables[table].repository
            for image, tables in self.overrides.items()
            if table in tables
        }

    def __post_init__(self) -> None:
        """Check the exact names and the overridden ones."""
        for index, name in enumerate(self.include):
            if not is_glob(name):
                _checked_name(f"include[{index}]", name)
        for name, tables in self.overrides.items():
            _checked_name("overrides", name)
            for table, override in tables.items():
                _checked_name(f"overrides.{name}.{table}.repository", override.repository)


class Retired(_Spec, frozen=True, kw_only=True):
    """An image that is retired on purpose."""

    redirect: Annotated[
        str | None,
        Meta(
            description=(
                "The image whose page answers at the old address; without it, a short page says "
                "that the image is retired."
            )
        ),
    ] = None

    def __post_init__(self) -> None:
        """Check the name of the other image."""
        if self.redirect is not None:
            _checked_name("redirect", self.redirect)


class History(_Spec, frozen=True, kw_only=True):
    """The pages that `tagpages history --write` makes from git; they are not committed."""

    days: Annotated[
        int, Meta(description="How many days back the changes go.", ge=1, le=36_500)
    ] = 90
    charts: Annotated[
        bool,
        Meta(description="Draw charts (SVG) beside each page: moves a month, and download size."),
    ] = False


class Catalog(_Spec, Generic[S, P], frozen=True, kw_only=True):
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
    ] = ("tags_history",)  # type: ignore[assignment]
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
            description="How long a digest is shown after a change: `1 month`, `30 days` or `off`."
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
    ] = {}
    images: Annotated[Images, Meta(description="Which images have pages.")] = Images()
    descriptions: Annotated[
        dict[str, LineText],
        Meta(
            description=(
                "By image, a sentence that says what it is, in plain text; by default it is the "
                "image's own label `org.opencontainers.image.description`."
            )
        ),
    ] = {}
    readmes: Annotated[
        Readmes,
        Meta(description="What becomes of the READMEs of images, which stand on their first page."),
    ] = Readmes()
    retired: Annotated[
        dict[str, Retired], Meta(description="Images that are retired on purpose, by name.")
    ] = {}
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
            _checked_name("descriptions", name)
        for name, retired in self.retired.items():
            _checked_name("retired", name)
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
