"""A small OpenID Connect issuer on a real socket, with real RSA keys, and certificates made on the spot."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.small_server import Answer, answering

AUDIENCE = "vernacular"


@dataclass
class FakeIssuer:
    """Signs tokens, and publishes its keys; counts how often they were fetched."""

    url: str = ""
    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    fetches: int = 0
    down: bool = False
    called: str = ""

    def add_key(self, key_id: str) -> None:
        """A new key, published at once."""
        self.keys[key_id] = rsa.generate_private_key(65537, 2048)

    def token(self, key_id: str = "k1", algorithm: str = "RS256", **changes: Any) -> str:
        """A token that is valid but for the changes; None leaves a claim out."""
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "exp": time.time() + 600, **changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self.keys[key_id], algorithm=algorithm, headers={"kid": key_id})

    def answer(self, path: str) -> Answer:
        """What a path gets."""
        if path == "/.well-known/openid-configuration" and not self.down:
            return 200, {"issuer": self.called or self.url, "jwks_uri": f"{self.url}/keys"}
        if path == "/keys" and not self.down:
            self.fetches += 1
            return 200, {"keys": [self._public(key_id) for key_id in self.keys]}
        return 503, None

    def _public(self, key_id: str) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.keys[key_id].public_key(), as_dict=True)
        return {**public, "kid": key_id, "use": "sig", "alg": "RS256"}


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    fake = FakeIssuer()
    fake.add_key("k1")
    with answering(fake.answer) as fake.url:
        yield fake


@dataclass(frozen=True)
class Certificate:
    """Two PEM files."""

    certificate: Path
    key: Path


def make_certificate(folder: Path, *, days: int = 30, password: bytes | None = None) -> Certificate:
    """A certificate for localhost that signed itself, over in `days`."""
    folder.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=60))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    files = Certificate(folder / "server.pem", folder / "server.key")
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden))
    return files


@pytest.fixture
def certificates() -> Any:
    return make_certificate
