"""Asking one source at a time, on a loopback server, with a clock that nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from generator.errors import TagpagesError
from generator.model import Table, Tag, TagGroup
from generator.registry import Limits
from generator.sources.base import Ask, SourceSpec
from tests.registry.fake import NOW, FakeClock, run, session_for
from tests.registry.server import Answer, Call, Handler, Server

Rule = Callable[[Call], Answer | None]
SpecOf = Callable[[str], SourceSpec]
"""The spec for a server's URL."""


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def at(day: int, hour: int = 0) -> datetime:
    """A time in July 2026."""
    return datetime(2026, 7, day, hour, tzinfo=UTC)


def table(*groups: tuple[int, datetime, str]) -> Table:
    """A known table: digest number, time, tags."""
    rows = (TagGroup(digest(number), time, tuple(tags.split())) for number, time, tags in groups)
    return Table("public", tuple(rows))


@dataclass
class Vendor:
    """A vendor's server: `rules` come before its proper answers, the first that answers decides."""

    rules: list[Rule] = field(default_factory=list)

    def __call__(self, call: Call) -> Answer:
        for rule in self.rules:
            if answer := rule(call):
                return answer
        return self.proper(call)

    def proper(self, call: Call) -> Answer:
        raise NotImplementedError

    def when(self, part: str, *answers: Answer) -> None:
        """Answer so, one after the other, where the target contains `part`; then properly."""
        left = list(answers)
        self.rules.append(lambda call: left.pop(0) if left and part in call.target else None)


@dataclass
class Outcome:
    """What a source answered: the names it listed, tags by image, and what failed."""

    server: Server
    slept: list[float]
    names: list[str] = field(default_factory=list)
    images: dict[str, list[Tag] | None] = field(default_factory=dict)
    readmes: dict[str, str | None] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)
    artifacts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def error(self) -> str:
        """The first error, of the source as a whole or of an image; empty if there is none."""
        return next(iter(self.errors.values()), "")

    def rows(self, image: str = "app") -> list[tuple[str, str, datetime]] | None:
        assert not self.error, self.error
        tags = self.images[image]
        return None if tags is None else [(tag.name, tag.digest, tag.last_changed) for tag in tags]

    def tags(self, image: str = "app") -> list[str]:
        return [name for name, _, _ in self.rows(image) or ()]


def ask(
    spec_of: SpecOf,
    handler: Handler,
    *images: str,
    known: Mapping[str, Table] | None = None,
    env: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    **changes: Any,
) -> Outcome:
    """Ask the source for the images, or, without any, for all that it lists.

    With `readmes=True` their READMEs are asked for, too.
    """
    tables, readmes = known or {}, changes.pop("readmes", False)

    async def scenario() -> Outcome:
        clock = FakeClock()
        session = session_for(clock, env, limits)
        defaults: dict[str, Any] = {
            "root": Path(),
            "as_of": NOW,
            "names": images,
            "listed": not images,
            "wanted": lambda _: True,
            "known": tables.get,
            "repositories": {},
            "session": lambda: session,
        }
        async with Server(handler).running() as server, session:
            outcome = Outcome(server, clock.slept)
            defaults["tell"] = lambda image, oddity: outcome.notes.append((image, oddity))
            defaults["tell_artifact"] = lambda image, found: outcome.artifacts.append(
                (image, found.kind)
            )
            source = spec_of(server.url).open(Ask(**(defaults | changes)))
            try:
                outcome.names = list(await source.names())
            except TagpagesError as error:
                outcome.errors[""] = str(error)
            for name in outcome.names:
                try:
                    found = await source.tags(name)
                    outcome.images[name] = None if found is None else list(found)
                    if readmes:
                        outcome.readmes[name] = await source.readme(name)
                except TagpagesError as error:
                    outcome.errors[name] = str(error)
        return outcome

    return run(scenario())


@contextmanager
def serving(handler: Handler) -> Iterator[Server]:
    """A server in a thread of its own, for what has an event loop of its own."""
    server = Server(handler)
    loop = asyncio.new_event_loop()
    ready, end = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with server.running():
            ready.set()
            await end.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield server
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
        loop.close()
