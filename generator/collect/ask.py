"""Every image from every source, concurrently: what was answered, what failed, with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from traceback import walk_tb
from typing import NoReturn, Protocol, Self

from generator.catalog.spec import Images
from generator.collect.answers import Answer, Answers, Header, SourceAnswers
from generator.collect.file import as_line
from generator.collect.in_time import in_time
from generator.collect.journal import Journal, Memo
from generator.collect.secrecy import take_out_secrets
from generator.errors import SourceError, TagpagesError
from generator.model import Image, Table, check_name
from generator.registry import Session, Stats
from generator.sources.base import Ask, Source, SourceSpec

TICK = 0.2
"""Seconds between two ticks of an observer."""


class Observer(Protocol):
    """Told of the progress of a collection; the command line shows it."""

    def expect(self, images: int) -> None:
        """So many more images will be asked for."""

    def watch(self, stats: Stats) -> None:
        """The counters of what goes over the network, once there is any of it."""

    def done(self) -> None:
        """One image has been answered, or has failed."""

    def tell(self, line: str) -> None:
        """There is something to say before the answers are in."""

    def tick(self) -> None:
        """Some time has passed: while anything is waited for, several times a second."""


@dataclass(frozen=True)
class Collection:
    """What to collect: sources by table, for the images of a catalog.

    `selected` narrows the images to those of this run (`--only`, `--shard`); `jobs` is how many
    images of one source are asked for at the same time; relative paths start at `root`.
    """

    sources: Mapping[str, SourceSpec]
    images: Images
    known: Mapping[str, Image]
    as_of: datetime
    root: Path
    selected: Callable[[str], bool]
    jobs: int


def ask_all(
    collection: Collection, header: Header, observer: Observer, journal: Journal | None = None
) -> Answers:
    """Ask all sources; what cannot be had is told in its place, and never an exception.

    With a journal, what it has is not asked for again, and what is answered goes into it.
    """
    answers = journal.answers if journal else Answers(header)
    asyncio.run(_collect(collection, observer, answers, journal))
    return answers


async def _collect(
    collection: Collection, observer: Observer, answers: Answers, journal: Journal | None
) -> None:
    """Fill `answers` in place: if the task returned them, `asyncio.run` would format them all."""
    async with _Sessions(observer) as sessions:
        ticks = asyncio.create_task(_ticks(observer))
        pulls = [
            _Pull(collection, table, answers.of(table), sessions, journal)
            for table in collection.sources
        ]
        await asyncio.gather(*(pull.run(observer) for pull in pulls))
        ticks.cancel()
        if sessions.opened:
            ours = {*collection.known, *collection.images.exact()}
            for source in answers.tables.values():
                take_out_secrets(source, sessions.opened, ours)


async def _ticks(observer: Observer) -> NoReturn:
    while True:
        observer.tick()
        await asyncio.sleep(TICK)


class _Sessions:
    """The one HTTP session of a collection, made when the first source wants it."""

    def __init__(self, observer: Observer) -> None:
        self.opened: Session | None = None
        self._observer = observer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        if self.opened:
            await self.opened.aclose()

    def get(self) -> Session:
        """The session."""
        if self.opened is None:
            self.opened = Session()
            self._observer.watch(self.opened.stats)
        return self.opened

    def reveal(self, text: str) -> bool:
        """Whether a secret that was sent is in the text."""
        return self.opened is not None and self.opened.reveals(text)


class _Pull:
    """The pull from one source: its answers go into `answers`, and into the journal."""

    def __init__(
        self,
        collection: Collection,
        table: str,
        answers: SourceAnswers,
        sessions: _Sessions,
        journal: Journal | None,
    ) -> None:
        self._collection = collection
        self._table = table
        self._spec = collection.sources[table]
        self._answers = answers
        self._sessions = sessions
        self._journal = journal if self._spec.is_remote else None

    async def run(self, observer: Observer) -> None:
        """Ask for all that has not been answered yet; give up when it is not worth asking more."""
        try:
            source = self._spec.open(self._ask())
            if self._answers.names is None:
                names = sorted(_wanted(self._collection, await source.names()))
                self._add(Answer(self._table, names=tuple(names)))
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not cost the other sources
            self._give_up(error)
            return
        lacking = self._answers.lacking()
        observer.expect(len(lacking))
        queue = iter(lacking)

        async def work() -> None:
            for name in queue:
                try:
                    answer = await self._asked(source, name)
                except SourceError as error:
                    self._give_up(error)
                if self._answers.given_up:
                    return
                self._add(answer)
                observer.done()

        await asyncio.gather(*(work() for _ in range(min(self._collection.jobs, len(lacking)))))

    async def _asked(self, source: Source, name: str) -> Answer:
        """The answer of one image, or why there is none; SourceError gives up the source."""
        try:
            check_name(name)
            tags = await in_time(source.tags(name), self._spec)
        except SourceError:
            raise
        except Exception as error:  # noqa: BLE001 - likewise
            return Answer(self._table, image=name, failed=_reason(error))
        return Answer(self._table, image=name, tags=None if tags is None else tuple(tags))

    def _add(self, answer: Answer) -> None:
        self._answers.add(answer)
        if not answer.failed:
            self._keep(answer)

    def _keep(self, answer: Answer) -> None:
        """Keep what need not be asked for again, unless it has a secret of ours in it."""
        if self._journal and not self._sessions.reveal(as_line(answer).decode()):
            self._journal.add(answer)

    def _give_up(self, error: Exception) -> None:
        self._answers.given_up = _reason(error)

    def _ask(self) -> Ask:
        collection, table = self._collection, self._table
        images = collection.images

        def known(name: str) -> Table | None:
            tables = collection.known[name].tables if name in collection.known else ()
            return next((item for item in tables if item.name == table), None)

        return Ask(
            root=collection.root,
            as_of=collection.as_of,
            names=tuple(name for name in images.exact() if collection.selected(name)),
            listed=images.has_globs(),
            wanted=lambda name: images.wanted(name) and collection.selected(name),
            known=known,
            repositories={
                name: tables[table].repository
                for name, tables in images.overrides.items()
                if table in tables
            },
            session=self._sessions.get,
            once=Memo(table, self._answers.values, self._keep).once,
        )


def _reason(error: Exception) -> str:
    if isinstance(error, TagpagesError):
        return str(error)
    *_, frame = walk_tb(error.__traceback__)
    where = f"{Path(frame[0].f_code.co_filename).name}:{frame[1]}"
    return f"internal error, please report it: {type(error).__name__} at {where}"


def _wanted(collection: Collection, listed: Iterable[str]) -> set[str]:
    images = collection.images
    names = {name for name in listed if images.wanted(name)}
    names.update(name for name in images.exact() if not images.excluded(name))
    return {name for name in names if collection.selected(name)}
