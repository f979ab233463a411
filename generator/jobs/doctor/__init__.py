"""`doctor`: what is well and what is not, before a night finds out; nothing is written.

`visit` has the values, and each other module the checks of one subject: a function from a visit to
lines. A new check is one function, and one line in `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from generator.errors import TagpagesError
from generator.jobs.doctor import ci, content, git, hugo, sources
from generator.jobs.doctor.visit import Line, Visit, error

CHECKS: dict[str, Callable[[Visit], Iterable[Line]]] = {
    "catalog": content.catalog,
    "templates": content.templates,
    "content": content.folder,
    "state": content.state,
    "source": sources.all_sources,
    "hugo": hugo.program,
    "site": hugo.site,
    "shortcodes": hugo.shortcodes,
    "times": hugo.times,
    "git": git.repository,
    "ci": ci.github,
}
"""All checks, in the order of their lines, by the name that these begin with."""


def examine(visit: Visit) -> list[Line]:
    """The lines of all checks; one that cannot be made is an error of its own."""
    lines: list[Line] = []
    for name, check in CHECKS.items():
        try:
            lines += check(visit)
        except TagpagesError as problem:
            lines.append(error(name, str(problem)))
    return lines
