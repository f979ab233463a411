"""Answers for people: lines for a terminal, and Markdown; and JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec.structs import replace

from generator.grouping import version_key
from generator.history.answers import Answer, Told, stamp


def as_json(answer: Answer) -> str:
    """The answer with everything, for programs."""
    return msgspec.json.format(msgspec.json.encode(answer)).decode() + "\n"


def terminal(answer: Answer) -> str:
    """Lines for a terminal: two a span, under a line with the tags that have it in a table."""
    parts = []
    for title, spans in _by_tags(answer.spans):
        parts.append(f"{title}\n")
        parts += [f"  {span.digest}\n    {_seen(span)}\n" for span in spans]
    return "".join(parts)


def markdown(answer: Answer) -> str:
    """A heading for the tags that share spans in a table, and a table of these."""
    parts = []
    for title, spans in _by_tags(answer.spans):
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


def _by_tags(spans: Iterable[Told]) -> Iterable[tuple[str, list[Told]]]:
    """The spans in the order in which they come, under the tags that have them; alike ones once."""
    alike: dict[Told, list[str]] = {}
    for span in spans:
        alike.setdefault(replace(span, tag=""), []).append(span.tag)
    groups: dict[str, list[Told]] = {}
    for span, tags in alike.items():
        table = f" ({span.table})" if span.table else ""
        names = f":{tags[0]}" if len(tags) == 1 else f": {' '.join(sorted(tags, key=version_key))}"
        groups.setdefault(f"{span.image}{names}{table}", []).append(span)
    return groups.items()


def _seen(span: Told) -> str:
    claimed = f"; the registry says {span.claimed}" if span.claimed else ""
    return f"seen {stamp(span.first)} to {stamp(span.last)}; {_end(span)}{claimed}"


def _end(span: Told) -> str:
    return f"{span.why} {stamp(span.ended)}" if span.ended else "still there"
