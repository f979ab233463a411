"""The pull from one source: names, then image by image, what was answered and what failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from traceback import walk_tb
from typing import Protocol, Self

from generator.catalog.globs import misspelt, nearest, unmatched
from generator.catalog.images import Images
from generator.collect.answers import Answer, Matching, SourceAnswers
from generator.collect.file import as_line
from generator.collect.in_time import in_time, late
from generator.collect.journal import Journal, Memo
from generator.collect.look import NOTHING, Lookup, Wanted
from generator.errors import SourceError, TagpagesError
from generator.model import Artifact, Image, Table, check_name, tags_of
from generator.registry import HiddenError, Session, Stats, Trace
from generator.sources.base import README, Ask, Source, SourceSpec


class Observer(Protocol):
    """Told of the progress of a collection; the command line shows it."""

    @property
    def trace(self) -> Trace | None:
        """What is told of each request; None if nobody wants to know."""

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

    `selected` narrows the images to those of this run (`--only`, `--shard`); relative paths start
    at `root`; `facts` says what to look up of the digests that pages show; `in_doubt` says whether
    the last answer about an image, by table and name, was not believed or did not come; `artifact`
    is what such an image was known to be, and so none.
    """

    sources: Mapping[str, SourceSpec]
    images: Images
    known: Mapping[str, Image]
    as_of: datetime
    root: Path
    selected: Callable[[str], bool]
    facts: Wanted = NOTHING
    in_doubt: Callable[[str, str], bool] = lambda _table, _image: False
    artifact: Callable[[str, str], Artifact | None] = lambda _table, _image: None


class Shared:
    """What the pulls of all sources share; the HTTP session is made when one wants it."""

    def __init__(
        self, collection: Collection, observer: Observer, lookup: Lookup, journal: Journal | None
    ) -> None:
        self.collection = collection
        self.observer = observer
        self.lookup = lookup
        self.journal = journal
        self.session: Session | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        if self.session:
            await self.session.aclose()

    def opened(self) -> Session:
        """The session."""
        if self.session is None:
            self.session = Session(trace=self.observer.trace)
            self.observer.watch(self.session.stats)
        return self.session

    def keep(self, answer: Answer) -> None:
        """Keep what need not be asked for again, unless it has a secret of ours in it."""
        secret = self.session and self.session.reveals(as_line(answer).decode())
        if self.journal and not secret:
            self.journal.add(answer)


