"""What of one source is believed, while it is being judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from generator.guard.extent import Extent
from generator.guard.findings import Finding
from generator.guard.measure import SourceMove
from generator.guard.memory import Answers, Streak, Volume, streak_key
from generator.guard.night import Night, SourceRules
from generator.model import Table

Tables = Mapping[str, Table]
"""A source's tables by image."""


@dataclass
class Judged:
    """What of one source is believed (tables by image), and what to remember of it.

    `known` is its last known good, `unanswered` are the images that it did not answer for, or
    whose answer is not believed. Without `answered` that is so of all, and with
    `is_untimely` perhaps because the time of the build is wrong. `reviewed` is the extent of
    a hold of the whole source that is believed after all. `move` is what was measured, None where
    the source as a whole was not, and so is `volume` where it is not believed. While the source
    `is_filling` what is new in it is no gain.
    """

    night: Night
    source: SourceRules
    known: Tables
    believed: dict[str, Table] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)
    answered: bool = True
    is_untimely: bool = False
    is_filling: bool = False
    reviewed: Extent = field(default_factory=Extent)
    findings: list[Finding] = field(default_factory=list)
    failed: dict[str, Streak] = field(default_factory=dict)
    held: dict[str, Streak] = field(default_factory=dict)
    move: SourceMove | None = None
    volume: Volume | None = None
    answers: Answers | None = None

    @property
    def table(self) -> str:
        """The name of the source's table."""
        return self.source.table

    @property
    def is_anew(self) -> bool:
        """Whether a person, or the time that it stood, made a great change of it believed."""
        return bool(self.reviewed) or self.table in self.night.rules.accepted.anything

    @property
    def is_left_out(self) -> bool:
        """Whether pages do without the table, as its source has never answered yet."""
        return not self.answered and self.table not in self.night.rules.stored

    def answers_for(self, image: str) -> bool:
        """Whether this source answered for the image, and is believed."""
        return self.answered and image not in self.unanswered

    def keep(self, image: str) -> None:
        """Leave one image's table as of the night that last believed it."""
        self.unanswered.add(image)
        if image in self.known:
            self.believed[image] = self._as_believed(self.known[image])

    def keep_all(self) -> None:
        """Leave the whole source as of the night that last believed it."""
        self.answered = False
        self.believed = {name: self._as_believed(table) for name, table in self.known.items()}
        for kept, old in ((self.failed, self.night.last.failed), (self.held, self.night.last.held)):
            kept.update(dict(self.own(old)) | kept)

    def own(self, streaks: Mapping[str, Streak]) -> Iterator[tuple[str, Streak]]:
        """Those streaks that are of one image of this source, with their keys."""
        prefix = streak_key(self.table, "")
        return ((key, streak) for key, streak in streaks.items() if key.startswith(prefix))

    def _as_believed(self, table: Table) -> Table:
        last = self.night.last.as_of
        if table.as_of or last is None or last == self.night.rules.as_of:
            return table
        return replace(table, as_of=last)
