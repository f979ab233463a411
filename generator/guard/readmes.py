"""Which README of an image is believed: one that was there and is empty is held like a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from generator.facts.base import Readme
from generator.guard.findings import Finding
from generator.guard.judge import Verdict
from generator.guard.memory import Build, Streak, held_again, streak_key
from generator.guard.night import Rules

TABLE = "README"
"""What findings and streaks have in place of a table's name: those have no capitals."""
GONE = "the README is empty, or gone"


@dataclass(frozen=True)
class ReadmeJudge:
    """Judges the READMEs of a night; what there is to tell and to remember goes into `verdict`."""

    rules: Rules
    last: Build
    verdict: Verdict

    def believed(self, image: str, known: Readme | None, told: Mapping[str, str]) -> Readme | None:
        """The README to show of an image: that of the first source which has one.

        `told` has by table what sources said, empty where an image has no README. While the source
        of the `known` one says nothing, that stands. When every source says that there is none, it
        stands until that has been so for as many nights as it takes to believe it of a table.
        """
        key = streak_key(TABLE, image)
        is_accepted = image in self.rules.accepted.anything
        for source in self.rules.sources:
            if text := told.get(source.table):
                return Readme(source.table, text)
            is_silent = source.table not in told and not is_accepted
            if known and known.table == source.table and is_silent:
                self.verdict.held |= {key: self.last.held[key]} if key in self.last.held else {}
                return known
        places, held = [(image, TABLE)], self.last.held.get(key)
        if known is None or is_accepted or self.rules.accepted.takes(image, places, held):
            return None
        streak = held_again(held, self.rules.as_of.date(), places, 0)
        if streak.same >= self.rules.gone_after:
            detail = f"{GONE}; the same {streak.same} nights in a row"
            self.verdict.findings.append(Finding("released", image, TABLE, detail))
            return None
        self.verdict.held[key] = streak
        self.verdict.findings.append(self._held(image, streak))
        return known

    def _held(self, image: str, streak: Streak) -> Finding:
        left = timedelta(days=self.rules.gone_after - streak.same)
        return Finding(
            "held",
            image,
            TABLE,
            GONE,
            nights=streak.nights,
            accept=f"{image}@{streak.answer}",
            since=streak.first,
            until=self.rules.as_of.date() + left,
        )
