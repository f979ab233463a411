"""Answers as a file: written, read back, in shards, cut short, or of something else."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from tests.support import AS_OF, Listing, Run, Site, tree_of

TAGS = [("latest", "a", "2024-06-01T10:00:00Z"), ("1.0", "b", "2024-05-31T10:00:00Z")]
NIGHT: Listing = {f"image-{number:02}": TAGS for number in range(40)}
MOVED: Listing = {image: [("latest", "c", "2024-06-02T10:00:00Z"), TAGS[1]] for image in NIGHT}
LATER = "2024-06-04T00:40:00Z"


def collected(site: Site, *options: str, name: str = "answers") -> Path:
    """The file of answers that `collect` writes."""
    path = site.root / f"{name}.jsonl.gz"
    assert site.run("collect", "--out", path, *options) == Run(0, "", "")
    return path


def shards(site: Site, of: int, *options: str) -> list[str | Path]:
    """The options that build from all the shards."""
    return [
        word
        for part in range(1, of + 1)
        for word in (
            "--answers",
            collected(site, "--shard", f"{part}/{of}", *options, name=f"part-{part}"),
        )
    ]


def test_answers_written_and_read_back_build_the_same_tree(site: Site) -> None:
    site.lists(NIGHT, MOVED)
    site.build("--content", site.root / "whole")
    answers = collected(site)
    site.lists()
    site.build("--answers", answers)
    assert site.tree() == tree_of(site.root / "whole")
    assert collected(site, name="again").read_bytes() != answers.read_bytes()


def test_the_same_answers_are_the_same_bytes(site: Site) -> None:
    site.lists(NIGHT, MOVED)
    assert collected(site).read_bytes() == collected(site, name="again").read_bytes()


def test_the_pages_are_for_the_time_of_the_answers(site: Site) -> None:
    site.catalog(as_of=None)
    site.lists(NIGHT)
    answers = collected(site, "--as-of", AS_OF)
    site.build("--answers", answers, SOURCE_DATE_EPOCH="0")
    assert json.loads(site.tree()["build.json"])["as_of"] == AS_OF
    site.build("--answers", answers, "--as-of", LATER)
    assert json.loads(site.tree()["build.json"])["as_of"] == LATER


@pytest.mark.parametrize("tables", [("public",), ("public", "private")])
def test_a_loss_that_lies_in_one_shard_alone_is_measured_against_the_whole(
    site: Site, tables: tuple[str, ...]
) -> None:
    """A twelfth of all images is more than a fifth of those of one shard, and no loss of all."""
    site.catalog(tables=tables)
    site.lists(NIGHT, NIGHT)
    site.build()
    one = json.loads(
        gzip.decompress(collected(site, "--shard", "1/4").read_bytes()).split(b"\n")[1]
    )
    few = {image: tags for image, tags in NIGHT.items() if image not in one["names"][:2]}
    most = {image: tags for image, tags in NIGHT.items() if image not in one["names"]}
    for lists, is_held in ((few, False), (most, True)):
        site.lists(lists, NIGHT)
        run = site.run("build", *shards(site, 4, "--as-of", LATER), "--dry-run")
        whole = site.run("build", "--as-of", LATER, "--dry-run")
        assert run == whole
        assert ("source public: " in run.err) == is_held


def test_a_part_that_is_missing_fails_its_images_and_keeps_their_pages(site: Site) -> None:
    site.lists(NIGHT)
    site.build()
    before = site.tree()
    site.lists(MOVED)
    parts = shards(site, 4)
    run = site.run("build", *parts[:4], *parts[6:])
    assert run.code == 1
    assert "part 3 of 4 of the answers is missing" in run.err
    after = site.tree()
    changed = {path.partition("/")[0] for path in after if after[path] != before[path]}
    kept = NIGHT.keys() - changed
    assert 0 < len(kept) < 20
    assert f" ({len(kept)} images): " in run.err


def tables(tree: dict[str, bytes]) -> dict[tuple[str, str], object]:
    """The groups of each table of each image, as its state has them."""
    return {
        (path.partition("/")[0], table["name"]): table["groups"]
        for path, text in tree.items()
        if path.endswith("/tags.json")
        for table in json.loads(text)["tables"]
    }


def test_answers_cut_at_any_byte_build_what_they_hold_and_the_rest_fails(site: Site) -> None:
    site.lists(NIGHT, NIGHT)
    site.build()
    before = site.tree()
    site.lists(MOVED, MOVED)
    data = collected(site, "--as-of", LATER).read_bytes()
    site.build("--as-of", LATER)
    old, new = tables(before), tables(site.tree())
    cut = site.root / "cut.jsonl.gz"
    counts = set()
    for size in random.Random(7).sample(range(len(data)), 200):
        for path, text in before.items():
            (site.content / path).write_bytes(text)
        cut.write_bytes(data[:size])
        run = site.run("build", "--answers", cut)
        now = tables(site.tree())
        fresh = [key for key in now if now[key] == new[key]]
        assert now == {key: new[key] if key in fresh else old[key] for key in old}
        assert run.code == (len(fresh) < len(old)), run.err
        if len(fresh) not in counts:
            assert site.run("check").code == 0
            counts.add(len(fresh))
    assert len(counts) > 10


def test_answers_of_other_sources_are_a_mistake(site: Site) -> None:
    site.lists(NIGHT)
    answers = collected(site)
    site.catalog(tables=["public"])
    run = site.run("build", "--answers", answers)
    assert run.code == 2
    assert f"{answers} was collected for other sources than {site.catalog_file} has now" in run.err
    assert not site.content.exists()


def test_parts_of_two_pulls_are_a_mistake(site: Site) -> None:
    site.lists(NIGHT)
    first = collected(site, "--shard", "1/2", name="first")
    second = collected(site, "--shard", "2/2", "--as-of", LATER, name="second")
    run = site.run("build", "--answers", first, "--answers", second)
    assert run.code == 2
    assert "are not of one pull: `as_of` is 2024-06-04" in run.err
    third = collected(site, "--shard", "2/3", name="third")
    assert "`of` is 3 and 2" in site.run("build", "--answers", first, "--answers", third).err
    again = collected(site, "--shard", "1/2", name="again")
    run = site.run("build", "--answers", first, "--answers", again)
    assert f"{again} and {first} are the same part of the answers" in run.err
    assert not site.content.exists()


def damaged(data: bytes) -> bytes:
    """The data with another byte in its middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: b"", "holds no answers: collect again"),
        (lambda _: b"{}\n", "holds no answers: collect again"),
        (lambda _: b"\x1f\x8bnot gzip", "is damaged"),
        (damaged, "is damaged"),
        (
            lambda data: gzip.decompress(data).replace(b'"version":3', b'"version":4'),
            "its version is 4, and this tagpages reads 3 only",
        ),
        (
            lambda data: gzip.decompress(data).replace(b"sha256:aaaa", b"sha256:../a", 1),
            "has a line that is no answer: not a valid digest",
        ),
        (
            lambda data: gzip.decompress(data).replace(b'"image":"', b'"image":"../', 1),
            "has a line that is no answer: not a valid image name",
        ),
    ],
)
def test_a_file_that_is_none_is_named_and_nothing_is_written(
    site: Site, change: object, said: str
) -> None:
    assert callable(change)
    site.lists(NIGHT)
    answers = collected(site)
    answers.write_bytes(change(answers.read_bytes()))
    run = site.run("build", "--answers", answers)
    assert run.code == 1
    assert run.err.startswith(f"tagpages: {answers}")
    assert said in run.err
    assert not (site.content / "build.json").exists()
    assert "Traceback" not in run.err


