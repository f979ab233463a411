"""One source judged: what of its answer is believed, and what stays as it was."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import msgspec
from msgspec.structs import replace

from generator.errors import Failure
from generator.guard.findings import Finding
from generator.guard.holds import accepted_images, hold_source, hold_tables, stays_held
from generator.guard.judged import Judged, Tables
from generator.guard.measure import Sight, SourceMove, TableMove, table_move
from generator.guard.memory import Answers, Volume, streak_key
from generator.guard.merge import merge, with_believable_times
from generator.guard.night import Night, SourceRules
from generator.model import Seen, Table, Tag

ODD_NIGHTS, ODD_TIMES = 3, 5
"""The same answer is odd after so many nights, and so many times as long as it used to take."""

_Moves = Mapping[str, TableMove]


@dataclass(frozen=True)
class _Fresh:
    """A source's answer merged with what is known, and what was noticed."""

    answer: dict[str, Sequence[Tag]] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    noticed: list[Finding] = field(default_factory=list)

    def places(self, kind: str) -> tuple[tuple[str, str], ...]:
        """The images and tags of the findings of one kind."""
        found = (item for item in self.noticed if item.kind == kind)
        return tuple((item.image or "", tag) for item in found for tag in item.tags)


def judge_source(night: Night, source: SourceRules, seen: Seen) -> Judged:
    """What of one source is believed: the last known good, wherever its answer is not."""
    known = _known(night, source)
    judged = Judged(night, source, known, dict(known), answers=night.last.answers.get(source.table))
    if seen.failure:
        _fail(judged, seen.failure)
        return judged
    fresh = _fresh(night, source, known, seen)
    moves = _moves(night, known, fresh.tables)
    accepted = accepted_images(judged, moves)
    for image, failure in seen.failed.items():
        _fail(judged, failure, image)
    if night.rules.whole:
        judged.move = move = _source_move(judged, fresh, moves, accepted)
        is_held = hold_source(judged, move)
    else:
        is_held = stays_held(judged, moves)
    if is_held:
        judged.believed |= {image: fresh.tables[image] for image in accepted}
        return judged
    judged.believed |= fresh.tables
    hold_tables(judged, moves, accepted)
    judged.volume = _volume(judged)
    _note_same_answer(judged, moves)
    judged.findings += [item for item in fresh.noticed if judged.answers_for(item.image or "")]
    return judged


def _known(night: Night, source: SourceRules) -> dict[str, Table]:
    """The last known good tables of a source, without the tags that the catalog leaves out."""
    tables = (
        (image.name, table)
        for image in night.known.values()
        for table in image.tables
        if table.name == source.table
    )
    if source.wants is None:
        return dict(tables)
    return {name: _wanted(source, table) for name, table in tables}


def _wanted(source: SourceRules, table: Table) -> Table:
    groups = [
        replace(group, tags=tuple(filter(source.wants, group.tags))) for group in table.groups
    ]
    return replace(table, groups=tuple(group for group in groups if group.tags))


def _fail(judged: Judged, failure: Failure, image: str | None = None) -> None:
    """Leave a source alone, or one image of it, that could not be asked."""
    if image is None:
        judged.keep_all()
    else:
        judged.keep(image)
    key, last = streak_key(judged.table, image), judged.night.last
    streak = judged.failed[key] = judged.night.again(last.failed, key)
    if key in last.held:
        judged.held[key] = last.held[key]
    judged.findings.append(
        Finding("failed", image, judged.table, failure.reason, nights=streak.nights)
    )


def _fresh(night: Night, source: SourceRules, known: Tables, seen: Seen) -> _Fresh:
    fresh, none = _Fresh(), Table(source.table)
    for image in sorted(seen.images.keys() | (known.keys() - seen.failed.keys())):
        old = known.get(image, none).groups
        tags, ahead = with_believable_times(old, seen.images.get(image, ()), night.rules.as_of)
        groups, findings = merge(old, tags, night.rules.order, source.is_immutable)
        if ahead:
            latest = max(tag.last_changed for tag in ahead)
            names = tuple(tag.name for tag in ahead)
            findings.append(Finding("time_ahead", detail=f"up to {latest:%Y-%m-%d}", tags=names))
        fresh.answer[image] = tags
        changed = seen.changed.get(image, "")
        fresh.tables[image] = Table(source.table, groups, source.time_kind, changed=changed)
        fresh.noticed.extend(replace(item, image=image, table=source.table) for item in findings)
    return fresh


def _moves(night: Night, known: Tables, fresh: Tables) -> dict[str, TableMove]:
    rules, last = night.rules, night.last.as_of or night.rules.as_of
    return {
        image: table_move(
            image,
            known[image].groups if image in known else (),
            table.groups,
            Sight(
                rules.window,
                (known[image].as_of if image in known else None) or last,
                rules.as_of,
            ),
        )
        for image, table in fresh.items()
    }


def _source_move(
    judged: Judged, fresh: _Fresh, moves: _Moves, accepted: Collection[str]
) -> SourceMove:
    night, table, rules = judged.night, judged.table, judged.night.rules
    news = [
        move
        for image, move in moves.items()
        if image in judged.known and image not in accepted and night.is_news(table, image)
    ]
    return SourceMove(
        limits=judged.source.limits,
        window=rules.window,
        as_of=rules.as_of,
        answer=fresh.answer,
        moves=tuple(move for image, move in moves.items() if image not in accepted),
        news=tuple(news),
        moved_back=tuple(place for place in fresh.places("moved_back") if place[0] not in accepted),
        ahead=fresh.places("time_ahead"),
        known=sum(len(group.tags) for item in judged.known.values() for group in item.groups),
        stored=rules.stored.get(table, 0),
        left=night.last.totals.get(table),
        past=night.past(table),
        held=night.last.held.get(streak_key(table)),
        widened=rules.widened or night.last.as_of is None,
    )


def _volume(judged: Judged) -> Volume | None:
    """How much the source shows, and how much it lost of what is believed."""
    move = judged.move
    if move is None:
        return None
    lost = sum(one.lost for one in move.news if judged.answers_for(one.image))
    return Volume(move.has, 0 if judged.is_anew else lost)


def _note_same_answer(judged: Judged, moves: _Moves) -> None:
    """Count for how long a source has answered the same; tell when that is longer than usual."""
    rules = judged.night.rules
    if not rules.whole:
        return
    night = rules.as_of.date()
    answered = [[image, moves[image].after] for image in sorted(moves) if moves[image].after]
    mark = f"{crc32(msgspec.json.encode(answered)):08x}"
    answers = (judged.answers or Answers(night)).again(night, mark)
    judged.answers = answers
    nights = (night - answers.since).days
    if answers.every and nights >= max(ODD_NIGHTS, ODD_TIMES * answers.every):
        every = round(answers.every)
        usual = f"it used to change about every {f'{every} nights' if every > 1 else 'night'}"
        detail = f"the very same answer since {answers.since}; {usual}"
        judged.findings.append(Finding("unchanged", None, judged.table, detail, nights=nights))
