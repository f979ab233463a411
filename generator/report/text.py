"""The change report for people: Markdown for a pull request, and lines for a terminal.

What deserves a look comes first, and is one screen whatever the night; what every night brings
follows, and gives way.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from generator.guard.measured import percent
from generator.report.changes import Report, SourceNight
from generator.report.fold import Line, Section, counted
from generator.report.sections import needs_a_look, routine

MARKDOWN_LIMIT = 65_000
"""Characters of a Markdown report: a pull request's body is cut at 65,536."""
LOOK_LINES = 60
"""The most lines of what needs a look, with headings and the empty lines around."""
SECTION_LINES = 8
"""The most lines of one section of it."""
LINE_LIMIT = 800
"""The most characters of one line: what is longer is cut."""
UNFOLDED, FOLDED = 3, 30
"""How many lines of a routine section are shown, and how many more when it is unfolded."""


def headline(report: Report) -> str:
    """The counts in one line."""
    failed = {item.image or item.table for item in report.found("failed", "held")}
    rebuilt = report.count("rebuilt")
    return (
        f"{report.count('added')} added, {f'{rebuilt} rebuilt, ' if rebuilt else ''}"
        f"{report.count('removed')} removed,"
        f" {report.count('changed')} changed, {report.unchanged} unchanged,"
        f" {len(failed)} failed or held back"
    )


def source_sentences(report: Report) -> list[str]:
    """What the night was for each source, in a sentence."""
    return [_source_sentence(report, night) for night in report.sources if night.tags or night.new]


def _source_sentence(report: Report, night: SourceNight) -> str:
    kinds = {
        item.kind
        for item in report.found("held", "failed", "released")
        if item.table == night.table and item.image is None
    }
    if "held" in kinds:
        return f"`{night.table}` is held back: its tables stay as they were."
    if "failed" in kinds:
        return f"`{night.table}` could not be asked: its tables stay as they were."
    if not night.tags:
        return f"`{night.table}`: {counted(night.new, 'image')}, and nothing to compare them with."
    lost = f"{night.lost:,}" if night.lost else "none"
    parts = [f"{lost} of {counted(night.tags, 'tag')} removed{_share(night)}"]
    if night.name:
        parts.append(f"most often `{night.name}` ({counted(night.name_images, 'image')})")
    if night.rolled:
        share = min(night.rolled / night.tags, 1)
        is_rebuild = share > MASS_REBUILD and report.is_of_a_night
        rebuild = ", a mass rebuild" if is_rebuild else ""
        rolled = counted(night.rolled, "tag")
        parts.append(f"{rolled} on another digest ({percent(share)}{rebuild})")
    if night.new or night.gone:
        parts.append(f"{counted(night.new, 'image')} new, {night.gone:,} gone")
    if night.quiet:
        parts.append(f"{counted(night.quiet, 'image')} not asked for, as unchanged")
    return f"`{night.table}`: {'; '.join(parts)}."


MASS_REBUILD = 0.9
"""The share of tags that came to another digest in what is called a mass rebuild."""


def _share(night: SourceNight) -> str:
    if not night.lost:
        return ""
    usual = "" if night.usual is None else f", usually {percent(night.usual)}"
    return f" ({percent(night.lost / night.tags)}{usual})"


