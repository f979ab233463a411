"""What a run will do to the content tree, image by image, before any of it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from generator.content.tree import Change, FileAction, FullError, Tree
from generator.errors import TagpagesError, UsageError
from generator.guard.findings import Finding, FindingKind


@dataclass
class Plan:
    """Files to write and remove, by image, and what there is to tell.

    `quiet` counts the images of each source that were not asked for.
    """

    changes: dict[str, list[Change]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    quiet: dict[str, int] = field(default_factory=dict)
    _after: dict[str, str] = field(default_factory=dict)

    def add(
        self, image: str, changes: Callable[[], list[Change]], after: str | None = None
    ) -> bool:
        """Plan an image's changes; whether there are any. One that cannot be planned fails.

        With `after`, the changes are made only if the pages of that image stand by then.
        """
        try:
            self.changes[image] = changes()
        except UsageError:
            raise
        except TagpagesError as error:
            self.fail(image, str(error))
            return False
        if after is not None:
            self._after[image] = after
        return bool(self.changes[image])

    def tell(self, kind: FindingKind, image: str, detail: str = "") -> None:
        """Add a finding about an image."""
        self.findings.append(Finding(kind, image, detail=detail))

    def fail(self, image: str, reason: str) -> None:
        """Leave an image alone, and say why."""
        self.changes.pop(image, None)
        self.findings.append(Finding("failed", image or None, detail=reason))

    def failed(self, image: str) -> bool:
        """Whether the image is left alone because something could not be done."""
        return image not in self.changes

    def apply(self, tree: Tree) -> None:
        """Write and remove; an image that cannot be written does not stop the others.

        Images that wait for another one come last. Raises FullError when nothing can be written
        any more.
        """
        unwritten: set[str] = set()
        for image in sorted(self.changes, key=self._after.__contains__):
            if (other := self._after.get(image)) in unwritten:
                self.fail(image, f"it is retired in favour of `{other}`, which has no page")
                continue
            try:
                for change in self.changes[image]:
                    tree.apply(change)
            except FullError:
                raise
            except TagpagesError as error:
                if any(change.before is None for change in self.changes[image]):
                    unwritten.add(image)
                self.fail(image, str(error))

    def touched(self) -> dict[str, dict[str, FileAction]]:
        """What is done to which file, by image; only images that have any."""
        return {
            image: {change.path: change.action for change in changes}
            for image, changes in self.changes.items()
            if changes
        }
