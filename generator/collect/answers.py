"""What all sources answered, as far as they got: values, and how the parts become one night."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zlib import crc32

import msgspec

from generator.errors import Failure
from generator.facts import by_place
from generator.facts.base import Absent, CouldNotLook, Facts, FactsByPlace, Found, Place
from generator.model import Artifact, Image, Seen, Tag, tags_of

VERSION = 3
_KNOWS: dict[type, int] = {CouldNotLook: 0, Absent: 1, Found: 2}
_CUT = "its answer is missing: the answers end too early; collect again"
_OTHER = (
    "it was not asked for, as it has not changed, but what is known of it is not what it was "
    "when the answers were collected; collect again"
)


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the answers are about.

    `as_of` (UTC) is the time that pages are made for, `sources` a hash of all in the catalog that
    the answers depend on, `shard` is (number, of how many), the first being 1, `only` are the globs
    of images that were asked for. A journal also says when the pull was `begun` (UTC).
    """

    version: int
    as_of: datetime
    sources: str
    shard: tuple[int, int] = (1, 1)
    only: tuple[str, ...] = ()
    begun: datetime | None = None

    def has(self, image: str) -> bool:
        """Whether the image is one of this shard's."""
        return in_shard(image, self.shard)


def in_shard(image: str, shard: tuple[int, int]) -> bool:
    """Whether the image is one of the shard's; shards are (number, of how many), from 1."""
    number, of = shard
    return of == 1 or crc32(image.encode()) % of == number - 1


class Matching(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a source lists, held against what the catalog says of images.

    `images` is how many it lists. Of the globs of `images.include`, and of what `images.exclude`
    has, those are here that match none of them, each with the listed name that may have been meant,
    or an empty text.
    """

    images: int
    include: dict[str, str] = {}
    exclude: dict[str, str] = {}


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer of one source (`table`): a line of an answers file.

    With `names`: the images that were to be asked for; when they had last changed, as `Table` has
    it (`changed`); and how what is listed fits the catalog (`matching`). With `image`: its `tags`,
    None where there is no such image, its `readme` (empty where it has none, None where nobody
    said so), and `notes`, what was odd about it; or the `artifact` that it is and no image; or
    the reason why it `failed`; or that it was not asked for, as it is `quiet`. With `failed` and no
    image: why the source was not asked to its end. With `facts`: those of digests, by digest. With
    `key`: the `value` that one request gave (in a journal only).
    """

    table: str
    names: tuple[str, ...] | None = None
    changed: dict[str, str] = {}
    matching: Matching | None = None
    image: str | None = None
    tags: tuple[Tag, ...] | None = None
    notes: tuple[str, ...] = ()
    quiet: bool = False
    readme: str | None = None
    artifact: Artifact | None = None
    failed: str = ""
    facts: dict[str, Facts] = {}
    key: str = ""
    value: object = None


@dataclass
class SourceAnswers:
    """What one source answered so far.

    `names` are the images that were to be asked for, None before they were listed; `changed` says
    when they had last changed. `matching` is None where the source was not asked for a list. An
    image that the source does not have is None in `images`; `quiet` ones were not asked for;
    `notes` say what was odd about an answer. `readmes` has those that were told, empty where an
    image has none.
    `given_up` says why the source was not asked to its end. `facts` are those of digests; `values`
    are those of single requests, by key.
    """

    names: tuple[str, ...] | None = None
    changed: dict[str, str] = field(default_factory=dict)
    matching: Matching | None = None
    images: dict[str, tuple[Tag, ...] | None] = field(default_factory=dict)
    quiet: set[str] = field(default_factory=set)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    readmes: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    given_up: str = ""
    facts: dict[str, Facts] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)

    def add(self, answer: Answer) -> None:
        """Take in an answer; a later one about the same image replaces an earlier one."""
        if answer.names is not None:
            self.names, self.changed = answer.names, answer.changed
            self.matching = answer.matching
        elif answer.key:
            self.values[answer.key] = answer.value
        elif answer.facts:
            self.facts |= answer.facts
        elif answer.image is None:
            self.given_up = answer.failed
        elif answer.failed:
            self.failed[answer.image] = answer.failed
        elif answer.quiet:
            self.quiet.add(answer.image)
        else:
            self.images[answer.image] = answer.tags
            self.notes[answer.image] = answer.notes
            if answer.readme is not None:
                self.readmes[answer.image] = answer.readme
            if answer.artifact:
                self.artifacts[answer.image] = answer.artifact
            self.failed.pop(answer.image, None)

    def answers(self, table: str) -> Iterator[Answer]:
        """The same as single answers, but for the values of single requests."""
        if self.names is not None:
            yield Answer(table, names=self.names, changed=self.changed, matching=self.matching)
        for digest in sorted(self.facts):
            yield Answer(table, facts={digest: self.facts[digest]})
        for image in sorted(self.images):
            yield Answer(
                table,
                image=image,
                tags=self.images[image],
                notes=self.notes.get(image, ()),
                readme=self.readmes.get(image),
                artifact=self.artifacts.get(image),
            )
        for image in sorted(self.quiet):
            yield Answer(table, image=image, quiet=True)
        for image in sorted(self.failed):
            yield Answer(table, image=image, failed=self.failed[image])
        if self.given_up:
            yield Answer(table, failed=self.given_up)

    def lacking(self) -> list[str]:
        """The images that were to be asked for, and neither answered nor failed."""
        answered = self.images.keys() | self.quiet | self.failed.keys()
        return [name for name in self.names or () if name not in answered]

    @property
    def shows_any(self) -> bool:
        """Whether there is an image in it, asked for or not."""
        return bool(self.quiet) or any(self.images.values())


