"""From an API key to an identity, from memory.

The whole table is kept in memory and read again every `FRESH_S` while keys are asked for, so a request never waits for
the database unless its key is unknown; a key that was revoked is refused within that time, by every instance. While
the database is down, keys that were there are taken for up to `OUTAGE_S`; unknown ones get 503.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from server.access.identity import Identity
from server.access.kept import Kept
from server.access.keys import ApiKey, KeyStore, parsed_key

FRESH_S = 2.0
UNKNOWN_GAP_S = 1.0
OUTAGE_S = 3600.0
_NO_HASH = bytes(32)


class KeyCheck:
    """Looks keys up. `clock` is the time of day, in seconds since 1970."""

    def __init__(self, store: KeyStore, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="keys")
        self._keys = Kept(self._read, fresh_s=FRESH_S, gap_s=UNKNOWN_GAP_S, keep_s=OUTAGE_S)

    async def identity(self, text: str) -> Identity | str:
        """Whom the key stands for, or why it is refused. Raises `DatabaseError` where that cannot be known."""
        parsed = parsed_key(text)
        if parsed is None:
            return "this is no API key; it may have been cut short"
        key_id, digest = parsed
        key = (await self._keys.get()).get(key_id) or (await self._keys.newer(wait=True)).get(key_id)
        # The same work whether the public part is known or not, and no telling how much of a secret was right.
        matches = hmac.compare_digest(key.secret_sha256 if key else _NO_HASH, digest)
        if key is None or not matches:
            return "the API key is not known here"
        state = key.state(self._clock())
        return Identity(key.user, key.scopes) if state == "valid" else f"the API key is {state}"

    def close(self) -> None:
        """End the thread that reads, once it has read."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _read(self) -> dict[str, ApiKey]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._store.all)
