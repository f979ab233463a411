"""The commands of a document, to be run as they stand there."""

from __future__ import annotations

import re

from tests.support import ROOT

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(document: str) -> list[str]:
    """The lines of all blocks of shell in a document, in their order; comments left out."""
    text = (ROOT / document).read_text()
    lines = "".join(_BLOCK.findall(text)).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]
