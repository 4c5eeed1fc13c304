"""Keep freed memory in the process, instead of giving it back to the system after each step.

A training step on a CPU allocates and frees the same large blocks (a micro-step's logits are 50 MB) again and again.
glibc maps each of them anew, and every page of it faults: measured here, that halves the speed.
"""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEEP_BYTES = 2_000_000_000


def keep_freed_memory() -> bool:
    """Tell glibc's allocator; return whether there was one to tell. Peak memory does not change."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return all(mallopt(option, _KEEP_BYTES) == 1 for option in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD))
