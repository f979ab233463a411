"""`images` and `retired` in the catalog: which images have pages, and which have them no more."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from generator.catalog.base import Section, check_image
from generator.catalog.globs import is_glob
from generator.grouping import matching


class Override(Section, frozen=True, kw_only=True):
    """What differs for one image in one table."""

    repository: Annotated[str, Meta(description="The repository to ask for this image.")]


class Images(Section, frozen=True, kw_only=True):
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
    ] = msgspec.field(default_factory=dict)

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
        return bool(matching(self.include)(name)) and not self.excluded(name)

    def excluded(self, name: str) -> bool:
        """Whether the image must not have a page."""
        return bool(matching(self.exclude)(name))

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
                check_image(f"include[{index}]", name)
        for name, tables in self.overrides.items():
            check_image("overrides", name)
            for table, override in tables.items():
                check_image(f"overrides.{name}.{table}.repository", override.repository)


class Retired(Section, frozen=True, kw_only=True):
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
            check_image("redirect", self.redirect)
