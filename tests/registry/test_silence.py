"""A host that does not answer is told of while it is waited for."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from generator.progress import Progress
from generator.registry import Clock, Limits, Stats
from generator.registry.gate import Gate
from generator.registry.message import Headers, Reply
from tests.registry.fake import FakeClock, run
from tests.support import Site

REPLY = Reply("https://host/", 200, Headers([]))


def observer(stats: Stats, *times: float) -> Progress:
    """One that is on a terminal or not, and whose clock shows these times one after the other."""
    ticks = iter((0.0, *times))
    progress = Progress(60, clock=lambda: next(ticks))
    progress.watch(stats)
    for _ in times:
        progress.tick()
    return progress


async def asked(gate: Gate, clock: Clock, *, seconds: float, answers: bool) -> None:
    async with gate:
        await clock.sleep(seconds)
        gate.heard(REPLY) if answers else gate.missed("ConnectError no route")


def silence_after(*, answers: bool) -> Stats:
    stats, clock = Stats(), FakeClock()
    gate = Gate("host", 2, clock, Limits(), stats)
    run(asked(gate, clock, seconds=5, answers=answers))
    return stats


def test_a_host_that_answers_is_not_silent_when_nothing_is_asked_of_it() -> None:
    assert silence_after(answers=True).silent == {}


def test_a_host_is_silent_between_two_tries(capsys: pytest.CaptureFixture[str]) -> None:
    observer(silence_after(answers=False), 4.9, 5, 5.2, 59)
    err = capsys.readouterr().err
    assert err.startswith(
        "tagpages: host has not answered for 5 s (ConnectError no route): still trying\n"
    )
    assert err.count("still trying") == 1


def test_a_quiet_command_does_not_tell(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = Progress(clock=lambda: 100)
    quiet.watch(silence_after(answers=False))
    quiet.tick()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("header", "left"),
    [("RateLimit-Remaining", "76;w=21600"), ("X-RateLimit-Remaining", "76")],
)
def test_what_a_rate_limit_leaves_is_remembered(header: str, left: str) -> None:
    stats = Stats()
    gate = Gate("host", 1, FakeClock(), Limits(), stats)
    gate.heard(Reply("https://host/", 200, Headers([(header.encode(), left.encode())])))
    gate.heard(REPLY)
    assert stats.left == {"host": "76"}


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens, and nobody will."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def test_a_build_tells_of_a_registry_that_nobody_reaches(
    site: Site, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(_self: Clock, _seconds: float) -> None:
        pass

    monkeypatch.setattr(Clock, "sleep", at_once)
    monkeypatch.setattr("generator.collect.ask.TICK", 0)
    monkeypatch.setattr("generator.progress.SILENT_AFTER", 0)
    source = {"kind": "oci", "registry": nobody, "repository": "team/{image}"}
    site.catalog(tables=[{"name": "public", "source": source}])
    first = site.run("build").err.splitlines()[0]
    assert first.startswith(f"tagpages: {nobody} has not answered for 0 s")
    assert first.endswith(": still trying")
