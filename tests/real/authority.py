"""A certificate authority of one's own, and the certificate that it signs for loopback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certify(folder: Path) -> tuple[Path, Path]:
    """The authority's certificate, and a file with that of 127.0.0.1 and its key."""
    authority, key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    root = (
        _certificate("authority", "authority", authority)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(authority, hashes.SHA256())
    )
    address = x509.IPAddress(ip_address("127.0.0.1"))
    leaf = (
        _certificate("authority", "loopback", key)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(authority, hashes.SHA256())
    )
    trusted, own = folder / "authority.pem", folder / "own.pem"
    trusted.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    own.write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return trusted, own


def _certificate(
    issuer: str, subject: str, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    issued_by, name = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
        for text in (issuer, subject)
    )
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(issued_by, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
