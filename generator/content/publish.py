"""Images and the content tree → the files to write or to remove, image by image.

Pages come before the `tags.json` that they stand for, when written and when removed: after a crash
the next run then finds the last known good as it was, and does the same again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator.content.files import IMAGE_FILES, check_folder
from generator.content.front_matter import with_aliases
from generator.content.page import Draft
from generator.content.state import TAGS_FILE, encode_image
from generator.content.tree import Change, Tree
from generator.errors import TagpagesError, UsageError
from generator.model import Image
from generator.pages.base import PageKind, Site
from generator.pages.environment import Renderer

RETIRED_TEMPLATE = "retired.md.j2"


@dataclass(frozen=True)
class _Aliases:
    """Other addresses of a page: those of the `formerly` images, and of no other `taken` one."""

    url: str
    path: str
    formerly: Collection[str]
    taken: Collection[str]

    def added(self) -> list[str]:
        return [f"{self.url}{name}/{self.path}" for name in self.formerly]

    def is_taken(self, url: object) -> bool:
        name = str(url).removeprefix(self.url).removesuffix(f"/{self.path}")
        is_ours = url == f"{self.url}{name}/{self.path}"
        return is_ours and name in self.taken and name not in self.formerly


@dataclass(frozen=True)
class Publisher:
    """Plans the files of images; every method raises TagpagesError where it cannot.

    `kinds` are the page kinds to write, `tables` the names of the tables that a page needs,
    `front_matter` has the catalog's fixed values for new pages; `checked` has, by template, the
    front matter that was found to be YAML last.
    """

    tree: Tree
    renderer: Renderer
    site: Site
    kinds: Sequence[PageKind]
    tables: Sequence[str]
    front_matter: Mapping[str, Any]
    checked: dict[str, str] = field(default_factory=dict)

    def pages(
        self, image: Image, formerly: Collection[str] = (), taken: Collection[str] = ()
    ) -> list[Change]:
        """The pages of an image, which also answer where those of the `formerly` images were.

        They do not, any more, where those of the other `taken` images are.
        """
        check_folder(image.name)
        complete = self._with_all_tables(image)
        changes = []
        for kind in self.kinds:
            values = kind.view(complete, self.site)
            aliases = _Aliases(self.site.url, kind.path, formerly, taken)
            changes += self._page(f"{image.name}/{kind.file}", kind.template, values, aliases)
        return changes

    def state(self, image: Image) -> list[Change]:
        """The `tags.json` of an image."""
        change = self.tree.change(f"{image.name}/{TAGS_FILE}", encode_image(image))
        return [change] if change else []

    def retired(self, name: str) -> list[Change]:
        """The pages that say that an image is retired; its `tags.json` goes."""
        values = {"image": name, "as_of": self.site.as_of}
        pages: list[Change] = []
        for kind in self.kinds:
            pages += self._page(f"{name}/{kind.file}", RETIRED_TEMPLATE, values)
        return pages + self._removals(name, [TAGS_FILE])

    def removal(self, name: str) -> list[Change]:
        """All that tagpages wrote of an image, to be removed."""
        return self._removals(name, IMAGE_FILES)

    def others(self, name: str) -> list[str]:
        """What lies in an image's folder and is not tagpages'."""
        return self.tree.others(name, IMAGE_FILES)

    def _removals(self, name: str, files: Sequence[str]) -> list[Change]:
        changes = (self.tree.change(f"{name}/{file}", None) for file in files)
        return [change for change in changes if change]

    def _page(
        self,
        path: str,
        template: str,
        values: Mapping[str, Any],
        aliases: _Aliases | None = None,
    ) -> list[Change]:
        draft = self._draft(template, values)
        before = self.tree.read(path)
        try:
            old = before.decode() if before is not None else None
            page = draft.new() if old is None else draft.over(old, self.site.as_of)
            if aliases and (aliases.formerly or "\naliases" in page):
                page = with_aliases(page, aliases.added(), aliases.is_taken)
        except UnicodeDecodeError:
            raise TagpagesError(f"{self.tree.content / path}: not UTF-8") from None
        except TagpagesError as error:
            raise TagpagesError(f"{self.tree.content / path}: {error}") from None
        return [] if page == old else [Change(path, before, page.encode())]

    def _draft(self, template: str, values: Mapping[str, Any]) -> Draft:
        """A page as its template gives it; raises UsageError when its front matter is no YAML.

        Front matter that is the same for all images but for their names is parsed once.
        """
        text = self.renderer.render(template, values)
        try:
            draft = Draft(text, self.front_matter)
            shape = draft.shape(values["image"])
            if self.checked.get(template) != shape:
                draft.check(self.site.as_of)
                self.checked[template] = shape
        except TagpagesError as error:
            raise UsageError(f"template {template}: {error}") from None
        return draft

    def _with_all_tables(self, image: Image) -> Image:
        """The image with just the catalog's tables, in their order."""
        tables = {table.name: table for table in image.tables}
        for name in self.tables:
            if name not in tables:
                raise TagpagesError(
                    f"nothing is known yet of the table `{name}`: run `tagpages build`"
                )
        return Image(image.name, tuple(tables[name] for name in self.tables))
