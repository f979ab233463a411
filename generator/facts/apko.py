"""apko's image configuration: what an image was made from, in the words of its maker.

Source: chainguard-dev/apko, pkg/build/types/types.go (the fields), architecture and entrypoint as
pkg/build/oci/image.go writes them into the image.
"""

from __future__ import annotations

import shlex

import msgspec

from generator.errors import UNREADABLE, TagpagesError
from generator.model import shown

SERVICE_BUNDLE = "/bin/s6-svscan /sv"
"""The entrypoint that apko gives an image of the type `service-bundle`."""
_ROOT = ("", "0")
_PLATFORMS = {
    "x86": ("386", ""),
    "x86_64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", "v6"),
    "arm/v6": ("arm", "v6"),
    "armv7": ("arm", "v7"),
    "arm/v7": ("arm", "v7"),
    "loongarch64": ("loong64", ""),
}
"""Architecture and variant in Go's words, where apko has others."""


class _Contents(msgspec.Struct, frozen=True):
    packages: list[str] = []


class _Entrypoint(msgspec.Struct, frozen=True, rename="kebab"):
    type: str = ""
    command: str = ""
    shell_fragment: str = ""

    def line(self) -> str:
        """The entrypoint as a command line."""
        if self.type == "service-bundle":
            return SERVICE_BUNDLE
        if self.shell_fragment:
            return shlex.join(["/bin/sh", "-c", self.shell_fragment])
        return self.command


class _User(msgspec.Struct, frozen=True):
    uid: int = 0
    username: str = ""


class _Accounts(msgspec.Struct, frozen=True, rename="kebab"):
    run_as: str = ""
    users: list[_User] = []

    def user(self) -> str:
        """The user's name; a user id that no account has stays one."""
        if self.run_as in _ROOT:
            return "root"
        names = {str(user.uid): user.username for user in self.users}
        return names.get(self.run_as) or self.run_as


class Apko(msgspec.Struct, frozen=True, rename="kebab"):
    """An image configuration, as far as pages show it."""

    contents: _Contents = _Contents()
    entrypoint: _Entrypoint = _Entrypoint()
    cmd: str = ""
    stop_signal: str = ""
    work_dir: str = ""
    accounts: _Accounts = _Accounts()
    environment: dict[str, str] = {}
    annotations: dict[str, str] = {}
    volumes: list[str] = []
    archs: list[str] = []

    def platforms(self) -> list[tuple[str, str]]:
        """Architecture and variant of each platform; all are of Linux."""
        return [_PLATFORMS.get(arch, (arch, "")) for arch in self.archs]


def decode_apko(data: bytes) -> Apko:
    """The configuration that the JSON text says; raises TagpagesError if it is none."""
    try:
        return msgspec.json.decode(data, type=Apko)
    except UNREADABLE as error:
        raise TagpagesError(
            f"the apko configuration is not as it should be: {shown(str(error))}"
        ) from None
