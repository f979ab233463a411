"""What changed between two digests of a tag, from the history of `details.json`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.content.details import encode_details
from generator.facts.base import Absent, Details, Facts, Found
from generator.facts.image import Config, ImageFacts, Platform
from generator.facts.packages import Packages
from generator.facts.sbom import Package
from tests.history.repo import Repo
from tests.support import Run, digest

DAY = [f"2024-05-{day:02}T01:00:00Z" for day in range(1, 29)]


def contents(size: int, packages: dict[str, str] | None, **config: Any) -> Facts:
    """The facts of a digest."""
    platform = Platform("linux", "amd64", digest=digest("9"), size=size, layers=2)
    image = ImageFacts(is_index=True, platforms=(platform,), config=Config(**config))
    listed = tuple(Package(name, version) for name, version in (packages or {}).items())
    return {
        "image": Found(image),
        "packages": Absent() if packages is None else Found(Packages("apko", listed)),
    }


def details(repo: Repo, **facts: Facts) -> None:
    known = {digest(sign): value for sign, value in facts.items()}
    repo.write("app/details.json", encode_details(Details("app", known)))


def ask(repo: Repo, *args: str) -> Run:
    return repo.ask("--what-changed", *args)


@pytest.fixture
def repo(repo: Repo) -> Repo:
    old = contents(1000, {"bash": "5.2", "wget": "1.0"}, user="root", env={"A": "1", "B": "2"})
    new = contents(2000, {"bash": "5.3", "curl": "8"}, user="65532", env={"A": "1"}, cmd="run")
    details(repo, a=old)
    repo.night(DAY[0], app={"public": {"latest": "a"}, "private": {"latest": "a"}})
    repo.night(DAY[1], app={"public": {"latest": "b"}, "private": {"latest": "a"}})
    details(repo, a=old, b=new)  # it could not be looked up on the night before
    repo.commit(DAY[2])
    return repo


def test_packages_and_configuration_of_the_last_move_are_compared(repo: Repo) -> None:
    first, second = repo.git("rev-list", "--reverse", "HEAD~1").split()
    run = ask(repo, "app:latest", "--table", "public")
    assert run.code == 0, run.err
    assert run.out == (
        "app:latest (public)\n"
        f"  {digest('a')} seen 2024-05-01 01:00 ({first[:12]}) to 2024-05-01 01:00 ({first[:12]})\n"
        f"  {digest('b')} seen 2024-05-02 01:00 ({second[:12]}) to 2024-05-02 01:00"
        f" ({second[:12]})\n"
        "  packages: 3 changed\n"
        "    bash 5.2 → 5.3\n"
        "    + curl 8\n"
        "    - wget 1.0\n"
        "  configuration: 3 changed\n"
        "    User root → 65532\n"
        "    + Command run\n"
        "    - Environment B=2\n"
        "  download: 1,000 → 2,000 bytes\n"
    )


def test_the_forms_say_the_same(repo: Repo) -> None:
    text = ask(repo, "app:latest", "--table", "public", "--format", "md").out
    assert f"`{digest('a')}` → `{digest('b')}`\n" in text
    assert "\npackages: 3 changed\n\n- `bash 5.2 → 5.3`\n- `+ curl 8`\n" in text
    value = json.loads(ask(repo, "app:latest", "--table", "public", "--format", "json").out)
    (change,) = value["changes"]
    assert (change["before"]["digest"], change["after"]["digest"]) == (digest("a"), digest("b"))
    assert change["move"]["packages"][0] == {"name": "bash", "before": ["5.2"], "after": ["5.3"]}


def test_two_moments_can_be_named(repo: Repo) -> None:
    same = ask(repo, "app:latest", "--from", DAY[0], "--to", DAY[0], "--table", "public")
    assert same.code == 0
    assert same.out.endswith("  packages: same\n  configuration: same\n  download: same\n")
    both = ask(repo, "app:latest", "--from", "2024-05-01", "--to", "2024-05-02")
    assert both.code == 0
    assert both.out.count("app:latest") == 2


def test_what_is_not_recorded_is_not_known(repo: Repo) -> None:
    repo.night(DAY[3], app={"public": {"latest": "c"}})
    run = ask(repo, "app:latest")
    assert run.code == 2
    assert f"nothing is recorded of what {digest('c')} contained" in run.err
    assert "packages: not known" in run.out
    repo.write("app/details.json", "{")
    repo.commit(DAY[4])
    run = ask(repo, "app:latest")
    assert run.code == 2
    assert "app/details.json: " in run.err


def test_an_image_whose_packages_nobody_tells_is_compared_in_its_configuration(
    repo: Repo,
) -> None:
    details(repo, c=contents(1, None, user="root"))
    repo.night(DAY[3], app={"public": {"latest": "c"}})
    run = ask(repo, "app:latest")
    assert run.code == 0
    assert "  packages: not known\n" in run.out
    assert "    User 65532 → root\n" in run.out


def test_what_came_before_the_first_digest_is_nothing(repo: Repo) -> None:
    run = ask(repo, "app:latest", "--table", "private")
    assert (run.code, run.out) == (1, "")
    assert "`latest` pointed to nothing before" in run.err
    assert ask(repo, "app:1.2").code == 1
    assert ask(repo, "app:latest", "--from", "2024-04-01", "--to", "2024-05-02").code == 1


def test_one_table_that_moved_answers_beside_another_that_never_did(repo: Repo) -> None:
    run = ask(repo, "app:latest")
    assert (run.code, run.out.count("packages: 3 changed")) == (0, 1)
    assert run.err == f"tagpages: app: `latest` pointed to nothing before {digest('a')}\n"
    repo.night(DAY[3], app={"public": {"latest": "c"}, "private": {"latest": "a"}})
    assert ask(repo, "app:latest").code == 2


def test_what_came_before_a_shallow_clone_is_not_known(repo: Repo) -> None:
    copy = Repo(repo.root.parent / "clone")
    repo.git("clone", "--quiet", "--depth=2", f"file://{repo.root}", copy.root)
    run = ask(copy, "app:latest", "--table", "public")
    assert (run.code, run.out) == (2, "")
    assert "`latest` pointed to nothing before" not in run.err
    assert "not known before 2024-05-02 01:00" in run.err
    assert "fetch --unshallow` fetches the rest" in run.err


def test_a_digest_contains_what_was_recorded_while_any_tag_had_it(repo: Repo) -> None:
    repo.night(DAY[3], app={"public": {"latest": "c"}})
    repo.night(DAY[4], app={"public": {"latest": "b"}})
    repo.night(DAY[5], app={"public": {"latest": "b", "old": "c"}})
    details(repo, b=contents(2, {"bash": "7"}), c=contents(1, {"bash": "6"}))
    repo.commit(DAY[6])
    details(repo, b=contents(2, {"bash": "7"}))
    repo.night(DAY[7], app={"public": {"latest": "b"}})
    run = ask(repo, "app:latest", "--table", "public")
    assert (run.code, run.err) == (0, "")
    assert "bash 6 → 7\n" in run.out


def test_only_a_tag_has_two_digests(repo: Repo) -> None:
    for question in (["app"], ["app:latest", "--at", DAY[0]], ["app:latest", "--from", "nowhere"]):
        assert ask(repo, *question).code == 2, question
    assert "belong to --what-changed" in repo.ask("app", "--from", DAY[0]).err


def test_foreign_text_breaks_no_line(repo: Repo) -> None:
    details(repo, c=contents(1, {"x": "1"}, cmd="a\n`b`"))
    repo.night(DAY[3], app={"public": {"latest": "c"}})
    out = ask(repo, "app:latest", "--format", "md").out
    assert "- `Command run → a 'b'`\n" in out


def test_of_many_changes_the_first_are_told_and_the_others_counted(repo: Repo) -> None:
    details(repo, c=contents(1, {f"p{number:03}": "1" for number in range(250)}))
    repo.night(DAY[3], app={"public": {"latest": "c"}})
    out = ask(repo, "app:latest").out
    assert "  packages: 252 changed\n" in out
    assert "    … and 52 more\n" in out
