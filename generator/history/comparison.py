"""What changed between two digests of a tag: values, and their text for people and programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from generator.history.answers import Told, Verdict, stamp
from generator.history.details import Change, Difference


class Compared(msgspec.Struct, frozen=True):
    """A tag of a table at two moments, and what differs between its digests then."""

    before: Told
    after: Told
    difference: Difference


class Comparison(msgspec.Struct, frozen=True):
    """What changed, table by table, and what else there is to say."""

    version: int
    verdict: Verdict
    changes: tuple[Compared, ...]
    notes: tuple[str, ...]


def as_json(comparison: Comparison) -> str:
    """The comparison with everything, for programs."""
    return msgspec.json.format(msgspec.json.encode(comparison)).decode() + "\n"


def terminal(comparison: Comparison) -> str:
    """Lines for a terminal."""
    parts = []
    for compared in comparison.changes:
        parts.append(f"{_title(compared)}\n")
        parts += [
            f"  {told.digest} seen {stamp(told.first)} to {stamp(told.last)}\n"
            for told in (compared.before, compared.after)
        ]
        for heading, changes in _sections(compared.difference):
            parts.append(f"  {heading}\n")
            parts += [f"    {line}\n" for line in _lines(changes)]
    return "".join(parts)


def markdown(comparison: Comparison) -> str:
    """Headings and lists."""
    parts = []
    for compared in comparison.changes:
        parts.append(f"### {_title(compared)}\n\n")
        parts.append(f"`{compared.before.digest}` → `{compared.after.digest}`\n")
        for heading, changes in _sections(compared.difference):
            parts.append(f"\n{heading}\n")
            quoted = (line.replace("`", "'") for line in _lines(changes))
            parts += ["\n", *(f"- `{line}`\n" for line in quoted)] if changes else []
        parts.append("\n")
    parts += [f"> {note}\n" for note in comparison.notes]
    return "".join(parts)


FORMS: Mapping[str, Callable[[Comparison], str]] = {
    "text": terminal,
    "md": markdown,
    "json": as_json,
}
"""What writes a comparison, by the name of its form."""


def _title(compared: Compared) -> str:
    after = compared.after
    return f"{after.image}:{after.tag}" + (f" ({after.table})" if after.table else "")


def _sections(difference: Difference) -> Iterator[tuple[str, Sequence[Change]]]:
    for name in ("packages", "configuration"):
        changes = getattr(difference, name)
        told = "not known" if changes is None else f"{len(changes)} changed" if changes else "same"
        yield f"{name}: {told}", changes or ()


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    """A line for each change; foreign text is made printable."""
    for change in changes:
        if not change.before:
            line = f"+ {change.name} {change.after}"
        elif not change.after:
            line = f"- {change.name} {change.before}"
        else:
            line = f"{change.name} {change.before} → {change.after}"
        yield "".join(sign if sign.isprintable() else " " for sign in line)
