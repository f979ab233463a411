"""Every image from every source, concurrently: what was seen, what failed, with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, NoReturn, Protocol

from generator.catalog.spec import Images
from generator.collect.in_time import in_time
from generator.collect.secrecy import without_secrets
from generator.errors import Failure, SourceError, TagpagesError
from generator.model import Image, Seen, Table, Tag, check_name
from generator.sources.base import Ask, Source, SourceSpec

if TYPE_CHECKING:
    from generator.registry import Session, Stats


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


def collect(collection: Collection, observer: Observer) -> dict[str, Seen]:
    """Ask all sources; what cannot be had is a `Failure` in its place, never an exception."""
    answers: dict[str, Seen] = {}
    asyncio.run(_collect(collection, observer, answers))
    return answers


async def _collect(collection: Collection, observer: Observer, answers: dict[str, Seen]) -> None:
    """Fill in the answers: as a result, asyncio would write out all of them when it is done.

    (It restores the signal handler, which holds the task, and Python words an error that nobody
    sees with the task's `repr`; at ten thousand images that took as long as the guard.)
    """
    async with AsyncExitStack() as stack:
        sessions: list[Session] = []

        def session() -> Session:
            if not sessions:
                from generator.registry import Session  # noqa: PLC0415 - only live sources need HTTP

                sessions.append(Session())
                stack.push_async_exit(sessions[0])
                observer.watch(sessions[0].stats)
            return sessions[0]

        async def ask(table: str, spec: SourceSpec) -> None:
            ask = _ask(collection, table, session)
            answers[table] = await _ask_source(collection, observer, spec, ask)

        stack.callback(asyncio.create_task(_ticks(observer)).cancel)
        await asyncio.gather(*(ask(*item) for item in collection.sources.items()))
        if sessions:
            ours = {*collection.known, *collection.images.exact()}
            for table, seen in answers.items():
                answers[table] = without_secrets(seen, sessions[0], ours)


async def _ticks(observer: Observer) -> NoReturn:
    while True:
        observer.tick()
        await asyncio.sleep(TICK)


async def _ask_source(
    collection: Collection, observer: Observer, spec: SourceSpec, ask: Ask
) -> Seen:
    try:
        source = spec.open(ask)
        listed = await source.names()
    except Exception as error:  # noqa: BLE001 - a mistake of ours must not cost the other sources
        return Seen(failure=_failure(error))
    names = sorted(_wanted(collection, listed))
    observer.expect(len(names))
    images: dict[str, tuple[Tag, ...]] = {}
    failed: dict[str, Failure] = {}
    queue = iter(names)
    failure: Failure | None = None

    async def work() -> None:
        nonlocal failure
        for name in queue:
            try:
                answer = await _ask_image(source, name, spec)
            except SourceError as error:
                failure = Failure(str(error))
            if failure:
                return
            if isinstance(answer, Failure):
                failed[name] = answer
            elif answer is not None:
                images[name] = answer
            observer.done()

    await asyncio.gather(*(work() for _ in range(min(collection.jobs, len(names)))))
    return Seen(failure=failure) if failure else Seen(images, failed)


async def _ask_image(
    source: Source, name: str, spec: SourceSpec
) -> tuple[Tag, ...] | Failure | None:
    try:
        check_name(name)
        tags = await in_time(source.tags(name), spec)
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001 - likewise
        return _failure(error)
    return None if tags is None else tuple(tags)


def _failure(error: Exception) -> Failure:
    if isinstance(error, TagpagesError):
        return Failure(str(error))
    *_, frame = walk_tb(error.__traceback__)
    where = f"{Path(frame[0].f_code.co_filename).name}:{frame[1]}"
    return Failure(f"internal error, please report it: {type(error).__name__} at {where}")


def _ask(collection: Collection, table: str, session: Callable[[], Session]) -> Ask:
    def known(name: str) -> Table | None:
        image = collection.known.get(name)
        return next((item for item in image.tables if item.name == table), None) if image else None

    images = collection.images
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
        session=session,
    )


def _wanted(collection: Collection, listed: Iterable[str]) -> set[str]:
    images = collection.images
    names = {name for name in listed if images.wanted(name)}
    names.update(name for name in images.exact() if not images.excluded(name))
    return {name for name in names if collection.selected(name)}
