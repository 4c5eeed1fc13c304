"""Time as the typist lives it.

A clock of speed 1 is real time, and only such figures mean anything: at another speed the pauses of the typist and of
the editor shrink, the work of the servers does not.
"""

from __future__ import annotations

import asyncio


class Clock:
    """Seconds of the replay; belongs to the running event loop."""

    def __init__(self, speed: float = 1.0) -> None:
        assert speed > 0
        self.speed = speed

    def now_s(self) -> float:
        """Seconds since some moment in the past."""
        return asyncio.get_running_loop().time() * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait; not at all for a time that is over."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    async def until(self, moment_s: float, changed: asyncio.Event) -> None:
        """Wait for a moment, or until `changed` is set, whichever comes first."""
        remaining_s = (moment_s - self.now_s()) / self.speed
        if remaining_s > 0 and not changed.is_set():
            try:
                async with asyncio.timeout(remaining_s):
                    await changed.wait()
            except TimeoutError:
                pass
