"""What a run will do to the content tree, image by image, before any of it is done."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from generator.content.publish import Publisher
from generator.content.tree import Change, FullError, Tree
from generator.errors import TagpagesError, UsageError
from generator.guard.findings import Finding
from generator.model import Image


@dataclass
class Plan:
    """Files to write and remove, by image, and what there is to tell."""

    publisher: Publisher
    changes: dict[str, list[Change]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def write(
        self,
        image: Image,
        stored: Image | None,
        formerly: Collection[str],
        taken: Collection[str],
    ) -> None:
        """Plan an image's pages and its state.

        The pages also answer for the `formerly` images, and not for the other `taken` ones.
        """

        def changes() -> list[Change]:
            pages = self.publisher.pages(image, formerly, taken)
            return pages if image == stored else pages + self.publisher.state(image)

        self._add(image.name, changes)

    def remove(self, image: str) -> None:
        """Plan to remove what tagpages wrote of an image; other files stay, and are told of."""
        others: list[str] = []

        def changes() -> list[Change]:
            others.extend(self.publisher.others(image))
            return self.publisher.removal(image)

        if self._add(image, changes) and others:
            self.findings.append(Finding("kept_folder", image, detail=", ".join(others)))

    def retire(self, image: str, redirect: str | None, paged: Collection[str]) -> None:
        """Plan that an image gives way to a page that says so, or to the page of another one.

        The other image must be among those that have pages (`paged`).
        """
        if redirect is None:
            self._add(image, lambda: self.publisher.retired(image))
        elif redirect in paged:
            self.remove(image)
        else:
            self.fail(image, f"it is retired in favour of `{redirect}`, which has no page")
            return
        if not self.failed(image):
            self.findings.append(Finding("retired", image, detail=redirect or ""))

    def fail(self, image: str, reason: str) -> None:
        """Leave an image alone, and say why."""
        self.changes.pop(image, None)
        self.findings.append(Finding("failed", image, detail=reason))

    def failed(self, image: str) -> bool:
        """Whether the image is left alone because something could not be done."""
        return image not in self.changes

    def apply(self, tree: Tree) -> None:
        """Write and remove; an image that cannot be written does not stop the others.

        Raises FullError when nothing can be written any more.
        """
        for image, changes in list(self.changes.items()):
            try:
                for change in changes:
                    tree.apply(change)
            except FullError:
                raise
            except TagpagesError as error:
                self.fail(image, str(error))

    def touched(self) -> dict[str, tuple[str, ...]]:
        """The files that are written or removed, by image; only images that have any."""
        return {
            image: tuple(change.path for change in changes)
            for image, changes in self.changes.items()
            if changes
        }

    def _add(self, image: str, changes: Callable[[], list[Change]]) -> bool:
        try:
            self.changes[image] = changes()
        except UsageError:
            raise
        except TagpagesError as error:
            self.fail(image, str(error))
            return False
        return True
