"""The server's certificate, looked at before it listens."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from core.errors import ConfigError


def check_certificate(certificate: Path, key: Path, now: datetime | None = None) -> None:
    """Raises `ConfigError`, in one line: a file is missing or not PEM, the key is another's, or the time is over."""
    try:
        leaf = x509.load_pem_x509_certificate(_read(certificate, "listen.tls_certificate"))
    except ValueError:
        raise ConfigError(f"listen.tls_certificate: {certificate} holds no certificate in PEM") from None
    _read(key, "listen.tls_key")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_password)
    except _PasswordError:
        raise ConfigError(f"listen.tls_key: {key} needs a password; write it without one") from None
    except (ssl.SSLError, OSError) as error:
        if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            raise ConfigError(f"listen.tls_key: {key} is not the key of {certificate}") from None
        raise ConfigError(f"listen.tls_key: {key} holds no key in PEM that fits {certificate}") from None
    now = now or datetime.now(UTC)
    if now > leaf.not_valid_after_utc:
        raise ConfigError(f"listen.tls_certificate: {certificate} expired on {leaf.not_valid_after_utc:%Y-%m-%d}")
    if now < leaf.not_valid_before_utc:
        raise ConfigError(f"listen.tls_certificate: {certificate} is valid from {leaf.not_valid_before_utc:%Y-%m-%d}")


class _PasswordError(Exception):
    pass


def _no_password() -> str:
    raise _PasswordError


def _read(file: Path, key: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{key}: {file} cannot be read ({(error.strerror or 'unreadable').lower()})") from None
