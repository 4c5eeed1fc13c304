"""Programs are run for rewards: several at once, while others are still being written, and each only once.

    with Verifier(tasks, languages, open_sandbox(), limits) as verifier:
        verifier.begin(task, program)             # as soon as a program is written
        verifier.result(task, program).passed     # waits

A program that was seen with a task before is not run again, whatever step it comes back in. `SandboxError` comes out of
`result`: a sandbox that does not work is no verdict, and whoever asked makes no reward of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from core.cores import usable_cores
from core.language_files import LanguageRegistry
from core.sandbox import Limits, Sandbox
from evaluation.execution import Executor
from evaluation.running.judging import executors_of
from evaluation.tasks import Case, Scoring, Task
from evaluation.verdicts import Judged, Verdict
from training.reinforcement.tricks import Probe, found_trick

_KEPT = 100_000
"""Results that are remembered."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of a program. `share` is of the hidden tests; `trick` names how it came to pass without solving."""

    verdict: Verdict
    detail: str
    compiled: bool
    share: float
    trick: str = ""

    @property
    def passed(self) -> bool:
        """All hidden tests pass, and by no trick."""
        return self.verdict is Verdict.PASSED and not self.trick


class Verifier:
    """See the module. `cases` are the hidden ones by the task's id, `probes` what finds tricks.

    `every_case`: go on after a case that failed, which partial credit needs. Raises `ConfigError` where a language of
    the tasks cannot be run here.
    """

    def __init__(
        self,
        tasks: Iterable[Task],
        languages: LanguageRegistry,
        sandbox: Sandbox,
        limits: Limits,
        *,
        cases: Mapping[str, tuple[Case, ...]] | None = None,
        probes: Mapping[str, Probe] | None = None,
        every_case: bool = False,
        workers: int | None = None,
    ) -> None:
        self._limits = limits
        self._cases = cases or {}
        self._probes = probes or {}
        self._every_case = every_case
        self._known: OrderedDict[str, Future[Verified]] = OrderedDict()
        self._lock = threading.Lock()
        self.executed = 0
        """Programs that were run so far."""
        self.asked = 0
        """Results that were asked for so far."""
        self.waited_s = 0.0
        """Time for which somebody had nothing else to do than to wait for a result."""
        with contextlib.ExitStack() as opened:
            self._executors = executors_of(tasks, languages, sandbox, opened)
            count = workers or usable_cores()
            self._pool = ThreadPoolExecutor(count, thread_name_prefix="verify")
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._opened.close()

    def begin(self, task: Task, program: str) -> Future[Verified]:
        """Run the program some time from now, unless that was asked before."""
        key = hashlib.sha256(f"{task.id}\0{program}".encode(errors="surrogatepass")).hexdigest()
        with self._lock:
            future = self._known.get(key)
            if future is None or (future.done() and future.exception() is not None):
                future = self._known[key] = self._pool.submit(self._run, task, program)
                self.executed += 1
            self._known.move_to_end(key)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return future

    def result(self, task: Task, program: str) -> Verified:
        """What came of it. Raises `SandboxError`."""
        future = self.begin(task, program)
        self.asked += 1
        began_s = time.monotonic()
        try:
            return future.result()
        finally:
            self.waited_s += time.monotonic() - began_s

    def _run(self, task: Task, program: str) -> Verified:
        executor = self._executors[task.language]
        if task.scoring is Scoring.TESTS:
            judged, share = self._tested(executor, program)
        else:
            judged, share = self._compared(executor, task, program)
        trick = ""
        if judged.verdict is Verdict.PASSED and (probe := self._probes.get(task.id)):
            trick = found_trick(executor, task, program, probe, self._limits)
        return Verified(
            verdict=judged.verdict,
            detail=judged.detail,
            compiled=self._compiled(executor, program, judged),
            share=0.0 if trick else share,
            trick=trick,
        )

    def _compiled(self, executor: Executor, program: str, judged: Judged) -> bool:
        """Whether the checker takes it; a limit may have been met by the checker as well as by the program."""
        if judged.verdict in (Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY):
            return executor.check(program, self._limits) is None
        return judged.verdict is not Verdict.COMPILE_ERROR and judged.failure != "syntactic"

    def _tested(self, executor: Executor, program: str) -> tuple[Judged, float]:
        judged = executor.run_to_mark(program, self._limits)
        return judged, float(judged.verdict is Verdict.PASSED)

    def _compared(self, executor: Executor, task: Task, program: str) -> tuple[Judged, float]:
        cases = self._cases.get(task.id, task.cases)
        results = executor.run_together(
            program,
            self._limits,
            [(case.stdin.encode(), *(output.encode() for output in case.expected)) for case in cases],
            stop_at_failure=not self._every_case,
        )
        right = sum(judged.verdict is Verdict.PASSED for judged in results)
        worst = next((judged for judged in results if judged.verdict is not Verdict.PASSED), results[-1])
        return worst, right / len(cases)
