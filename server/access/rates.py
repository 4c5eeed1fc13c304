"""How often one user may ask this instance."""

from __future__ import annotations

import time
from collections.abc import Sequence

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from server.access.refusals import RateLimitedError


class Rates:
    """Counts requests in memory, in windows that slide. `limits` are like `20/second`; none: nothing is counted."""

    def __init__(self, limits: Sequence[str]) -> None:
        self._limits = [parse(limit) for limit in limits]
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def count(self, user: str) -> None:
        """Count one request. Raises `RateLimitedError`, with the seconds after which the next one passes."""
        for limit in self._limits:
            if not await self._limiter.hit(limit, user):
                stats = await self._limiter.get_window_stats(limit, user)
                wait_s = max(1.0, stats.reset_time - time.time())
                raise RateLimitedError(f"{limit.amount} requests a {limit.GRANULARITY.name}", wait_s)
