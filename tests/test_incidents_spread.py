"""What is spread thin, gained, late or repeated: incidents made from a recorded night.

The night before is the real one. The parts have the numbers of `docs/guard.md`.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zlib import crc32

import pytest

from tests.incidents import (
    BEFORE,
    KUBECTL,
    TONIGHT,
    Job,
    Listings,
    by_image,
    latest,
    listings,
    moved_in_time,
    names,
    recorded_text,
    started,
    tables_of,
    tags_where,
    timed,
    without,
)
from tests.support import Site

DAY = timedelta(days=1)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job after the night of 30 May; the next one is that of 31 May."""
    return started(tmp_path)


def share(*parts: str) -> int:
    """A number below 100 that is always the same for the same name."""
    return crc32("/".join(parts).encode()) % 100


def holds(job: Job) -> list[str | None]:
    """The tables whose whole source is held."""
    return [table for image, table, _ in job.told("held") if image is None]


def mark(job: Job, table: str) -> str:
    """What accepts the hold of a source."""
    found = (item for item in job.report["findings"] if item["kind"] == "held")
    return str(next(one["accept"] for one in found if one["table"] == table and "image" not in one))


def cut(found: Listings, at: datetime) -> Listings:
    """The listings without what is older than a week."""
    return tags_where(found, lambda _, tag: timed(tag) > at - 7 * DAY)


def guarded(**limits: float) -> dict[str, object]:
    """The key of the catalog for both tables with some limits of their own."""
    return {
        "tables": [
            {"name": name, "source": {"kind": "listing", "path": f"{name}.json"}, "guard": limits}
            for name in ("public", "private")
        ]
    }


# 1. A hold does not decay


def test_a_cut_listing_is_held_for_weeks_and_its_pages_stay_as_they_were(job: Job) -> None:
    """Every row of 31 May has left the window by then."""
    job.keys = guarded(source_gone_after=0)
    assert job.run(listings(TONIGHT)).code == 0
    believed, start = tables_of(job), job.now
    bodies = {image: job.site.body(image) for image in names(listings(TONIGHT))}
    for night in range(1, 40):
        run = job.run(cut(moved_in_time(listings(TONIGHT), night * DAY), job.now + DAY))
        assert run.code == 1
        assert holds(job) == ["public", "private"]
        title = "Held back for 7 nights or more (2)" if night >= 7 else "Held back (2)"
        assert run.err.startswith(f"{title}\n  source private: ")
    assert tables_of(job) == believed
    since = f"This table has not been up to date since {start:%B} {start.day}st: "
    for image, body in bodies.items():
        now = job.site.body(image)
        assert now.count(since) == 2
        assert [line for line in now.splitlines() if line.startswith("|")] == [
            line for line in body.splitlines() if line.startswith("|")
        ]
    state = json.loads(job.site.state(KUBECTL).read_bytes())
    assert {table["as_of"] for table in state["tables"]} == {f"{start:%Y-%m-%dT%H:%M:%SZ}"}


def test_a_hold_of_three_weeks_ends_when_the_answer_is_whole_again(job: Job) -> None:
    job.keys = guarded(source_gone_after=0)
    assert job.run(listings(TONIGHT)).code == 0
    for night in range(1, 21):
        run = job.run(cut(moved_in_time(listings(TONIGHT), night * DAY), job.now + DAY))
        assert run.code == 1
    whole = moved_in_time(listings(TONIGHT), 21 * DAY)
    assert job.run(whole).code == 0
    assert job.told("held") == []
    assert "not been up to date" not in job.site.body(KUBECTL)
    state = json.loads(job.site.state(KUBECTL).read_bytes())
    assert all("as_of" not in table for table in state["tables"])


def test_a_source_that_fails_for_weeks_shows_what_was_believed_last(job: Job) -> None:
    rows = job.site.body(KUBECTL).count("\n| ")
    for _ in range(40):
        assert job.run(listings(TONIGHT), broken=["public", "private"]).code == 1
    assert job.site.body(KUBECTL).count("\n| ") == rows
    assert job.site.run("check").code == 0


# 2. One name lost everywhere


