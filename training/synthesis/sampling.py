"""The method `sample`: tasks with tests or cases are answered many times, and the answers that pass are kept.

`sample` is its core, for whoever has tasks, a judge and a model that is started; by a recipe the answers are kept in
the folders of runs, which `vernacular report` and `vernacular compare` read too.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import RunError
from core.language_files import LanguageRegistry
from evaluation.formats import read_benchmark
from evaluation.models.base import Model
from evaluation.running import show as running
from evaluation.running.evaluate import ModelChoice, RunChoice, evaluate
from evaluation.running.judging import Judge
from evaluation.running.runner import Evaluation, OnResult, done_already, run
from evaluation.running.stored import StoredRun, open_run
from evaluation.runs import RESULTS, Result, RunWriter, Sampling, read_results
from evaluation.strategies.base import Strategy
from evaluation.tasks import Task
from evaluation.verdicts import Verdict
from training.corpora.show import Show
from training.synthesis.accepting import METHOD, accepted
from training.synthesis.journal import key_of
from training.synthesis.method import Made, Method, Workshop, no_code
from training.synthesis.pairs import questions
from training.synthesis.parts import Keeping, Sample
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
    spent = _Spent()
    made = await asyncio.to_thread(_made_of, spent.of(results), tasks, languages, keeping or Keeping(), thought=thought)
    made.costs = spent.costs()
    return made


class SampleMethod(Method):
    """Answers to the recipe's benchmarks, and those of the runs that it names."""

    name = METHOD

    async def run(self, workshop: Workshop) -> Made:
        """See `Method`. Raises `SynthesisError` where the first answers hold no code."""
        settings, languages = workshop.settings, workshop.languages
        folder = workshop.folder / self.name
        part = settings.sample
        assert part is not None
        runs = [_Run(_opened(each.run, each.tasks, languages), asked=False) for each in part.runs]
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
            for run, file in zip(folders, part.benchmarks, strict=True):
                runs.append(_Run(_opened(run, file, languages), asked=True))
        return await asyncio.to_thread(_of_runs, runs, languages, part)


@dataclass(frozen=True, slots=True)
class _Run:
    """A run, and whether it was asked by this recipe, which is what it pays for."""

    stored: StoredRun
    asked: bool

    def benchmark(self) -> tuple[str, ...]:
        settings = self.stored.description.settings
        return settings.benchmark_sha256, settings.benchmark_format, settings.benchmark_language


def _opened(folder: Path, file: Path, languages: LanguageRegistry) -> StoredRun:
    stored = open_run(folder, file, languages)
    questions(list(stored.tasks.values()), file)
    if not (folder / RESULTS).exists():
        raise RunError(f"{folder}: holds no results yet; run its evaluation first")
    return stored


def _of_runs(runs: Sequence[_Run], languages: LanguageRegistry, part: Sample) -> Made:
    """The answers that runs hold; several runs of one benchmark are as one that asked more. Raises `RunError`."""
    names = _names({each.benchmark(): each.stored.benchmark.name for each in runs})
    together: dict[tuple[tuple[str, ...], bool], list[_Run]] = defaultdict(list)
    for each in runs:
        thought = each.stored.description.settings.strategy == THOUGHT and part.answer == "whole"
        together[each.benchmark(), thought].append(each)
    found, spent = Made(), _Spent()
    for (benchmark, thought), same in together.items():
        tasks = {name: task for each in same for name, task in each.stored.tasks.items()}
        results = itertools.chain.from_iterable(
            spent.of(each.stored.results()) if each.asked else each.stored.results() for each in same
        )
        made = _made_of(results, list(tasks.values()), languages, part, thought=thought)
        _add(found, made, names[benchmark])
    found.costs = spent.costs()
    return found


def _names(benchmarks: Mapping[tuple[str, ...], str]) -> dict[tuple[str, ...], str]:
    """What stands before the ids of each benchmark's tasks: nothing for the only one, else a name of its own."""
    if len(benchmarks) == 1:
        return dict.fromkeys(benchmarks, "")
    counts = Counter(benchmarks.values())
    return {key: f"{name}:" if counts[name] == 1 else f"{name}-{key_of(*key)[:8]}:" for key, name in benchmarks.items()}


class _Spent:
    """What results cost, counted as they pass."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._took = {"asked_s": 0.0, "executed_s": 0.0}

    def of(self, results: Iterable[Result]) -> Iterator[Result]:
        for result in results:
            self._counts.update(requests=1, input_tokens=result.prompt_tokens, output_tokens=result.new_tokens)
            self._took["asked_s"] += result.generated_ms / 1e3
            self._took["executed_s"] += result.executed_ms / 1e3
            yield result

    def costs(self) -> Costs:
        return Costs(**self._counts, **self._took)


def _made_of(
    results: Iterable[Result], tasks: Sequence[Task], languages: LanguageRegistry, keeping: Keeping, *, thought: bool
) -> Made:
    made = Made()

    def counted() -> Iterator[Result]:
        for result in results:
            made.came += 1
            yield result

    made.pairs = accepted(counted(), tasks, languages, keeping, thought=thought, fell=made.fell)
    return made


def _add(to: Made, more: Made, prefix: str) -> None:
    for pair in more.pairs:
        task = pair.task.model_copy(update={"id": f"{prefix}{pair.task.id}"})
        to.pairs.append(pair.model_copy(update={"task": task}))
    to.came += more.came
    to.fell += more.fell


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