class Pull:
    """The pull from one source: its answers go into `answers`, and into the journal."""

    def __init__(self, shared: Shared, table: str, answers: SourceAnswers) -> None:
        self._shared = shared
        self._table = table
        self._spec = shared.collection.sources[table]
        self._answers = answers
        self._notes: dict[str, list[str]] = {}
        self._artifacts: dict[str, Artifact] = {}
        self._seen: set[str] = set()
        self._hidden: dict[str, str] = {}

    async def run(self) -> None:
        """Ask for all that has not been answered yet; give up when it is not worth asking more.

        Also when the time of the source is over, however far it has come.
        """
        try:
            async with asyncio.timeout(self._spec.time_limit):
                await self._run()
        except TimeoutError:
            self._give_up(late(self._spec))

    async def _run(self) -> None:
        try:
            source = self._spec.open(self._ask())
            if self._answers.names is None:
                named = await source.names()
                names = sorted(_wanted(self._shared.collection, named))
                self._add(
                    Answer(
                        self._table,
                        names=tuple(names),
                        changed=dict(source.changed(names)),
                        matching=self._matching(named),
                    )
                )
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not cost the other sources
            self._give_up(error)
            return
        lacking = sorted(self._answers.lacking(), key=lambda name: not self._is_quiet(name))
        self._shared.observer.expect(len(lacking))
        try:
            await self._ask_for(source, lacking)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        self._judge_hidden()

    async def _ask_for(self, source: Source, names: Iterable[str]) -> None:
        """Ask for images, as many at the same time as a host may get requests."""
        if self._spec.images_at_once == 1:  # a task for each would take longer than a file's answer
            for name in names:
                await self._ask_for_one(source, name)
                if self._answers.given_up:
                    return
            return
        under_way: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            for name in names:
                while len(under_way) >= self._at_once():
                    _, under_way = await asyncio.wait(
                        under_way, return_when=asyncio.FIRST_COMPLETED
                    )
                if self._answers.given_up:
                    return
                under_way.add(group.create_task(self._ask_for_one(source, name)))

    def _at_once(self) -> int:
        return min(self._spec.images_at_once, self._shared.opened().slots)

    async def _ask_for_one(self, source: Source, name: str) -> None:
        try:
            answer = await self._asked(source, name)
        except SourceError as error:
            self._give_up(error)
        if not self._answers.given_up:
            self._add(answer)
            self._shared.observer.done()

    async def _asked(self, source: Source, name: str) -> Answer:
        """The answer of one image, or why there is none; SourceError gives up the source."""
        try:
            check_name(name)
            quiet = self._known(name) if self._is_quiet(name) else None
            tags = tags_of(quiet) if quiet else await in_time(source.tags(name), self._spec)
            found = await self._shared.lookup.new(self._table, self._spec, source, name, tags or ())
            readme = await self._readme(source, name) if tags else None
        except SourceError:
            raise
        except HiddenError as error:
            self._hidden[name] = error.bare
            return Answer(self._table, image=name, failed=str(error))
        except Exception as error:  # noqa: BLE001 - likewise
            return Answer(self._table, image=name, failed=_reason(error))
        if found:
            self._add(Answer(self._table, facts=found))
        if quiet:
            return Answer(self._table, image=name, quiet=True)
        return Answer(
            self._table,
            image=name,
            tags=None if tags is None else tuple(tags),
            notes=tuple(self._notes.get(name, ())),
            readme=readme,
            artifact=self._artifacts.get(name),
        )

    def _matching(self, named: Iterable[str]) -> Matching | None:
        """What the source lists, among what it `named`, and what it had asked about: all it saw."""
        images = self._shared.collection.images
        if not (images.has_globs() and self._spec.lists_images):
            return None
        listed = {*self._seen, *named} - images.repositories(self._table).keys()
        return Matching(
            len(listed),
            {glob: nearest(glob, listed) for glob in unmatched(images.globs(), listed)},
            {name: misspelt(name, listed) for name in unmatched(images.exclude, listed)},
        )

    def _is_wanted(self, name: str) -> bool:
        self._seen.add(name)
        collection = self._shared.collection
        return collection.images.wanted(name) and collection.selected(name)

    def _is_quiet(self, name: str) -> bool:
        """Whether an image need not be asked for: it has not changed, and it is not its turn."""
        if (changed := self._answers.changed.get(name)) is None:
            return False
        collection, known = self._shared.collection, self._known(name)
        return (
            known is not None
            and known.changed == changed
            and not self._spec.asks_again(name, collection.as_of)
            and not collection.in_doubt(self._table, name)
        )

    async def _readme(self, source: Source, name: str) -> str | None:
        """The README of an image, where one is wanted; what cannot be had costs nothing else."""
        if README not in self._shared.collection.facts.kinds:
            return None
        try:
            return await in_time(source.readme(name), self._spec)
        except SourceError:
            raise
        except TagpagesError as error:
            self._notes.setdefault(name, []).append(f"the README could not be had: {error}")
            return None

    def _judge_hidden(self) -> None:
        """What the registry does not show is absent if it never was known, and it shows others."""
        if not self._answers.shows_any:
            return
        for name, said in self._hidden.items():
            table = self._known(name)
            if table and table.groups:
                why = "it does not exist any more, or this login may not see it"
                self._add(Answer(self._table, image=name, failed=f"{said}: {why}"))
            else:
                self._add(Answer(self._table, image=name))

    def _add(self, answer: Answer) -> None:
        self._answers.add(answer)
        if not answer.failed:
            self._keep(answer)

    def _keep(self, answer: Answer) -> None:
        if self._spec.is_remote:
            self._shared.keep(answer)

    def _give_up(self, error: Exception) -> None:
        self._answers.given_up = _reason(error)

    def _known(self, name: str) -> Table | None:
        """The last known good table of an image."""
        known = self._shared.collection.known
        return known[name].table(self._table) if name in known else None

    def _ask(self) -> Ask:
        collection, table = self._shared.collection, self._table
        images = collection.images
        return Ask(
            root=collection.root,
            as_of=collection.as_of,
            names=tuple(name for name in images.exact() if collection.selected(name)),
            listed=images.has_globs(),
            wanted=self._is_wanted,
            known=self._known,
            repositories=images.repositories(table),
            session=self._shared.opened,
            tell=lambda image, oddity: self._notes.setdefault(image, []).append(oddity),
            tell_artifact=self._artifacts.__setitem__,
            artifact=partial(collection.artifact, table),
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
