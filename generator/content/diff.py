"""A change of a file as a unified diff."""

from __future__ import annotations

import re
from difflib import unified_diff

from generator.content.tree import Change


def unified(change: Change) -> str:
    """The change as `git diff` shows it; a file that is not there is `/dev/null`."""
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in unified_diff(
            _lines(change.before),
            _lines(change.after),
            "/dev/null" if change.before is None else f"a/{change.path}",
            "/dev/null" if change.after is None else f"b/{change.path}",
        )
    )


def _lines(data: bytes | None) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", (data or b"").decode(errors="replace"))