def test_a_folder_that_is_not_there_is_named_before_anything_is_asked(site: Site) -> None:
    run = site.run("collect", "--out", site.root / "none" / "answers.jsonl.gz")
    assert (run.code, run.err) == (2, (f"tagpages: --out {site.root}/none/answers.jsonl.gz: "
                                      f"there is no folder {site.root}/none\n"))  # fmt: skip


def test_what_could_not_be_collected_is_told_and_is_in_the_file(site: Site) -> None:
    site.lists({**NIGHT, "Bad Name": TAGS})
    site.raw_listing("private", "broken")
    path = site.root / "answers.jsonl.gz"
    run = site.run("collect", "--out", path)
    assert run.code == 1
    assert "tagpages: Bad Name: not a valid image name: 'Bad Name'\n" in run.err
    assert "tagpages: source private: " in run.err
    built = site.run("build", "--answers", path)
    assert built.code == 1
    assert "source private" in built.err
    assert "Bad Name" in built.err


def test_a_build_of_some_images_is_for_the_time_of_the_last_whole_one(site: Site) -> None:
    site.catalog(as_of=None)
    site.lists(NIGHT)
    site.build("--as-of", AS_OF)
    site.lists(MOVED)
    site.build("--only", "image-0*")
    assert site.run("check") == Run(0, "", "")
    assert json.loads(site.tree()["build.json"])["as_of"] == AS_OF
    before = site.tree()
    assert site.run("render").code == 0
    assert site.tree() == before


def test_what_builds_of_a_shard_left_goes_with_the_next_whole_build(site: Site) -> None:
    site.lists(NIGHT)
    site.build()
    left = site.content / "build.2-of-4.json"
    left.write_text("{}")
    site.build("--only", "image-01")
    assert left.exists()
    site.build()
    assert not left.exists()


def test_what_was_odd_about_an_answer_is_in_the_file_and_in_the_report(site: Site) -> None:
    site.lists(NIGHT)
    path = collected(site)
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    odd = next(line for line in lines if line.get("image") == "image-07")
    odd["notes"] = ["tag `bare` has no digest and is left out"]
    path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))

    run = site.run("build", "--answers", path)

    assert run.code == 0
    assert "Answers that are odd" in run.err
    assert "image-07: public: `tag 'bare' has no digest and is left out`" in run.err
