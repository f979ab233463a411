"""Which parts the report has, in which order: each event in one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from generator.guard.findings import Finding
from generator.guard.memory import FLAPS, NIGHTS_REMEMBERED
from generator.report.changes import Report, Roll, TableChange
from generator.report.fold import SOURCE, Entry, Section, plain, section, tag_list


def needs_a_look(report: Report) -> list[Section]:
    """What a reviewer must see, the most important first; sections without a line are left out."""
    found, stale = report.found, report.stale_after
    failed, held = found("failed"), found("held")
    return _filled(
        section("Not verified any more", _findings(found("unverified"))),
        section(f"Failed for {stale} nights or more", _findings(_old(failed, stale))),
        section(f"Held back for {stale} nights or more", _findings(_old(held, stale))),
        section("Held back", _findings(_young(held, stale))),
        section("Believed after all", _findings(found("released"))),
        section("Failed", _findings(_young(failed, stale))),
        section("Named in the catalog, and not found", _findings(found("unmatched"))),
        section("Not signed any more", _findings(found("unsigned"))),
        section("Started as root now", _findings(found("user_root"))),
        section("End of life reached", _findings(found("end_of_life"))),
        section("Immutable tags that moved", _findings(found("immutable_changed"))),
        section("Tags that moved back", _findings(_moved_back(report))),
        section("Tags that go back and forth", _findings(found("flapping"))),
        section("Tables newly empty", _losses(report, _emptied)),
        section(
            "Tables newly filled",
            _tables(report, lambda _, table: tag_list(table.added) if table.filled else ""),
        ),
        section("Tags removed", _losses(report, _removed)),
        section("Gone images", _gone_images(report)),
        section("Images that no source has", _findings(found("missing"))),
        section("New images", _new_images(report)),
        section("Pages rebuilt", _rebuilt(report)),
        section("Tables that pages do without", _findings(found("left_out"))),
        section("Images that wait for an answer of every source", _findings(found("waiting"))),
        section("Started with another entrypoint", _findings(found("entrypoint"))),
        section("Grown by more than a quarter", _findings(found("grown"))),
        section("Folders with files of others", _findings(found("kept_folder"))),
        section("Pages that no build keeps up to date", _findings(found("unmanaged"))),
        section("Contents that could not be looked up", _findings(found("not_looked_up"))),
        section("Answers that are odd", _findings(found("odd_answer"))),
        section("Times that went back", _findings(found("time_back"))),
        section("Times after the build", _findings(found("time_ahead"))),
        section("Answers that do not change", _findings(found("unchanged"))),
    )


def routine(report: Report) -> list[Section]:
    """What every night brings, the rare first."""
    return _filled(
        section(
            "Tags added",
            _tables(report, lambda _, table: "" if table.filled else tag_list(table.added)),
        ),
        section("Rows aged out", _tables(report, lambda _, table: tag_list(table.aged_out))),
        section("Later days not believed", _findings(report.found("kept_day"))),
        section("No images, so without a page", _findings(report.found("no_image"))),
        section("Other changes", _other_changes(report)),
        section("Packages changed", _findings(report.found("packages"))),
        section("Digests rolled", _rolled(report)),
    )


def _filled(*sections: Section) -> list[Section]:
    return [part for part in sections if part.lines]


def _old(findings: Iterable[Finding], nights: int) -> list[Finding]:
    return [item for item in findings if item.nights >= nights]


def _young(findings: Iterable[Finding], nights: int) -> list[Finding]:
    return [item for item in findings if item.nights < nights]


def _moved_back(report: Report) -> list[Finding]:
    """The tags that moved back, but for those that never should have moved at all."""
    fixed = {
        (item.image, item.table, tag)
        for item in report.found("immutable_changed")
        for tag in item.tags
    }
    return [
        item
        for item in report.found("moved_back")
        if not all((item.image, item.table, tag) in fixed for tag in item.tags)
    ]


def _findings(findings: Iterable[Finding]) -> list[Entry]:
    """An entry for each finding; those that differ in their tags alone are one."""
    tags: dict[Finding, dict[str, None]] = {}
    for item in findings:
        tags.setdefault(replace(item, tags=()), {}).update(dict.fromkeys(item.tags))
    return [_finding(replace(item, tags=tuple(names))) for item, names in tags.items()]


def _finding(item: Finding) -> Entry:
    """A finding as an entry: what its images have in common is the text."""
    site = "the catalog" if item.kind in {"held", "unmatched"} else "the site"
    source = f"{SOURCE}{item.table}" if item.table else site
    subject = plain(item.image or source)
    table = f"{item.table}:" if item.table and item.image else ""
    reason = f"`{plain(item.detail)}`" if item.detail else ""
    tags = tag_list(item.tags)
    text, detail = _sentence(table, tags, reason), ""
    match item.kind:
        case "held" | "released":
            text, detail = (
                "",
                _sentence(table, "; ".join(filter(None, (reason, _what_to_do(item))))),
            )
        case "failed":
            text = _sentence(text, f"(night {item.nights})" if item.nights else "")
        case "missing":
            text = _sentence(reason, _until(item))
        case "flapping":
            text = f"moved back more than {FLAPS} times in {NIGHTS_REMEMBERED} nights"
            detail = f"({table} {tags})"
        case "left_out":
            text = "it has never answered yet; until it does, pages go without"
        case "not_looked_up":
            text, detail = reason, tags
        case "moved_back" | "immutable_changed" | "time_back" | "time_ahead" | "kept_day":
            text, detail = _sentence(table, tags), reason
    return Entry(subject, text, detail)


def _sentence(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _what_to_do(item: Finding) -> str:
    """What a hold is about, since when, what waiting does, and what believes it."""
    parts = []
    if item.tags:
        parts.append(tag_list(item.tags))
    if item.worst:
        worst = (f"`{one.image}` {one.count:,} ({tag_list(one.tags)})" for one in item.worst)
        parts.append(f"most of all {', '.join(worst)}")
    if item.since:
        parts.append(f"since {item.since} (night {item.nights})")
    if item.accept:
        parts.append(
            f"{_waiting(item)} `tagpages build --accept-loss {item.accept}`"
            f" (the nightly job: accept-loss `{item.accept}`)"
        )
    return "; ".join(parts)


def _waiting(item: Finding) -> str:
    """What waiting does, up to the command that ends it."""
    if item.until:
        return f"believed on {item.until} if it stays so, or at once with"
    if item.table is None:
        return "nothing is removed without"
    return "stays as it was until the answer is whole again, or until"


def _until(item: Finding) -> str:
    nights = f"night {item.nights}" if item.nights else ""
    return f"{nights}; its page goes on {item.until}" if item.until else nights


def _losses(report: Report, told: Callable[[TableChange], str]) -> Iterator[Entry]:
    """Those of `_tables`, but for tables whose loss is told of as believed after all.

    Of many nights all are told: other nights of the table may have lost something else.
    """
    released = {(item.image, item.table) for item in report.found("released")}
    if not report.is_of_a_night:
        released = set()
    return _tables(
        report,
        lambda image, table: (
            "" if {(image, table.table), (None, table.table)} & released else told(table)
        ),
    )


def _tables(report: Report, told: Callable[[str, TableChange], str]) -> Iterator[Entry]:
    """An entry for the tables of a changed image of which the same is to be told."""
    for change in report.changes:
        if change.kind != "changed":
            continue
        texts: dict[str, list[str]] = {}
        for table in change.tables:
            if text := told(change.image, table):
                texts.setdefault(text, []).append(table.table)
        for text, tables in texts.items():
            yield Entry(change.image, f"{', '.join(tables)}: {text}", has_page=True)


def _emptied(table: TableChange) -> str:
    return f"no tag left, gone {tag_list(table.removed)}" if table.emptied and table.removed else ""


def _removed(table: TableChange) -> str:
    return "" if table.emptied else tag_list(table.removed)


def _new_images(report: Report) -> Iterator[Entry]:
    for change in report.changes:
        if change.kind == "added":
            told = [f"{table.table}: {tag_list(table.added)}" for table in change.tables]
            yield Entry(change.image, "; ".join(told) or "no tag in the window", has_page=True)


def _rebuilt(report: Report) -> Iterator[Entry]:
    for change in report.changes:
        if change.kind == "rebuilt":
            yield Entry(change.image, "there was a page, and no `tags.json`", has_page=True)


def _gone_images(report: Report) -> Iterator[Entry]:
    """Images that have lost their pages, and why, as far as the build that did it says."""
    gone = {change.image for change in report.changes if change.kind == "removed"}
    told = {item.image: item for item in report.found("gone", "retired", "excluded")}
    for image in sorted(gone | {image for image in told if image}):
        item = told.get(image)
        if item is None:
            text = "its pages are removed"
        elif item.kind == "gone":
            text = f"no source has had it for {item.nights} nights"
        else:
            text = _sentence(item.kind, f"`{plain(item.detail)}`" if item.detail else "")
        yield Entry(plain(image), text)


def _rolled(report: Report) -> Iterator[Entry]:
    """The digests that rolled: which tags, and from where to where."""
    for change in report.changes:
        for table in change.tables if change.kind == "changed" else ():
            if table.rolled:
                yield Entry(
                    change.image, f"{table.table}: {roll_list(table.rolled)}", has_page=True
                )


def roll_list(rolls: tuple[Roll, ...]) -> str:
    """From which digest to which, with the tags; the first of them where there are many."""
    shown = [f"`{roll.before}` → `{roll.after}` {tag_list(roll.tags)}" for roll in rolls[:ROLLS]]
    if len(rolls) > ROLLS:
        shown.append(f"and {len(rolls) - ROLLS:,} more")
    return "; ".join(shown)


ROLLS = 3
"""The most rolls that one line names."""


def _other_changes(report: Report) -> Iterator[Entry]:
    """Changed images of which no tag moved (times, texts, templates), and the site's own files."""
    if report.site:
        yield Entry("the site", ", ".join(f"`{path}`" for path in report.site))
    for change in report.changes:
        if change.kind == "changed" and not change.tables:
            files = (path.rpartition("/")[2] for path in change.files)
            yield Entry(change.image, ", ".join(f"`{file}`" for file in files), has_page=True)
