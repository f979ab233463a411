"""AWS Signature Version 4: a request says who sends it, and the secret itself is never sent.

Protocol: "Create a signed AWS API request" in the AWS IAM User Guide. Signed are the host, the
content type and all `X-Amz-` headers; the others may change on the way.

The signer is ours and not botocore's: that is 13 MB of services, for one kind of request.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from generator.registry.message import Request
from generator.registry.origin import Origin

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class AwsKeys:
    """An access key; `token` is there for one that ends after some hours."""

    id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of it nobody may see."""
        return self.secret, self.token


@dataclass(frozen=True)
class Sigv4:
    """Signs requests for one service in one region; a signature is good for some minutes."""

    keys: AwsKeys
    region: str
    service: str

    def __call__(self, request: Request, now: datetime) -> Request:
        """The request, signed for its own host as of `now` (UTC)."""
        stamp = f"{now:%Y%m%dT%H%M%SZ}"
        headers = {**request.headers, "X-Amz-Date": stamp}
        if self.keys.token:
            headers["X-Amz-Security-Token"] = self.keys.token
        covered = {"host": Origin.of(request.url).netloc} | {
            name.lower(): " ".join(value.split())
            for name, value in headers.items()
            if name.lower().startswith(("x-amz-", "content-type"))
        }
        names = ";".join(sorted(covered))
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{_hash(_canonical(request, covered).encode())}"
        key = f"AWS4{self.keys.secret}".encode()
        for part in (*scope.split("/"), text):
            key = hmac.digest(key, part.encode(), "sha256")
        headers["Authorization"] = (
            f"{_ALGORITHM} Credential={self.keys.id}/{scope}, "
            f"SignedHeaders={names}, Signature={key.hex()}"
        )
        return replace(request, headers=headers)


def _canonical(request: Request, covered: dict[str, str]) -> str:
    """The request as the one text that both sides hash. Its URL is quoted already."""
    parts = urlsplit(request.url)
    return "\n".join(
        [
            request.method,
            parts.path or "/",
            "&".join(sorted(parts.query.split("&"))),
            *(f"{name}:{covered[name]}" for name in sorted(covered)),
            "",
            ";".join(sorted(covered)),
            _hash(request.body or b""),
        ]
    )


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
