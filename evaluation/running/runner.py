"""Ask a model for every task of a benchmark and judge the answers: generation and execution side by side.

Answers are asked for as many at once as the engine takes; finished ones wait in a short queue for the cores that
execute them, so that memory stays flat however many there are. Each result is written as it comes. What is already in
the run's folder is not asked again: a run that was killed goes on where it was.

`SandboxError`, and an engine or endpoint that does not come back, end the run; what is done is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from core.cores import usable_cores
from core.errors import RequestError
from core.language_files import LanguageRegistry
from core.languages import TEXT, LanguageSpec
from evaluation.models.base import Drawing, Model
from evaluation.running.judging import Decision, Judge
from evaluation.running.probing import Observed, Prober
from evaluation.running.rounds import Observe, Try, ask_in_rounds, conversation
from evaluation.runs import Result, RunWriter, Sampling, read_results
from evaluation.strategies.base import Strategy
from evaluation.tasks import Scoring, Task
from evaluation.verdicts import Judged, Verdict

_SEEDS = 2**31

OnResult = Callable[[Result], None]


class Results(Protocol):
    """Takes results as they come: a `RunWriter`, or whoever keeps them in memory."""

    def add(self, result: Result, /) -> None:
        """Keep one more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A task, the number of the answer to it, and what the model said, round by round; nothing where it was refused."""

    task: Task
    sample: int
    seed: int | None
    tries: tuple[Try, ...]
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is run. `concurrency` is how many answers are asked for at once."""

    tasks: tuple[Task, ...]
    languages: LanguageRegistry
    strategy: Strategy
    sampling: Sampling
    concurrency: int = 32

    @property
    def total(self) -> int:
        """How many answers there will be."""
        return len(self.tasks) * self.sampling.samples


def language_of(task: Task, languages: LanguageRegistry) -> LanguageSpec:
    """The task's language; where nothing runs, one that nobody described is `text`. Raises `UnknownNameError`."""
    if task.scoring is Scoring.MATCH and task.language not in languages.names:
        return languages.named(TEXT.name)
    return languages.named(task.language)


def done_already(writer: RunWriter, on_result: OnResult) -> set[tuple[str, int]]:
    """What the run's folder holds: task and number of the answer."""
    done: set[tuple[str, int]] = set()
    for result in read_results(writer.folder):
        done.add((result.task, result.sample))
        on_result(result)
    return done


async def run(
    evaluation: Evaluation,
    model: Model,
    judge: Judge,
    writer: Results,
    done: set[tuple[str, int]],
    on_result: OnResult,
) -> None:
    """Everything that is not in `done`. Raises `SandboxError`, `RunError`, and what `Model.ask` raises."""
    cores = usable_cores()
    asked: asyncio.Queue[Asked | None] = asyncio.Queue(maxsize=4 * cores)
    at_once = 1 if evaluation.sampling.fixed_batch else evaluation.concurrency
    loop = asyncio.get_running_loop()
    prober = Prober(judge, evaluation.languages)
    with ThreadPoolExecutor(cores, thread_name_prefix="judge") as pool:

        async def observe(task: Task, program: str | None) -> Observed:
            return await loop.run_in_executor(pool, prober.observe, task, program)

        async def generate() -> None:
            waiting = iter(_waiting(evaluation, done))
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(ask_in_turn(waiting))
            for _ in range(cores):
                await asked.put(None)

        async def ask_in_turn(waiting: Iterator[tuple[Task, int]]) -> None:
            for task, sample in waiting:
                await asked.put(await _ask(evaluation, model, observe, task, sample))

        async def judge_in_turn() -> None:
            while (answered := await asked.get()) is not None:
                result = await loop.run_in_executor(pool, _result, judge, answered)
                writer.add(result)
                on_result(result)

        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(generate())
                for _ in range(cores):
                    group.create_task(judge_in_turn())
        except BaseExceptionGroup as problems:
            raise first_problem(problems) from None


def seed_of(sampling: Sampling, task: str, sample: int, number: int = 0) -> int | None:
    """The seed of one answer, in round `number`; `None` for a greedy one. The same whatever else is asked, and in
    whatever order."""
    if sampling.temperature == 0:
        return None
    text = f"{sampling.seed}\0{task}\0{sample}" + (f"\0{number}" if number else "")
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % _SEEDS


def _waiting(evaluation: Evaluation, done: set[tuple[str, int]]) -> Iterable[tuple[Task, int]]:
    for sample in range(evaluation.sampling.samples):
        for task in evaluation.tasks:
            if (task.id, sample) not in done:
                yield task, sample


async def _ask(evaluation: Evaluation, model: Model, observe: Observe, task: Task, sample: int) -> Asked:
    language = language_of(task, evaluation.languages)
    strategy, sampling = evaluation.strategy, evaluation.sampling
    drawing = Drawing(
        max_new_tokens=sampling.max_new_tokens,
        temperature=sampling.temperature,
        stop=(*(task.stop if strategy.stops else ()), *(("\n",) if strategy.stops and task.lines == 1 else ())),
    )

    def seeds(number: int) -> int | None:
        return seed_of(sampling, task.id, sample, number)

    try:
        tries = await ask_in_rounds(model, strategy, task, language, drawing, seeds, observe)
    except RequestError as problem:
        return Asked(task, sample, seeds(0), (), str(problem))
    return Asked(task, sample, seeds(0), tries)


def _result(judge: Judge, asked: Asked) -> Result:
    """Of the last try; tokens and times are of all of them."""
    task, tries = asked.task, asked.tries
    decisions = [judge.decide(task, each.completion, each.program) for each in tries]
    decision = decisions[-1] if tries else Decision(Judged(Verdict.NO_CODE, asked.refused))
    reply, judged = tries[-1].reply if tries else None, decision.judged
    observed = [each.observed for each in tries if each.observed]
    in_rounds = bool(observed)
    return Result(
        task=task.id,
        sample=asked.sample,
        language=task.language,
        labels=task.labels,
        prompt=reply.prompt if reply else "",
        answer=reply.text if reply else "",
        completion=tries[-1].completion if tries else None,
        program=decision.program,
        verdict=judged.verdict,
        detail=judged.detail,
        failure=judged.failure,
        message_class=judged.message_class,
        stdout=decision.stdout,
        stderr=decision.stderr,
        match=decision.match,
        seed=asked.seed,
        finish=reply.finish if reply else "refused",
        prompt_tokens=sum(each.reply.prompt_tokens for each in tries),
        new_tokens=sum(each.reply.new_tokens for each in tries),
        confidence=reply.confidence if reply else None,
        first_token_ms=tries[0].reply.first_token_ms if tries else None,
        generated_ms=sum(each.reply.total_ms for each in tries),
        executed_ms=decision.executed_ms + sum(each.executed_ms for each in observed),
        cpu_s=decision.cpu_s + sum(each.cpu_s for each in observed),
        finished=datetime.now(UTC).isoformat(timespec="milliseconds"),
        rounds=tuple(map(Try.as_round, tries, (each.judged for each in decisions))) if in_rounds else (),
        conversation=conversation(tries) if in_rounds else (),
    )


def first_problem(problems: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that ended the others."""
    for problem in problems.exceptions:
        if isinstance(problem, BaseExceptionGroup):
            return first_problem(problem)
        if not isinstance(problem, asyncio.CancelledError):
            return problem
    return problems.exceptions[0]
