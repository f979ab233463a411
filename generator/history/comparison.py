"""What changed between two digests of a tag: values, and their text for people and programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from generator.facts.base import Change, Move
from generator.history.answers import Told, Verdict, stamp


class Compared(msgspec.Struct, frozen=True):
    """A tag of a table at two moments, and what differs between its digests then."""

    before: Told
    after: Told
    move: Move

    @property
    def is_known(self) -> bool:
        """Whether anything is known of what differs."""
        return not (self.move.packages is None and self.move.settings is None)


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
        for heading, lines in _sections(compared.move):
            parts.append(f"  {heading}\n")
            parts += [f"    {line}\n" for line in lines]
    return "".join(parts)


def markdown(comparison: Comparison) -> str:
    """Headings and lists."""
    parts = []
    for compared in comparison.changes:
        parts.append(f"### {_title(compared)}\n\n")
        parts.append(f"`{compared.before.digest}` → `{compared.after.digest}`\n")
        for heading, lines in _sections(compared.move):
            parts.append(f"\n{heading}\n")
            quoted = [line.replace("`", "'") for line in lines]
            parts += ["\n", *(f"- `{line}`\n" for line in quoted)] if quoted else []
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


def _sections(move: Move) -> Iterator[tuple[str, list[str]]]:
    """A heading for packages, configuration and size, and the lines below it."""
    for name, changes, more in (
        ("packages", move.packages, move.more),
        ("configuration", move.settings, 0),
    ):
        count = len(changes or ()) + more
        told = "not known" if changes is None else f"{count:,} changed" if count else "same"
        rest = [f"… and {more:,} more"] if more else []
        yield f"{name}: {told}", [*map(_line, changes or ()), *rest]
    if move.size_before is not None and move.size is not None:
        sizes = f"{move.size_before:,} → {move.size:,} bytes"
        yield "download: " + ("same" if move.size == move.size_before else sizes), []


def _line(change: Change) -> str:
    """One change; foreign text is made printable."""
    before, after = _texts(change.before), _texts(change.after)
    if not change.before:
        line = f"+ {change.name} {after}"
    elif not change.after:
        line = f"- {change.name} {before}"
    else:
        line = f"{change.name} {before} → {after}"
    return "".join(sign if sign.isprintable() else " " for sign in line).rstrip()


def _texts(texts: Sequence[str]) -> str:
    return " ".join(texts)
