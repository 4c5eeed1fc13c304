"""Certificates and proxies."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.errors import ConfigError
from server.engines.registry import engine_named

DEAD = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A PEM file with a key and a certificate of `localhost`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(pem))
    return path


@pytest.mark.parametrize("known", [True, False])
async def test_the_operating_system_s_certificates_count(
    fleet: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def prepare(replicas: list[Any]) -> None:
        replicas[0].tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        replicas[0].tls.load_cert_chain(certificate)

    async with fleet(1, ready=False, prepare=prepare) as running:
        await running.until(lambda: running.engine.state.status in ("ready", "failed"))
        if known:
            assert await running.ids() == [40, 41, 42]
        else:
            assert "cannot be reached" in running.engine.state.detail
            assert "CERTIFICATE_VERIFY_FAILED" in running.engine.state.detail
            assert running.replicas[0].asked == []


async def test_a_loopback_address_is_never_asked_through_a_proxy(fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", DEAD)
    monkeypatch.setenv("all_proxy", DEAD)
    async with fleet(1) as running:
        assert await running.ids() == [40, 41, 42]


async def test_another_address_is_asked_through_the_proxy(fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with fleet(1) as proxy:
        monkeypatch.setenv("http_proxy", proxy.replicas[0].url)
        async with fleet(1, endpoints=["http://replica.invalid:8000"]) as running:
            assert await running.ids() == [40, 41, 42]
            assert proxy.replicas[0].asked[-1].headers["host"] == "replica.invalid:8000"


def test_a_proxy_that_cannot_be_one_is_a_mistake_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "nonsense://proxy")
    with pytest.raises(ConfigError, match="proxy cannot be used"):
        engine_named("remote", {"model": "m", "context_limit": 10, "endpoints": ["http://replica.invalid"]})
