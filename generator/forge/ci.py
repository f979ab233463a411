"""What the CI around us takes from a run: annotations of it, outputs for later steps, a summary.

GitHub Actions has files and lines of text for that (docs.github.com, workflow commands), and
Gitea and Forgejo follow it. Elsewhere a run says what it has to say in its log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from generator.errors import TagpagesError


class Ci:
    """The CI that an environment tells of; `write` writes a line to the log.

    With `quiet` the log has nothing but trouble.
    """

    def __init__(
        self, environ: Mapping[str, str], write: Callable[[str], None], *, quiet: bool = False
    ) -> None:
        self._environ = environ
        self._write = write
        self._quiet = quiet

    def say(self, line: str, *, trouble: bool = False) -> None:
        """Tell the log something."""
        if trouble or not self._quiet:
            self._write(line)

    def warn(self, text: str) -> None:
        """Mark the run with a warning."""
        self._annotate("warning", text)

    def fail(self, text: str) -> None:
        """Mark the run with an error."""
        self._annotate("error", text)

    def output(self, **values: object) -> None:
        """Hand values to the steps that come later; truth values are written in lower case."""
        lines = (
            f"{name.replace('_', '-')}={str(value).lower() if isinstance(value, bool) else value}\n"
            for name, value in values.items()
        )
        self._append("GITHUB_OUTPUT", "".join(lines))

    def summarise(self, markdown: str) -> None:
        """Add to the summary that the page of the run shows."""
        self._append("GITHUB_STEP_SUMMARY", markdown)

    def _annotate(self, level: str, text: str) -> None:
        of_github = self._environ.get("GITHUB_ACTIONS")
        line = f"::{level} title=Nightly::{text}" if of_github else f"{level}: {text}"
        self.say(line, trouble=True)

    def _append(self, name: str, text: str) -> None:
        if path := self._environ.get(name):
            try:
                with Path(path).open("a", encoding="utf-8") as file:
                    file.write(text)
            except OSError as error:
                raise TagpagesError(f"cannot write {path} ({name}): {error.strerror}") from None
