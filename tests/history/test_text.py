"""Answers as people and programs read them."""

from __future__ import annotations

import json

import pytest

from tests.history.repo import Repo
from tests.support import digest

A, B = digest("a"), digest("b")
FIRST, SECOND = "2024-05-02T01:00:00Z", "2024-05-03T01:00:00Z"


@pytest.fixture
def commits(repo: Repo) -> tuple[str, str]:
    first = repo.night(FIRST, app={"public": {"latest": "a", "1": "a", "0": "a"}})
    second = repo.night(SECOND, app={"public": {"latest": "b", "1": "b", "0": "a"}})
    return first, second


def test_a_terminal_shows_two_lines_a_span(repo: Repo, commits: tuple[str, str]) -> None:
    first, second = (commit[:12] for commit in commits)
    assert repo.ask("app:latest").out == (
        "app:latest (public)\n"
        f"  {B}\n"
        f"    seen 2024-05-03 01:00 ({second}) to 2024-05-03 01:00 ({second}); still there;"
        " the registry says 2024-05-01\n"
        f"  {A}\n"
        f"    seen 2024-05-02 01:00 ({first}) to 2024-05-02 01:00 ({first});"
        f" moved 2024-05-03 01:00 ({second}); the registry says 2024-05-01\n"
    )


def test_tags_that_move_together_are_told_together(repo: Repo, commits: tuple[str, str]) -> None:
    lines = repo.ask("app").out.splitlines()
    assert [line for line in lines if not line.startswith("   ")] == [
        "app: latest 1 (public)",
        f"  {B}",
        f"  {A}",
        "app:0 (public)",
        f"  {A}",
    ]


def test_tags_that_move_together_are_told_in_the_order_of_versions(repo: Repo) -> None:
    repo.night(FIRST, app={"public": {"1.10": "a", "1.9": "a", "latest": "a", "2": "a"}})
    assert repo.ask("app").out.splitlines()[0] == "app: latest 1.9 1.10 2 (public)"


def test_what_a_page_does_not_name_is_not_told(repo: Repo) -> None:
    commit = repo.old_night(FIRST, "some day", app={"": {"latest": "a"}})
    stamp = f"2024-05-02 01:00 ({commit[:12]})"
    assert repo.ask("app").out == (f"app:latest\n  {A}\n    seen {stamp} to {stamp}; still there\n")
    assert f"| `{A}` | {stamp} | {stamp} |  | still there |" in repo.ask("app", "--format=md").out


def test_markdown_has_a_table_of_the_spans(repo: Repo, commits: tuple[str, str]) -> None:
    first, second = (commit[:12] for commit in commits)
    assert repo.ask("app:latest", "--format", "md").out == (
        "### app:latest (public)\n\n"
        "| Digest | First seen | Last seen | Registry | Ended |\n"
        "| --- | --- | --- | --- | --- |\n"
        f"| `{B}` | 2024-05-03 01:00 ({second}) | 2024-05-03 01:00 ({second})"
        " | 2024-05-01 | still there |\n"
        f"| `{A}` | 2024-05-02 01:00 ({first}) | 2024-05-02 01:00 ({first})"
        f" | 2024-05-01 | moved 2024-05-03 01:00 ({second}) |\n\n"
    )
    absent = repo.ask("tool", "--format", "md")
    assert (absent.code, absent.out) == (1, "> no page lists tool\n")


def test_json_has_everything(repo: Repo, commits: tuple[str, str]) -> None:
    value = json.loads(repo.ask("app:1.2", "--format", "json").out)
    assert value == {
        "version": 1,
        "verdict": "absent",
        "spans": [],
        "notes": ["app: no version lists it"],
        "not_known_before": None,
    }
