"""A small issuer of tokens for tests: the device flow over real sockets on loopback, answering as a test tells it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from core.wire import Login
from tests.small_server import answering


@dataclass
class Issuer:
    """Completion server and issuer in one: it says how to sign in, and gives `answers` to who asks for a token."""

    url: str = ""
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    device: dict[str, Any] = field(default_factory=dict)
    has_login: bool = True

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """What a path gets."""
        if path == "/api/v1/login" and self.has_login:
            return 200, self.login.model_dump()
        if path == "/.well-known/openid-configuration":
            return 200, {
                "device_authorization_endpoint": f"{self.url}/device",
                "token_endpoint": f"{self.url}/token",
            }
        return 404, {"code": "not_found", "message": "no such path"}

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """What a form gets."""
        self.asked.append(fields)
        if path == "/device":
            begun = {"device_code": "d1", "user_code": "ABCD", "verification_uri": f"{self.url}/go", "interval": 3}
            return 200, {**begun, **self.device}
        return self.answers.pop(0) if self.answers else (400, {"error": "authorization_pending"})

    @property
    def login(self) -> Login:
        """What a completion server says that has this issuer."""
        return Login(issuer=self.url, client_id="editor", scopes=("openid", "offline_access"))


@contextmanager
def issuing(fake: Issuer) -> Iterator[Issuer]:
    """Serve on loopback until the block ends."""
    with answering(fake.get, fake.post) as fake.url:
        yield fake
