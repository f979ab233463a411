"""Every numbered event of the year that the recorded nights come from, made from such a night.

Each must be impossible or reported. The numbers are those of `docs/guard.md`.
"""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

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
    pages,
    recorded_text,
    started,
    tables_of,
    tags_where,
    timed,
    without,
)
from tests.support import PAIR, Site


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job after the night of 30 May; the next one is that of 31 May."""
    return started(tmp_path)


def source_is_held(job: Job, found: Listings, table: str, reason: str) -> None:
    """A night whose answer for one table is not believed: as before, first in the report."""
    before = tables_of(job)
    run = job.run(found)
    assert run.code == 1
    assert [item for item in job.told("held") if item[1] == table] == [(None, table, reason)]
    assert tables_of(job)[table] == before[table]
    assert json.loads(job.site.tree()["build.json"])["held"][table]["nights"] == 1
    assert run.err.startswith("Held back (")
    assert f"source {table}: `{reason}" in run.err
    assert f"`tagpages build --accept-loss {table}@" in run.err


# 1. Old rows came back after twelve months


def test_rows_of_twelve_and_thirteen_months_ago_do_not_come_back(tmp_path: Path) -> None:
    found = listings(TONIGHT)
    old = [
        {
            "id": "made-up",
            "name": f"old-{days}",
            "digest": f"sha256:{days:064x}",
            "lastUpdated": (
                datetime.fromisoformat(recorded_text(TONIGHT)[0]) - timedelta(days)
            ).isoformat(),
        }
        for days in (31, 32, 360, 366, 370, 395, 731)
    ]
    with_old = {
        table: [{**entry, "tags": [*entry["tags"], *old]} for entry in entries]
        for table, entries in found.items()
    }
    trees = []
    for folder, answer in (("a", found), ("b", with_old)):
        (tmp_path / folder).mkdir()
        job = Job(Site(tmp_path / folder), datetime.fromisoformat(recorded_text(TONIGHT)[0]))
        assert job.run(answer, days=0).code == 0
        trees.append(job.site)
    for image in names(found):
        if trees[0].page(image).exists():
            rows = [site.body(image).count("\n|") for site in trees]
            assert rows[0] == rows[1]
            assert "old-" not in trees[1].body(image)


def test_a_registry_whose_times_all_went_back_a_year_is_held(job: Job) -> None:
    source_is_held(
        job,
        moved_in_time(listings(TONIGHT), timedelta(days=-365)),
        "private",
        "792 of 798 visible tags gone (99.2%)",
    )


# 2. A listing lost everything older than seven days


def cut(found: Listings, days: float, at: datetime) -> Listings:
    return tags_where(found, lambda _, tag: timed(tag) > at - timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (7, "278 of 798 visible tags gone (34.8%)"),
        (14, "96 of 798 visible tags gone (12%)"),
        (20, "all 63 tags older than 20 days gone at once"),
    ],
)
def test_a_listing_cut_at_an_age_is_held(job: Job, days: float, reason: str) -> None:
    at = datetime.fromisoformat(recorded_text(TONIGHT)[0])
    source_is_held(job, cut(listings(TONIGHT), days, at), "private", reason)


def test_a_cut_listing_without_its_empty_images_is_held_and_none_of_them_is_missing(
    job: Job,
) -> None:
    at = datetime.fromisoformat(recorded_text(TONIGHT)[0])
    found = {
        table: [entry for entry in entries if entry["tags"]]
        for table, entries in cut(listings(TONIGHT), 2, at).items()
    }
    count = len(list(job.site.content.glob("*/tags_history.md")))
    for _ in range(4):
        assert job.run(found).code == 1
        assert "missing" not in job.kinds()
    assert len(list(job.site.content.glob("*/tags_history.md"))) == count


def test_a_held_source_is_believed_when_its_loss_is_accepted(job: Job) -> None:
    at = datetime.fromisoformat(recorded_text(TONIGHT)[0])
    found = cut(listings(TONIGHT), 7, at)
    assert job.run(found).code == 1
    marks = [item["accept"] for item in job.report["findings"] if item["kind"] == "held"]
    run = job.run(found, *(f"--accept-loss={mark}" for mark in marks), days=0)
    assert run.code == 0
    assert job.kinds() <= {"missing", "kept_day", "time_back", "moved_back"}
    assert job.run(found).code == 0
    assert json.loads(job.site.tree()["build.json"])["held"] == {}


def test_half_of_the_registry_empty_is_held(job: Job) -> None:
    found = listings(TONIGHT)
    half = set(names(found)[::2])
    source_is_held(
        job,
        tags_where(found, lambda image, _: image not in half),
        "private",
        "444 of 798 visible tags gone (55.6%)",
    )


def test_an_answer_without_any_image_is_held(job: Job) -> None:
    before = pages(job.site.tree())
    run = job.run({"public": [], "private": []})
    assert run.code == 1
    assert [(image, table) for image, table, _ in job.told("held")] == [
        (None, "public"),
        (None, "private"),
    ]
    assert pages(job.site.tree()).keys() == before.keys()


def test_an_answer_without_any_image_never_empties_the_tree_however_often_it_comes(
    job: Job,
) -> None:
    before = tables_of(job)
    for night_number in range(1, 8):
        assert job.run({"public": [], "private": []}, days=0.01).code == 1
        assert job.report["findings"][0].get("nights") == 1, night_number
    assert tables_of(job) == before


# One table missing


def test_a_table_whose_file_is_gone_is_a_failure_and_the_other_goes_on(job: Job) -> None:
    before = tables_of(job)
    source = {"kind": "listing", "path": "not-there.json"}
    job.keys = {"tables": [{"name": "public", "source": source}, "private"]}
    run = job.run(listings(TONIGHT))
    assert run.code == 1
    (failed,) = job.told("failed")
    assert failed[:2] == (None, "public")
    assert failed[2].startswith("cannot read the listing ")
    after = tables_of(job)
    assert after["public"] == before["public"]
    assert after["private"] != before["private"]


def test_a_listing_without_most_of_its_images_is_held(job: Job) -> None:
    found = listings(TONIGHT)
    less = {**found, "public": found["public"][:5]}
    before = len(list(job.site.content.glob("*/tags_history.md")))
    run = job.run(less)
    assert run.code == 1
    assert [item[:2] for item in job.told("held")] == [(None, "public")]
    assert len(list(job.site.content.glob("*/tags_history.md"))) == before


def test_one_image_that_lost_its_table_is_held_and_released_after_three_nights(job: Job) -> None:
    found = listings(TONIGHT)
    less = {
        **found,
        "private": [entry for entry in found["private"] if entry["repo"]["name"] != KUBECTL],
    }
    job.run(found)
    for number in (1, 2):
        assert job.run(less, days=0.9).code == 1
        (held,) = [item for item in job.report["findings"] if item["kind"] == "held"]
        assert (held["image"], held["table"], held["nights"]) == (KUBECTL, "private", number)
        assert "`latest`" in job.site.body(KUBECTL).partition("## Private")[2]
    assert job.run(less, days=0.9).code == 0
    assert job.told("released")[0][:2] == (KUBECTL, "private")
    assert "`latest`" not in job.site.body(KUBECTL).partition("## Private")[2]
    (table,) = [
        table
        for change in job.report["changes"]
        if change["image"] == KUBECTL
        for table in change["tables"]
    ]
    assert table["emptied"]


def test_a_held_table_is_believed_at_once_when_its_image_is_accepted(job: Job) -> None:
    found = listings(TONIGHT)
    less = {
        **found,
        "private": [entry for entry in found["private"] if entry["repo"]["name"] != KUBECTL],
    }
    assert job.run(less, "--accept-any-loss", KUBECTL).code == 0
    assert "`latest`" not in job.site.body(KUBECTL).partition("## Private")[2]


def test_a_loss_of_something_unknown_cannot_be_accepted(job: Job) -> None:
    before = job.site.tree()
    run = job.run({"public": [], "private": []}, "--accept-loss", "kubctl")
    assert run.code == 2
    assert run.err == (
        "tagpages: --accept-loss kubctl: no table and no image with a page is named so; did you"
        " mean `kubectl`?\n"
    )
    assert job.site.tree() == before


def test_a_source_may_have_limits_of_its_own(job: Job) -> None:
    rules = ("table_loss", "source_loss", "week_loss", "image_loss", "name_loss")
    lax = dict.fromkeys(rules, 1)
    job.keys = {
        "tables": [
            {"name": table, "source": {"kind": "listing", "path": f"{table}.json"}, "guard": guard}
            for table, guard in (("public", {}), ("private", lax))
        ]
    }
    found = listings(TONIGHT)
    half = set(names(found)[::2])
    assert job.run(tags_where(found, lambda image, _: image not in half)).code == 1
    assert {item[1] for item in job.told("held") if item[0] is None} == {"public"}


# 3, 4. Nothing was ever removed; ghost pages


def test_an_image_gone_for_one_night_keeps_its_page(job: Job) -> None:
    found = listings(TONIGHT)
    page = job.site.page(KUBECTL).read_bytes()
    state = job.site.state(KUBECTL).read_bytes()
    run = job.run(without(found, [KUBECTL]), days=0.01)
    assert run.code == 0
    assert (
        "Images that no source has (1)\n  kubectl: night 1; its page goes on 2024-06-01\n"
        in run.err
    )
    assert (job.site.page(KUBECTL).read_bytes(), job.site.state(KUBECTL).read_bytes()) == (
        page,
        state,
    )
    assert job.run(found).code == 0
    assert "missing" not in job.kinds()
    assert json.loads(job.site.tree()["build.json"])["gone"] == {}


def test_an_image_gone_for_three_nights_is_removed_and_comes_back_as_a_new_one(job: Job) -> None:
    found = listings(TONIGHT)
    for _ in range(2):
        job.run(without(found, [KUBECTL]))
        assert job.site.page(KUBECTL).exists()
    run = job.run(without(found, [KUBECTL]))
    assert run.code == 0
    assert "Gone images (1)\n  kubectl: no source has had it for 3 nights\n" in run.err
    assert not (job.site.content / KUBECTL).exists()
    assert KUBECTL in [item["image"] for item in job.report["changes"]]
    assert job.run(without(found, [KUBECTL])).code == 0
    assert not job.kinds() & {"missing", "gone"}
    run = job.run(found)
    assert run.code == 0
    assert "New images (1)\n  kubectl: " in run.err
    assert "`latest`" in job.site.body(KUBECTL)


def test_a_removed_image_s_folder_stays_when_people_keep_files_in_it(job: Job) -> None:
    job.keys = {"gone_after": 1}
    notes = job.site.content / KUBECTL / "notes.md"
    notes.write_text("ours")
    job.run(without(listings(TONIGHT), [KUBECTL]))
    assert job.told("kept_folder") == [(KUBECTL, None, "notes.md")]
    assert [path.name for path in (job.site.content / KUBECTL).iterdir()] == ["notes.md"]


def test_the_history_page_of_a_removed_image_is_nothing_to_tell(job: Job) -> None:
    job.keys = {"gone_after": 1, "history": {"days": 90}}
    (job.site.content / KUBECTL / "history.md").write_text("written when the site was built")
    job.run(without(listings(TONIGHT), [KUBECTL]))
    assert job.told("gone") == [(KUBECTL, None, "")]
    assert job.told("kept_folder") == []


def test_an_image_without_a_tag_gets_no_page_and_one_that_lost_them_all_is_gone(job: Job) -> None:
    found = listings(TONIGHT)
    for entries in found.values():
        entries.append({"repo": {"id": "made-up", "name": "ghost"}, "tags": []})
    empty = tags_where(found, lambda image, _: image != KUBECTL)
    for _ in range(3):
        assert job.run(empty).code == 0
        assert not (job.site.content / "ghost").exists()
    assert not (job.site.content / KUBECTL).exists()


def test_an_image_never_gone_but_failing_keeps_its_page(job: Job) -> None:
    found = listings(TONIGHT)
    for entries in found.values():
        for entry in entries:
            if entry["repo"]["name"] == KUBECTL:
                entry["tags"][0] = {**entry["tags"][0], "digest": "sha256:short"}
    for number in range(1, 9):
        assert job.run(found, days=1).code == 1
        failed = [item for item in job.report["findings"] if item["kind"] == "failed"]
        assert {(item["image"], item["nights"]) for item in failed} == {(KUBECTL, number)}
    assert job.site.page(KUBECTL).exists()


# 5. Images published by mistake


def test_an_excluded_image_in_the_listing_loses_its_page_at_once_and_for_good(job: Job) -> None:
    job.keys = {"images": {"exclude": ["kube*l"]}}
    for number in range(4):
        run = job.run(listings(TONIGHT))
        assert run.code == 0
        assert not (job.site.content / KUBECTL).exists()
        assert (f"  {KUBECTL}: excluded\n" in run.err) == (number == 0)


# 6. Retired images


def test_a_retired_image_s_address_leads_to_the_other_image_s_page(job: Job) -> None:
    other = next(name for name in names(listings(TONIGHT)) if name != KUBECTL)
    before = job.site.tree()
    job.keys = {"retired": {KUBECTL: {"redirect": other}}}
    run = job.run(listings(BEFORE), days=0.01)
    assert run.code == 0
    assert f"Gone images (1)\n  kubectl: retired `{other}`\n" in run.err
    after = job.site.tree()
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert changed == {"build.json", f"{KUBECTL}/tags.json", f"{KUBECTL}/tags_history.md"}
    assert f"](/ref/{other}/tags_history/)" in job.site.body(KUBECTL)
    assert job.run(listings(BEFORE), days=0).code == 0
    assert job.site.tree() == after
    assert "retired" not in job.kinds()


def test_a_retired_image_without_a_successor_says_so_and_since_when(job: Job) -> None:
    job.keys = {"retired": {KUBECTL: {}}}
    assert job.run(listings(TONIGHT)).code == 0
    assert job.site.body(KUBECTL) == (
        "\nThis image is retired since May 31st, 2024: it gets no new tags, "
        "and its tags are not listed here any more.\n"
    )
    assert not job.site.state(KUBECTL).exists()
    page = job.site.page(KUBECTL)
    page.write_text(page.read_text() + "\nAsk the team for help.\n")
    before = page.read_bytes()
    for _ in range(2):
        assert job.run(listings(TONIGHT), days=40).code in {0, 1}
        assert page.read_bytes() == before
        assert KUBECTL not in [item["image"] for item in job.report["changes"]]


def test_an_image_is_not_retired_in_favour_of_one_without_a_page(job: Job) -> None:
    job.keys = {"retired": {KUBECTL: {"redirect": "not-there"}}}
    run = job.run(listings(TONIGHT))
    assert run.code == 1
    assert job.told("failed") == [
        (KUBECTL, None, "it is retired in favour of `not-there`, which has no page")
    ]
    assert job.site.page(KUBECTL).exists()


def test_an_image_is_not_retired_in_favour_of_a_retired_one(job: Job) -> None:
    """The other one's page goes, and with it the address of the first."""
    before = job.site.tree()
    job.keys = {"retired": {KUBECTL: {"redirect": "old"}, "old": {"redirect": "bash"}}}
    run = job.run(listings(TONIGHT))
    assert run.code == 2
    assert "`retired.kubectl.redirect`: `old` is retired too; name the image that has a page" in (
        run.err
    )
    assert job.site.tree() == before


