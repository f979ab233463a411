"""A repository that tagpages itself wrote from recorded nights, asked about every tag.

These are all six, and where only two are at hand, those two by turns.

What is expected is read from each night's listings alone, by the rules of the guard that matter
here: an image that no listing has keeps what it had, until it has been away for too long.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from generator.history.cache import index
from generator.history.moves import Story
from generator.history.repository import Repository
from tests.history.repo import Repo
from tests.support import DATES, NIGHTS, PAIR, Night, Run, Site, night, recorded, tagpages

GONE_AFTER = 1
"""Nights after which an image that no source has goes: in six nights, none is away for three."""
EVENINGS = [*zip(DATES, DATES, strict=True)]
"""The day of each build, and that of the recorded night which its sources answer."""
if not NIGHTS.is_dir():
    EVENINGS = [*zip(DATES[2:], PAIR * 2, strict=True)]
DAYS = [day for day, _ in EVENINGS]
Tags = dict[tuple[str, str], str]
"""The digest of each tag, by table and tag."""


@dataclass
class Model:
    """What the site must have listed after each night, by image."""

    nights: list[dict[str, Tags]] = field(default_factory=list)
    away: dict[str, int] = field(default_factory=dict)

    def learn(self, recording: Night) -> None:
        listed: dict[str, Tags] = {}
        for table, entries in recording.listings.items():
            for entry in entries:
                for tag in entry["tags"]:
                    tags = listed.setdefault(entry["repo"]["name"], {})
                    tags[table, tag["name"]] = tag["digest"]
        known = dict(self.nights[-1]) if self.nights else {}
        for image in known.keys() - listed.keys():
            self.away[image] = self.away.get(image, 0) + 1
            if self.away[image] == GONE_AFTER:
                del known[image]
        for image in listed:
            self.away.pop(image, None)
        self.nights.append(known | listed)


@dataclass
class Past:
    """The repository of the nights, and what is expected of each."""

    repo: Repo
    content: Path
    model: Model
    commits: list[str]
    stories: dict[str, Story]

    def ask(self, *args: str) -> Run:
        return tagpages("history", "--content", self.content, "--format", "json", *args)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    root = tmp_path_factory.mktemp("past")
    repo, site, model = Repo(root / "site").init(), Site(root / "site"), Model()
    (repo.root / ".gitignore").write_text("/catalog.yaml\n")
    commits = []
    for day, date in EVENINGS:
        recording = night(date)
        as_of = day + recording.as_of.removeprefix(date)
        recorded(site, date, as_of=as_of, gone_after=GONE_AFTER)
        accepted = ("--accept-any-loss", "public", "--accept-any-loss", "private")
        assert site.run("build", *accepted).code in {0, 1}
        model.learn(recording)
        commits.append(repo.commit(f"{day}T02:00:00Z"))
    repository = Repository.around(site.content, "HEAD")
    with index(repository, ["content"], "HEAD", root / "cache") as everything:
        stories = {image: everything.whole(image) for image in everything.images()}
    return Past(repo, site.content, model, commits, stories)


def standing(story: Story, number: int) -> Tags:
    """What an image listed after a night, as the spans tell."""
    return {
        (span.table, span.tag): span.digest
        for line in story.lines.values()
        for span in line
        if story.moments[span.first].number <= number
        and (span.ended is None or story.moments[span.ended].number > number)
    }


def test_every_tag_of_every_night_is_told_as_the_listing_has_it(past: Past) -> None:
    assert past.stories.keys() == {image for tags in past.model.nights for image in tags}
    for number, expected in enumerate(past.model.nights):
        told = {image: standing(story, number) for image, story in past.stories.items()}
        assert {image: tags for image, tags in told.items() if tags} == expected
    assert len(past.model.nights[0]) > 700


def expected_spans(past: Past, image: str) -> Iterator[tuple[str, str, str, int, int, str | None]]:
    """Table, tag, digest, first and last night, and why it ended, of each span."""
    nights = [tags.get(image, {}) for tags in past.model.nights]
    for table, tag in {key for tags in nights for key in tags}:
        digests = [tags.get((table, tag)) for tags in nights]
        first = 0
        for number, digest in enumerate(digests):
            if number and digest != digests[number - 1]:
                first = number
            after = digests[number + 1] if number + 1 < len(digests) else digest
            if digest and (after != digest or number + 1 == len(digests)):
                why = None
                if after != digest:
                    is_back = after in digests[: number + 1]
                    why = "moved back" if is_back else "moved"
                    if after is None:
                        why = "gone" if nights[number + 1] else "page removed"
                yield table, tag, digest, first, number, why


def test_every_span_begins_and_ends_on_its_night(past: Past) -> None:
    for image, story in past.stories.items():
        found = [
            (
                span.table,
                span.tag,
                span.digest,
                story.moments[span.first].number,
                len(DAYS) - 1 if span.ended is None else story.moments[span.ended].number - 1,
                span.why,
            )
            for line in story.lines.values()
            for span in line
        ]
        assert sorted(found, key=str) == sorted(expected_spans(past, image), key=str), image
    whys = [
        span.why
        for story in past.stories.values()
        for line in story.lines.values()
        for span in line
    ]
    assert {"moved", "moved back", "gone", "page removed"} <= set(whys)


def test_the_command_gives_the_listing_of_any_day(past: Past) -> None:
    drawn = random.Random(0)
    for number, day in enumerate(DAYS):
        for image in drawn.sample(sorted(past.model.nights[number]), 4):
            run = past.ask(image, "--at", day)
            assert run.code == 0
            told = {
                (span["table"], span["tag"]): span["digest"]
                for span in json.loads(run.out)["spans"]
            }
            assert told == past.model.nights[number][image]
    between = past.ask(image, "--at", "2024-06-02")
    assert (
        json.loads(between.out)["spans"]
        == json.loads(past.ask(image, "--at", "HEAD~1").out)["spans"]
    )


def test_the_command_gives_all_tags_that_ever_had_a_digest(
    past: Past, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    everywhere: dict[str, set[tuple[str, str, str]]] = {}
    for tags in past.model.nights:
        for image, keys in tags.items():
            for (table, tag), digest in keys.items():
                everywhere.setdefault(digest, set()).add((image, table, tag))
    shared = [d for d, keys in everywhere.items() if len({image for image, *_ in keys}) > 1]
    for digest in [*shared[:3], *random.Random(1).sample(sorted(everywhere), 3)]:
        spans = json.loads(past.ask("--digest", digest[:19]).out)["spans"]
        assert {(span["image"], span["table"], span["tag"]) for span in spans} == everywhere[digest]


def test_an_image_that_went_is_gone_since_then(past: Past) -> None:
    number, image = next(
        (number, image)
        for number, (before, after) in enumerate(pairwise(past.model.nights))
        for image in sorted(before.keys() - after.keys())
    )
    run = past.ask(image)
    assert {span["why"] for span in json.loads(run.out)["spans"]} >= {"page removed"}
    assert past.ask(image, "--at", DAYS[number]).code == 0
    assert past.ask(image, "--at", DAYS[number + 1]).code == 1
