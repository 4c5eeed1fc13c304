"""Certificates are looked at before the server listens."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.errors import ConfigError
from server.access.tls import check_certificate
from server.config.schema import ListenSection, ServerConfig


def test_what_is_wrong_is_one_line(tmp_path: Path, certificates: Any) -> None:
    good, other = certificates(tmp_path / "a"), certificates(tmp_path / "b")
    over, locked = certificates(tmp_path / "c", days=-1), certificates(tmp_path / "d", password=b"x")
    check_certificate(good.certificate, good.key)
    text = tmp_path / "text.pem"
    text.write_text("hello")
    for certificate, key, message in (
        (tmp_path / "none.pem", good.key, "none.pem cannot be read \\(no such file or directory\\)"),
        (good.certificate, tmp_path / "none.key", "none.key cannot be read"),
        (good.certificate, other.key, "is not the key of"),
        (text, good.key, "holds no certificate in PEM"),
        (good.certificate, text, "holds no key in PEM"),
        (over.certificate, over.key, "expired on"),
        (locked.certificate, locked.key, "needs a password"),
    ):
        with pytest.raises(ConfigError, match=message) as raised:
            check_certificate(certificate, key)
        assert "\n" not in str(raised.value)


async def test_the_server_speaks_tls(start_server: Any, tmp_path: Path, certificates: Any) -> None:
    files = certificates(tmp_path)
    listen = ListenSection(tls_certificate=files.certificate, tls_key=files.key)
    async with start_server(config=ServerConfig(listen=listen)) as server:
        trusting = ssl.create_default_context(cafile=str(files.certificate))
        url = str(server.client.base_url).replace("127.0.0.1", "localhost")
        async with httpx.AsyncClient(verify=trusting) as client:
            assert (await client.get(f"{url}/health")).status_code == 200
