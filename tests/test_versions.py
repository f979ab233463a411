"""The order of versions in the package index, by the script that readers' browsers run.

`make test-long`: it needs Node. Where the order of each pair comes from: Debian Policy Manual
5.6.12 and dpkg's tests; rpm-version(7); Alpine's package specification and apk's tests.
"""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.support import ROOT

pytestmark = pytest.mark.long

OLDER_FIRST = {
    "deb": [
        ("1.0~rc1", "1.0"), ("1.0~~", "1.0~"), ("1.0", "1.0+b1"), ("9", "10"), ("1.0-1", "1.0-2"),
        ("2.0", "1:1.0"), ("1.2.3", "1.2.3-1"), ("1.0a", "1.0+"), ("1.0-1", "1.0-1ubuntu1"),
        ("3.0.11-1~deb12u2", "3.0.11-1"), ("0:1.9", "1.10"),
    ],
    "rpm": [
        ("1.0~rc1", "1.0"), ("1.0", "1.0^git1"), ("1.0^git1", "1.0.1"), ("1.0", "1.0.1"),
        ("1.0a", "1.0.1"), ("1.9", "1.10"), ("2.0-1", "1:1.0-1"), ("1.0-1.el9", "1.0-2.el9"),
        ("1.0-9.fc39", "1.0-10.fc39"), ("1.0~rc1^git1", "1.0"),
    ],
    "apk": [
        ("1.0_alpha1", "1.0_beta"), ("1.0_rc2", "1.0"), ("1.0", "1.0_p1"), ("1.0_p1", "1.0_p2"),
        ("1.9", "1.10"), ("1.0", "1.0.0"), ("1.0", "1.0a"), ("3.3.0-r8", "3.3.0-r10"),
        ("1.01", "1.1"), ("3.2.9-r0", "3.3"), ("1.2_git20200101", "1.2_git20200202"),
    ],
}  # fmt: skip
EQUAL = {
    "deb": [("1.0", "0:1.0"), ("1.0", "1.0-0"), ("1.00", "1.0")],
    "rpm": [("1.0", "0:1.0"), ("1.0", "1.0-5"), ("1_0", "1.0"), ("1.01", "1.1")],
    "apk": [("1.0", "1.0-r0"), ("1.0", "1.0")],
}
UNKNOWN = [("golang", "v1.0.0", "v1.1.0"), ("apk", "1.0", "not a version"), ("apk", "", "1.0")]
SCRIPT = """
import { compareVersions } from %s;
let text = "";
process.stdin.on("data", (part) => (text += part)).on("end", () => {
  const told = JSON.parse(text).map((pair) => compareVersions(...pair));
  console.log(JSON.stringify(told));
});
"""


def compared(pairs: list[tuple[str, str, str]]) -> list[float | None]:
    """What the script says of each type and pair of versions."""
    url = (ROOT / "hugo/assets/tagpages/versions.js").as_uri()
    command = ["node", "--no-warnings", "--experimental-default-type=module", "--input-type=module"]
    done = subprocess.run(
        [*command, "--eval", SCRIPT % json.dumps(url)],
        input=json.dumps(pairs),
        capture_output=True,
        text=True,
        check=True,
    )
    told: list[float | None] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("kind", OLDER_FIRST)
def test_versions_are_ordered_as_their_package_manager_does(kind: str) -> None:
    pairs = OLDER_FIRST[kind]
    older = compared([(kind, a, b) for a, b in pairs])
    newer = compared([(kind, b, a) for a, b in pairs])
    assert [
        pair for pair, told in zip(pairs, older, strict=True) if told is None or told >= 0
    ] == []
    assert [
        pair for pair, told in zip(pairs, newer, strict=True) if told is None or told <= 0
    ] == []
    assert compared([(kind, a, b) for a, b in EQUAL[kind]]) == [0] * len(EQUAL[kind])


def test_what_has_no_known_order_is_not_compared() -> None:
    assert compared(UNKNOWN) == [None] * len(UNKNOWN)
