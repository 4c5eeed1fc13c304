"""What tells a completion server who asks: the header `Authorization`.

The first of these is taken: the environment variable `VERNACULAR_API_KEY`; the file that the setting `api_key_file`
or the variable `VERNACULAR_API_KEY_FILE` names; the token of `vernacular login`. A key never stands in an editor's
settings, which are shared and committed. Files are read again for each request, so a new key needs no restart.

A token of the issuer goes to the server that it was fetched for, and never over plain HTTP to another machine.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from core.addresses import is_loopback
from core.errors import VernacularError
from lsp.tokens import Token, TokenFile

logger = logging.getLogger(__name__)

KEY_VARIABLE = "VERNACULAR_API_KEY"
FILE_VARIABLE = "VERNACULAR_API_KEY_FILE"
HOW_TO_GET_IN = f"run `vernacular login`, or put an API key into {KEY_VARIABLE} or a file named by {FILE_VARIABLE}"


class Credentials:
    """Those for one server. `key_file` goes before the one of the environment."""

    def __init__(self, url: str, key_file: str | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._url = url.rstrip("/")
        self._environment = os.environ if environment is None else environment
        file = key_file or self._environment.get(FILE_VARIABLE)
        self._key_file = Path(file).expanduser() if file else None
        self._tokens = TokenFile(self._environment)
        self._refreshing: asyncio.Task[Token | None] | None = None

    async def headers(self) -> dict[str, str]:
        """The header to send; none where there is no credential. Never raises; refreshes a token that is ending."""
        text = self._key() or await self._token()
        # What is no header value, such as a file with two lines, is refused by the server as no key at all.
        return {"authorization": f"Bearer {text}"} if text and text.isascii() and text.isprintable() else {}

    def _key(self) -> str:
        if key := self._environment.get(KEY_VARIABLE, "").strip():
            return key
        if self._key_file is None:
            return ""
        try:
            return self._key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            logger.warning("the key file %s cannot be read (%s)", self._key_file, type(error).__name__)
            return ""

    async def _token(self) -> str:
        if self._url.startswith("http://") and not is_loopback(self._url):
            return ""
        token = self._tokens.get(self._url)
        if token is not None and token.is_ending():
            if self._refreshing is None or self._refreshing.done():
                self._refreshing = asyncio.create_task(asyncio.to_thread(self._refreshed))
            token = await asyncio.shield(self._refreshing)
        return token.access_token if token else ""

    def _refreshed(self) -> Token | None:
        from lsp.sign_in import refreshed  # httpx takes a tenth of a second to import

        try:
            return refreshed(self._url, self._tokens)
        except VernacularError as error:
            logger.warning("%s", error)
            return None
