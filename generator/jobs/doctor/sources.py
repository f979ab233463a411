"""The sources: the login, whether they answer, one list, one digest, what a rate limit leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from generator.catalog.tables import TableSpec
from generator.errors import TagpagesError
from generator.jobs.doctor.visit import Line, Visit, error, ok, warning
from generator.jobs.job import Job
from generator.model import short_digest
from generator.registry import Keychain, Limits, Session
from generator.sources import Spec
from generator.sources.base import Ask, Source
from generator.sources.oci import Oci
from generator.sources.remote import RemoteSpec
from generator.starting.texts import documents

_TRIES = 2
_CONNECT, _READ, _ALL = 5, 15, 60
"""Seconds to connect, between two pieces of an answer, and for all of a source."""
_ADVICE = {
    "cannot be trusted": "name the authority's certificates in SSL_CERT_FILE:",
    "no whole answer": "is it slow, does it need a proxy?",
    "cannot be reached": "is its name right, is it up, does it need a proxy?",
}
"""What to do, by a part of an error's text."""


def all_sources(visit: Visit) -> list[Line]:
    """The lines of all sources, asked at the same time."""
    job = visit.well_read
    return asyncio.run(_examined(job)) if job else []


async def _examined(job: Job) -> list[Line]:
    found = await asyncio.gather(*(_Examination(job, table).run() for table in job.catalog.tables))
    return [line for lines in found for line in lines]


class _Examination:
    """One source, asked as little as tells that a build will have its answers."""

    def __init__(self, job: Job, table: TableSpec[Spec]) -> None:
        self._job = job
        self._table = table
        self._spec = table.source
        self._check = f"source {table.name}"
        self._lines: list[Line] = []

    async def run(self) -> list[Line]:
        """The lines, up to the first error."""
        limits = Limits(tries=_TRIES, connect=_CONNECT, read=_READ)
        async with Session(limits=limits, keychain=Keychain(self._job.environ)) as session:
            try:
                async with asyncio.timeout(_ALL):
                    await self._run(session)
            except TagpagesError as problem:
                self._fail(str(problem))
            except TimeoutError:
                self._fail(f"no whole answer within {_ALL} s")
        return self._lines

    def _fail(self, text: str) -> None:
        advice = (todo for part, todo in _ADVICE.items() if part in text)
        todo = next(advice, "")
        self._lines.append(
            error(self._check, text, f"{todo} {documents()}/network.md" if todo else "")
        )

    async def _run(self, session: Session) -> None:
        if isinstance(self._spec, RemoteSpec):
            self._say(await self._login(self._spec, session.keychain))
        source = self._spec.open(self._ask(session))
        names = sorted(filter(self._job.catalog.images.wanted, await source.names()))
        self._lines += self._reached(session)
        if names:
            self._say(f"{len(names)} images, the first one is {names[0]}")
            await self._one(source, names[0])
        else:
            self._lines.append(
                warning(
                    self._check,
                    "it has no image that the catalog takes",
                    "look at `repository` of the source and at `images` in the catalog",
                )
            )
        self._lines += self._left(session, len(names))

    async def _login(self, spec: RemoteSpec, keychain: Keychain) -> str:
        host, repository = spec.address("image")
        login = spec.credentials(keychain.env) or await keychain.find(host, repository)
        return f"login of {login.source}" if login else "no login: asked as anybody"

    def _reached(self, session: Session) -> Iterator[Line]:
        for origin in session.origins:
            how = "TLS" if origin.scheme == "https" else "plain http"
            yield ok(self._check, f"{origin.netloc} answers over {how}")

    async def _one(self, source: Source, name: str) -> None:
        """Ask for the tags of an image and for one digest; of most vendors one answer has both."""
        if isinstance(self._spec, Oci):
            repository = await source.repository(name)
            tags = (repository and await repository.tags()) or []
            digest = repository and tags and await repository.digest(tags[-1])
            count, tag = len(tags), tags[-1] if tags else ""
        else:
            found = await source.tags(name) or []
            count, tag = len(found), found[0].name if found else ""
            digest = found[0].digest if found else None
        if digest:
            self._say(f"{name} has {count} tags, `{tag}` is at {short_digest(digest)}")
        else:
            self._lines.append(
                warning(self._check, f"{name} has no tag", "an image without tags gets no page")
            )

    def _left(self, session: Session, images: int) -> Iterator[Line]:
        for host, left in session.stats.left.items():
            text = f"{host} leaves {left} requests of its rate limit"
            if left.isdecimal() and int(left) < images:
                todo = "log in, which has a higher limit, or build when it is renewed"
                yield warning(self._check, f"{text}, fewer than there are images", todo)
            else:
                yield ok(self._check, text)

    def _say(self, text: str) -> None:
        self._lines.append(ok(self._check, text))

    def _ask(self, session: Session) -> Ask:
        images = self._job.catalog.images
        return Ask(
            root=self._job.root,
            as_of=self._job.as_of(),
            names=images.exact(),
            listed=images.has_globs(),
            wanted=images.wanted,
            known=lambda _: None,
            repositories=images.repositories(self._table.name),
            session=lambda: session,
        )
