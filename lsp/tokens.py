"""The tokens of `vernacular login`, one for each server, in a file that only its owner may read.

The file is `$XDG_CONFIG_HOME/vernacular/tokens.json`, by default under `$HOME/.config`; it is written whole or not
at all. Programs that write at once wait for each other (where the operating system has `flock`).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ConfigError
from core.files import write_atomically

ENDING_S = 60.0
"""A token that ends within this time is refreshed before it is used."""


class Token(BaseModel):
    """A token, and what is needed to get the next one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    access_token: str = Field(description="what the server is sent", repr=False)
    refresh_token: str | None = Field(default=None, description="what the issuer gives another for", repr=False)
    expires_at: float | None = Field(default=None, description="seconds since 1970; none: unknown")
    token_endpoint: str = Field(description="where the issuer gives another")
    client_id: str = Field(description="the client that signed in")

    def is_ending(self) -> bool:
        """Whether it is over, or almost."""
        return self.expires_at is not None and self.expires_at - ENDING_S < time.time()


class _Tokens(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    servers: dict[str, Token] = Field(default_factory=dict)


class TokenFile:
    """The file of one user."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        home = environment.get("HOME") or environment.get("USERPROFILE") or ""
        base = Path(environment.get("XDG_CONFIG_HOME") or Path(home) / ".config")
        self.path = base / "vernacular" / "tokens.json"

    def get(self, url: str) -> Token | None:
        """The server's token; None where there is none, or the file cannot be read."""
        return self._read().servers.get(url.rstrip("/")) if self.path.is_absolute() else None

    def put(self, url: str, token: Token | None) -> None:
        """Keep the server's token, or forget it. Raises `ConfigError` where the file cannot be written."""
        if not self.path.is_absolute():
            raise ConfigError("there is no folder for the token; set HOME or XDG_CONFIG_HOME to an absolute path")
        with self.locked():
            servers = {name: kept for name, kept in self._read().servers.items() if name != url.rstrip("/")}
            if token is not None:
                servers[url.rstrip("/")] = token
            try:
                write_atomically(self.path, _Tokens(servers=servers).model_dump_json(indent=1), mode=0o600)
            except OSError as error:
                reason = (error.strerror or type(error).__name__).lower()
                raise ConfigError(f"{self.path}: cannot be written ({reason}); the token is not kept") from None

    @contextlib.contextmanager
    def locked(self, name: str = ".tokens.lock") -> Iterator[None]:
        """While this lasts no other program is in such a block."""
        try:
            import fcntl
        except ImportError:  # Windows
            yield
            return
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path.parent / name, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:  # a folder that cannot be written to holds nothing to spoil
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _read(self) -> _Tokens:
        try:
            return _Tokens.model_validate_json(self.path.read_bytes())
        except (OSError, ValidationError):
            return _Tokens()
