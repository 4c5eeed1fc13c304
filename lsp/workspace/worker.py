"""A thread that does work in small steps and rests in between, so that the event loop finds the interpreter free.

Jobs are generators; each step of one is a small piece of work. Urgent jobs go first, in their order; what is slow goes
on when nothing is urgent. Trouble in a job is logged and ends that job alone.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

WORK_S = 0.002
LONGEST_REST_S = 0.05
QUIET_S = 0.03
"""After a key stroke the thread begins nothing for so long: the event loop has several turns to take by then."""
SWITCH_S = 0.0005
"""After which the event loop, once it has something to do, gets the interpreter."""

Job = Iterator[None]

logger = logging.getLogger(__name__)


class Pacer:
    """After some work of the processor the thread sleeps about as long. Belongs to one thread."""

    def __init__(self) -> None:
        self._since = time.thread_time()

    def rest(self) -> None:
        """Called between two small pieces of work."""
        worked = time.thread_time() - self._since
        if worked >= WORK_S:
            time.sleep(min(worked, LONGEST_REST_S))
            self._since = time.thread_time()


class Worker:
    """The thread, and what it has to do. Its methods may be called from any thread.

    `due` gives what has become urgent by now, and in how many seconds it is to be asked again (None: not before
    something else happens); it is called in the thread, often.
    """

    def __init__(self, due: Callable[[], tuple[list[Job], float | None]]) -> None:
        self._due = due
        self._urgent: deque[Job] = deque()
        self._slow: Job | None = None
        self._changed = threading.Condition()
        self._closing = False
        self._idle = False
        self._quiet_until = 0.0
        self._thread = threading.Thread(target=self._run, name="workspace index", daemon=True)

    def start(self) -> None:
        """Begin. From now on threads of this process hand the interpreter over more often than Python's 5 ms."""
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_S))
        self._thread.start()

    def close(self) -> None:
        """End after the present step, without waiting for it."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def hush(self) -> None:
        """A key was struck: begin nothing for a moment."""
        self._quiet_until = time.monotonic() + QUIET_S

    def urgent(self, job: Job) -> None:
        """Do a job before everything that is slow."""
        with self._changed:
            self._urgent.append(job)
            self._wake()

    def slow(self, job: Job) -> None:
        """Do a job when nothing is urgent; it takes the place of the slow job there is."""
        with self._changed:
            self._slow = job
            self._wake()

    def wake(self) -> None:
        """Ask `due` again."""
        with self._changed:
            self._wake()

    def wait(self, timeout_s: float) -> bool:
        """Wait until nothing is left to do; False if that takes longer. For tests and measurements."""
        with self._changed:
            return self._changed.wait_for(lambda: self._idle or self._closing, timeout_s)

    def _wake(self) -> None:
        self._idle = False
        self._changed.notify_all()

    def _run(self) -> None:
        pacer = Pacer()
        while not self._closing:
            again_s = self._take_due()
            with self._changed:
                job = self._urgent[0] if self._urgent else self._slow
                if job is None:
                    self._rest(again_s)
                    continue
            while (quiet_s := self._quiet_until - time.monotonic()) > 0:
                time.sleep(quiet_s)
            if not _advanced(job):
                with self._changed:
                    if self._urgent and self._urgent[0] is job:
                        self._urgent.popleft()
                    elif self._slow is job:
                        self._slow = None
            pacer.rest()

    def _take_due(self) -> float | None:
        try:
            jobs, again_s = self._due()
        except Exception:
            logger.exception("the workspace's index could not look after open documents")
            return None
        with self._changed:
            self._urgent.extend(jobs)
        return again_s

    def _rest(self, again_s: float | None) -> None:
        """Sleep until something happens. What is due later counts as work that is left."""
        if self._closing:
            return
        if again_s is None and not self._idle:
            self._idle = True
            self._changed.notify_all()
            # What came between the look and this lock has cleared `_idle` no more: look once again.
            again_s = 0.0
        self._changed.wait(again_s)


def _advanced(job: Job) -> bool:
    try:
        next(job)
    except StopIteration:
        return False
    except Exception:
        logger.exception("a piece of the workspace's index failed")
        return False
    return True
