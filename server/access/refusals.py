"""Refusals that have a status of their own."""

from __future__ import annotations

from core.errors import UnavailableError


class RateLimitedError(UnavailableError):
    """The user asked too often: 429. `limit` is for people, `retry_after_s` in seconds."""

    def __init__(self, limit: str, retry_after_s: float) -> None:
        super().__init__(
            f"more than {limit}; wait {retry_after_s:.0f} s", retry_after_s=retry_after_s, code="rate_limited"
        )
