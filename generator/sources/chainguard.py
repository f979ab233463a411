"""Kind `chainguard`: the vendor's console API, or the tag history that its registry keeps.

`via: console` (chainguard_console.py) has the whole catalog in few requests and needs a token.
`via: history` (chainguard_history.py) asks for each tag, and works where only the registry is open.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from generator.model import TimeKind
from generator.sources.base import Ask, Source
from generator.sources.chainguard_console import ConsoleSource
from generator.sources.chainguard_history import HistorySource
from generator.sources.remote import Host
from generator.sources.vendor import BaseUrl, VendorSpec


class Chainguard(VendorSpec, frozen=True, kw_only=True, tag="chainguard"):
    """Chainguard's registry."""

    time_kind: ClassVar[TimeKind] = "moved"

    via: Annotated[
        Literal["console", "history"],
        Meta(description="`console`: the vendor's API; `history`: the registry's tag history."),
    ] = "console"
    group: Annotated[
        str,
        Meta(
            description="For `console`: the UID of the organisation or folder to list.",
            pattern=r"^([0-9a-f]+(/[0-9a-f]+)*)?(?!\n)$",
        ),
    ] = ""
    show: Annotated[
        tuple[Literal["dates", "epochs", "vcs_snapshots"], ...],
        Meta(description="For `console`: tags to list that it hides, such as `1.2-r3`: epochs."),
    ] = ()
    full_every: Annotated[
        int,
        Meta(
            description=(
                "For `console`: list all tags every so many nights, and in the others only those "
                "that changed. Deleted tags show in the full listing only."
            ),
            ge=1,
            le=31,
        ),
    ] = 1
    api: Annotated[BaseUrl, Meta(description="For `console`: the API.")] = (
        "https://console-api.enforce.dev"
    )
    registry: Annotated[Host, Meta(description="For `history`: the registry.")] = "cgr.dev"

    def __post_init__(self) -> None:
        """Check that the keys fit the way."""
        super().__post_init__()
        if self.via == "console" and not (self.group and self.token):
            raise ValueError(
                "`via: console` needs `group`, an organisation's UID (`chainctl iam organizations "
                "list`), and `token: ${NAME}` (`chainctl auth token`)"
            )
        if self.via == "history" and (self.group or self.show or self.full_every > 1):
            raise ValueError("`group`, `show` and `full_every` are for `via: console`")

    @property
    def namespace(self) -> str:
        """What the console lists; the registry lists nothing."""
        return self.group

    @property
    def pull_host(self) -> str:
        """The registry; the console has names below a group, whose own name it does not tell."""
        return super().pull_host if self.via == "history" else ""

    def open(self, ask: Ask) -> Source:
        """Chainguard, not asked yet."""
        return ConsoleSource(self, ask) if self.via == "console" else HistorySource(self, ask)
