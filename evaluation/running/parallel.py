"""A function over many things on all cores, the answers in the things' own order, only a few on their way at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from core.cores import usable_cores

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")


def in_parallel(function: Callable[[Thing], Answer], things: Iterable[Thing]) -> Iterator[tuple[Thing, Answer]]:
    """Each thing with the function's answer, computed by a thread for each core. Raises what the function raises."""
    cores = usable_cores()
    under_way: deque[tuple[Thing, Future[Answer]]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        for thing in things:
            if len(under_way) >= 2 * cores:
                earlier, future = under_way.popleft()
                yield earlier, future.result()
            under_way.append((thing, pool.submit(function, thing)))
        for earlier, future in under_way:
            yield earlier, future.result()