# 7. `date` was rewritten


def test_the_date_of_a_page_stays_and_lastmod_moves_with_the_body_only(job: Job) -> None:
    def line(image: str, key: str) -> str:
        lines = job.site.page(image).read_text().splitlines()
        return next(line for line in lines if line.startswith(f"{key}: "))

    images = [path.parent.name for path in job.site.content.glob("*/tags_history.md")]
    before = {
        image: (job.site.body(image), line(image, "date"), line(image, "lastmod"))
        for image in images
    }
    assert job.run(listings(TONIGHT)).code == 0
    changed = 0
    for image, (body, date, lastmod) in before.items():
        assert line(image, "date") == date
        assert (line(image, "lastmod") != lastmod) == (job.site.body(image) != body)
        changed += job.site.body(image) != body
    assert 0 < changed < len(images)


# 8. Newer date, same digest, same tags


def test_a_newer_day_with_the_same_digest_and_tags_changes_nothing_and_is_reported(
    job: Job,
) -> None:
    before = {path: data for path, data in pages(job.site.tree()).items() if "json" in path}
    found = moved_in_time(listings(BEFORE), timedelta(days=1))
    run = job.run(found)
    assert run.code == 0
    assert job.kinds() == {"kept_day"}
    after = {path: data for path, data in pages(job.site.tree()).items() if "json" in path}
    assert after == before
    assert len(job.told("kept_day")) == 389


