"""What else must be said of an image at some moment: what the repository tells beside its pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from generator.content.state import BUILD_FILE, decode_build
from generator.errors import TagpagesError
from generator.guard.memory import Streak
from generator.history.repository import Line, Repository
from generator.history.values import Moment
from generator.history.versions import paths_of


def on_trust(
    repository: Repository, folders: Sequence[str], image: str, moment: Moment
) -> Iterator[str]:
    """The tables that no registry had confirmed then: held back, or not to be asked."""
    for folder in folders:
        files = repository.files(moment.commit, folder)
        for data in repository.blobs([files[BUILD_FILE]] if BUILD_FILE in files else []):
            try:
                build = decode_build(data or b"", BUILD_FILE)
            except TagpagesError as error:
                yield f"passed over what a build left: {error}"
                continue
            yield from _told(build.held, image, "was held back")
            yield from _told(build.failed, image, "could not be asked")


def _told(streaks: Mapping[str, Streak], image: str, what: str) -> Iterator[str]:
    for key, streak in streaks.items():
        table, _, only = key.partition(":")
        if only in {"", image}:
            yield (
                f"table `{table}` {what} (night {streak.nights}, {streak.last}):"
                " what its page lists is what was last believed"
            )


def moved_folder(
    repository: Repository, folders: Sequence[str], image: str, line: Line
) -> Iterator[str]:
    """Where the files of an image came from, if its first commit only moved them there."""
    first = [change for change in line.changes if change.moment == line.changes[0].moment]
    for change, folder in product(first, folders):
        old = repository.renamed(change.moment.commit, change.path)
        if old and change.path in paths_of(image, [folder]):
            end = change.path.removeprefix(folder)
            before = old.removesuffix(end)
            if before != old and before not in folders:
                yield f"it lay elsewhere before: `--was {before}` tells what it was there"
                return
