"""What changed between two digests of a tag, from the history of `details.json`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.errors import TagpagesError
from generator.history.details import read
from tests.history.repo import Repo
from tests.support import Run, digest

DAY = [f"2024-05-{day:02}T01:00:00Z" for day in range(1, 29)]


def contents(size: int, packages: dict[str, str] | None, **config: Any) -> dict[str, Any]:
    """The facts of a digest, as `details.json` has them."""
    platform = {"os": "linux", "architecture": "amd64", "size": size, "layers": 2}
    image = {"is_index": True, "platforms": [platform], "config": config}
    listed = [{"name": name, "version": version} for name, version in (packages or {}).items()]
    found = {"state": "found", "value": listed}
    return {
        "image": {"state": "found", "value": image},
        "packages": {"state": "none"} if packages is None else found,
        "of the future": {"state": "found", "value": 7},
    }


def details(repo: Repo, **facts: dict[str, Any]) -> None:
    digests = {digest(sign): value for sign, value in facts.items()}
    text = json.dumps({"version": 1, "image": "app", "digests": digests})
    repo.write("app/details.json", text)


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
        "  configuration: 4 changed\n"
        "    + cmd run\n"
        "    - env B 2\n"
        "    platform linux/amd64 1,000 bytes → 2,000 bytes\n"
        "    user root → 65532\n"
    )


def test_the_forms_say_the_same(repo: Repo) -> None:
    text = ask(repo, "app:latest", "--table", "public", "--format", "md").out
    assert f"`{digest('a')}` → `{digest('b')}`\n" in text
    assert "\npackages: 3 changed\n\n- `bash 5.2 → 5.3`\n- `+ curl 8`\n" in text
    value = json.loads(ask(repo, "app:latest", "--table", "public", "--format", "json").out)
    (change,) = value["changes"]
    assert (change["before"]["digest"], change["after"]["digest"]) == (digest("a"), digest("b"))
    assert change["difference"]["packages"][0] == {"name": "bash", "before": "5.2", "after": "5.3"}


def test_two_moments_can_be_named(repo: Repo) -> None:
    same = ask(repo, "app:latest", "--from", DAY[0], "--to", DAY[0], "--table", "public")
    assert same.code == 0
    assert same.out.endswith("  packages: same\n  configuration: same\n")
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
    assert "app: details.json of " in run.err


def test_an_image_whose_packages_nobody_tells_is_compared_in_its_configuration(
    repo: Repo,
) -> None:
    details(repo, c=contents(1, None, user="root"))
    repo.night(DAY[3], app={"public": {"latest": "c"}})
    run = ask(repo, "app:latest")
    assert run.code == 0
    assert "  packages: not known\n" in run.out
    assert "    user 65532 → root\n" in run.out


def test_what_came_before_the_first_digest_is_nothing(repo: Repo) -> None:
    run = ask(repo, "app:latest", "--table", "private")
    assert (run.code, run.out) == (1, "")
    assert "`latest` pointed to nothing before" in run.err
    assert ask(repo, "app:1.2").code == 1
    assert ask(repo, "app:latest", "--from", "2024-04-01", "--to", "2024-05-02").code == 1


def test_only_a_tag_has_two_digests(repo: Repo) -> None:
    for question in (["app"], ["app:latest", "--at", DAY[0]], ["app:latest", "--from", "nowhere"]):
        assert ask(repo, *question).code == 2, question
    assert "belong to --what-changed" in repo.ask("app", "--from", DAY[0]).err


def test_foreign_text_breaks_no_line(repo: Repo) -> None:
    details(repo, c=contents(1, {"x": "1"}, cmd="a\n`b`"))
    repo.night(DAY[3], app={"public": {"latest": "c"}})
    out = ask(repo, "app:latest", "--format", "md").out
    assert "- `cmd run → a 'b'`\n" in out


def test_a_size_is_that_of_the_usual_platform() -> None:
    arm = {"os": "linux", "architecture": "arm64", "size": 5}
    amd = {"os": "linux", "architecture": "amd64", "size": 7}
    for platforms, size in (([arm, amd], 7), ([arm], 5), ([], None)):
        image = {"state": "found", "value": {"platforms": platforms}}
        data = json.dumps({"digests": {"d": {"image": image}}}).encode()
        assert read(data)["d"].size == size
    with pytest.raises(TagpagesError):
        read(b'{"digests": 3}')