# 9. Ties


def test_tags_of_the_same_time_keep_the_registry_s_order_or_go_by_version(tmp_path: Path) -> None:
    found = listings(TONIGHT)
    for entries in found.values():
        for entry in entries:
            entry["tags"] = [
                {**tag, "lastUpdated": "2024-05-31T12:00:00Z"} for tag in entry["tags"]
            ]
    trees: dict[str, list[dict[str, bytes]]] = {"recency": [], "version": []}
    for order, built in trees.items():
        for seed in (0, 1):
            for entries in found.values():
                for entry in entries:
                    random.Random(seed).shuffle(entry["tags"])
            (tmp_path / f"{order}{seed}").mkdir()
            job = Job(
                Site(tmp_path / f"{order}{seed}"),
                datetime.fromisoformat(recorded_text(TONIGHT)[0]),
                {"tag_order": order},
            )
            assert job.run(found, days=0).code == 0
            built.append(pages(job.site.tree()))
            assert job.run(found, days=0).code == 0
            assert pages(job.site.tree()) == built[-1]
    assert trees["version"][0] == trees["version"][1]
    assert trees["recency"][0] != trees["recency"][1]


# 10. 1,991 tags went back to an earlier digest


def test_many_old_digests_that_came_back_in_one_night_are_held(job: Job) -> None:
    """Nothing is lost: what came on 31 May stays, and what moved then is as it was before."""
    assert job.run(listings(TONIGHT)).code == 0
    before = tables_of(job)
    old, new = (by_image(listings(date)["private"]) for date in PAIR)
    for image, entry in new.items():
        known = {tag["name"]: tag for tag in old.get(image, {"tags": []})["tags"]}
        entry["tags"] = [known.get(tag["name"], tag) for tag in entry["tags"]]
    run = job.run({"public": listings(TONIGHT)["public"], "private": list(new.values())})
    assert run.code == 1
    assert job.told("held") == [
        (None, "private", "432 of 804 tags point again to a digest that they had left")
    ]
    assert tables_of(job)["private"] == before["private"]