@pytest.mark.parametrize(("percent", "count"), [(100, 65), (12, 14)])
def test_a_name_that_many_images_lose_holds_the_source(job: Job, percent: int, count: int) -> None:
    found = tags_where(
        listings(TONIGHT), lambda image, tag: tag["name"] != "latest" or share(image) >= percent
    )
    assert job.run(found).code == 1
    (reason,) = [detail for _, table, detail in job.told("held") if table == "private"]
    assert reason.startswith(f"`latest` gone from {count} of 65 images ")


def test_a_name_that_four_images_lose_is_believed(job: Job) -> None:
    chosen = [name for name in names(listings(TONIGHT)) if share(name) < 12][:4]
    found = tags_where(
        listings(TONIGHT), lambda image, tag: tag["name"] != "latest" or image not in chosen
    )
    job.run(found)
    assert holds(job) == []


# 3. Small tables


def test_a_public_table_that_loses_its_only_tag_is_held_for_three_nights(job: Job) -> None:
    found = listings(TONIGHT)
    image = next(
        name for name, entry in by_image(found["public"]).items() if len(entry["tags"]) == 1
    )
    less = {
        **found,
        "public": [
            {**entry, "tags": []} if entry["repo"]["name"] == image else entry
            for entry in found["public"]
        ],
    }
    for night in (1, 2):
        assert job.run(less).code == 1
        assert job.told("held") == [(image, "public", "its only visible tag gone")], night
    assert job.run(less).code == 0
    assert [item[:2] for item in job.told("released")] == [(image, "public")]


# 4. Slow bleed


@pytest.mark.parametrize(("percent", "nights"), [(9, 2), (4, 5)])
def test_a_loss_of_some_percent_a_night_is_held_when_it_is_much_in_a_week(
    job: Job, percent: int, nights: int
) -> None:
    """No name goes from many images, so that the losses of one night look like any others."""
    job.keys = guarded(name_loss=1)
    assert job.run(listings(TONIGHT)).code == 0
    for night in range(1, nights + 1):
        lost = night * percent
        job.run(tags_where(listings(TONIGHT), lambda image, tag: share(image, tag["name"]) >= lost))  # noqa: B023 - called at once
        assert ("private" in holds(job)) == (night == nights), night
    (reason,) = [
        detail for image, table, detail in job.told("held") if (image, table) == (None, "private")
    ]
    assert " visible tags of a week ago gone, night by night (" in reason


# 5. Gains


def test_the_private_listing_served_as_the_public_one_is_held(job: Job) -> None:
    found = listings(TONIGHT)
    assert job.run({**found, "public": found["private"]}).code == 1
    assert holds(job) == ["public"]
    (held,) = [item for item in job.report["findings"] if item["kind"] == "held"]
    assert " more images than the " in held["detail"]


def test_private_images_that_come_to_the_public_table_are_named(job: Job) -> None:
    found = listings(TONIGHT)
    public = by_image(found["public"])
    new = [entry for entry in found["private"] if entry["repo"]["name"] not in public][:5]
    run = job.run({**found, "public": [*found["public"], *new]})
    assert run.code == 0
    filled = {
        change["image"]
        for change in job.report["changes"]
        for table in change.get("tables", ())
        if table.get("filled") and table["table"] == "public"
    }
    assert filled == {entry["repo"]["name"] for entry in new}
    assert "Tables newly filled (" in run.err


def test_a_table_that_grows_to_many_times_its_size_is_held_for_three_nights(job: Job) -> None:
    found = listings(TONIGHT)
    at = recorded_text(TONIGHT)[0]
    many = [
        {"id": "x", "name": f"0.{n}", "digest": f"sha256:{n:064x}", "lastUpdated": at}
        for n in range(600)
    ]
    job.keys = guarded(source_gain=9)
    grown = {
        **found,
        "private": [
            {**entry, "tags": [*entry["tags"], *many]}
            if entry["repo"]["name"] == KUBECTL
            else entry
            for entry in found["private"]
        ],
    }
    for _ in range(2):
        assert job.run(grown, days=0.9).code == 1
        assert [item[:2] for item in job.told("held")] == [(KUBECTL, "private")]
    assert job.run(grown, days=0.9).code == 0
    assert "`0.599`" in job.site.body(KUBECTL)


