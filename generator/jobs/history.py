"""Questions about the past of tags → answers, from git alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from shlex import quote

import msgspec

from generator.errors import UsageError
from generator.history import answers
from generator.history.answers import Answer, Question, Seen, Told, Verdict
from generator.history.cache import index
from generator.history.moves import Story
from generator.history.notes import moved_folder, on_trust
from generator.history.repository import Line, Repository
from generator.history.values import Moment
from generator.history.versions import paths_of, read
from generator.model import check_name, check_tag

VERSION = 1
EXIT_CODES: Mapping[Verdict, int] = {"answered": 0, "absent": 1, "unknown": 2}
SHORTEST_DIGEST = 12
"""The fewest characters of a digest that tell it from others."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGEST = re.compile(r"(?:[a-z0-9]+(?:[+._-][a-z0-9]+)*:)?[a-zA-Z0-9=_-]+")


class Asked(msgspec.Struct, frozen=True):
    """What the command line asks for, as it is written there."""

    content: Path
    image: str = ""
    digest: str = ""
    at: str = ""
    since: str = ""
    until: str = ""
    table: str | None = None
    rev: str = "HEAD"
    was: tuple[str, ...] = ()


def answer(asked: Asked) -> Answer:
    """The spans that a question is about.

    Raises TagpagesError where the question or the repository is at fault: nothing is known then.
    """
    if not (asked.image or asked.digest):
        raise UsageError("ask for an image (IMAGE or IMAGE:TAG), or for all with --digest")
    if asked.at and (asked.since or asked.until):
        raise UsageError("--at is one moment: leave it out, or --since and --until")
    search = Search.of(asked)
    return search.in_image() if asked.image else search.everywhere()


class Search(msgspec.Struct, frozen=True, dict=True):
    """A question, where to look, and the content folders, today's first."""

    asked: Asked
    repository: Repository
    folders: Sequence[str]

    @classmethod
    def of(cls, asked: Asked) -> Search:
        """The search for what is asked. Raises UsageError where there is no repository."""
        repository = Repository.around(asked.content, asked.rev)
        return cls(asked, repository, repository.folders(asked.was))

    @cached_property
    def line(self) -> Line:
        """The commits, with what they did to the files of the image if one is asked for."""
        image = self.asked.image
        paths = paths_of(image_and_tag(image)[0], self.folders) if image else ()
        return self.repository.line(paths)

    def in_image(self) -> Answer:
        """What one image's own files say: few enough to read them each time."""
        name, tag = image_and_tag(self.asked.image)
        line, question = self.line, self._question(tag)
        found = read(self.repository, line.changes, self.folders)
        stories = {image: story for image, story, _ in found}
        notes = list(moved_folder(self.repository, self.folders, name, line))
        place = line.moments[-1].number if question.ends is None else question.ends
        if any(story.has_page_at(place) for story in stories.values()):
            notes += on_trust(self.repository, self.folders, name, line.moments[place])
        notes = [f"{name}: {note}" for note in notes]
        return self._answer(stories, question, line.moments[0], notes)

    def everywhere(self) -> Answer:
        """What all images' files say of a digest, by way of the index."""
        question = self._question(None)
        with index(self.repository, self.folders, self.asked.rev) as everything:
            stories = everything.stories_with(question.digest or "")
            if not stories:  # it may be in a version that could not be read
                stories = {image: everything.whole(image) for image in everything.unreadable()}
            oldest = everything.head.oldest
        return self._answer(stories, question, oldest, [])

    def _answer(
        self, stories: Mapping[str, Story], question: Question, oldest: Moment, notes: list[str]
    ) -> Answer:
        spans: list[Told] = []
        verdict: Verdict = "answered"
        for image, story in stories.items():
            spans += answers.told(image, story, question)
            notes += [f"{image}: {note}" for note in answers.passed(story, question)]
        if not spans:
            verdict = "absent"
            notes += [] if stories else [f"no page lists {self.asked.digest or self.asked.image}"]
            for image, story in stories.items():
                absence = answers.absence(story, question)
                verdict = verdict if absence.is_known else "unknown"
                notes.append(f"{image}: {absence.reason}")
        cut = self.cut_at(oldest)
        if cut and (question.begins is None or question.begins < 0):
            verdict = "unknown"
            notes.append(cut)
        return Answer(
            VERSION,
            verdict,
            answers.newest_first(spans),
            tuple(notes),
            oldest.time if cut else None,
        )

    def cut_at(self, oldest: Moment | Seen) -> str:
        """What there is to say where a shallow clone ends at a commit; empty where it does not."""
        if oldest.commit not in self.repository.cuts:
            return ""
        return (
            f"not known before {answers.stamp(oldest)}: this is a shallow clone;"
            f" `git -C {quote(str(self.repository.top))} fetch --unshallow` fetches the rest"
        )

    def _question(self, tag: str | None) -> Question:
        digest = _digest(self.asked.digest) if self.asked.digest else None
        at, since, until = (
            self.place(text) if text else None
            for text in (self.asked.at, self.asked.since, self.asked.until)
        )
        if since is not None and until is not None and since > until:
            raise UsageError(f"--since comes after --until: {self.asked.since}, {self.asked.until}")
        return Question(tag, self.asked.table, digest, at, since, until)

    def place(self, text: str) -> int:
        """The number of the last commit by a day's end (UTC), by a time, or of a revision."""
        if time := _time(text):
            return self.line.number_at(time)
        try:
            commit = self.repository.resolved(text)
        except UsageError as error:
            raise UsageError(
                f"{error}; a day is written as 2024-05-31, a time as 2024-05-31T12:00"
            ) from None
        for moment in self.line.moments:
            if moment.commit == commit:
                return moment.number
        raise UsageError(
            f"{text} is not among the first parents of {self.asked.rev}: ask with `--rev {text}`"
        )


def image_and_tag(text: str) -> tuple[str, str | None]:
    """An image's name and a tag, or None for all tags."""
    name, colon, tag = text.partition(":")
    return check_name(name), check_tag(tag) if colon else None


def _digest(text: str) -> str:
    """The beginning of a digest; without an algorithm, it is one of sha256."""
    if not _DIGEST.fullmatch(text) or len(text.rpartition(":")[2]) < SHORTEST_DIGEST:
        raise UsageError(
            f"--digest {text}: write `sha256:` and at least {SHORTEST_DIGEST} characters"
        )
    return text if ":" in text else f"sha256:{text}"


def _time(text: str) -> datetime | None:
    """The time (UTC) that a text names; None where it is none, but a revision."""
    if not _DAY.match(text):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    if _DAY.fullmatch(text):
        return time.replace(tzinfo=UTC) + timedelta(days=1, seconds=-1)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
