"""What the catalog names and nothing has: typed wrong, most likely, and nothing was done for it.

What matched something once is no mistake when that is gone: `build.json` remembers it. What leaves
something out may be for what is yet to come: that is a mistake only where one letter would make it
match. Nothing is said of what a source, or an image, that has not answered may have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from generator.catalog.globs import is_glob, meant, misspelt, nearest, unmatched
from generator.collect.answers import Answers, SourceAnswers
from generator.content.known import Known
from generator.guard.findings import Finding
from generator.jobs.job import Job
from generator.sources.remote import RemoteSpec


class Entry(NamedTuple):
    """A name or a glob under a key of the catalog, and whether it `matches` anything.

    None means that this cannot be told. If it does not, `says` what is wrong; empty where it may be
    meant so.
    """

    key: str
    text: str
    matches: bool | None
    says: str = ""

    @property
    def id(self) -> str:
        """By what `build.json` knows it again."""
        return f"{self.key} {self.text}"

    def with_nearest(self, names: Collection[str]) -> Entry:
        """The entry; if it matches nothing, with the nearest of the names (slow to find)."""
        near = [nearest(self.text, names)] if self.matches is False else []
        return self._replace(says=self.says + meant(near))


def note_unmatched(
    job: Job, known: Known, parts: Sequence[Answers]
) -> tuple[list[Finding], tuple[str, ...]]:
    """What to tell of the catalog's entries, and those that match something, or have once."""
    if job.only:
        return [], known.last.matched
    entries = list(_Judge(job, known, parts).entries())
    matched = {entry.id for entry in entries if entry.matches or entry.id in known.last.matched}
    told = [
        Finding("unmatched", detail=f"`{entry.key}`: `{entry.text}` {entry.says}")
        for entry in entries
        if entry.matches is False and entry.says and entry.id not in matched
    ]
    return told, tuple(sorted(matched))


def still_unmatched(job: Job, known: Known) -> list[Finding]:
    """What the last build told of entries that the catalog still has."""
    there = tuple(f"`{key}`: `{text}` " for key, text, *_ in _Judge(job, known, []).entries())
    found = (item for item in known.last.standing if item.kind == "unmatched")
    return [item for item in found if item.detail.startswith(there)]


def unused_templates(job: Job) -> list[Finding]:
    """Templates of the site that no page has."""
    return [
        Finding("unmatched", detail=f"`templates`: no page has `{name}`{meant([near])}")
        for name, near in job.renderer.unused()
    ]


