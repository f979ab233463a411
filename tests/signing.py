"""A small Sigstore of the tests: an authority, a log of certificates, and a log of signatures.

Sources: RFC 6962 (certificate timestamps, Merkle trees), Rekor's entry type `dsse` 0.0.1,
transparency-dev/formats (checkpoints), Fulcio's object identifiers, Sigstore's protobuf-specs.
"""

from __future__ import annotations

import hashlib
import json
import struct
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

ISSUER = "https://issuer.test"
IDENTITY = "https://git.test/team/app/.workflow@refs/heads/main"
SIGNED_AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
LOG_INDEX = 42

_START = datetime(2026, 1, 1, tzinfo=UTC)
_OIDC_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_TIMESTAMPS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_IN_TOTO = "application/vnd.in-toto+json"
_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Key:
    """A key, and what others know of it."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=_new_key)

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.public).digest()

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data, ec.ECDSA(SHA256()))

    def trusted(self) -> dict[str, object]:
        """The log that has this key, as a trusted root names it."""
        return {
            "baseUrl": "https://log.test",
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": _text(self.public),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": "2026-01-01T00:00:00Z"},
            },
            "logId": {"keyId": _text(self.id)},
        }


class Sigstore:
    """Signs statements as cosign 3 does, and tells whom to trust."""

    def __init__(self) -> None:
        self._ca, self._certificates, self._log = Key(), Key(), Key()
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority.test")])
        self._name = name
        public = self._ca.private.public_key()
        usage = {"key_cert_sign": True, "crl_sign": True, "digital_signature": False}
        self._root = (
            x509.CertificateBuilder(name, name, public, x509.random_serial_number())
            .not_valid_before(_START)
            .not_valid_after(_START + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self._ca.private, SHA256())
        )

    def trusted_root(self) -> bytes:
        """The file that names the authority and the logs."""
        chain = [{"rawBytes": _text(self._root.public_bytes(Encoding.DER))}]
        authority = {
            "subject": {"organization": "tests", "commonName": "authority.test"},
            "uri": "https://authority.test",
            "certChain": {"certificates": chain},
            "validFor": {"start": "2026-01-01T00:00:00Z"},
        }
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [self._log.trusted()],
                "certificateAuthorities": [authority],
                "ctlogs": [self._certificates.trusted()],
            }
        ).encode()

    def bundle(
        self,
        statement: object,
        *,
        issuer: str = ISSUER,
        identity: str = IDENTITY,
        valid_for: timedelta = timedelta(minutes=10),
        payload_type: str = _IN_TOTO,
    ) -> dict[str, object]:
        """A bundle around a statement; its certificate begins a minute before `SIGNED_AT`."""
        key = Key()
        certificate = self._certificate(key, issuer, identity, valid_for)
        payload = json.dumps(statement).encode()
        signature = key.sign(pae(payload_type, payload))
        return {
            "mediaType": _BUNDLE,
            "verificationMaterial": {
                "certificate": {"rawBytes": _text(certificate.public_bytes(Encoding.DER))},
                "tlogEntries": [self._entry(certificate, payload, signature)],
            },
            "dsseEnvelope": {
                "payload": _text(payload),
                "payloadType": payload_type,
                "signatures": [{"sig": _text(signature)}],
            },
        }

    def _certificate(
        self, key: Key, issuer: str, identity: str, valid_for: timedelta
    ) -> x509.Certificate:
        """A certificate, with the timestamp of the log of certificates."""
        start = SIGNED_AT - timedelta(minutes=1)
        ca = self._ca.private.public_key()
        name = x509.UniformResourceIdentifier(identity)
        builder = (
            x509.CertificateBuilder(
                self._name, x509.Name([]), key.private.public_key(), x509.random_serial_number()
            )
            .not_valid_before(start)
            .not_valid_after(start + valid_for)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
            )
            .add_extension(x509.SubjectAlternativeName([name]), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca), critical=False)
            .add_extension(
                x509.UnrecognizedExtension(_OIDC_ISSUER, issuer.encode()), critical=False
            )
        )
        before = builder.sign(self._ca.private, SHA256()).tbs_certificate_bytes
        stamps = _stamps(self._certificates, self._ca.id, before)
        return builder.add_extension(
            x509.UnrecognizedExtension(_TIMESTAMPS, stamps), critical=False
        ).sign(self._ca.private, SHA256())

    def _entry(
        self, certificate: x509.Certificate, payload: bytes, signature: bytes
    ) -> dict[str, object]:
        """The log's entry of a signature, the only one in a tree of its own."""
        pem = certificate.public_bytes(Encoding.PEM)
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [{"signature": _text(signature), "verifier": _text(pem)}],
        }
        body = _canonical({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})
        root = hashlib.sha256(b"\0" + body).digest()
        note = f"log.test - 1\n1\n{_text(root)}\n"
        signed = _text(self._log.id[:4] + self._log.sign(note.encode()))
        time = int(SIGNED_AT.timestamp())
        promise = _canonical(
            {
                "body": _text(body),
                "integratedTime": time,
                "logID": self._log.id.hex(),
                "logIndex": LOG_INDEX,
            }
        )
        return {
            "logIndex": str(LOG_INDEX),
            "logId": {"keyId": _text(self._log.id)},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(time),
            "inclusionPromise": {"signedEntryTimestamp": _text(self._log.sign(promise))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": _text(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n\u2014 log.test {signed}\n"},
            },
            "canonicalizedBody": _text(body),
        }


def pae(payload_type: str, payload: bytes) -> bytes:
    """What an envelope's signature signs (DSSE 1.0)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def envelope(key: Key, statement: object) -> dict[str, object]:
    """An envelope around a statement, signed with a key."""
    payload = json.dumps(statement).encode()
    return {
        "payloadType": _IN_TOTO,
        "payload": _text(payload),
        "signatures": [{"sig": _text(key.sign(pae(_IN_TOTO, payload)))}],
    }


def _stamps(log: Key, issuer: bytes, certificate: bytes) -> bytes:
    """The list with one timestamp of a certificate, as an extension's value."""
    time = int(SIGNED_AT.timestamp() * 1000)
    length = struct.pack("!I", len(certificate))[1:]
    signed = struct.pack("!BBQH", 0, 0, time, 1) + issuer + length + certificate + b"\0\0"
    signature = log.sign(signed)
    stamp = b"\0" + log.id + struct.pack("!QHBBH", time, 0, 4, 3, len(signature)) + signature
    items = struct.pack("!HH", len(stamp) + 2, len(stamp)) + stamp
    return bytes([4, len(items)]) + items  # an octet string of fewer than 128 bytes


def _usage(**allowed: bool) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**(dict.fromkeys(names, False) | allowed))


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _text(data: bytes) -> str:
    return b64encode(data).decode()
