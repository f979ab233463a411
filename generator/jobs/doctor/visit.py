"""What the checks are given, and what they answer."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from generator.errors import UsageError
from generator.jobs.job import Job
from generator.starting.hugo import HugoSite, read_site

State = Literal["ok", "warning", "error"]
_PATIENCE = 60
"""Seconds that another program may take."""


class Line(msgspec.Struct, frozen=True):
    """One answer: what was looked at, how it is, in words, and what to do about it if anything."""

    check: str
    state: State
    text: str
    todo: str = ""


def ok(check: str, text: str) -> Line:
    """It is well."""
    return Line(check, "ok", text)


def warning(check: str, text: str, todo: str) -> Line:
    """It may be meant so; builds run all the same."""
    return Line(check, "warning", text, todo)


def error(check: str, text: str, todo: str = "") -> Line:
    """Builds fail, or their pages are not shown; `todo` is empty where the text says what to do."""
    return Line(check, "error", text, todo)


@dataclass(frozen=True)
class Visit:
    """A catalog's file, which may have mistakes, and the environment."""

    file: Path
    environ: Mapping[str, str]

    @cached_property
    def job(self) -> Job:
        """The catalog; raises UsageError for its mistakes."""
        return Job(self.file, self.environ)

    @cached_property
    def well_read(self) -> Job | None:
        """The catalog; None where it has mistakes, which its own check tells."""
        try:
            return self.job
        except UsageError:
            return None

    @cached_property
    def site(self) -> HugoSite | None:
        """The Hugo site that the catalog lies in; raises UsageError if it cannot be read."""
        root = self.file.absolute().parent
        for folder in (root, *root.parents):
            if site := read_site(folder):
                return site
            if (folder / ".git").exists():
                break
        return None

    @property
    def folder(self) -> Path:
        """Where the catalog lies."""
        return self.file.absolute().parent


def output_of(folder: Path, *command: str) -> str | None:
    """What a program prints; None where it fails, is missing or does not end."""
    try:
        done = subprocess.run(  # noqa: S603 - programs that we name ourselves
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
