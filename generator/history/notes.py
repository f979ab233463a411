"""What else must be said of an image at some moment: what the repository tells beside its pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from shlex import quote

from generator.content.state import BUILD_FILE, decode_build
from generator.errors import TagpagesError
from generator.guard.memory import Streak
from generator.history.repository import Line, Repository
from generator.history.values import Moment
from generator.history.versions import paths_of


def on_trust(
    repository: Repository, folders: Sequence[str], image: str, moment: Moment
) -> Iterator[str]:
    """What no registry had confirmed of an image that had a page then.

    A table was held back or could not be asked, or no source listed the image at all.
    """
    for folder in folders:
        files = repository.files(moment.commit, folder)
        for data in repository.blobs([files[BUILD_FILE]] if BUILD_FILE in files else []):
            try:
                build = decode_build(data or b"", BUILD_FILE)
            except TagpagesError as error:
                yield f"passed over what a build left: {error}"
                continue
            yield from _of_tables(build.held, image, "was held back")
            yield from _of_tables(build.failed, image, "could not be asked")
            if image in build.gone:
                yield _told("no source listed it", build.gone[image])


def _of_tables(streaks: Mapping[str, Streak], image: str, what: str) -> Iterator[str]:
    for key, streak in streaks.items():
        table, _, only = key.partition(":")
        if only in {"", image}:
            yield _told(f"table `{table}` {what}", streak)


def _told(what: str, streak: Streak) -> str:
    return (
        f"{what} (night {streak.nights}, {streak.last}):"
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
            end = change.path.removeprefix(folder).lstrip("/")
            before = f"/{old}".removesuffix(f"/{end}").lstrip("/")
            if before != old and before not in folders:
                was = quote(before or ".")
                yield f"it lay elsewhere before: `--was {was}` tells what it was there"
                return