def test_some_old_digests_that_came_back_are_believed_and_reported(job: Job) -> None:
    assert job.run(listings(TONIGHT)).code == 0
    old, new = (by_image(listings(date)["private"]) for date in PAIR)
    image = next(
        name for name in sorted(old) if latest(old[name]) and latest(old[name]) != latest(new[name])
    )
    found = listings(TONIGHT)
    found["private"] = list((new | {image: old[image]}).values())
    run = job.run(found)
    assert run.code == 0
    back = [item for item in job.report["findings"] if item["kind"] == "moved_back"]
    assert {item["image"] for item in back} == {image}
    assert any("latest" in item["tags"] for item in back)
    assert "Tags that moved back (" in run.err
    assert latest(old[image]) in job.site.body(image)


def test_an_immutable_tag_that_changed_its_digest_is_reported(job: Job) -> None:
    job.keys = {
        "tables": [
            {
                "name": table,
                "source": {"kind": "listing", "path": f"{table}.json", "immutable": "latest"},
            }
            for table in ("public", "private")
        ]
    }
    found = listings(BEFORE)
    for entries in found.values():
        for entry in entries:
            if entry["repo"]["name"] == KUBECTL:
                entry["tags"] = [
                    {**tag, "digest": f"sha256:{'0' * 64}"} if tag["name"] == "latest" else tag
                    for tag in entry["tags"]
                ]
    run = job.run(found)
    assert run.code == 0
    assert {item[0] for item in job.told("immutable_changed")} == {KUBECTL}
    assert "Immutable tags that moved (" in run.err


