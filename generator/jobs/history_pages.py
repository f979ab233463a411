"""The history pages: written from git when a site is built, and not committed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from generator.catalog.spec import History
from generator.content.front_matter import split, with_values
from generator.content.tree import Change, Tree
from generator.errors import TagpagesError, UsageError
from generator.history import charts, page
from generator.history.cache import index
from generator.history.moves import Story
from generator.history.repository import Repository
from generator.jobs.job import Job

PAGE_FILE = "history.md"
MOVES_FILE = "history-moves.svg"
TEMPLATE = "history.md.j2"


def write(job: Job, revision: str, was: tuple[str, ...]) -> int:
    """Write the pages of all images that have one at that revision; how many files changed.

    Pages of images that are gone are removed. Raises UsageError where the catalog asks for none, or
    a shallow clone has not all that they tell.
    """
    settings = job.catalog.history
    if settings is None:
        raise UsageError(f"{job.file}: add `history: {{days: 90}}` to have such pages")
    repository = Repository.around(job.content, revision)
    folders = (repository.folder, *was)
    with index(repository, folders, revision) as everything:
        if everything.head.is_cut:
            raise UsageError(
                "this is a shallow clone, and history pages need all of it:"
                f" `git -C {repository.top} fetch --unshallow` fetches the rest"
            )
        pages = _Pages(job, settings, Tree(job.content), everything.head.newest.time)
        changes = [
            change
            for image in filter(job.selected, everything.images())
            for change in pages.changes(image, everything.whole(image))
        ]
    with pages.tree.lock():
        for change in changes:
            pages.tree.apply(change)
    return len(changes)


@dataclass(frozen=True)
class _Pages:
    """What makes the pages; they are written for the time of the newest commit."""

    job: Job
    settings: History
    tree: Tree
    as_of: datetime

    def changes(self, image: str, story: Story) -> Iterator[Change]:
        """What it takes to bring the files of an image up to date."""
        files: dict[str, str | None] = {PAGE_FILE: None, MOVES_FILE: None}
        if story.page.rows:
            files |= self._files(image, story)
        for file, text in files.items():
            change = self.tree.change(f"{image}/{file}", None if text is None else text.encode())
            if change:
                yield change

    def _files(self, image: str, story: Story) -> dict[str, str]:
        """The page of an image, and the charts that it shows, if the catalog wants them."""
        months = page.months(story, self.as_of)
        moves = [(f"{month.first:%Y-%m}", month.moves) for month in months]
        shown = {MOVES_FILE: charts.bars("Moves a month", moves)} if self.settings.charts else {}
        values = {
            "image": image,
            "url": f"{self.job.catalog.url}{image}/",
            "as_of": self.as_of,
            "since": story.moments[0].time,
            "window": self.settings.days,
            "days": page.days(story, self.as_of - timedelta(days=self.settings.days)),
            "months": months,
            "sparkline": page.sparkline([month.moves for month in months]),
            "charts": list(shown),
        }
        try:
            front, body = split(self.job.renderer.render(TEMPLATE, values))
            return {PAGE_FILE: with_values(front, self.job.catalog.front_matter) + body} | shown
        except TagpagesError as error:
            raise UsageError(f"template {TEMPLATE}: {error}") from None
