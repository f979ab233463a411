"""How a registry is talked to: one `Session` for a build, an `Endpoint` for each API.

`Registry` and `Repository` are the OCI operations on top. httpx is imported with the first
request, not with this package.
"""

from __future__ import annotations

from generator.registry.auth import Auth, Challenged, Fixed
from generator.registry.aws import aws_keys
from generator.registry.built import Built, build_times
from generator.registry.clock import Clock
from generator.registry.credentials import DOCKER_HUB, Credentials, Keychain
from generator.registry.endpoint import Endpoint
from generator.registry.errors import HiddenError, LimitError, RegistryError, StatusError
from generator.registry.gate import Stats
from generator.registry.lazily import Lazily
from generator.registry.limits import Limits
from generator.registry.message import Reply
from generator.registry.origin import Origin
from generator.registry.pace import DEFAULT_CONCURRENCY
from generator.registry.repository import Login, Registry, Repository
from generator.registry.session import Session, Trace
from generator.registry.sigv4 import AwsKeys, Sigv4
from generator.registry.spread import spread
from generator.registry.times import parse_time
from generator.registry.worktime import working_at_most

__all__ = [
    "DEFAULT_CONCURRENCY",
    "DOCKER_HUB",
    "Auth",
    "AwsKeys",
    "Built",
    "Challenged",
    "Clock",
    "Credentials",
    "Endpoint",
    "Fixed",
    "HiddenError",
    "Keychain",
    "Lazily",
    "LimitError",
    "Limits",
    "Login",
    "Origin",
    "Registry",
    "RegistryError",
    "Reply",
    "Repository",
    "Session",
    "Sigv4",
    "Stats",
    "StatusError",
    "Trace",
    "aws_keys",
    "build_times",
    "parse_time",
    "spread",
    "working_at_most",
]
