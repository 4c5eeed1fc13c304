"""What a stage costs: wall time, and the peak of the memory of this process and all that it started.

Memory is sampled twice a second from `/proc`, so a short peak may be missed; shared pages count once a process. Where
there is no `/proc` the peak is 0: not known.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_EVERY_S = 0.5
_PROC = Path("/proc")


@dataclass(slots=True)
class Costs:
    """Of what was measured so far."""

    seconds_s: float = 0.0
    peak_memory_bytes: int = 0


@contextmanager
def measured() -> Iterator[Costs]:
    """Measure what happens inside; whole when the block ends, however it ends."""
    costs, over = Costs(), threading.Event()

    def sample() -> None:
        while True:
            costs.peak_memory_bytes = max(costs.peak_memory_bytes, _memory_of_tree(os.getpid()))
            if over.wait(_EVERY_S):
                return

    thread = threading.Thread(target=sample, daemon=True)
    began_s = time.monotonic()
    thread.start()
    try:
        yield costs
    finally:
        over.set()
        thread.join()
        costs.seconds_s = time.monotonic() - began_s


def _memory_of_tree(root: int) -> int:
    """Resident memory of a process and its descendants, in bytes."""
    children: dict[int, list[int]] = defaultdict(list)
    resident: dict[int, int] = {}
    page = os.sysconf("SC_PAGE_SIZE")
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        if not entry.name.isdecimal():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        children[int(fields[1])].append(int(entry.name))
        resident[int(entry.name)] = int(fields[21]) * page
    waiting, total = [root], 0
    while waiting:
        process = waiting.pop()
        total += resident.get(process, 0)
        waiting += children[process]
    return total
