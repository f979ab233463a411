"""The change report for people: Markdown for a pull request, and lines for a terminal.

What deserves a look comes first; what every night brings is counted, and folded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from generator.guard.findings import Finding, FindingKind
from generator.report.changes import Report, Roll, TableChange

MARKDOWN_LIMIT = 65_000
"""Characters of a Markdown report: a pull request's body is cut at 65,536."""
TAGS_SHOWN = 12
"""The most tags, or rolls, that one line names."""
TEXT_LIMIT = 300
"""The most that a line shows of a foreign text, in characters."""
LINES_SHOWN = 20
"""The most lines of one section on a terminal."""


@dataclass(frozen=True)
class Entry:
    """One line: about an image or a source, and what there is to say; code is in backticks."""

    subject: str
    text: str
    has_page: bool = False

    def after(self, subject: str) -> str:
        """The line, with the subject as it is written there."""
        return f"{subject}: {self.text}" if self.text else subject


@dataclass(frozen=True)
class Section:
    """Lines of one kind."""

    title: str
    entries: list[Entry]


def needs_a_look(report: Report) -> list[Section]:
    """What a reviewer must see, the most important first; sections without a line are left out."""
    stale = [item for item in report.found("failed") if item.nights >= report.stale_after]
    failed = [item for item in report.found("failed") if item not in stale]
    found = report.found
    return _filled(
        Section(f"Failed for {report.stale_after} nights or more", _findings(stale)),
        Section("Held back", _findings(found("held"))),
        Section("Failed", _findings(failed)),
        Section("Immutable tags that moved", _findings(found("immutable_changed"))),
        Section("Tags that moved back", _findings(found("moved_back"))),
        Section("Tables newly empty", _tables(report, lambda table: "no tag left" * table.emptied)),
        Section("Tags removed", _tables(report, lambda table: tag_list(table.removed))),
        Section("Gone images", _gone_images(report)),
        Section("Images that no source has", _findings(found("missing"))),
        Section("New images", _new_images(report)),
        Section("Images that wait for an answer of every source", _findings(found("waiting"))),
        Section("Folders with files of others", _findings(found("kept_folder"))),
        Section("Pages that no build keeps up to date", _findings(found("unmanaged"))),
        Section("Contents that could not be looked up", _findings(found("not_looked_up"))),
        Section("Times that went back", _findings(found("time_back"))),
        Section("Believed after all", _findings(found("released"))),
    )


def routine(report: Report) -> list[Section]:
    """What every night brings."""
    return _filled(
        Section("Digests rolled", _tables(report, lambda table: roll_list(table.rolled))),
        Section("Tags added", _tables(report, lambda table: tag_list(table.added))),
        Section("Rows aged out", _tables(report, lambda table: tag_list(table.aged_out))),
        Section("Later days not believed", _findings(report.found("kept_day"))),
        Section("Other changes", _other_changes(report)),
    )


def headline(report: Report) -> str:
    """The counts in one line."""
    failed = {item.image or item.table for item in report.found("failed", "held")}
    return (
        f"{report.count('added')} added, {report.count('removed')} removed,"
        f" {report.count('changed')} changed, {report.unchanged} unchanged,"
        f" {len(failed)} failed or held back"
    )


def tag_list(tags: Iterable[str]) -> str:
    """Tags in backticks, the first of them where there are many."""
    names = list(tags)
    more = f" and {len(names) - TAGS_SHOWN:,} more" if len(names) > TAGS_SHOWN else ""
    return " ".join(f"`{tag}`" for tag in names[:TAGS_SHOWN]) + more


def roll_list(rolls: Sequence[Roll]) -> str:
    """From which digest to which, with the tags; the first of them where there are many."""
    shown = [
        f"`{roll.before}` → `{roll.after}` {tag_list(roll.tags)}" for roll in rolls[:TAGS_SHOWN]
    ]
    if len(rolls) > TAGS_SHOWN:
        shown.append(f"and {len(rolls) - TAGS_SHOWN:,} more")
    return "; ".join(shown)


def markdown(report: Report) -> str:
    """The report for a pull request, below `MARKDOWN_LIMIT` characters.

    Where it would be longer, lines give way to counts, the least important first.
    """
    look, rest = needs_a_look(report), routine(report)
    frame = _document(report, look, rest, shown=[0] * (len(look) + len(rest)))
    room = MARKDOWN_LIMIT - len(frame)
    shown = []
    for section in look + rest:
        fitting = 0
        for entry in section.entries:
            room -= len(_line(report, entry))
            if room < 0:
                break
            fitting += 1
        shown.append(fitting)
    return _document(report, look, rest, shown)


