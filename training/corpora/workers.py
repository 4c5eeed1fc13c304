"""Work on all cores, in the order in which it was given, with a bounded number of batches in memory.

A few small batches are worked on in this process: starting others takes longer. A batch that breaks its process (a
fault in native code, no memory left) is given once more, file by file, so that one file is
named and dropped and the others are not.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing.connection import wait
from typing import Generic, TypeVar

from core.cores import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Item], Result]

INLINE_BATCHES = 2


class Workers(Generic[Item, Result]):
    """Processes that do one kind of work. `start` makes the work in each process, `broken` stands for a lost result."""

    def __init__(
        self, start: Callable[[], Work[Item, Result]], broken: Callable[[Item], Result], processes: int = 0
    ) -> None:
        self._start = start
        self._broken = broken
        self._processes = processes or usable_cores()
        self._pool: ProcessPoolExecutor | None = None
        self._work: Work[Item, Result] | None = None

    def __enter__(self) -> Workers[Item, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes; what waits is not begun."""
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def map(self, batches: Iterator[Sequence[Item]]) -> Iterator[tuple[Sequence[Item], list[Result]]]:
        """Each batch with its results."""
        first = list(islice(batches, INLINE_BATCHES + 1))
        if self._pool is None and (len(first) <= INLINE_BATCHES or self._processes == 1):
            self._work = self._work or self._start()
            for batch in chain(first, batches):
                yield batch, [self._work(item) for item in batch]
            return
        waiting: deque[tuple[Sequence[Item], Future[list[Result]]]] = deque()
        for batch in chain(first, batches):
            waiting.append((batch, self._submitted(batch)))
            if len(waiting) > self._processes:
                yield self._finished(waiting)
        while waiting:
            yield self._finished(waiting)

    def _finished(
        self, waiting: deque[tuple[Sequence[Item], Future[list[Result]]]]
    ) -> tuple[Sequence[Item], list[Result]]:
        batch, future = waiting.popleft()
        try:
            return batch, future.result()
        except BrokenProcessPool:
            self.close()
            results = self._one_by_one(batch)
            again = [(other, self._submitted(other)) for other, _ in waiting]
            waiting.clear()
            waiting.extend(again)
            return batch, results

    def _one_by_one(self, batch: Sequence[Item]) -> list[Result]:
        """In one process, and another where that one ends."""
        results: list[Result] = []
        while len(results) < len(batch):
            with ProcessPoolExecutor(1, _context(), _begin, (self._start,)) as pool:
                try:
                    while len(results) < len(batch):
                        results += pool.submit(_do, [batch[len(results)]]).result()
                except BrokenProcessPool:
                    results.append(self._broken(batch[len(results)]))
        return results

    def _submitted(self, batch: Sequence[Item]) -> Future[list[Result]]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._processes, _context(), _begin, (self._start,))
        try:
            return self._pool.submit(_do, batch)
        except BrokenProcessPool as problem:  # it broke on an earlier batch: this one is seen to in its turn
            lost: Future[list[Result]] = Future()
            lost.set_exception(problem)
            return lost


def _context() -> multiprocessing.context.BaseContext:
    """Never fork: this process has threads, which draw the progress."""
    return multiprocessing.get_context("spawn")


_WORK: list[Callable[..., object]] = []


def _begin(start: Callable[[], Work[Item, Result]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes; the first one ends the others
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _WORK[:] = [start()]


def _end_with_parent() -> None:
    """Whoever kills the parent cannot tell its children."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _do(batch: Sequence[Item]) -> list[Result]:
    return [_WORK[0](item) for item in batch]  # type: ignore[misc]
