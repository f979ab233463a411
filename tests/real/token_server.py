"""A token server as distribution's token specification has it (docs/spec/auth/token.md)."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ISSUER = "tests"
SERVICE = "the registry"
SECONDS = 300


class Signer:
    """A key with its certificate, and the tokens that it signs (RFC 7515, RFC 7519)."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, ISSUER)])
        now = datetime.now(UTC)
        self._certificate = (
            x509.CertificateBuilder(name, name, self._key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(self._key, hashes.SHA256())
        )

    @property
    def bundle(self) -> bytes:
        """The certificate, as the registry's configuration wants it."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def token(self, *access: tuple[str, str, str]) -> str:
        """A token that allows (type, name, action)s."""
        der = self._certificate.public_bytes(serialization.Encoding.DER)
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": "",
            "aud": SERVICE,
            "nbf": now - 10,
            "iat": now,
            "exp": now + SECONDS,
            "jti": "",
            "access": [
                {"type": type_, "name": name, "actions": [action]} for type_, name, action in access
            ],
        }
        signed = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encoded(signature)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class TokenServer:
    """Grants `users` (name → password) whatever they ask for, and nobody else anything."""

    users: Mapping[str, str]
    certificate: Path | None = None
    """With it, a file that holds the key too, it speaks TLS."""
    signer: Signer = field(default_factory=Signer)
    realm: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """User, service and scope of every request."""

    @contextmanager
    def running(self) -> Iterator[TokenServer]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler) -> None:  # noqa: N805 - http.server's; `self` is the server
                status, body = self._answer(handler.path, handler.headers["Authorization"] or "")
                handler.send_response(status)
                handler.send_header("Content-Type", "application/json")
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def log_message(handler, *_: object) -> None:  # noqa: N805 - likewise
                """Be quiet."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            scheme = "http"
            if self.certificate:
                scheme, context = "https", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.certificate)
                server.socket = context.wrap_socket(server.socket, server_side=True)
            self.realm = f"{scheme}://127.0.0.1:{server.server_port}/token"
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()

    def configuration(self, folder: Path) -> dict[str, object]:
        """The `auth` of a registry that takes its tokens; the certificate goes into the folder."""
        bundle = folder / "bundle.pem"
        bundle.write_bytes(self.signer.bundle)
        return {
            "token": {
                "realm": self.realm,
                "service": SERVICE,
                "issuer": ISSUER,
                "rootcertbundle": str(bundle),
            }
        }

    def _answer(self, target: str, authorization: str) -> tuple[int, bytes]:
        query = parse_qs(urlsplit(target).query)
        [service], scopes = query["service"], query.get("scope", [])
        login = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        user, _, password = login.partition(":")
        self.asked.append((user, service, " ".join(scopes)))
        if user and self.users.get(user) != password:
            return 401, b'{"errors":[{"code":"UNAUTHORIZED","message":"wrong password"}]}'
        granted = [_access(scope) for scope in scopes if user and service == SERVICE]
        return 200, json.dumps(
            {"token": self.signer.token(*granted), "expires_in": SECONDS}
        ).encode()


def _access(scope: str) -> tuple[str, str, str]:
    type_, name, action = scope.split(":")
    return type_, name, action
