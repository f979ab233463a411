"""Nothing that a server answered leaves `collect` with one of our own secrets in it.

A server may repeat what we sent it: by mistake in an error text, or on purpose as a tag, so that
our own pages publish it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from generator.errors import Failure
from generator.model import Seen, Tag

if TYPE_CHECKING:
    from generator.registry import Session

REFUSED = Failure(
    "the answer contains one of your own passwords or tokens, so it is not published: change that "
    "secret, or leave the image out of the catalog"
)


def without_secrets(seen: Seen, session: Session, ours: Collection[str]) -> Seen:
    """The answers of a source without any secret of the session.

    An image whose answer has one has failed; reasons are redacted. So are the names of images, but
    those that are `ours`: no server told us these.
    """
    images: dict[str, tuple[Tag, ...]] = {}
    failed: dict[str, Failure] = {}
    for name, tags in seen.images.items():
        public = name if name in ours else session.redacted(name)
        if public != name or session.reveals(_text(tags)):
            failed[public] = REFUSED
        else:
            images[name] = tags
    for name, failure in seen.failed.items():
        public = name if name in ours else session.redacted(name)
        failed[public] = _redacted(failure, session)
    return Seen(images, failed, _redacted(seen.failure, session) if seen.failure else None)


def _redacted(failure: Failure, session: Session) -> Failure:
    return Failure(session.redacted(failure.reason))


def _text(tags: Sequence[Tag]) -> str:
    return "\n".join([*(tag.name for tag in tags), *{tag.digest for tag in tags}])
