"""The nightly job: build the pages, and keep one request with all that differs from the base.

`docs/nightly.md` tells why it goes this way. It has three steps, so that no step of a CI has to
hold both the forge's token and the registries' secrets: only `resume` and `publish` need the one,
and only `build` the others. What they leave to each other lies in `.tagpages/nightly`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec

from generator.collect.journal import FOLDER
from generator.collect.pull import Observer
from generator.errors import TagpagesError, UsageError
from generator.forge import FORGES
from generator.forge.base import Forge, Request
from generator.forge.ci import Ci
from generator.forge.git import Git, PushError
from generator.jobs.build import Night, build
from generator.jobs.compare import compare, lanes
from generator.jobs.job import Job
from generator.report.text import as_json, markdown, terminal

STEPS = ("resume", "build", "publish")
NONE = "none"
"""The forge of a repository that has none: the commits are made on the branch checked out."""

TROUBLE = "something failed or was held back"
_WARNING = f"""\
> [!WARNING]
> {TROUBLE.capitalize()} this night. Its pages stay as they were; everything else is up to date.

"""

T = TypeVar("T")


class Begun(msgspec.Struct, frozen=True):
    """What `resume` found: the commit of the request's branch (empty: none), and if it is open."""

    tip: str
    resumed: bool


class Built(msgspec.Struct, frozen=True):
    """How `build` ended: whether something failed or was held back."""

    trouble: bool


