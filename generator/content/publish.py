"""Images and the content tree → the files to write or to remove.

Pages come before the state that they stand for, when written and when removed: after a crash the
next run then finds the last known good as it was, and does the same again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator.content.details import DETAILS_FILE, encode_details
from generator.content.files import Owned, check_folder
from generator.content.page import Draft
from generator.content.state import BUILD_FILE, TAGS_FILE, encode_image
from generator.content.tree import Change, Tree
from generator.errors import TagpagesError, UsageError
from generator.model import Image
from generator.pages.base import Output, Page, S, Site, Subject
from generator.pages.environment import Renderer


@dataclass(frozen=True)
class Publisher:
    """Plans the files of images and of the site; every method raises TagpagesError where it cannot.

    `image_outputs` and `site_outputs` are those to write, `owned` the files that are ours, `tables`
    the names of the tables that a page has, `front_matter` has the catalog's fixed values for new
    pages, and with `renew` for existing ones; without `lastmod` pages have no such key. Of files
    named as in `passed_over` there is nothing to tell, though they are not ours. `checked` has, by
    template, the front matter that was found to be YAML last.
    """

    tree: Tree
    renderer: Renderer
    settings: Site
    image_outputs: Sequence[Output[Subject]]
    site_outputs: Sequence[Output[Sequence[Subject]]]
    owned: Owned
    tables: Sequence[str]
    front_matter: Mapping[str, Any]
    renew: bool = False
    lastmod: bool = True
    passed_over: Collection[str] = ()
    checked: dict[str, str] = field(default_factory=dict)

    def image(self, subject: Subject, stored: Subject | None) -> list[Change]:
        """The outputs of an image, and of its state what is not as it is `stored`."""
        image, details = subject
        check_folder(image.name)
        complete = Subject(self._of_catalog(image), details)
        changes = [
            change
            for output in self.image_outputs
            for change in self._output(f"{image.name}/", output, complete)
        ]
        ours = [*self._files(self.image_outputs), DETAILS_FILE, TAGS_FILE]
        changes += self.removal(image.name, kept=ours)
        if stored is None or details != stored.details:
            text = encode_details(details) if details.has_any else None
            changes.append(self.tree.change(f"{image.name}/{DETAILS_FILE}", text))
        if stored is None or image != stored.image:
            changes.append(self.tree.change(f"{image.name}/{TAGS_FILE}", encode_image(image)))
        return _changes(changes)

    def has_tables(self, image: Image) -> bool:
        """Whether any of the tables of the image's pages is known."""
        return any(table.name in self.tables for table in image.tables)

    def site(self, subjects: Iterable[Subject]) -> list[Change]:
        """The outputs of the site, which are about all its images (`has_tables` ones)."""
        complete = [Subject(self._of_catalog(image), details) for image, details in subjects]
        changes = [
            change for output in self.site_outputs for change in self._output("", output, complete)
        ]
        dropped = set(self.owned.site) - {*self._files(self.site_outputs), BUILD_FILE}
        return _changes([*changes, *(self.tree.change(file, None) for file in sorted(dropped))])

    def removal(self, image: str, kept: Collection[str] = ()) -> list[Change]:
        """All that tagpages wrote of an image, but for the `kept` files, to be removed."""
        files = [file for file in self.owned.image if file not in kept]
        return _changes(self.tree.change(f"{image}/{file}", None) for file in files)

    def others(self, image: str) -> list[str]:
        """What lies in an image's folder and is not tagpages'."""
        return self.tree.others(image, {*self.owned.image, *self.passed_over})

    @staticmethod
    def _files(outputs: Iterable[Output[S]]) -> list[str]:
        return [file for output in outputs for file in output.files]

    def _output(self, folder: str, output: Output[S], subject: S) -> list[Change | None]:
        if isinstance(output, Page):
            values = output.view(subject, self.settings)
            return [self.page(f"{folder}{output.file}", output.template, values)]
        texts = output.texts(subject, self.settings)
        return [
            self.tree.change(f"{folder}{file}", text.encode())
            for file, text in zip(output.files, texts, strict=True)
        ]

    def page(
        self, path: str, template: str, values: Mapping[str, object], **fixed: object
    ) -> Change | None:
        """The page that a template makes; `fixed` are front-matter values that it must have."""
        draft = self._draft(template, values, {**self.front_matter, **fixed})
        before = self.tree.read(path)
        try:
            old = before.decode() if before is not None else None
            as_of = self.settings.as_of
            page = draft.new() if old is None else draft.over(old, as_of, renew=self.renew)
        except UnicodeDecodeError:
            raise TagpagesError(f"{self.tree.content / path}: not UTF-8") from None
        except TagpagesError as error:
            raise TagpagesError(f"{self.tree.content / path}: {error}") from None
        return None if page == old else Change(path, before, page.encode())

    def _draft(
        self, template: str, values: Mapping[str, object], fixed: Mapping[str, object]
    ) -> Draft:
        """A page as its template gives it; raises UsageError when its front matter is no YAML.

        Front matter that is the same for all images but for their names is parsed once.
        """
        text = self.renderer.render(template, values)
        try:
            draft = Draft(text, fixed, lastmod=self.lastmod)
            shape = draft.shape(str(values.get("image", "")))
            if self.checked.get(template) != shape:
                draft.check(self.settings.as_of)
                self.checked[template] = shape
        except TagpagesError as error:
            raise UsageError(f"template {template}: {error}") from None
        return draft

    def _of_catalog(self, image: Image) -> Image:
        """The image with the catalog's tables only, in their order, as far as they are known."""
        tables = {table.name: table for table in image.tables}
        known = tuple(tables[name] for name in self.tables if name in tables)
        if not known:
            raise TagpagesError("nothing is known yet of any table: run `tagpages build`")
        return Image(image.name, known)


def _changes(changes: Iterable[Change | None]) -> list[Change]:
    return [change for change in changes if change]
