"""Lines of the report: equal events of many images in one line, families of names in one word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from generator.grouping import version_key

TAGS_SHOWN = 12
"""The most tags that one line names."""
NAMES_SHOWN = 6
"""The most images, or families of images, that one line names."""
FAMILY = 3
"""So many names, or more, that begin alike are a family."""
SOURCE = "source "
"""What comes before the name of a source."""
TEXT_LIMIT = 300
"""The most that a line shows of a foreign text, in characters."""


@dataclass(frozen=True)
class Entry:
    """One event: of one image, or of a source (`subject`), and what there is to say of it.

    Code is in backticks. Entries of the same `text` are one line; `detail` is what differs from one
    to the next, and is told only of an entry that is a line of its own.
    """

    subject: str
    text: str
    detail: str = ""
    has_page: bool = False


@dataclass(frozen=True)
class Line:
    """The entries of one text, as one line."""

    entries: tuple[Entry, ...]

    @property
    def subjects(self) -> list[str]:
        """What the line is about, sorted."""
        return sorted({entry.subject for entry in self.entries})

    def told(self, page: str | None = None) -> str:
        """The line; with `page` (an URL with `{image}`) it is Markdown, and links to the image."""
        subjects, entry = self.subjects, self.entries[0]
        if len(subjects) == 1:
            subject = entry.subject if page is None else f"`{entry.subject}`"
            if page and entry.has_page:
                subject = f"[{entry.subject}]({page.replace('{image}', entry.subject)})"
            details = "; ".join(filter(None, dict.fromkeys(item.detail for item in self.entries)))
            told = " ".join(filter(None, (entry.text, details)))
            return f"{subject}: {told}" if told else subject
        names = families(subjects)
        if page is not None:
            names = [f"`{name}`" + count for name, count in map(_split, names)]
        more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
        listed = ", ".join(names[:NAMES_SHOWN]) + more
        count = counted(len(subjects), "source" if entry.subject.startswith(SOURCE) else "image")
        return f"{entry.text} ({count}): {listed}" if entry.text else f"{count}: {listed}"


@dataclass(frozen=True)
class Section:
    """Lines of one kind, those of most images first."""

    title: str
    lines: list[Line]

    @property
    def count(self) -> int:
        """How many events it tells of."""
        return sum(len(line.entries) for line in self.lines)


def section(title: str, entries: Iterable[Entry]) -> Section:
    """The entries folded into lines."""
    by_text: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        alone = "" if entry.text else entry.subject if entry.detail else ""
        by_text.setdefault((entry.text, alone), []).append(entry)
    lines = [
        Line(tuple(sorted(found, key=lambda entry: (entry.subject, entry.detail))))
        for found in by_text.values()
    ]
    return Section(
        title, sorted(lines, key=lambda line: (-len(line.subjects), line.subjects, line.told()))
    )


def families(names: list[str]) -> list[str]:
    """Names with those that begin alike as one: `crossplane-aws-* (12)`; the largest first."""
    left = sorted(names)
    starts = Counter(start for name in left for start in _starts(name))
    found: list[tuple[int, str]] = []
    for start in sorted(starts, key=lambda start: (-len(start), start)):
        members = (
            [name for name in left if name.startswith(start)] if starts[start] >= FAMILY else []
        )
        if len(members) >= FAMILY:
            found.append((len(members), f"{start}* ({len(members)})"))
            left = [name for name in left if not name.startswith(start)]
    return [text for _, text in sorted(found, key=lambda item: (-item[0], item[1]))] + left


def _starts(name: str) -> list[str]:
    """The beginnings of a name that end with a hyphen or a slash."""
    return [name[: at + 1] for at, sign in enumerate(name) if sign in "-/"]


def _split(name: str) -> tuple[str, str]:
    """A name, and the count of a family's."""
    start, family, count = name.partition("* (")
    return start + family[:1], family[1:] + count


def tag_list(tags: Iterable[str]) -> str:
    """Tags in backticks, by version, the first of them where there are many."""
    names = sorted(tags, key=version_key)
    more = f" and {len(names) - TAGS_SHOWN:,} more" if len(names) > TAGS_SHOWN else ""
    return " ".join(f"`{tag}`" for tag in names[:TAGS_SHOWN]) + more


def counted(number: int, noun: str) -> str:
    """A number of things: `1 image`, `1,200 images`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def plain(text: str) -> str:
    """Foreign text for a code span, where no markup, mention or link works, or for a terminal."""
    cut = text[: TEXT_LIMIT - 1] + "…" if len(text) > TEXT_LIMIT else text
    printable = "".join(sign if sign.isprintable() else " " for sign in cut.replace("`", "'"))
    return " ".join(printable.split())
