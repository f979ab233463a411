"""The history pages: written from git when a site is built, and not committed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from shlex import quote
from typing import NamedTuple

from generator.catalog.spec import History
from generator.content.files import HISTORY_FILES, HISTORY_PAGE, MOVES_CHART, SIZES_CHART
from generator.content.front_matter import split, with_values
from generator.content.tree import Tree
from generator.errors import TagpagesError, UsageError
from generator.history import charts, page
from generator.history.answers import passing
from generator.history.cache import index
from generator.history.moves import Story
from generator.history.repository import Repository
from generator.history.sizes import Series, series
from generator.jobs.job import Job
from generator.pages.base import Site
from generator.pages.tabs import page_values

PATH = "history/"
TEMPLATE = "history.md.j2"


class Written(NamedTuple):
    """How many files changed, and what there is to say of the versions that they tell of."""

    files: int
    notes: tuple[str, ...]


def write(job: Job, revision: str, was: tuple[str, ...]) -> Written:
    """Write the pages of all images that have one at that revision.

    Pages of images that are gone are removed. Raises UsageError where the catalog asks for none, or
    a shallow clone has not all that they tell.
    """
    settings = job.catalog.history
    if settings is None:
        raise UsageError(f"{job.file}: add `history: {{days: 90}}` to have such pages")
    repository = Repository.around(job.content, revision)
    folders = repository.folders(was)
    with index(repository, folders, revision) as everything:
        if everything.head.is_cut:
            raise UsageError(
                "this is a shallow clone, and history pages need all of it:"
                f" `git -C {quote(str(repository.top))} fetch --unshallow` fetches the rest"
            )
        stories = {name: everything.whole(name) for name in everything.images()}
        as_of = everything.head.newest.time
    pages = _Pages(job, settings, as_of)
    sizes = series(repository, folders, stories, pages.begins) if settings.charts else {}
    tree = Tree(job.content)
    changes = [
        change
        for image, story in stories.items()
        for file, text in pages.files(image, story, sizes.get(image)).items()
        if (change := tree.change(f"{image}/{file}", None if text is None else text.encode()))
    ]
    with tree.lock():
        for change in changes:
            tree.apply(change)
    notes = (
        f"{image}: {passing(item)}"
        for image, story in stories.items()
        for item in story.passed
        if item.moment.time > pages.begins
    )
    return Written(len(changes), tuple(notes))


@dataclass(frozen=True)
class _Pages:
    """What makes the pages; they are written for the time of the newest commit."""

    job: Job
    settings: History
    as_of: datetime

    @property
    def begins(self) -> datetime:
        """The time (UTC) from which on the pages tell of changes."""
        return self.as_of - timedelta(days=self.settings.days)

    def files(self, image: str, story: Story, sizes: Series | None) -> dict[str, str | None]:
        """The page of an image and its charts; None for what there must not be."""
        if not story.page.rows:
            return dict.fromkeys(HISTORY_FILES)
        months = page.months(story, self.as_of)
        drawn: dict[str, str | None] = dict.fromkeys((MOVES_CHART, SIZES_CHART))
        if self.settings.charts:
            moves = [(f"{month.first:%Y-%m}", month.moves) for month in months]
            drawn[MOVES_CHART] = charts.bars("Moves a month", moves)
        if sizes:
            drawn[SIZES_CHART] = self._size_chart(sizes)
        catalog = self.job.catalog
        site = Site(
            catalog.url,
            self.job.tabs,
            {},
            self.job.window,
            catalog.tag_order,
            self.as_of,
            catalog.stale_after,
        )
        values = page_values(site, image, PATH) | {
            "since": story.moments[0].time,
            "window": self.settings.days,
            "days": page.days(story, self.begins),
            "months": months,
            "sparkline": page.sparkline([month.moves for month in months]),
            "moves_chart": MOVES_CHART if self.settings.charts else "",
            "sizes": sizes,
            "sizes_chart": SIZES_CHART,
        }
        return {HISTORY_PAGE: self._page(values), **drawn}

    def _page(self, values: Mapping[str, object]) -> str:
        text = self.job.renderer.render(TEMPLATE, values)
        try:
            front, body = split(text)
            return with_values(front, self.job.catalog.front_matter) + body
        except TagpagesError as error:
            raise UsageError(f"template {TEMPLATE}: {error}") from None

    def _size_chart(self, sizes: Series) -> str:
        days = [max(size.day, self.begins.date()) for size in sizes.sizes]
        whole = max((self.as_of.date() - days[0]).days, 1)
        points = [
            charts.Point(f"{day}", (day - days[0]).days / whole, size.megabytes)
            for day, size in zip(days, sizes.sizes, strict=True)
        ]
        title, end = f"Download size of {sizes.tag}", f"{self.as_of.date()}"
        return charts.steps(title, points, end, "MB")