def test_all_images_pointing_to_one_digest_is_held(job: Job) -> None:
    found = listings(TONIGHT)
    for entries in found.values():
        for entry in entries:
            entry["tags"] = [{**tag, "digest": f"sha256:{'e' * 64}"} for tag in entry["tags"]]
    assert job.run(found).code == 1
    assert holds(job) == ["public", "private"]
    assert "images came to the same digest" in job.told("held")[0][2]


# 6. Time


def test_a_few_times_after_the_build_are_not_believed_and_reported(job: Job) -> None:
    found = listings(TONIGHT)
    entry = by_image(found["private"])[KUBECTL]
    entry["tags"][0]["lastUpdated"] = "2034-01-01T00:00:00Z"
    assert job.run(found).code == 0
    told = [item for item in job.report["findings"] if item["kind"] == "time_ahead"]
    assert [(item["image"], item["tags"]) for item in told] == [
        (KUBECTL, [entry["tags"][0]["name"]])
    ]
    assert "2034" not in job.site.state(KUBECTL).read_text()


def test_a_source_whose_times_are_all_after_the_build_is_held(job: Job) -> None:
    assert job.run(moved_in_time(listings(TONIGHT), 40 * DAY)).code == 1
    assert holds(job) == ["public", "private"]
    assert "are more than a day later than this build" in job.told("held")[0][2]


def test_a_wrong_time_of_the_build_is_held_before_anything_is_published(job: Job) -> None:
    pages = {path: data for path, data in job.site.tree().items() if path.endswith(".md")}
    run = job.run(listings(TONIGHT), days=3650)
    assert run.code == 1
    assert holds(job) == ["public", "private"]
    assert "only because time has passed" in job.told("held")[0][2]
    kept = {path: data for path, data in job.site.tree().items() if path.endswith(".md")}
    assert {path: data.count(b"\n| ") for path, data in kept.items()} == {
        path: data.count(b"\n| ") for path, data in pages.items()
    }


def test_a_wrong_time_of_one_build_does_not_stop_the_next_one(job: Job) -> None:
    assert job.run(listings(TONIGHT), days=3650).code == 1
    assert job.run(listings(TONIGHT), days=-3649).code == 0
    assert job.told("held") == []
    assert "not been up to date" not in job.site.body(KUBECTL)


def test_the_same_answer_for_weeks_is_held_before_it_empties_the_pages(job: Job) -> None:
    found = listings(TONIGHT)
    codes = [job.run(found).code]
    while codes[-1] == 0 and len(codes) < 40:
        codes.append(job.run(found).code)
    assert 15 < len(codes) < 35
    assert holds(job)
    assert "only because time has passed" in job.told("held")[0][2]


def test_a_time_before_the_last_build_s_stops_the_build_unless_told(job: Job) -> None:
    before = job.site.tree()
    run = job.run(listings(TONIGHT), days=-2)
    assert run.code == 2
    assert "lies before that of the last build, 2024-05-30T00:47:59Z: --back builds" in run.err
    assert job.site.tree() == before
    assert job.run(listings(TONIGHT), "--back", days=0).code in {0, 1}


def test_what_is_held_in_a_build_for_an_earlier_time_shows_what_was_believed(job: Job) -> None:
    bodies = {image: job.site.body(image) for image in names(listings(BEFORE))}
    assert job.run(listings(TONIGHT), "--back", days=-365).code == 1
    assert holds(job) == ["public", "private"]
    assert {image: job.site.body(image) for image in bodies} == bodies


def test_a_source_that_gives_the_same_answer_for_longer_than_usual_is_reported(job: Job) -> None:
    found = listings(TONIGHT)
    nights = []
    for night in range(1, 9):
        assert job.run(found).code == 0
        nights += [night] * ("unchanged" in job.kinds())
    assert nights == [6, 7, 8]
    assert job.told("unchanged")[0][1:] == (
        "public",
        "the very same answer since 2024-05-31; it used to change about every night",
    )


