"""What every command works on: the catalog, the content tree, the time, and which images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from generator.catalog.read import read_catalog
from generator.catalog.spec import Catalog
from generator.catalog.tables import Verify
from generator.catalog.tabs import Tab
from generator.content.files import HISTORY_FILES, Owned, owned
from generator.content.known import Known, load
from generator.content.publish import Publisher
from generator.content.retirement import TEMPLATE as RETIRED_TEMPLATE
from generator.content.tree import Tree
from generator.errors import Failure, TagpagesError, UsageError
from generator.facts import needed
from generator.facts.image import IMAGE
from generator.facts.policy import Policy
from generator.grouping import Window, matching
from generator.guard.memory import Build
from generator.pages import IMAGE_OUTPUTS, SITE_OUTPUTS, Name
from generator.pages.base import Output, Page, Site, Subject, TableInfo
from generator.pages.environment import Renderer
from generator.sources import Spec
from generator.sources.base import checked_readme

EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
"""Before this no `as_of` is believed."""

USUAL_VARIANTS = ("latest*",)
"""The tags that are documented where a page shows facts and the catalog names none."""

SiteCatalog = Catalog[Spec, Name]
"""The catalog with all kinds of source and output that there are."""


class Job:
    """A command's catalog, and what the command line says beside it.

    `content` and `as_of` (UTC) replace the catalog's; `only` are globs of images. Raises UsageError
    when the catalog has mistakes.
    """

    def __init__(
        self,
        catalog: Path,
        environ: Mapping[str, str],
        content: Path | None = None,
        as_of: datetime | None = None,
        only: tuple[str, ...] = (),
    ) -> None:
        self.file = catalog
        self.catalog: SiteCatalog = read_catalog(catalog, SiteCatalog)
        self.root = catalog.parent
        self.content = content or self.root / self.catalog.content
        self.only = only
        self._as_of = as_of
        self.environ = environ
        self._check_links()

    def _check_links(self) -> None:
        """Raise UsageError when an output leads to what the site has not."""
        kinds: list[tuple[str, Output[Any]]] = [*IMAGE_OUTPUTS.items(), *SITE_OUTPUTS.items()]
        for name, output in kinds:
            if name not in self.outputs or not output.links:
                continue
            if lacking := sorted(output.links - set(self.outputs)):
                raise UsageError(f"{self.file}: `{name}` links to `{lacking[0]}`: add that too")
            if not isinstance(output, Page) and not self.catalog.base_url:
                raise UsageError(
                    f"{self.file}: `{name}` has whole addresses in it: add `base_url`, as"
                    " `https://docs.example.com`"
                )

    @cached_property
    def window(self) -> Window:
        """The catalog's window as a value."""
        return self.catalog.window_length()

    @property
    def outputs(self) -> tuple[str, ...]:
        """The kinds of file to write, in the catalog's order."""
        return (*self.catalog.pages, *self.catalog.outputs)

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The catalog's tab bar, or else one of the pages that are written."""
        if self.catalog.tabs is not None:
            return self.catalog.tabs
        pages = (output for output in self.image_outputs if isinstance(output, Page))
        return tuple(Tab(title=page.title, path=page.path) for page in pages)

    @property
    def home(self) -> str:
        """The path of an image's first page, below the image's URL."""
        pages = (IMAGE_OUTPUTS[name] for name in self.catalog.pages if name in IMAGE_OUTPUTS)
        return next((page.path for page in pages if isinstance(page, Page)), "")

    @property
    def page(self) -> str:
        """The URL of an image's page, with `{image}` for its name."""
        return f"{self.catalog.base_url}{self.catalog.url}{{image}}/{self.home}"

    def owned(self, *builds: Build) -> Owned:
        """The files that are ours, those included that the `builds` wrote and the catalog drops."""
        return owned({*self.outputs, *(name for build in builds for name in build.outputs)})

    def known(self) -> Known:
        """The last known good."""
        return load(self.content, self.owned)

    def selected(self, image: str) -> bool:
        """Whether this run is about the image, as far as the command line says.

        `selected("")` is about the sources as such: a run with `only` is not, whatever the globs.
        """
        return not self.only or bool(image and matching(self.only)(image))

    def is_managed(self, image: str) -> bool:
        """Whether this run asks for the image's tags."""
        return (
            self.selected(image)
            and self.catalog.images.wanted(image)
            and image not in self.catalog.retired
        )

    def as_of(self, answers: datetime | None = None, recorded: datetime | None = None) -> datetime:
        """The time that pages are written for, in UTC, whole seconds.

        It is what the command line says, else that of the `answers`, SOURCE_DATE_EPOCH
        (reproducible-builds.org: seconds since 1970), the catalog's, `recorded`, or now.
        """
        times = (self._as_of, answers, self._epoch(), self.catalog.as_of, recorded)
        given = next((time for time in times if time is not None), None)
        if given is None:
            return datetime.now(UTC).replace(microsecond=0)
        try:
            time = _utc(given).replace(microsecond=0)
        except OverflowError:
            raise UsageError(f"`as_of` {given} is out of range") from None
        if time <= EARLIEST:
            raise UsageError(f"`as_of` {given} lies before {EARLIEST:%Y-%m-%d}")
        return time

    @cached_property
    def image_outputs(self) -> list[Output[Subject]]:
        """The outputs that each image has."""
        return [IMAGE_OUTPUTS[name] for name in self.outputs if name in IMAGE_OUTPUTS]

    @cached_property
    def site_outputs(self) -> list[Output[Sequence[Subject]]]:
        """The outputs that the site has once."""
        return [SITE_OUTPUTS[name] for name in self.outputs if name in SITE_OUTPUTS]

    @cached_property
    def needs(self) -> frozenset[str]:
        """The kinds of fact to ask for: those that outputs show, or the catalog wants."""
        asked = {IMAGE.name} if self.catalog.variants else set()
        outputs = (*self.image_outputs, *self.site_outputs)
        return needed(asked.union(*(output.needs for output in outputs)))

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """By table, whose signatures count; raises UsageError for a key that cannot be read."""
        return {
            table.name: self._policy(f"tables.{table.name}.verify", table.verify)
            for table in self.catalog.tables
            if table.verify
        }

    def _policy(self, where: str, verify: Verify) -> Policy:
        root = self.root / verify.trusted_root if verify.trusted_root else None
        if root and not root.is_file():
            raise UsageError(f"{self.file}: `{where}.trusted_root`: there is no file {root}")
        try:
            key = (self.root / verify.key).read_bytes() if verify.key else b""
        except OSError as error:
            raise UsageError(f"{self.file}: `{where}.key`: {error.strerror}") from None
        return Policy(verify.issuer, verify.identity, key, root)

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """Globs of the documented tags; where only a page asks for facts, the usual ones."""
        return self.catalog.variants or (USUAL_VARIANTS if self.needs else ())

    @cached_property
    def renderer(self) -> Renderer:
        """The site's templates, read; raises UsageError for one that is wrong."""
        templates = self.root / self.catalog.templates if self.catalog.templates else None
        if templates and not templates.is_dir():
            raise UsageError(f"{self.file}: `templates`: {templates} is no folder")
        renderer = Renderer(templates, pad=self.catalog.pad)
        outputs = (*self.image_outputs, *self.site_outputs)
        pages = (output for output in outputs if isinstance(output, Page))
        renderer.load([RETIRED_TEMPLATE, *(page.template for page in pages)])
        return renderer

    def publisher(
        self, tree: Tree, last: Build, as_of: datetime, *, renew: bool = False
    ) -> Publisher:
        """What plans the files of this catalog for that time, after a build that left `last`.

        With `renew` the front matter of existing pages is renewed, too.
        """
        catalog = self.catalog
        return Publisher(
            tree,
            self.renderer,
            Site(
                catalog.url,
                self.tabs,
                self._tables(),
                self.window,
                catalog.tag_order,
                as_of,
                catalog.stale_after,
                self.variants,
                base_url=catalog.base_url,
                home=self.home,
                descriptions=catalog.descriptions,
                readmes=catalog.readmes,
                own_readmes=self._own_readmes(),
                older=catalog.older,
            ),
            self.image_outputs,
            self.site_outputs,
            self.owned(last),
            [table.name for table in catalog.tables],
            catalog.front_matter,
            renew=renew,
            lastmod=catalog.lastmod,
            passed_over=HISTORY_FILES if catalog.history else (),
        )

    def _own_readmes(self) -> dict[str, str | Failure]:
        """The READMEs in the catalog's folder, by image; a Failure for one that cannot be shown."""
        if self.catalog.readmes.folder is None:
            return {}
        folder = self.root / self.catalog.readmes.folder
        if not folder.is_dir():
            raise UsageError(f"{self.file}: `readmes.folder`: {folder} is no folder")
        files = sorted(folder.rglob("*.md"))
        return {file.relative_to(folder).as_posix()[:-3]: _readme(file) for file in files}

    def _tables(self) -> dict[str, TableInfo]:
        repositories = self.catalog.images.repositories
        return {
            table.name: TableInfo(
                table.heading,
                table.text.strip(),
                table.source,
                repositories(table.name),
                table.verify,
            )
            for table in self.catalog.tables
        }

    def _epoch(self) -> datetime | None:
        text = self.environ.get("SOURCE_DATE_EPOCH")
        if not text:
            return None
        try:
            return datetime.fromtimestamp(int(text), UTC)
        except (ValueError, OverflowError, OSError):
            raise UsageError(f"SOURCE_DATE_EPOCH is {text!r}: write seconds since 1970") from None


def mistakes(catalogs: Iterable[Path]) -> list[str]:
    """What is wrong with some catalogs, a text for each that has mistakes."""
    found = []
    for catalog in catalogs:
        try:
            read_catalog(catalog, SiteCatalog)
        except UsageError as error:
            found.append(str(error))
    return found


def _readme(file: Path) -> str | Failure:
    try:
        return checked_readme(file.read_bytes().decode())
    except UnicodeDecodeError:
        return Failure(f"{file}: not UTF-8")
    except OSError as error:
        return Failure(f"cannot read {file}: {error.strerror}")
    except TagpagesError as error:
        return Failure(f"{file}: {error}")


def _utc(time: datetime) -> datetime:
    """A time in UTC; one without an offset is in UTC already."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
