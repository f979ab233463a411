"""Answers for people: lines for a terminal, and Markdown; and JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from generator.history.answers import Answer, Told, stamp


def as_json(answer: Answer) -> str:
    """The answer with everything, for programs."""
    return msgspec.json.format(msgspec.json.encode(answer)).decode() + "\n"


def terminal(answer: Answer) -> str:
    """Lines for a terminal: two a span, under a line for each tag of a table."""
    parts = []
    for title, spans in _by_tag(answer.spans):
        parts.append(f"{title}\n")
        parts += [f"  {span.digest}\n    {_seen(span)}\n" for span in spans]
    return "".join(parts)


def markdown(answer: Answer) -> str:
    """A heading for each tag of a table, and a table of its spans."""
    parts = []
    for title, spans in _by_tag(answer.spans):
        parts.append(f"### {title}\n\n| Digest | First seen | Last seen | Registry | Ended |\n")
        parts.append("| --- | --- | --- | --- | --- |\n")
        parts += [
            f"| `{span.digest}` | {stamp(span.first)} | {stamp(span.last)}"
            f" | {span.claimed or ''} | {_end(span)} |\n"
            for span in spans
        ]
        parts.append("\n")
    parts += [f"> {note}\n" for note in answer.notes]
    return "".join(parts)


FORMS: Mapping[str, Callable[[Answer], str]] = {
    "text": terminal,
    "md": markdown,
    "json": as_json,
}
"""What writes an answer, by the name of its form."""


def _by_tag(spans: Iterable[Told]) -> Iterable[tuple[str, list[Told]]]:
    """The spans of each tag and table, in the order in which they come."""
    groups: dict[str, list[Told]] = {}
    for span in spans:
        table = f" ({span.table})" if span.table else ""
        groups.setdefault(f"{span.image}:{span.tag}{table}", []).append(span)
    return groups.items()


def _seen(span: Told) -> str:
    claimed = f"; the registry says {span.claimed}" if span.claimed else ""
    return f"seen {stamp(span.first)} to {stamp(span.last)}; {_end(span)}{claimed}"


def _end(span: Told) -> str:
    return f"{span.why} {stamp(span.ended)}" if span.ended else "still there"