# 7. Lost state


def lose_state(job: Job) -> None:
    for path in job.site.content.rglob("tags.json"):
        path.unlink()


def test_without_any_state_a_cut_listing_is_held_and_no_page_is_written(job: Job) -> None:
    lose_state(job)
    before = job.site.tree()
    run = job.run(cut(listings(TONIGHT), job.now))
    assert run.code == 1
    assert "private" in holds(job)
    assert "the last build left " in job.told("held")[0][2]
    after = job.site.tree()
    assert {path: after[path] for path in before if path.endswith(".md")} == {
        path: data for path, data in before.items() if path.endswith(".md")
    }
    assert job.run(cut(listings(TONIGHT), job.now), days=0).code == 1
    assert job.run(listings(TONIGHT)).code == 0


def test_many_states_that_cannot_be_read_are_no_gain_of_the_others(job: Job) -> None:
    broken = [path for path in job.site.content.rglob("tags.json") if share(path.parent.name) < 50]
    for path in broken:
        path.write_text("{")
    run = job.run(listings(TONIGHT))
    assert run.code == 1
    assert f"Failed ({len(broken)})\n" in run.err
    assert job.told("held") == []


def test_the_hold_of_a_source_whose_state_is_lost_names_no_image(job: Job) -> None:
    lose_state(job)
    run = job.run(cut(listings(TONIGHT), job.now))
    assert "most of all" not in run.err
    (held,) = [item for item in job.report["findings"] if item.get("table") == "private"]
    assert "worst" not in held


def test_half_of_the_state_lost_is_no_gain_of_a_whole_answer(job: Job) -> None:
    for path in job.site.content.rglob("tags.json"):
        if share(path.parent.name) < 50:
            path.unlink()
    assert job.run(listings(TONIGHT)).code == 0
    assert [change["kind"] for change in job.report["changes"]].count("rebuilt") > 25


def test_without_any_state_pages_are_rebuilt_and_not_new(job: Job) -> None:
    lose_state(job)
    run = job.run(listings(TONIGHT))
    assert run.code == 0
    kinds = [change["kind"] for change in job.report["changes"]]
    assert kinds.count("rebuilt") > 60
    assert kinds.count("added") < 3
    assert f"Pages rebuilt ({kinds.count('rebuilt')})\n" in run.err


def test_a_catalog_that_removes_many_pages_needs_a_word(job: Job) -> None:
    before = set(job.site.content.glob("*/tags_history.md"))
    job.keys = {"images": {"exclude": ["[a-k]*"]}}
    run = job.run(listings(TONIGHT))
    assert run.code == 1
    assert "nothing is removed without `tagpages build --accept-loss catalog`" in run.err
    assert set(job.site.content.glob("*/tags_history.md")) >= before
    assert job.site.run("render").code == 1
    assert set(job.site.content.glob("*/tags_history.md")) >= before
    assert job.run(listings(TONIGHT), "--accept-loss", "catalog").code == 0
    assert not job.site.page(KUBECTL).exists()


def test_the_catalog_may_always_remove_nine_pages_and_those_are_gone_for_good(
    tmp_path: Path,
) -> None:
    names_ = [f"image-{number:02}" for number in range(30)]
    entry = {"tags": by_image(listings(TONIGHT)["private"])[KUBECTL]["tags"]}
    found = {"public": [], "private": [{"repo": {"name": name}, **entry} for name in names_]}
    job = Job(Site(tmp_path), datetime.fromisoformat(recorded_text(TONIGHT)[0]))
    assert job.run(found, days=0).code == 0
    job.keys = {"retired": {name: {} for name in names_[:9]}}
    assert job.run(found).code == 0
    assert job.kinds() == {"retired"}
    job.keys = {"retired": {name: {} for name in names_[:18]}}
    assert job.run(found).code == 0
    job.keys = {"retired": {name: {} for name in names_[:28]}}
    assert job.run(found).code == 1
    assert job.kinds() == {"held"}


