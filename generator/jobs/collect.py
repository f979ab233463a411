"""The network step: the catalog → answers, from its sources or from the files that keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from generator.collect import file
from generator.collect.answers import VERSION, Answers, Header, in_shard
from generator.collect.ask import ask_all
from generator.collect.journal import FOLDER, Journal
from generator.collect.look import Wanted
from generator.collect.pull import Collection, Observer
from generator.content.known import Known
from generator.errors import UsageError
from generator.facts.base import Facts, Place
from generator.guard.memory import Build, streak_key
from generator.jobs.job import Job
from generator.jobs.unmatched import note_unmatched

WHOLE = (1, 1)
"""The shard that has all images."""


@dataclass(frozen=True)
class Pull:
    """How to ask: the images of one shard (number, of how many).

    With `journaled`, a pull that was interrupted or given up is gone on with.
    """

    shard: tuple[int, int] = WHOLE
    journaled: bool = True


def collect(job: Job, known: Known, observer: Observer, pull: Pull) -> Answers:
    """Ask all sources for their images; what cannot be had is told in its place."""
    sources = {table.name: table.source for table in job.catalog.tables}
    header = Header(VERSION, job.as_of(), sources_hash(job), pull.shard, job.only)
    collection = Collection(
        sources=sources,
        images=job.catalog.images,
        known={name: image for name, image in known.images.items() if job.is_managed(name)},
        as_of=header.as_of,
        root=job.root,
        selected=lambda name: (
            in_shard(name, pull.shard)
            and job.selected(name)
            and name not in job.catalog.retired
            and name not in known.broken
        ),
        facts=Wanted(job.variants, job.needs, known_facts(known), job.policies),
        in_doubt=lambda table, image: in_doubt(known.last, table, image),
        artifact=lambda table, image: known.last.artifacts.get(streak_key(table, image)),
    )
    remote = pull.journaled and any(source.is_remote for source in sources.values())
    path = job.root / FOLDER / f"{_name(pull.shard)}.jsonl"
    with Journal(path, header) if remote else nullcontext() as journal:
        if journal and journal.resumed:
            observer.tell(journal.resumed)
        answers = ask_all(collection, header, observer, journal)
        if journal and not any(source.given_up for source in answers.tables.values()):
            journal.remove()
    return answers


def in_doubt(last: Build, table: str, image: str) -> bool:
    """Whether the last build did not believe an answer about an image, or had none.

    A hold of the whole source puts all its images in doubt: which of them it is about is not kept.
    """
    key = streak_key(table, image)
    return key in last.failed or key in last.held or streak_key(table) in last.held


def known_facts(known: Known) -> dict[Place, Facts]:
    """What is known of digests, whichever image has them."""
    return {
        (table, digest): facts
        for details in known.details.values()
        for table, digests in {"": details.facts, **details.tables}.items()
        for digest, facts in digests.items()
    }


def collect_to_file(job: Job, observer: Observer, pull: Pull, path: Path) -> list[str]:
    """Collect into an answers file; what failed or is named and not found, a line each.

    Raises TagpagesError when the file cannot be written, or the content tree not be read.
    """
    if not path.parent.is_dir():
        raise UsageError(f"--out {path}: there is no folder {path.parent}")
    known = job.known()
    answers = collect(job, known, observer, pull)
    file.write(path, answers)
    told, _ = note_unmatched(job, known, [answers])
    return [
        *(f"the catalog: {item.detail}" for item in told),
        *_failed(answers),
    ]


def _failed(answers: Answers) -> list[str]:
    return [
        f"{subject}: {reason}"
        for table, source in answers.tables.items()
        for subject, reason in (
            *sorted(source.failed.items()),
            (f"source {table}", source.given_up),
        )
        if reason
    ]


def answers_file(shard: tuple[int, int]) -> Path:
    """Where a shard's answers go, unless the command line says otherwise."""
    return Path(f"{_name(shard)}.jsonl.gz")


def sources_hash(job: Job) -> str:
    """A hash of all in the catalog that the answers depend on: sources and images."""
    catalog = job.catalog
    asked = [[table.name, table.source, table.verify] for table in catalog.tables]
    encoded = msgspec.json.encode([asked, catalog.images, job.variants, sorted(job.needs)])
    return sha256(encoded).hexdigest()[:16]


def read_answers(job: Job, paths: Sequence[Path]) -> list[Answers]:
    """The answers in files: those of all the shards of one pull from the catalog's sources.

    Raises UsageError for files that do not belong together, or not to the catalog; TagpagesError
    for one that cannot be read.
    """
    parts = {path: file.read(path) for path in paths}
    first, *_ = parts
    expected = sources_hash(job)
    seen: dict[int, Path] = {}
    for path, part in parts.items():
        header, other = part.header, parts[first].header
        if header.sources != expected:
            raise UsageError(f"{path} was collected for other sources than {job.file} has now")
        _check_same(path, first, header, other)
        number = header.shard[0]
        if number in seen:
            raise UsageError(f"{path} and {seen[number]} are the same part of the answers")
        seen[number] = path
    return list(parts.values())


def _check_same(path: Path, first: Path, header: Header, other: Header) -> None:
    """Raise UsageError unless two files are parts of one pull."""
    differing: Mapping[str, tuple[object, object]] = {
        "of": (header.shard[1], other.shard[1]),
        "as_of": (header.as_of, other.as_of),
        "only": (header.only, other.only),
    }
    for what, (here, there) in differing.items():
        if here != there:
            raise UsageError(
                f"{path} and {first} are not of one pull: `{what}` is {here} and {there};"
                " give all shards the same --as-of"
            )


def _name(shard: tuple[int, int]) -> str:
    return "answers" if shard == WHOLE else "answers.{}-of-{}".format(*shard)