def markdown(report: Report) -> str:
    """The report for a pull request, below `MARKDOWN_LIMIT` characters, whole in the JSON form."""
    look, rest = _on_a_screen(needs_a_look(report)), routine(report)
    parts = [f"# Image tags, {report.as_of:%Y-%m-%d %H:%M} UTC\n\n{headline(report)}.\n"]
    if report.sources:
        parts.append("".join(["\n", *(f"- {text}\n" for text in source_sentences(report))]))
    parts.append("\n## Needs a look\n\n" if look else "\nNothing needs a look.\n")
    for part, count in zip(look, _shares(look), strict=True):
        parts.append(f"### {part.title} ({part.count:,})\n")
        parts += (f"- {text}\n" for text in _shown(part, count, report.page))
    if rest:
        parts.append("\n## Routine\n")
    room = MARKDOWN_LIMIT - sum(map(len, parts))
    for number, part in enumerate(rest):
        text = _routine(part, report.page, room // (len(rest) - number))
        room -= len(text)
        parts.append(text)
    return "".join(parts)


def _on_a_screen(look: list[Section]) -> list[Section]:
    """The sections; where not each can have a line on the screen, the last ones are one."""
    most = (LOOK_LINES - 3) // 2
    if len(look) <= most:
        return look
    rest = [line for part in look[most - 1 :] for line in part.lines]
    return [*look[: most - 1], Section("More", rest)]


def _shares(look: list[Section]) -> list[int]:
    """How many lines each section may have: one each, then more, the first ones first."""
    room = LOOK_LINES - 3 - len(look)
    shares = [0] * len(look)
    for most in range(1, SECTION_LINES + 1):
        for number, part in enumerate(look):
            if room > 0 and shares[number] < min(most, len(part.lines)):
                shares[number] += 1
                room -= 1
    return shares


def _shown(part: Section, count: int, page: str | None) -> Iterator[str]:
    """The first lines of a section; the last one counts the rest, where not all are shown."""
    most = count if count in {1, len(part.lines)} else count - 1
    lines = [_cut(line.told(page)) for line in part.lines[:most]]
    if most < len(part.lines):
        rest = _rest(part.lines[most:])
        lines[count - 1 :] = [f"{lines[0]} {rest}" if count == 1 else rest]
    yield from lines


def _rest(lines: list[Line]) -> str:
    images = {subject for line in lines for subject in line.subjects}
    return (
        f"… and {counted(len(lines), 'more line')} about {counted(len(images), 'image')},"
        " in the JSON report"
    )


def _cut(text: str) -> str:
    """The line, cut between two words where it is too long; no code span stays open."""
    if len(text) <= LINE_LIMIT:
        return text
    start = text[:LINE_LIMIT].rpartition(" ")[0]
    return start + ("`" if start.count("`") % 2 else "") + " …"


def _routine(part: Section, page: str, room: int) -> str:
    """A routine section within so many characters: a few lines, and some more folded."""
    heading = f"\n### {part.title} ({part.count:,})\n"
    lines = [f"- {_cut(line.told(page))}\n" for line in part.lines[: UNFOLDED + FOLDED]]
    before, after = "\n<details><summary>more</summary>\n\n", "\n</details>\n"
    left = room - len(heading + before + after) - LINE_LIMIT
    fitting = 0
    for line in lines:
        left -= len(line)
        if left < 0:
            break
        fitting += 1
    folded = lines[UNFOLDED:fitting]
    if fitting < len(part.lines):
        folded.append(f"- {_rest(part.lines[fitting:])}\n")
    told = heading + "".join(lines[: min(UNFOLDED, fitting)])
    return told + before + "".join(folded) + after if folded else told


def as_json(report: Report) -> str:
    """The report with everything, for programs (`docs/report.schema.json`)."""
    return msgspec.json.format(msgspec.json.encode(report)).decode() + "\n"


def sentences(report: Report) -> Iterator[str]:
    """What needs a look, each with its part of the report, as whole sentences."""
    for part in needs_a_look(report):
        for line in part.lines:
            yield f"{part.title}: {_cut(line.told())}"


def terminal(report: Report) -> Iterator[tuple[str, bool]]:
    """The lines for a terminal, each with whether it is a heading; routine is only counted."""
    look = _on_a_screen(needs_a_look(report))
    for part, count in zip(look, _shares(look), strict=True):
        yield f"{part.title} ({part.count:,})", True
        for text in _shown(part, count, None):
            yield f"  {text}", False
    for part in routine(report):
        yield f"{part.title}: {part.count:,}", False
    for text in source_sentences(report):
        yield text, False
    yield headline(report), True
