"""Holding back: a source or a table whose answer passes a limit, until it is believed after all.

What ends a hold: an answer that is whole again, a person (`--accept-loss`), or the same answer for
long enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from itertools import chain

from msgspec.structs import replace

from generator.guard.extent import Extent, Place
from generator.guard.findings import Finding, Worst
from generator.guard.judged import Judged
from generator.guard.measure import SourceMove, TableMove
from generator.guard.measured import Measured, at_least
from generator.guard.memory import Streak, held_again, streak_key
from generator.guard.rules import SOURCE_RULES, TABLE_RULES

WORST_IMAGES, WORST_TAGS = 3, 5
"""How many images, and tags of each, a hold of a source names."""
TAGS = 12
"""How many tags a hold of a table names."""

_Moves = Mapping[str, TableMove]


def accepted_images(judged: Judged, moves: _Moves) -> frozenset[str]:
    """The images whose losses in this table are believed, whatever becomes of the source."""
    accepted = judged.night.rules.accepted
    return (accepted.anything & moves.keys()) | {
        image
        for image in accepted.marks.keys() & moves.keys()
        if (excess := _excess(judged, moves[image]))
        and accepted.takes(
            image,
            _places([excess]),
            judged.night.last.held.get(streak_key(judged.table, image)),
        )
    }


def hold_source(judged: Judged, move: SourceMove) -> bool:
    """Whether the whole source is held back; then it stays as of the night last believed."""
    night, key = judged.night, streak_key(judged.table)
    if judged.table in night.rules.accepted.anything:
        return False
    kinds = [
        [found for rule in rules if (found := rule(move)) and found.is_too_much]
        for rules in SOURCE_RULES
    ]
    excess = list(chain.from_iterable(kinds))
    held = night.last.held.get(key)
    if not excess:
        _remember_ended(judged, key, held)
        return False
    places = _places(excess)
    reason = "; ".join(found[0].reason for found in kinds if found)
    if night.rules.accepted.takes(judged.table, places, held):
        judged.reviewed = Extent.of(places)
        return False
    streak = held_again(held, night.rules.as_of.date(), places, at_least(move.known) - 1)
    nights = night.released_after(judged.source.limits)
    if nights and streak.same >= nights:
        judged.reviewed = Extent.of(places)
        told = _released(judged, None, reason, streak)
        judged.findings.append(replace(told, worst=_worst(move.moves, places)))
        return False
    judged.keep_all()
    judged.is_untimely = any(found.is_untimely for found in excess)
    judged.held[key] = streak
    for image in night.last.gone.keys() & judged.known.keys() - night.missing:
        missed = replace(night.last.gone[image], same=1)  # its loss is no news: it was missing
        judged.held.setdefault(streak_key(judged.table, image), missed)
    until = _until(judged, streak, nights) if nights else None
    told = _held_back(judged, None, reason, streak, until)
    judged.findings.append(replace(told, worst=_worst(move.moves, places)))
    return True


def stays_held(judged: Judged, moves: _Moves) -> bool:
    """Whether a held source stays so in a build that is about a choice of its images.

    Such a build cannot tell whether the answer is whole again; a mark of what was reviewed counts.
    """
    night, key = judged.night, streak_key(judged.table)
    held, accepted = night.last.held.get(key), night.rules.accepted
    if held is None or not held.same or judged.table in accepted.anything:
        return False
    places = [
        place for move in moves.values() for place in (*move.places_lost(), *move.places_gained())
    ]
    if accepted.takes(judged.table, places, held):
        judged.reviewed = Extent.of(places)
        return False
    judged.keep_all()
    judged.held[key] = held
    reason = "held as a whole, which a build of some of its images does not end"
    nights = night.released_after(judged.source.limits)
    until = _until(judged, held, nights) if nights else None
    judged.findings.append(_held_back(judged, None, reason, held, until))
    return True


def hold_tables(judged: Judged, moves: _Moves, accepted: Collection[str]) -> None:
    """Put back the tables that lost or gained too much, until they have answered that for long."""
    night = judged.night
    if judged.table in night.rules.accepted.anything:
        return
    for image in sorted(judged.known.keys() & moves.keys() - accepted):
        key = streak_key(judged.table, image)
        held = night.last.held.get(key)
        if image in night.missing:
            judged.held |= {key: held} if held else {}
            continue
        excess = _excess(judged, moves[image])
        places = _places([excess] if excess else [])
        if excess is None or _is_reviewed(judged, moves[image], places):
            _remember_ended(judged, key, held)
            continue
        began = held or night.last.gone.get(image)
        streak = held_again(began, night.rules.as_of.date(), places, 0)
        is_released = streak.same >= night.rules.gone_after
        if is_released:
            told = _released(judged, image, excess.reason, streak)
        else:
            judged.keep(image)
            judged.held[key] = streak
            until = _until(judged, streak, night.rules.gone_after)
            told = _held_back(judged, image, excess.reason, streak, until)
        tags = [tag for _, tag in places if tag] or moves[image].tags_lost
        judged.findings.append(replace(told, tags=tuple(tags[:TAGS])))


def _is_reviewed(judged: Judged, move: TableMove, places: Iterable[Place]) -> bool:
    """Whether all places, or all tags that they stand for, were held with the whole source."""
    lost = [(move.image, tag) for tag in move.tags_lost]
    one_by_one = chain.from_iterable([place] if place[1] else lost or [place] for place in places)
    return all(place in judged.reviewed for place in one_by_one)


def _excess(judged: Judged, move: TableMove) -> Measured | None:
    """The first rule of tables whose limit this one passes."""
    if move.before == move.after:  # as most are, on most nights
        return None
    held = judged.night.last.held.get(streak_key(judged.table, move.image))
    for rule in TABLE_RULES:
        found = rule(move, judged.source.limits, held)
        if found and found.is_too_much:
            return found
    return None


def _places(excess: Iterable[Measured]) -> list[Place]:
    return sorted({place for found in excess for place in found.places()})


def _remember_ended(judged: Judged, key: str, held: Streak | None) -> None:
    """Keep the age of a hold for some nights, in case that the answer only comes and goes."""
    rules = judged.night.rules
    if held and 0 <= (rules.as_of.date() - held.last).days < rules.gone_after:
        judged.held[key] = replace(held, same=0)


def _until(judged: Judged, streak: Streak, nights: int) -> date:
    """The night that believes it, if the answer stays the same."""
    return judged.night.rules.as_of.date() + timedelta(days=nights - streak.same)


def _held_back(
    judged: Judged, image: str | None, reason: str, streak: Streak, until: date | None
) -> Finding:
    return Finding(
        "held",
        image,
        judged.table,
        reason,
        nights=streak.nights,
        accept=f"{image or judged.table}@{streak.answer}",
        since=streak.first,
        until=until,
    )


def _released(judged: Judged, image: str | None, reason: str, streak: Streak) -> Finding:
    detail = f"{reason}; the same {streak.same} nights in a row"
    return Finding("released", image, judged.table, detail)


def _worst(moves: Iterable[TableMove], places: Iterable[Place]) -> tuple[Worst, ...]:
    """The images that a hold of a source is about most, with some of their tags."""
    tags: dict[str, list[str]] = {}
    whole: set[str] = set()
    for image, tag in places:
        if image and tag:
            tags.setdefault(image, []).append(tag)
        else:
            whole.add(image)
    for move in moves:
        if move.image in whole and move.image not in tags:
            groups = move.before or move.after
            tags[move.image] = [tag for group in groups for tag in group.tags]
    most = sorted(tags, key=lambda image: (-len(tags[image]), image))[:WORST_IMAGES]
    return tuple(Worst(image, len(tags[image]), tuple(tags[image][:WORST_TAGS])) for image in most)
