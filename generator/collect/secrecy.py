"""Nothing that a server answered leaves `collect` with one of our own secrets in it.

A server may repeat what we sent it: by mistake in an error text, or on purpose as a tag, so that
our own pages publish it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from generator.collect.answers import Matching, SourceAnswers
from generator.facts.base import CouldNotLook
from generator.model import Artifact, Tag
from generator.registry import Session

REFUSED = (
    "the answer contains one of your own passwords or tokens, so it is not published: change that "
    "secret, or leave the image out of the catalog"
)


def take_out_secrets(answers: SourceAnswers, session: Session, ours: Collection[str]) -> None:
    """Take all secrets of the session out of a source's answers.

    An image whose answer has one has failed; its README is as if nobody had told it; reasons are
    redacted. So are the names of images, but
    those that are `ours`: no server told us these.
    """
    public = {
        name: name if name in ours else session.redacted(name) for name in answers.names or ()
    }
    refused = [
        name
        for name, tags in answers.images.items()
        if public.get(name, name) != name or session.reveals(_text(tags or ()))
    ]
    for name in refused:
        del answers.images[name]
        answers.failed[name] = REFUSED
    for name in [name for name, text in answers.readmes.items() if session.reveals(text)]:
        del answers.readmes[name]
        answers.notes[name] = (*answers.notes.get(name, ()), f"README: {REFUSED}")
    answers.notes = {
        name: tuple(map(session.redacted, told)) for name, told in answers.notes.items() if told
    }
    answers.artifacts = {
        public.get(name, name): Artifact(session.redacted(found.kind), found.tags)
        for name, found in answers.artifacts.items()
        if not session.reveals("\n".join(found.tags))
    }
    answers.failed = {
        public.get(name, name): session.redacted(reason) for name, reason in answers.failed.items()
    }
    for digest, facts in answers.facts.items():
        if session.reveals(msgspec.json.encode(facts).decode()):
            answers.facts[digest] = dict.fromkeys(facts, CouldNotLook(REFUSED))
    answers.given_up = session.redacted(answers.given_up)
    answers.changed = {public[name]: changed for name, changed in answers.changed.items()}
    if answers.names is not None:
        answers.names = tuple(public.values())
    if answers.matching:
        include, exclude = (
            {glob: session.redacted(name) for glob, name in found.items()}
            for found in (answers.matching.include, answers.matching.exclude)
        )
        answers.matching = Matching(answers.matching.images, include, exclude)


def _text(tags: Sequence[Tag]) -> str:
    return "\n".join([*(tag.name for tag in tags), *{tag.digest for tag in tags}])
