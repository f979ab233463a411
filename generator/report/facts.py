"""What changed in the images behind documented tags, as findings: from one build to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from generator.facts.attached import ATTACHED, END_OF_LIFE
from generator.facts.base import Absent, Details, Facts, Found
from generator.facts.evidence import EVIDENCE, Evidences, is_signed
from generator.facts.image import IMAGE, ImageFacts
from generator.facts.packages import PACKAGES, Packages
from generator.facts.policy import NotVerified, Verified
from generator.grouping import documented
from generator.guard.findings import Finding, FindingKind
from generator.model import Image

GROWN = 1.25
"""An image that becomes larger than this many times its size needs a look."""
_ROOT = frozenset({"", "0", "root"})

Told = tuple[FindingKind, str]
"""What there is to tell of a tag, and the detail."""


class State(NamedTuple):
    """An image as a build left it, and what was known then; `as_of` is the day of that build."""

    image: Image
    details: Details
    as_of: date


def facts_changed(before: State, after: State, globs: Sequence[str]) -> list[Finding]:
    """What there is to tell of the documented tags that were there before, and are now."""
    old = {(table, tag): digest for table, tag, digest in documented(before.image.tables, globs)}
    tags: dict[tuple[str, Told], list[str]] = {}
    for table, tag, digest in documented(after.image.tables, globs):
        if known := old.get((table, tag)):
            then, now = before.details.of(table, known), after.details.of(table, digest)
            told = [*_evidence(then, now), *_end_of_life(now, before.as_of, after.as_of)]
            if digest != known:
                told += [*_config(then, now), *_packages(then, now)]
            for item in told:
                tags.setdefault((table, item), []).append(tag)
    return [
        Finding(kind, after.image.name, table, detail, tuple(names))
        for (table, (kind, detail)), names in tags.items()
    ]


def _evidence(then: Facts, now: Facts) -> Iterator[Told]:
    before, after = EVIDENCE.of(then), EVIDENCE.of(now)
    if not isinstance(before, Found) or not isinstance(after, Found | Absent):
        return
    items = after.value if isinstance(after, Found) else ()
    was = _verified(before.value)
    if lost := was.keys() - _verified(items).keys():
        reasons = [
            item.verdict.reason
            for item in items
            if isinstance(item.verdict, NotVerified) and item.sort in lost
        ]
        signer = was[min(lost)].signer
        why = reasons[0] if reasons else "nothing that verifies is there"
        yield "unverified", f"{signer.identity or signer.key}, {' and '.join(sorted(lost))}: {why}"
    if is_signed(before.value) and not is_signed(items):
        yield "unsigned", ""


def _verified(items: Evidences) -> dict[str, Verified]:
    return {item.sort: item.verdict for item in items if isinstance(item.verdict, Verified)}


def _config(then: Facts, now: Facts) -> Iterator[Told]:
    before, after = IMAGE.of(then), IMAGE.of(now)
    if not isinstance(before, Found) or not isinstance(after, Found):
        return
    old, new = before.value.config, after.value.config
    if _is_root(new.user) and not _is_root(old.user):
        yield "user_root", f"{old.user} -> {new.user or 'root'}"
    if old.entrypoint != new.entrypoint:
        yield "entrypoint", f"{old.entrypoint or 'none'} -> {new.entrypoint or 'none'}"
    yield from _size(before.value, after.value)


def _is_root(user: str) -> bool:
    return user.partition(":")[0] in _ROOT


def _size(before: ImageFacts, after: ImageFacts) -> Iterator[Told]:
    old, new = _sizes(before), _sizes(after)
    grown = [
        f"{name}: {_megabytes(old[name])} -> {_megabytes(new[name])}"
        for name in new
        if name in old and new[name] > GROWN * old[name]
    ]
    if grown:
        yield "grown", ", ".join(grown)


def _sizes(image: ImageFacts) -> dict[str, int]:
    """The compressed size of each platform, in bytes, where it is known."""
    return {item.name: item.size for item in image.platforms if item.size is not None}


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"


def _packages(then: Facts, now: Facts) -> Iterator[Told]:
    before, after = PACKAGES.of(then), PACKAGES.of(now)
    if not isinstance(before, Found) or not isinstance(after, Found):
        return
    old, new = _versions(before.value), _versions(after.value)
    counts: Mapping[str, int] = {
        "added": len(new.keys() - old.keys()),
        "removed": len(old.keys() - new.keys()),
        "with another version": sum(old[name] != new[name] for name in old.keys() & new.keys()),
    }
    if any(counts.values()):
        yield "packages", ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _versions(packages: Packages) -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for package in packages.packages:
        versions.setdefault(package.name, set()).add(package.version)
    return versions


def _end_of_life(now: Facts, before: date, today: date) -> Iterator[Told]:
    """The end of an image's life, if that came after the build before."""
    attached = ATTACHED.of(now)
    for artifact in attached.value if isinstance(attached, Found) else ():
        try:
            end = datetime.fromisoformat(artifact.annotations.get(END_OF_LIFE, "")).date()
        except ValueError:
            continue
        if before < end <= today:
            yield "end_of_life", end.isoformat()
            return
