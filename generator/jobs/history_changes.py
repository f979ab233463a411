"""What changed in an image between two digests of a tag, from git alone."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from generator.content.details import DETAILS_FILE, decode_details
from generator.errors import TagpagesError, UsageError
from generator.facts.base import Facts
from generator.facts.moves import move
from generator.history.answers import Answer, Told, Verdict
from generator.history.comparison import Compared, Comparison
from generator.jobs.history import VERSION, Asked, Search, answer

_GRAVEST: tuple[Verdict, ...] = ("unknown", "answered", "absent")
"""What is said of several tables: one that is not known leaves the whole unknown."""


def what_changed(asked: Asked, before: str, after: str) -> Comparison:
    """Compare what a tag pointed to at two moments (as `--at` names them), table by table.

    Without `after` that is the newest digest, without `before` the one that came before it. Raises
    TagpagesError where the question or the repository is at fault.
    """
    if ":" not in asked.image or asked.at or asked.since or asked.until or asked.digest:
        raise UsageError("--what-changed is asked of IMAGE:TAG, with --from and --to alone")
    now = answer(replace(asked, at=after or asked.rev))
    notes, verdicts = list(now.notes), {now.verdict} if not now.spans else set()
    changes = []
    for span in now.spans:
        was = _before(asked, before, span)
        notes += was.notes
        verdicts.add(was.verdict)
        changes += [_compared(asked, old, span, notes) for old in was.spans]
    if not all(change.is_known for change in changes):
        verdicts.add("unknown")
    verdict = next(verdict for verdict in _GRAVEST if verdict in verdicts)
    return Comparison(VERSION, verdict, tuple(changes), tuple(dict.fromkeys(notes)))


def _before(asked: Asked, when: str, span: Told) -> Answer:
    """What the tag pointed to in the same table at a moment, or just before a span."""
    table = replace(asked, table=span.table)
    try:
        return answer(replace(table, at=when or f"{span.first.commit}^"))
    except UsageError:
        if when:
            raise
        cut = Search.of(asked).cut_at(span.first)
        note = cut or f"{span.image}: `{span.tag}` pointed to nothing before {span.digest}"
        return Answer(VERSION, "unknown" if cut else "absent", (), (note,), None)


def _compared(asked: Asked, before: Told, after: Told, notes: list[str]) -> Compared:
    facts = {span.digest: _facts(asked, span, notes) for span in (before, after)}
    return Compared(before, after, move(before.digest, after.digest, facts, after.first.time))


def _facts(asked: Asked, span: Told, notes: list[str]) -> Facts:
    """What is recorded of a digest, by a commit that had it."""
    search = Search.of(asked)
    for commit in _commits(asked, span):
        for folder in search.folders:
            files = search.repository.files(commit, f"{folder}/{span.image}".lstrip("/"))
            blobs = [files[DETAILS_FILE]] if DETAILS_FILE in files else []
            for data in search.repository.blobs(blobs):
                try:
                    details = decode_details(data or b"", span.image)
                except TagpagesError as error:
                    notes.append(f"passed over what {commit[:12]} has: {error}")
                    continue
                if span.digest in details.facts:
                    return details.facts[span.digest]
    notes.append(f"{span.image}: nothing is recorded of what {span.digest} contained")
    return {}


def _commits(asked: Asked, span: Told) -> Iterator[str]:
    """The last and the first commit of a span, then those of all tags that had its digest."""
    everywhere = replace(asked, image=span.image, table=None, digest=span.digest)
    for spans in ((span,), answer(everywhere).spans):
        for told in spans:
            yield f"{told.ended.commit}^" if told.ended else asked.rev
            yield told.first.commit