def test_a_narrower_include_is_no_loss(job: Job) -> None:
    job.keys = {"images": {"include": ["[a-k]*"]}}
    assert job.run(listings(TONIGHT)).code == 0
    assert job.told("held") == []


def test_a_wider_include_is_no_gain(tmp_path: Path) -> None:
    narrow: dict[str, object] = {"images": {"include": ["[a-c]*"]}}
    job = Job(Site(tmp_path), datetime.fromisoformat(recorded_text(TONIGHT)[0]), narrow)
    assert job.run(listings(TONIGHT), days=0).code == 0
    job.keys = {}
    assert job.run(listings(TONIGHT)).code == 0
    assert job.told("held") == []


# 8. Acceptance means what was reviewed


def without_some(found: Listings, percent: int) -> Listings:
    return tags_where(found, lambda image, tag: share(image, tag["name"]) >= percent)


def test_a_mark_accepts_the_loss_that_was_reviewed_or_a_part_of_it(job: Job) -> None:
    for less, part in ((20, 20), (20, 15)):
        assert job.run(without_some(listings(TONIGHT), less), days=0.01).code == 1
        assert job.run(
            without_some(listings(TONIGHT), part),
            f"--accept-loss={mark(job, 'private')}",
            f"--accept-loss={mark(job, 'public')}",
            days=0.01,
        ).code in {0, 1}
        assert holds(job) == []
        assert (
            job.run(listings(TONIGHT), "--accept-any-loss=private", "--accept-any-loss=public").code
            == 0
        )


def test_a_table_that_loses_but_the_name_that_was_reviewed_is_not_held_anew(job: Job) -> None:
    """Of the images that lose `latest` two have nothing else in the private table."""
    found = listings(TONIGHT)
    private, public = by_image(found["private"]), by_image(found["public"])
    chosen = [name for name, entry in private.items() if latest(entry) and name in public][:12]
    for name in chosen[:2]:
        private[name]["tags"] = [tag for tag in private[name]["tags"] if tag["name"] == "latest"]
    job.run(found, "--accept-any-loss=private")
    less = tags_where(found, lambda name, tag: tag["name"] != "latest" or name not in chosen)
    less["public"] = found["public"]
    assert job.run(less).code == 1
    assert job.told("held")[0][2].startswith("`latest` gone from 12 of 65 images ")
    assert job.run(less, f"--accept-loss={mark(job, 'private')}").code == 0
    assert job.told("held") == []


@pytest.mark.parametrize("more", [21, 60])
def test_a_mark_accepts_no_larger_loss(job: Job, more: int) -> None:
    assert job.run(without_some(listings(TONIGHT), 20)).code == 1
    reviewed = mark(job, "private")
    before = tables_of(job)["private"]
    run = job.run(without_some(listings(TONIGHT), more), f"--accept-loss={reviewed}")
    assert run.code == 1
    assert "private" in holds(job)
    assert mark(job, "private") != reviewed
    assert tables_of(job)["private"] == before


def test_a_bare_name_is_refused_with_the_mark_to_use(job: Job) -> None:
    assert job.run(without_some(listings(TONIGHT), 20)).code == 1
    before, reviewed = job.site.tree(), mark(job, "private")
    assert reviewed.startswith("private@")
    run = job.run(without_some(listings(TONIGHT), 20), "--accept-loss=private")
    assert run.code == 2
    assert run.err == (
        "tagpages: --accept-loss private: say which loss was reviewed:"
        f" --accept-loss {reviewed}; --accept-any-loss private believes whatever is missing\n"
    )
    assert job.site.tree() == before


# 9. Release


@pytest.mark.parametrize(("nights", "released"), [(3, True), (0, False)])
def test_a_source_is_believed_when_the_same_has_been_missing_for_long(
    job: Job, nights: int, *, released: bool
) -> None:
    job.keys = guarded(source_gone_after=nights)
    codes = [job.run(without_some(listings(TONIGHT), 20)).code for _ in range(2)]
    assert codes == [1, 1]
    job.run(without_some(listings(TONIGHT), 20))
    assert (holds(job) == []) == released
    assert (
        {item[1] for item in job.told("released") if item[0] is None} == {"public", "private"}
    ) == (released)


