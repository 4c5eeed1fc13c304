"""A process and all its descendants, as /proc shows them: what they use, and how to end them. Linux only."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU time in seconds (ended children included), resident memory in MiB, number of processes and threads."""

    cpu_s: float
    memory_mib: float
    tasks: int
    pids: tuple[int, ...]


def usage(root: int) -> Usage:
    """What `root` and its descendants use now; zeros where it has ended."""
    cpu_ticks = pages = tasks = 0
    pids: list[int] = []
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        try:
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
            children = [child for task in Path(f"/proc/{pid}/task").iterdir() for child in _children(task)]
        except OSError:
            continue
        # Numbering of proc(5) minus the three fields before and the bracket itself.
        cpu_ticks += sum(int(fields[index]) for index in (11, 12, 13, 14))
        tasks += int(fields[17])
        pages += int(fields[21])
        pids.append(pid)
        waiting += children
    return Usage(cpu_ticks * _TICK_S, pages * _PAGE_MIB, tasks, tuple(pids))


def proportional_mib(pids: Iterable[int]) -> float:
    """Resident memory of `pids` in MiB, what they share counted once. Slower than `usage`, which counts it for each.

    A process that has ended meanwhile counts nothing.
    """
    total_kib = 0.0
    for pid in pids:
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
            total_kib += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return total_kib / 1024


def kill_tree(root: int) -> None:
    """Send SIGKILL to `root` and its descendants, until none are left that were not killed."""
    killed: set[int] = set()
    while fresh := [pid for pid in usage(root).pids if pid not in killed]:
        for pid in fresh:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed.update(fresh)


def _children(task: Path) -> list[int]:
    try:
        return [int(child) for child in (task / "children").read_bytes().split()]
    except OSError:
        return []
