"""The clients by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import ConfigError, UnknownNameError
from evaluation.replay.clients.base import Client

DEFAULT_URLS = {"lsp": "http://127.0.0.1:8480", "naive": "http://127.0.0.1:8000", "llama-vim": "http://127.0.0.1:8012"}


def client_named(
    name: str,
    url: str = "",
    *,
    profile: str = "vscode",
    settings: Mapping[str, Any] | None = None,
    languages: Sequence[Path] = (),
) -> Client:
    """A client that is not connected yet; without a URL, where such a server listens by default.

    `profile` and `languages` are the language server's. Raises `UnknownNameError`, and `ConfigError` for a setting.
    """
    if name not in DEFAULT_URLS:
        raise UnknownNameError("client", name, DEFAULT_URLS)
    url = url or DEFAULT_URLS[name]
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"{url!r} is no URL of a server; it begins with http:// or https://")
    if name == "naive":
        from evaluation.replay.clients.naive import NaiveClient

        return NaiveClient(url, settings)
    if name == "llama-vim":
        from evaluation.replay.clients.llama_vim import LlamaVimClient

        return LlamaVimClient(url, settings)
    from evaluation.replay.clients.ghost import profile_named
    from evaluation.replay.clients.language_server import LanguageServerClient

    return LanguageServerClient(url, profile_named(profile), settings, languages)
