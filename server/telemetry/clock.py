"""The two times that telemetry asks for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


def _since_boot() -> float:
    """Seconds that never jump; those in which the machine slept are counted, where the system counts them."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


@dataclass(frozen=True, slots=True)
class Clock:
    """`wall`: seconds since 1970, which somebody may set; `steady`: seconds from anywhere, which nobody can."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = _since_boot
