"""Asking at the key stroke: editors tell of a key at once, and ask for ghost text only after a pause of their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from lsp.cursor import Cursor
from lsp.pace import Pace

EDITORS_PAUSE_S = 0.3
"""An editor that asks later than so after a key stroke asks for another reason."""
MOST_UNASKED = 4
"""Requests made at key strokes that the editor never asked for: it may have ghost text turned off."""


class Early:
    """When the last key was struck, and the timer that asks before the editor does. `ask` says whether it asked.

    Nothing is asked before the editor has asked once, nor where the cursor jumped. Belongs to one event loop.
    """

    def __init__(self, pace: Pace, ask: Callable[[Cursor], bool]) -> None:
        self._pace = pace
        self._ask = ask
        self._last: Cursor | None = None
        self._struck_s: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._unasked = MOST_UNASKED

    def struck(self, cursor: Cursor) -> bool:
        """A key was struck, and the cursor is here now, by the look of it; whether it is worth asking."""
        before, self._last = self._last, cursor
        self._struck_s = time.monotonic()
        self._pace.key()
        self.stop()
        return before is not None and before.is_near(cursor) and self._unasked < MOST_UNASKED

    def ask_in(self, wait_s: float, cursor: Cursor) -> None:
        """Ask after so long, if nothing happens before."""
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._ask_now, cursor)

    def asked_for(self, cursor: Cursor) -> float:
        """The editor asks: when the key was struck that it asks for, on the monotonic clock."""
        self._last, self._unasked = cursor, 0
        self.stop()
        struck_s, self._struck_s = self._struck_s, None
        now_s = time.monotonic()
        if struck_s is not None and now_s - struck_s < EDITORS_PAUSE_S:
            return struck_s
        self._pace.key()
        return now_s

    def stop(self) -> None:
        """Ask no more for the last key."""
        if self._timer:
            self._timer.cancel()

    def close(self) -> None:
        """Ask no more until the editor asks again."""
        self.stop()
        self._unasked = MOST_UNASKED

    def _ask_now(self, cursor: Cursor) -> None:
        self._unasked += self._ask(cursor)
