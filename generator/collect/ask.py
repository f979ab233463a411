"""Every image from every source, concurrently: what was answered, what failed, with the reason."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, cast

from generator.collect.answers import Answers, Header
from generator.collect.journal import Journal
from generator.collect.look import Lookup
from generator.collect.pull import Collection, Observer, Pull, Shared
from generator.collect.secrecy import take_out_secrets

TICK = 0.2
"""Seconds between two ticks of an observer."""


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
    lookup = Lookup(collection.facts)
    for table, source in answers.tables.items():
        lookup.take(table, source.facts)
    with _stopped_in_order():
        async with Shared(collection, observer, lookup, journal) as shared:
            ticks = asyncio.create_task(_ticks(observer))
            pulls = [Pull(shared, table, answers.of(table)) for table in collection.sources]
            await asyncio.gather(*(pull.run() for pull in pulls))
            ticks.cancel()
            if shared.session:
                ours = {*collection.known, *collection.images.exact()}
                for source in answers.tables.values():
                    take_out_secrets(source, shared.session, ours)


@contextmanager
def _stopped_in_order() -> Iterator[None]:
    """Let SIGTERM and SIGHUP cancel the task, as asyncio lets Ctrl-C, where they raise already.

    So connections are closed, and credential helpers ended, before KeyboardInterrupt is raised.
    """
    loop, task = asyncio.get_running_loop(), cast("asyncio.Task[None]", asyncio.current_task())
    raising = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is signal.default_int_handler
    ]
    for number in raising:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        for number in raising:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.default_int_handler)


async def _ticks(observer: Observer) -> NoReturn:
    while True:
        observer.tick()
        await asyncio.sleep(TICK)
