"""The method `sample`: tasks with tests or cases are answered many times, and the answers that pass are kept.

`sample` is its core, for whoever has tasks, a judge and a model that is started; by a recipe the answers are kept in
the folders of runs, which `vernacular report` and `vernacular compare` read too.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from core.errors import RunError
from core.language_files import LanguageRegistry
from evaluation.formats import read_benchmark
from evaluation.models.base import Model
from evaluation.running import show as running
from evaluation.running.evaluate import ModelChoice, RunChoice, evaluate
from evaluation.running.judging import Judge
from evaluation.running.runner import Evaluation, OnResult, done_already, run
from evaluation.runs import RESULTS, Result, RunWriter, Sampling, read_description, read_results
from evaluation.strategies.base import Strategy
from evaluation.tasks import Task
from evaluation.verdicts import Verdict
from training.corpora.show import Show
from training.synthesis.accepting import METHOD, accepted
from training.synthesis.method import Made, Method, Workshop, no_code
from training.synthesis.pairs import questions
from training.synthesis.parts import Keeping, Sample, StoredRun
from training.synthesis.record import Costs

THOUGHT = "chain-of-thought"


class _InMemory:
    def __init__(self) -> None:
        self.results: list[Result] = []

    def add(self, result: Result, /) -> None:
        self.results.append(result)


async def sample(
    tasks: Sequence[Task],
    languages: LanguageRegistry,
    judge: Judge,
    model: Model,
    strategy: Strategy,
    sampling: Sampling,
    keeping: Keeping | None = None,
    *,
    writer: RunWriter | None = None,
    concurrency: int = 32,
    thought: bool = False,
    on_result: OnResult = lambda _: None,
) -> Made:
    """Ask for `sampling.samples` answers to each task, judge them, and make conversations of those that are kept.

    With a `writer` they go into its run's folder, and what is there is not asked again. `thought`: the strategy is
    `chain-of-thought`. Raises what `evaluation.running.runner.run` raises.
    """
    evaluation = Evaluation(tuple(tasks), languages, strategy, sampling, concurrency)
    in_memory = _InMemory()
    done = done_already(writer, on_result) if writer else set()
    await run(evaluation, model, judge, writer or in_memory, done, on_result)
    results = read_results(writer.folder) if writer else iter(in_memory.results)
    return await asyncio.to_thread(_made_of, results, tasks, languages, keeping or Keeping(), thought=thought)


class SampleMethod(Method):
    """Answers to the recipe's benchmarks, and those of the runs that it names."""

    name = METHOD

    async def run(self, workshop: Workshop) -> Made:
        """See `Method`. Raises `SynthesisError` where the first answers hold no code."""
        settings, languages = workshop.settings, workshop.languages
        folder = workshop.folder / self.name
        part = settings.sample
        assert part is not None
        runs = list(part.runs)
        if part.benchmarks:
            assert workshop.model is not None
            for file in part.benchmarks:
                questions(read_benchmark(file, part.format, part.language, languages).tasks, file)
            choice = RunChoice(
                benchmarks=part.benchmarks,
                output=folder / part.benchmarks[0].name.split(".", 1)[0] if len(part.benchmarks) == 1 else folder,
                model=settings.model or ModelChoice(),
                format=part.format,
                language=part.language,
                languages=settings.language_folders,
                limit=part.limit,
                strategy=part.strategy,
                strategy_options=part.options(),
                sampling=Sampling(
                    samples=part.samples,
                    temperature=settings.temperature,
                    seed=settings.seed,
                    max_new_tokens=settings.max_new_tokens,
                ),
                concurrency=settings.concurrency,
                sandbox=settings.sandbox,
                limits=settings.execution_limits(),
            )
            watched = _Watched(workshop.show, settings.give_up_after)
            folders = await evaluate(choice, watched, workshop.open_box, workshop.model)
            runs += [StoredRun(run=run, tasks=file) for run, file in zip(folders, part.benchmarks, strict=True)]
        found = Made()
        for stored in runs:
            _add(
                found,
                await asyncio.to_thread(sampled_run, stored, languages, part),
                stored.run.name if len(runs) > 1 else "",
            )
        return found


def sampled_run(stored: StoredRun, languages: LanguageRegistry, part: Sample | Keeping) -> Made:
    """The answers that a run's folder holds. Raises `RunError` for a file that the run was not made from."""
    settings = read_description(stored.run).settings
    if not (stored.run / RESULTS).exists():
        raise RunError(f"{stored.run}: holds no results yet; run its evaluation first")
    read = read_benchmark(stored.tasks, settings.benchmark_format, settings.benchmark_language or None, languages)
    if read.sha256 != settings.benchmark_sha256:
        raise RunError(f"{stored.run}: was not made from {stored.tasks} (SHA-256 differs); name the file that it was")
    tasks = questions(read.tasks, stored.tasks)
    return _made_of(read_results(stored.run), tasks, languages, part, thought=settings.strategy == THOUGHT)


def _made_of(
    results: Iterable[Result], tasks: Sequence[Task], languages: LanguageRegistry, keeping: Keeping, *, thought: bool
) -> Made:
    made = Made()
    spent: Counter[str] = Counter()
    took = {"asked_s": 0.0, "executed_s": 0.0}

    def counted() -> Iterator[Result]:
        for result in results:
            made.came += 1
            spent.update(input_tokens=result.prompt_tokens, output_tokens=result.new_tokens)
            took["asked_s"] += result.generated_ms / 1e3
            took["executed_s"] += result.executed_ms / 1e3
            yield result

    made.pairs = accepted(counted(), tasks, languages, keeping, thought=thought, fell=made.fell)
    made.costs = Costs(requests=made.came, **spent, **took)
    return made


def _add(to: Made, more: Made, prefix: str) -> None:
    """Two runs' answers together; tasks of several runs have the run's name before their own."""
    for pair in more.pairs:
        name = f"{prefix}:{pair.task.id}" if prefix else pair.task.id
        task = pair.task.model_copy(update={"id": name})
        to.pairs.append(pair.model_copy(update={"groups": (name,), "task": task}))
    to.came += more.came
    to.fell += more.fell
    to.costs = to.costs.plus(more.costs)


class _Watched(running.Show):
    """Shows a run as a step, and ends one whose first answers are all of no use."""

    def __init__(self, show: Show, give_up_after: int) -> None:
        self._show = show
        self._give_up_after = give_up_after
        self._useless = 0
        self._useful = False

    def starting(self, detail: str) -> None:
        """See `Show`."""
        self._show.say(f"model: {detail}")

    def begin(self, name: str, total: int) -> None:
        """See `Show`."""
        self._show.begin(f"sample: {name}", total, "answers")

    def add(self, result: Result, *, fresh: bool) -> None:
        """See `Show`. Raises `SynthesisError`."""
        self._show.advance()
        self._useful = self._useful or result.verdict is not Verdict.NO_CODE
        self._useless += 1
        if not self._useful and self._useless >= self._give_up_after:
            raise no_code(self._useless, result.answer or result.detail)