class _Judge:
    """The catalog, held against what the sources have answered and what has pages."""

    def __init__(self, job: Job, known: Known, parts: Sequence[Answers]) -> None:
        self._catalog = job.catalog
        self._images = job.catalog.images
        self._sources = {
            table.name: [part.of(table.name) for part in parts] for table in job.catalog.tables
        }
        every = [source for sources in self._sources.values() for source in sources]
        self._answered = bool(every) and all(map(_has_answered, every))
        self._whole = self._answered and len(parts) == parts[0].header.shard[1]
        self._listed = [source.matching for source in every if source.matching]
        self._failed = {name for source in every for name in source.failed}
        self._names = {name for source in every for name, tags in source.images.items() if tags}
        self._names |= {name for source in every for name in source.artifacts}
        self._names |= known.with_files

    def entries(self) -> Iterator[Entry]:
        """Every entry that could match something."""
        yield from self._namespaces()
        yield from map(self._included, _different(self._images.include))
        yield from map(self._excluded, _different(self._images.exclude))
        yield from self._overridden()
        yield from map(self._retired, self._catalog.retired)
        yield from self._redirected()
        for table in self._catalog.tables:
            if isinstance(table.source, RemoteSpec):
                key = f"tables.{table.name}.source.tags.include"
                sources = self._sources[table.name]
                yield from self._tags(key, table.source.tags.include, sources)
        every = [source for sources in self._sources.values() for source in sources]
        yield from self._tags("variants", self._catalog.variants, every)

    def _namespaces(self) -> Iterator[Entry]:
        for table in self._catalog.tables:
            if isinstance(table.source, RemoteSpec):
                key = f"tables.{table.name}.source.repository"
                listed = [one.matching for one in self._sources[table.name] if one.matching]
                lists = any(one.images for one in listed) if listed else None
                says = "matches nothing that the source lists"
                yield Entry(key, table.source.repository, lists, says)

    def _included(self, text: str) -> Entry:
        key, says = "images.include", "matches no image"
        if not is_glob(text):
            lacks = any(self._lacks(table, text) for table in self._sources)
            sure = lacks and text not in self._failed
            matches = self._unless(text in self._names, sure=sure)
            return Entry(key, text, matches, says).with_nearest(self._names)
        near = [listed.include[text] for listed in self._listed if text in listed.include]
        matches = self._unless(len(near) < len(self._listed), sure=bool(near))
        return Entry(key, text, matches, says + meant(near))

    def _excluded(self, text: str) -> Entry:
        near = [listed.exclude[text] for listed in self._listed if text in listed.exclude]
        others = {*self._names, *self._images.exact(), *self._images.overrides}
        found = len(near) < len(self._listed) or not unmatched([text], others)
        if not found:
            near.append(misspelt(text, others))
        says = meant(near) and f"matches no image{meant(near)}"
        return Entry("images.exclude", text, self._unless(found), says)

    def _retired(self, text: str) -> Entry:
        found = text in self._names
        near = [] if found else [misspelt(text, self._names)]
        says = meant(near) and f"matches no image{meant(near)}"
        return Entry("retired", text, self._unless(found), says)

    def _redirected(self) -> Iterator[Entry]:
        """The successors of images that have no page themselves: of others the plan tells."""
        for image, retired in self._catalog.retired.items():
            if retired.redirect and image not in self._names:
                key, sure = f"retired.{image}.redirect", retired.redirect not in self._failed
                matches = self._unless(retired.redirect in self._names, sure=self._whole and sure)
                yield Entry(key, retired.redirect, matches, "has no page").with_nearest(self._names)

    def _overridden(self) -> Iterator[Entry]:
        for image, tables in self._images.overrides.items():
            if self._images.excluded(image) or image in self._catalog.retired:
                continue
            key, says = "images.overrides", "is not taken by `images.include`"
            taken = self._images.wanted(image)
            yield Entry(key, image, taken, says).with_nearest(self._names - {image})
            for table, override in tables.items():
                lacks = self._lacks(table, image)
                has = any(image in source.images for source in self._sources[table]) and not lacks
                matches = self._unless(has, sure=lacks)
                key, text = f"images.overrides.{image}.{table}", override.repository
                yield Entry(key, text, matches, "is no repository").with_nearest(self._names)

    def _tags(
        self, key: str, globs: Iterable[str], sources: Collection[SourceAnswers]
    ) -> Iterator[Entry]:
        globs = _different(globs)
        if not globs:
            return
        answers = [tags for source in sources for tags in source.images.values() if tags]
        names = {tag.name for tags in answers for tag in tags}
        wrong = set(unmatched(globs, names))
        sure = self._whole and not any(source.failed for source in sources)
        for text in globs:
            matches = self._unless(text not in wrong, sure=sure)
            yield Entry(key, text, matches, "matches no tag").with_nearest(names)

    def _lacks(self, table: str, image: str) -> bool:
        """Whether a source has answered that it has no such image, nor an artifact."""
        return any(
            source.images.get(image, ()) is None and image not in source.artifacts
            for source in self._sources[table]
        )

    def _unless(self, found: bool, *, sure: bool = True) -> bool | None:  # noqa: FBT001 - it is the subject
        return found or (False if sure and self._answered else None)


def _different(globs: Iterable[str]) -> list[str]:
    """The globs, each once, without the one that cannot be typed wrong."""
    return [glob for glob in dict.fromkeys(globs) if glob != "*"]


def _has_answered(source: SourceAnswers) -> bool:
    return source.names is not None and not source.given_up and not source.lacking()