def test_what_is_believed_after_all_names_what_disappears(job: Job) -> None:
    job.keys = guarded(source_gone_after=2, name_loss=1)
    for _ in range(2):
        run = job.run(without_some(listings(TONIGHT), 20))
    assert run.err.startswith("Believed after all (2)\n  source private: `")
    assert "; the same 2 nights in a row`; most of all `" in run.err


def test_a_table_believed_after_all_names_what_disappears(job: Job) -> None:
    found = listings(TONIGHT)
    by_image(found["public"])[KUBECTL]["tags"] = []
    for _ in range(3):
        run = job.run(found)
    assert (
        "  kubectl: public: `all its 2 visible tags gone; the same 3 nights in a row`;"
        " `latest` `latest-dev`\n"
    ) in run.err


def test_a_small_site_is_not_blocked_for_ever_by_a_clean_up(tmp_path: Path) -> None:
    chosen = sorted(by_image(listings(TONIGHT)["private"]))[:10]
    small = without(listings(TONIGHT), set(names(listings(TONIGHT))) - set(chosen))
    job = Job(Site(tmp_path), datetime.fromisoformat(recorded_text(TONIGHT)[0]))
    assert job.run(small, days=0).code == 0
    less = without_some(small, 20)
    codes = [job.run(less).code for _ in range(8)]
    assert codes[0] == 1
    assert codes[-1] == 0
    assert job.told("held") == []


# 10. --only '*'


@pytest.mark.parametrize("choice", ["*", "[a-k]*"], ids=["all", "60 percent of the tags"])
def test_a_choice_of_most_images_measures_the_sources(job: Job, choice: str) -> None:
    before = tables_of(job)
    run = job.run(without_some(listings(TONIGHT), 40), "--only", choice)
    assert run.code == 1
    assert holds(job) == ["public", "private"]
    assert tables_of(job) == before


def test_a_choice_of_images_does_not_end_the_hold_of_their_source(job: Job) -> None:
    less = without_some(listings(TONIGHT), 40)
    assert job.run(less).code == 1
    before, record = tables_of(job), (job.site.content / "build.json").read_bytes()
    run = job.run(less, "--only", KUBECTL, days=0)
    assert run.code == 1
    assert tables_of(job) == before
    assert (
        json.loads((job.site.content / "build.json").read_bytes())["held"]
        == json.loads(record)["held"]
    )
    reviewed = mark(job, "private")
    assert f"`tagpages build --accept-loss {reviewed}`" in run.err
    marks = [f"--accept-loss={reviewed}", f"--accept-loss={mark(job, 'public')}"]
    assert job.run(less, "--only", KUBECTL, *marks, days=0).code == 0
    assert tables_of(job)["private"][KUBECTL] != before["private"][KUBECTL]


def test_a_choice_of_images_believes_no_more_than_was_reviewed(job: Job) -> None:
    assert job.run(without_some(listings(TONIGHT), 20)).code == 1
    before, reviewed = tables_of(job), mark(job, "private")
    more = without_some(listings(TONIGHT), 40)
    assert job.run(more, "--only", KUBECTL, f"--accept-loss={reviewed}", days=0).code == 1
    assert tables_of(job) == before


# 11. A source that is new


def test_a_new_table_whose_source_fails_freezes_no_page_and_check_is_green(job: Job) -> None:
    third = {"name": "third", "source": {"kind": "listing", "path": "third.json"}}
    job.keys = {"tables": ["public", "private", third]}
    job.site.catalog(as_of=None, older="hide", **job.keys)
    assert job.site.run("check").code == 0
    before = tables_of(job)
    for number in (1, 2):
        run = job.run(listings(TONIGHT))
        assert run.code == 1
        assert ("Tables that pages do without (1)\n  source third: " in run.err) == (number == 1)
        assert "waiting" not in job.kinds()
    assert tables_of(job)["private"] != before["private"]
    assert "third" not in tables_of(job)
    found = listings(TONIGHT)
    assert job.run({**found, "third": found["public"]}).code == 0
    assert tables_of(job)["third"]