@dataclass(frozen=True)
class Nightly:
    """One night: what to build, on which forge, and where to say what happens.

    `root` is the catalog's folder. The catalog is read when it is first needed (`read_job`).
    """

    root: Path
    read_job: Callable[[], Job]
    night: Night
    forge_name: str
    environ: Mapping[str, str]
    ci: Ci

    def run(self, steps: Sequence[str], observer: Observer) -> None:
        """Take some of the steps, or all of them.

        Raises UsageError for a mistake in the catalog or a missing token, TagpagesError for a
        night that failed. One with something held back has not failed.
        """
        for step in steps or STEPS:
            try:
                match step:
                    case "resume":
                        self.resume()
                    case "build":
                        self.build(observer)
                    case _:
                        self.publish()
            except PushError:
                self.ci.fail(
                    f"cannot push {self.branch}; if somebody pushed to it during the build,"
                    " nothing of theirs is lost: the next night goes on from there"
                )
                raise
            except TagpagesError:
                self.ci.fail(f"the {step} stopped; its log says why")
                raise

    def resume(self) -> None:
        """Put the content where last night ended, if its request is still open.

        Taken over are the files that the branch has changed, except those that the base branch has
        changed since.
        """
        begun = Begun("", resumed=False)
        if self.forge:
            tip = self.git.tip(self.forge.remote, self.branch, self.forge.login)
            request = self.forge.find(self.branch, self.base)
            if tip and request:
                self._take_over(tip, self.forge)
                self.ci.say(f"going on from last night: {request.url} is open")
            else:
                self.ci.say(f"starting from {self.base}: no pull request is open")
            begun = Begun(tip, resumed=bool(tip and request))
        self._leave("begun.json", msgspec.json.encode(begun))

    def build(self, observer: Observer) -> None:
        """Build the pages. A night of which something failed or was held back goes on."""
        for name in ("built.json", "report.md", "report.json"):
            (self.folder / name).unlink(missing_ok=True)
        report = build(self.job, self.night, observer)
        for line, _ in terminal(report):
            self.ci.say(line, trouble=report.is_trouble)
        text = markdown(report)
        self._leave("report.md", text.encode())
        self._leave("report.json", as_json(report).encode())
        self.ci.summarise(text)
        if report.is_trouble:
            self.ci.warn(f"{TROUBLE}; the report says what")
        self.ci.output(held=report.is_trouble, report=self.folder / "report.md")
        self._leave("built.json", msgspec.json.encode(Built(report.is_trouble)))

    def publish(self) -> None:
        """Commit the two lanes on top of the base, and bring branch and request up to date."""
        begun, built = self._left("begun.json", Begun), self._left("built.json", Built)
        text = (self.folder / "report.md").read_text("utf-8")
        title = text.partition("\n")[0].removeprefix("# ")
        look, routine = lanes(self.job, "HEAD")
        head = self._committed("HEAD", routine, f"{title}: routine")
        top = self._committed(head, look, f"{title}: needs a look")
        is_same = self.git.is_same("HEAD", top)
        self.ci.output(changed=not is_same, needs_look=not is_same and top != head)
        if not self.forge:
            self._advance(top, [*routine, *look], is_same=is_same)
            return
        request = self.forge.find(self.branch, self.base)
        if is_same:
            self.ci.say(f"nothing differs from {self.base}")
            if request:
                done = f"Nothing is left to merge: the pages of {self.base} are up to date."
                self.ci.say(f"closed {self.forge.close(request, done).url}")
            return
        if not begun.tip or not self.git.is_same(begun.tip, top):
            self.git.push(
                self.forge.remote, self.branch, self.forge.login, expected=begun.tip, commit=top
            )
        if built.trouble:
            title += f" ({TROUBLE})"
        told = markdown(compare(self.job, "HEAD")) if begun.resumed else text
        self._write(self.forge, request, title, self._body(self.forge, told, built))

    @cached_property
    def job(self) -> Job:
        """The catalog; raises UsageError when it has mistakes."""
        return self.read_job()

    @cached_property
    def forge(self) -> Forge | None:
        """The forge, made when it is first needed: `build` has no token for it."""
        if self.forge_name == NONE:
            return None
        return FORGES[self.forge_name](self.environ, self.git.address("origin"))

    @cached_property
    def git(self) -> Git:
        """The repository that the catalog lies in."""
        return Git(self.root.absolute(), self.environ)

    @cached_property
    def base(self) -> str:
        """The branch that a request is to be merged into; raises UsageError if there is none."""
        base = (self.forge and self.forge.base) or self.git.branch()
        if base:
            return base
        raise UsageError("git is on no branch: check out the one that is to have the pages")

    @property
    def branch(self) -> str:
        """The branch of the request."""
        return f"tagpages/{self.base}"

    @property
    def folder(self) -> Path:
        """Where the steps leave what later ones need; git does not see it."""
        return self.root / FOLDER / "nightly"

    def _take_over(self, tip: str, forge: Forge) -> None:
        git, content = self.git, self.job.content
        git.fetch(forge.remote, tip, forge.login)
        fork = git.fork(tip)
        carried = git.changed(fork, tip, content) - git.changed(fork, "HEAD", content)
        git.restore(tip, carried)

    def _committed(self, parent: str, paths: Sequence[str], message: str) -> str:
        author = self.forge.author if self.forge else None
        return self.git.committed(
            self.git.resolved(parent), self.job.content, paths, message, author
        )

    def _advance(self, top: str, paths: Sequence[str], *, is_same: bool) -> None:
        if is_same:  # elsewhere the clone goes away; here the next `git pull` wants a clean one
            self.git.undo(self.job.content, paths)
            self.ci.say("nothing has changed: no commit")
            return
        self.git.advance(top, self.job.content, paths)
        self.ci.say(f"committed to {self.git.branch() or 'HEAD'}")

    def _write(self, forge: Forge, request: Request | None, title: str, body: str) -> None:
        if request:
            request = forge.edit(request, title, body)
        else:
            request = forge.open(self.branch, self.base, title, body)
        self.ci.say(request.url)

    def _body(self, forge: Forge, told: str, built: Built) -> str:
        """The request's text: all that changed since the base, with a link to the one night."""
        warning = _WARNING if built.trouble else ""
        link = f"This night alone, with the reasons: [summary of the run]({forge.run}).\n\n"
        return warning + (link if forge.run else "") + told

    def _leave(self, name: str, data: bytes) -> None:
        path = self.folder / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder.parent / ".gitignore").write_text("*\n")
            path.write_bytes(data)
        except OSError as error:
            raise TagpagesError(f"cannot write {path}: {error.strerror}") from None

    def _left(self, name: str, kind: type[T]) -> T:
        path = self.folder / name
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except (OSError, msgspec.DecodeError):
            raise UsageError(
                f"there is no {path}: the steps are {', '.join(STEPS)}, in this order"
            ) from None
