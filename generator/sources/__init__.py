"""Where tags come from: one module per kind of source, one small protocol.

A new kind is one new module here, and one line in `Spec`.
"""

from __future__ import annotations

from typing import Union

from generator.sources.acr import Acr
from generator.sources.chainguard import Chainguard
from generator.sources.chainguard_history import ChainguardHistory
from generator.sources.dockerhub import DockerHub
from generator.sources.ecr import Ecr
from generator.sources.ghcr import Ghcr
from generator.sources.gitlab import Gitlab
from generator.sources.google import Google
from generator.sources.harbor import Harbor
from generator.sources.listing import Listing
from generator.sources.oci import Oci
from generator.sources.quay import Quay
from generator.sources.zot import Zot

Spec = Union[  # noqa: UP007 - one line per kind
    Acr,
    Chainguard,
    ChainguardHistory,
    DockerHub,
    Ecr,
    Ghcr,
    Gitlab,
    Google,
    Harbor,
    Listing,
    Oci,
    Quay,
    Zot,
]