# 11. A changelog grew without end


def test_a_night_adds_no_file_but_the_image_s_two_and_none_grows(job: Job) -> None:
    files = {path.rpartition("/")[2] for path in job.site.tree()}
    assert files == {"tags_history.md", "tags.json", "build.json"}
    sizes = []
    for number in range(12):
        assert job.run(listings(PAIR[number % 2]), days=0.05).code in {0, 1}
        sizes.append(sum(map(len, job.site.tree().values())))
    assert max(sizes[6:]) < 1.1 * sizes[0]


# 12. Broken JSON was swallowed


def test_half_a_listing_is_a_failure_and_changes_nothing(job: Job) -> None:
    before = tables_of(job)
    for number in range(1, 9):
        run = job.run(listings(TONIGHT), broken=["public", "private"])
        assert run.code == 1
        failed = [item for item in job.report["findings"] if item["kind"] == "failed"]
        assert [item["nights"] for item in failed] == [number, number]
        title = "Failed for 7 nights or more (2)" if number >= 7 else "Failed (2)"
        assert run.err.startswith(f"{title}\n  source private: `the listing ")
    assert tables_of(job) == before


def test_a_source_that_fails_on_the_first_night_blocks_nothing_else(tmp_path: Path) -> None:
    job = Job(Site(tmp_path), datetime.fromisoformat(recorded_text(TONIGHT)[0]))
    for number in (1, 2):
        run = job.run(listings(TONIGHT), days=number - 1, broken=["private"])
        assert run.code == 1
        assert "## Private" not in job.site.body(KUBECTL)
        assert "`latest`" in job.site.body(KUBECTL)
        assert ("left_out" in job.kinds()) == (number == 1)
    assert job.run(listings(TONIGHT), days=0).code == 0
    assert "`latest`" in job.site.body(KUBECTL).partition("## Private")[2]