@dataclass
class Answers:
    """The answers of all sources, by table; of one shard, or of all images."""

    header: Header
    tables: dict[str, SourceAnswers] = field(default_factory=dict)

    def of(self, table: str) -> SourceAnswers:
        """What the source of a table answered."""
        return self.tables.setdefault(table, SourceAnswers())


def seen(
    parts: Sequence[Answers], tables: Iterable[str], known: Mapping[str, Image]
) -> dict[str, Seen]:
    """The parts put together, by table.

    What a part was to answer and did not has failed: the images that it names, and of a part that
    is missing, or that ends before it names any, all its images that have pages (`known`).
    """
    by_number = {part.header.shard[0]: part for part in parts}
    of = parts[0].header.shard[1]
    whole = [by_number.get(number) or _missing(parts[0], number) for number in range(1, of + 1)]
    return {
        table: _seen(table, [(part.header, part.of(table)) for part in whole], known)
        for table in tables
    }


def notes(parts: Sequence[Answers]) -> Iterator[tuple[str, str, str]]:
    """What was odd about the answers: table, image, and what to tell of it."""
    for part in parts:
        for table, source in part.tables.items():
            for image, told in source.notes.items():
                yield from ((table, image, note) for note in told)


def readmes(parts: Sequence[Answers]) -> dict[str, dict[str, str]]:
    """The READMEs that sources told, by image and table; empty where an image has none."""
    told: dict[str, dict[str, str]] = {}
    for part in parts:
        for table, source in part.tables.items():
            for image, text in source.readmes.items():
                told.setdefault(image, {})[table] = text
    return told


def artifacts(parts: Sequence[Answers]) -> Iterator[tuple[str, str, Artifact]]:
    """What is listed like an image and is none: table, image, and what it is."""
    for part in parts:
        for table, source in part.tables.items():
            yield from ((table, image, found) for image, found in source.artifacts.items())


def facts(parts: Sequence[Answers]) -> FactsByPlace:
    """What was told of digests; where sources tell different things, the most of it."""
    together: dict[Place, Facts] = {}
    for part in parts:
        for table, source in part.tables.items():
            for digest, told in source.facts.items():
                for place, new in by_place(table, digest, told).items():
                    old = together.get(place, {})
                    better = {
                        kind: fact
                        for kind, fact in new.items()
                        if kind not in old or _KNOWS[type(fact)] >= _KNOWS[type(old[kind])]
                    }
                    together[place] = {**old, **better}
    return together


def _missing(other: Answers, number: int) -> Answers:
    """A part that is not there, as one whose sources could not be asked."""
    shard = (number, other.header.shard[1])
    reason = f"part {number} of {shard[1]} of the answers is missing"
    tables = {table: SourceAnswers(given_up=reason) for table in other.tables}
    return Answers(msgspec.structs.replace(other.header, shard=shard), tables)


def _seen(
    table: str, parts: Sequence[tuple[Header, SourceAnswers]], known: Mapping[str, Image]
) -> Seen:
    images: dict[str, tuple[Tag, ...]] = {}
    failed: dict[str, Failure] = {}
    changed: dict[str, str] = {}
    quiet: set[str] = set()
    failures: list[Failure] = []
    for header, source in parts:
        if source.names is None or (source.given_up and not source.shows_any):
            failures.append(Failure(source.given_up or _CUT))
            failed |= {name: failures[-1] for name in known if header.has(name)}
            continue
        images |= {name: tags for name, tags in source.images.items() if tags is not None}
        failed |= {name: Failure(reason) for name, reason in source.failed.items()}
        failed |= {name: Failure(source.given_up or _CUT) for name in source.lacking()}
        changed |= source.changed
        for name in source.quiet:
            old = known[name].table(table) if name in known else None
            if old and old.changed == source.changed.get(name):
                images[name] = tags_of(old)
                quiet.add(name)
            else:
                failed[name] = Failure(_OTHER)
    if len(failures) == len(parts):
        return Seen(failure=failures[0])
    lost = failures[0] if failures else None
    return Seen(images, failed, lost=lost, changed=changed, quiet=quiet)
