"""The file that keeps answers: one JSON object a line, the `Header` first.

An answers file is compressed (`*.jsonl.gz`), a journal is not. One that is cut short anywhere is
readable up to its last whole line.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec.structs import replace

from generator.collect.answers import VERSION, Answer, Answers, Header, Matching
from generator.errors import UNREADABLE, TagpagesError
from generator.facts import decode_facts
from generator.model import Artifact, Tag, check_digest, check_name, check_tags, checked_tags
from generator.sources.base import checked_readme

_BLOCK = 1 << 16
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS

_encode = msgspec.json.Encoder().encode
_decode_header = msgspec.json.Decoder(Header).decode


class _Line(msgspec.Struct, frozen=True):
    """An `Answer` as the file has it: its facts are not decoded yet."""

    table: str
    names: tuple[str, ...] | None = None
    changed: dict[str, str] = {}
    matching: Matching | None = None
    image: str | None = None
    tags: tuple[Tag, ...] | None = None
    notes: tuple[str, ...] = ()
    quiet: bool = False
    readme: str | None = None
    artifact: Artifact | None = None
    failed: str = ""
    facts: dict[str, dict[str, msgspec.Raw]] = {}
    key: str = ""
    value: object = None


_decode_line = msgspec.json.Decoder(_Line).decode


def as_line(value: Header | Answer) -> bytes:
    """A line of the file."""
    if isinstance(value, Answer) and value.tags:  # a source's own kind of tag has keys of its own
        tags = tuple([Tag(tag.name, tag.digest, tag.last_changed) for tag in value.tags])
        value = replace(value, tags=tags)
    return _encode(value) + b"\n"


def write(path: Path, answers: Answers) -> None:
    """Write a compressed file, which is there whole or not at all.

    The same answers give the same bytes. Raises TagpagesError when it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tagpages-tmp")
    lines = (
        as_line(answer)
        for table, source in answers.tables.items()
        for answer in source.answers(table)
    )
    try:
        with temporary.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
            file.writelines(chain([as_line(answers.header)], lines))
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise TagpagesError(f"cannot write {path}: {error.strerror}") from None


def read(path: Path) -> Answers:
    """The answers in a file, as far as it is whole.

    Raises TagpagesError when it cannot be read, lacks even its first line, or holds something else.
    """
    try:
        with path.open("rb") as file:
            return _read(path, _lines(file))
    except OSError as error:
        raise TagpagesError(f"cannot read {path}: {error.strerror}") from None
    except zlib.error as error:
        raise TagpagesError(f"{path} is damaged ({error}): collect again") from None


def _read(path: Path, lines: Iterator[bytes]) -> Answers:
    try:
        header = _decode_header(next(lines))
    except (StopIteration, *UNREADABLE, TagpagesError):
        raise TagpagesError(f"{path} holds no answers: collect again") from None
    if header.version != VERSION:
        raise TagpagesError(
            f"{path}: its version is {header.version}, and this tagpages reads {VERSION} only"
        )
    answers = Answers(header)
    for text in lines:
        try:
            answer = _checked(_decode_line(text))
        except (*UNREADABLE, TagpagesError) as error:
            raise TagpagesError(f"{path} has a line that is no answer: {error}") from None
        answers.of(answer.table).add(answer)
    return answers


def _checked(line: _Line) -> Answer:
    """The answer, with names, tags and digests checked as where they enter from a registry."""
    facts = {check_digest(digest): decode_facts(raw) for digest, raw in line.facts.items()}
    tags = line.tags
    if tags is not None and line.image is not None:
        check_name(line.image)
        tags = checked_tags(tags)
    if line.artifact:
        check_tags(line.artifact.tags)
    return Answer(
        table=line.table,
        names=line.names,
        changed=line.changed,
        matching=line.matching,
        image=line.image,
        tags=tags,
        notes=line.notes,
        quiet=line.quiet,
        readme=None if line.readme is None else checked_readme(line.readme),
        artifact=line.artifact,
        failed=line.failed,
        facts=facts,
        key=line.key,
        value=line.value,
    )


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines that are whole."""
    rest = b""
    for block in _blocks(file):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """The file's text, decompressed as far as it can be."""
    block = file.read(_BLOCK)
    if not block.startswith(_GZIP_MAGIC):
        while block:
            yield block
            block = file.read(_BLOCK)
        return
    decoder = zlib.decompressobj(_GZIP)
    while block:
        yield decoder.decompress(block)
        block = file.read(_BLOCK)
    yield decoder.flush()
