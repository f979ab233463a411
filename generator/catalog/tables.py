"""`tables` in the catalog: each with its source, and what to believe of it."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from msgspec import Meta

from generator.catalog.base import LineText, PathText, Section

S = TypeVar("S")
"""The sources that a catalog may name: a union of the source kinds."""

SignerText = Annotated[
    str,
    Meta(
        pattern=r"^[^\s\"'`\\<>{}$\x00-\x1f]*(?!\n)$",
        examples=["https://example.com/signer", "keys/cosign.pub"],
    ),
]
"""A text that stands in a command of a page as it is: no spaces, quotes or brackets."""
Share = Annotated[float, Meta(ge=0, le=1)]


class Guard(Section, frozen=True, kw_only=True):
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


class Verify(Section, frozen=True, kw_only=True):
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


class TableSpec(Section, Generic[S], frozen=True, kw_only=True):
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
