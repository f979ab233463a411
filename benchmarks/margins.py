"""How near a normal night comes to each rule of the guard, and how far an incident goes.

    python benchmarks/margins.py ../shared/data/nights

Judges the recorded nights one after another, and for each incident the last of them with that
incident in it. A margin is the share of what a rule allows that was counted: above 1 is held.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from zlib import crc32

from msgspec.structs import replace

from generator.catalog.tables import Guard
from generator.grouping import Window
from generator.guard.judge import Verdict, judge
from generator.guard.memory import Build, Totals, streak_key, week
from generator.guard.night import Rules, SourceRules
from generator.guard.rules import SOURCE_RULES, TABLE_RULES
from generator.model import Image, Seen, Tag

TABLES = ("public", "private")
Answers = dict[str, dict[str, tuple[Tag, ...]]]
"""Tags by table and image."""
Margins = dict[str, float]
"""The greatest margin, by the name of the rule."""


def night(folder: Path) -> tuple[datetime, Answers]:
    """When a recorded night was built, and what its sources answered."""
    as_of = json.loads((folder / "expected.json").read_bytes())["as_of"]
    return datetime.fromisoformat(as_of), {
        table: {
            entry["repo"]["name"]: tuple(
                Tag(tag["name"], tag["digest"], datetime.fromisoformat(tag["lastUpdated"]))
                for tag in entry["tags"]
            )
            for entry in json.loads(gzip.decompress((folder / f"{table}.json.gz").read_bytes()))
        }
        for table in TABLES
    }


def never(_: str) -> bool:
    """No tag is immutable."""
    return False


def judged(
    as_of: datetime, answers: Answers, known: Mapping[str, Image], last: Build
) -> tuple[Verdict, Build, Margins]:
    """A night's verdict, what it leaves, and the margins of the rules on the way."""
    stored: dict[str, int] = {}
    for image in known.values():
        for table in image.tables:
            tags = sum(len(group.tags) for group in table.groups)
            stored[table.name] = stored.get(table.name, 0) + tags
    sources = tuple(SourceRules(table, "listed", Guard(), never) for table in TABLES)
    rules = Rules(as_of, Window(1, "month"), "recency", sources, 3, stored=stored)
    verdict = judge(rules, known, last, {table: Seen(answers[table]) for table in TABLES})
    totals = {table: Totals(tags=count) for table, count in stored.items()}
    days = week(last.week, as_of.date(), verdict.volumes, verdict.anew)
    margins: Margins = {}
    for name, move in verdict.moves.items():
        held = last.held.get
        found = [(rule.__name__, rule(move)) for kind in SOURCE_RULES for rule in kind]
        found += [
            (rule.__name__, rule(one, move.limits, held(streak_key(name, one.image))))
            for rule in TABLE_RULES
            for one in move.moves
            if one.before
        ]
        for rule_name, measured in found:
            margin = measured.margin if measured else 0
            margins[rule_name] = max(margins.get(rule_name, 0), margin)
    build = Build(as_of, totals, held=verdict.held, gone=verdict.missing, week=days)
    return verdict, build, margins


def changed(answers: Answers, keep: Callable[[str, Tag], Tag | None]) -> Answers:
    """The answers with each tag changed or, where that is None, left out."""
    return {
        table: {
            image: tuple(tag for tag in (keep(image, tag) for tag in tags) if tag)
            for image, tags in images.items()
        }
        for table, images in answers.items()
    }


def share(*parts: str) -> int:
    """A number below 100 that is always the same for the same name."""
    return crc32("/".join(parts).encode()) % 100


def incidents(as_of: datetime, answers: Answers) -> Iterator[tuple[str, datetime, Answers]]:
    """Incidents made from a night, with the time of their build."""
    old, later, day = as_of - timedelta(days=7), as_of + timedelta(days=40), timedelta(days=365)
    yield (
        "cut at seven days",
        as_of,
        changed(answers, lambda _, tag: tag if tag.last_changed > old else None),
    )
    yield (
        "cut at twenty days",
        as_of,
        changed(
            answers, lambda _, tag: tag if tag.last_changed > as_of - timedelta(days=20) else None
        ),
    )
    yield (
        "`latest` gone everywhere",
        as_of,
        changed(answers, lambda _, tag: tag if tag.name != "latest" else None),
    )
    yield (
        "8 % of the images gone",
        as_of,
        changed(
            answers,
            lambda image, tag: tag if share(image) >= 8 else None,  # noqa: PLR2004 - the 8 % above
        ),
    )
    yield "private served as public", as_of, {**answers, "public": answers["private"]}
    yield (
        "one digest everywhere",
        as_of,
        changed(answers, lambda _, tag: replace(tag, digest=f"sha256:{'e' * 64}")),
    )
    yield (
        "times 40 days ahead",
        as_of,
        changed(
            answers, lambda _, tag: replace(tag, last_changed=tag.last_changed + timedelta(days=40))
        ),
    )
    yield (
        "times a year back",
        as_of,
        changed(answers, lambda _, tag: replace(tag, last_changed=tag.last_changed - day)),
    )
    yield "a wrong time of the build", later, answers


def main() -> None:
    """Print a line for each rule: its margin on each night, and by each incident."""
    nights = [night(path) for path in sorted(Path(sys.argv[1]).iterdir()) if path.is_dir()]
    known: Mapping[str, Image] = {}
    last = Build()
    columns: list[tuple[str, Margins]] = []
    for number, (as_of, answers) in enumerate(nights):
        if number == len(nights) - 1:
            for name, time, incident in incidents(as_of, answers):
                columns.append((name, judged(time, incident, known, last)[2]))
        verdict, last, margins = judged(as_of, answers, known, last)
        known = verdict.images
        if number:
            columns.insert(number - 1, (f"{as_of:%Y-%m-%d}", margins))
    normal = len(nights) - 1
    names = [rule.__name__ for rules in SOURCE_RULES for rule in rules]
    for name in [*names, *(rule.__name__ for rule in TABLE_RULES)]:
        nearest = max(margins.get(name, 0) for _, margins in columns[:normal])
        print(f"{name}: normal nights up to {nearest:.2f}")
        for title, margins in columns[normal:]:
            if margins.get(name, 0) > 1:
                print(f"    {title}: {margins[name]:.1f}")


if __name__ == "__main__":
    main()