def as_json(report: Report) -> str:
    """The report with everything, for programs (`docs/report.schema.json`)."""
    return msgspec.json.format(msgspec.json.encode(report)).decode() + "\n"


def terminal(report: Report) -> Iterator[tuple[str, bool]]:
    """The lines for a terminal, each with whether it is a heading; routine is only counted."""
    for section in needs_a_look(report):
        yield f"{section.title} ({len(section.entries)})", True
        for entry in section.entries[:LINES_SHOWN]:
            yield f"  {entry.after(entry.subject)}", False
        if len(section.entries) > LINES_SHOWN:
            yield f"  … and {len(section.entries) - LINES_SHOWN:,} more", False
    for section in routine(report):
        yield f"{section.title}: {len(section.entries)}", False
    yield headline(report), True


def _document(report: Report, look: list[Section], rest: list[Section], shown: list[int]) -> str:
    parts = [f"# Image tags, {report.as_of:%Y-%m-%d %H:%M} UTC\n\n{headline(report)}.\n"]
    parts.append("\n## Needs a look\n" if look else "\nNothing needs a look.\n")
    for section, count in zip(look, shown, strict=False):
        parts.append(f"\n### {section.title} ({len(section.entries)})\n\n")
        parts += _lines(report, section, count)
    if rest:
        parts.append("\n## Routine\n")
    for section, count in zip(rest, shown[len(look) :], strict=True):
        summary = f"{section.title} ({len(section.entries)})"
        parts.append(f"\n<details><summary>{summary}</summary>\n\n")
        parts += _lines(report, section, count)
        parts.append("\n</details>\n")
    return "".join(parts)


def _lines(report: Report, section: Section, count: int) -> Iterator[str]:
    for entry in section.entries[:count]:
        yield _line(report, entry)
    left_out = len(section.entries) - count
    yield f"- … and {left_out:,} more\n" if left_out else ""


def _line(report: Report, entry: Entry) -> str:
    subject = f"`{entry.subject}`"
    if entry.has_page:
        subject = f"[{entry.subject}]({report.page.replace('{image}', entry.subject)})"
    return f"- {entry.after(subject)}\n"


def _filled(*sections: Section) -> list[Section]:
    return [section for section in sections if section.entries]


def _findings(findings: Iterable[Finding]) -> list[Entry]:
    ordered = sorted(findings, key=lambda item: (item.image or "", item.table or ""))
    return [Entry(_plain(item.subject), _told(item)) for item in ordered]


_NIGHTS: frozenset[FindingKind] = frozenset({"failed", "held", "missing", "gone"})


def _told(finding: Finding) -> str:
    parts = [f"{finding.table}:" if finding.table and finding.image else ""]
    detail = _plain(finding.detail)
    parts += [tag_list(finding.tags), f"`{detail}`" if detail else ""]
    if finding.kind in _NIGHTS and finding.nights:
        parts.append(f"(night {finding.nights})")
    return " ".join(part for part in parts if part)


def _plain(text: str) -> str:
    """Foreign text for a code span, where no markup, mention or link works, or for a terminal."""
    cut = text[: TEXT_LIMIT - 1] + "…" if len(text) > TEXT_LIMIT else text
    printable = "".join(sign if sign.isprintable() else " " for sign in cut.replace("`", "'"))
    return " ".join(printable.split())


def _tables(report: Report, told: Callable[[TableChange], str]) -> list[Entry]:
    """A line for each table of a changed image of which there is something to tell."""
    return [
        Entry(change.image, f"{table.table}: {text}", has_page=True)
        for change in report.changes
        if change.kind == "changed"
        for table in change.tables
        if (text := told(table))
    ]


def _new_images(report: Report) -> list[Entry]:
    return [
        Entry(
            change.image,
            "; ".join(f"{table.table}: {tag_list(table.added)}" for table in change.tables),
            has_page=True,
        )
        for change in report.changes
        if change.kind == "added"
    ]


def _gone_images(report: Report) -> list[Entry]:
    """Images that have lost their pages, and why, as far as the build that did it says."""
    reasons = {
        item.image: _told(item) if item.kind == "gone" else f"{item.kind} {_told(item)}".strip()
        for item in report.found("gone", "retired", "excluded")
    }
    return [
        Entry(change.image, reasons.get(change.image, "its pages are removed"))
        for change in report.changes
        if change.kind == "removed"
    ]


def _other_changes(report: Report) -> list[Entry]:
    """Changed images of which no tag moved (times, texts and templates), and the site's files."""
    images = [
        Entry(change.image, _files(change.files), has_page=True)
        for change in report.changes
        if change.kind == "changed" and not change.tables
    ]
    return [*images, Entry("the site", _files(report.site))] if report.site else images


def _files(paths: Iterable[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)
