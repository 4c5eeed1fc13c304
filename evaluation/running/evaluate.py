"""`vernacular evaluate` without its options' words: from what a person chose to finished runs.

A run's folder is opened, and what is wrong with tasks, strategy, languages and sandbox is said, before the model is
started, which takes long.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, JsonValue

from core.checkpoint import file_sha256
from core.errors import ConfigError
from core.language_files import LanguageRegistry, load_languages
from core.sandbox import Limits, Sandbox, open_sandbox
from evaluation.formats import read_benchmark
from evaluation.models.base import Model, Report
from evaluation.provenance import provenance
from evaluation.running.judging import Judge
from evaluation.running.runner import Evaluation, done_already, language_of, run
from evaluation.running.show import Show
from evaluation.runs import RunDescription, RunSettings, RunWriter, Sampling
from evaluation.strategies.base import Strategy
from evaluation.strategies.registry import StrategyOptions, default_strategy, strategy_named
from evaluation.tasks import Benchmark, Scoring, Task, TaskModel


class ModelChoice(TaskModel):
    """Who is asked. Neither model nor endpoint: the embedded model."""

    model: str | None = Field(default=None, description="a model folder, a hub id, or the name of an endpoint's model")
    endpoint: str | None = Field(default=None, description="URL of an endpoint; none: the engine runs here")
    template: str | None = Field(default=None, description="fill-in-the-middle template")
    dtype: str = Field(default="auto", description="number format of an engine here")
    max_model_len: int | None = Field(default=None, description="tokens of prompt and answer of an engine here")
    threads: int | None = Field(default=None, description="cores of an engine here, on a CPU")
    key_variable: str = Field(default="OPENAI_API_KEY", description="environment variable with the endpoint's key")
    patience_s: float = Field(default=120.0, description="how long an endpoint that fails is asked again")


class RunChoice(TaskModel):
    """Everything that `vernacular evaluate` is told."""

    benchmarks: tuple[Path, ...] = Field(description="files of tasks", min_length=1)
    output: Path = Field(description="folder of the run, or of a folder for each benchmark")
    model: ModelChoice = Field(default=ModelChoice(), description="who is asked")
    format: str | None = Field(default=None, description="format of the files")
    language: str | None = Field(default=None, description="language of files that do not say theirs")
    only_languages: tuple[str, ...] = Field(default=(), description="only tasks of these languages; none given: all")
    languages: tuple[Path, ...] = Field(default=(), description="folders of language files")
    limit: int | None = Field(default=None, description="only so many tasks of each file", ge=1)
    strategy: str | None = Field(default=None, description="name in `STRATEGIES`; none: by the tasks")
    strategy_options: StrategyOptions = Field(default=StrategyOptions(), description="what the strategy is given")
    sampling: Sampling = Field(default=Sampling(), description="how answers are drawn")
    concurrency: int = Field(default=32, description="answers asked for at once", ge=1)
    sandbox: str = Field(default="bubblewrap", description="back end of the sandbox")
    limits: Limits = Field(default=Limits(), description="of each execution")


@dataclass(frozen=True, slots=True)
class _Prepared:
    folder: Path
    benchmark: Benchmark
    tasks: tuple[Task, ...]
    strategy_name: str
    strategy: Strategy


async def evaluate(
    choice: RunChoice,
    show: Show,
    open_box: Callable[[str], Sandbox] = open_sandbox,
    model: Model | None = None,
) -> list[Path]:
    """Run every benchmark; the runs' folders. `model`: one that is started already, for the choice's.

    Raises `VernacularError` for all that can go wrong.
    """
    _check(choice)
    languages = load_languages(choice.languages)
    prepared = [_prepare(choice, path, languages) for path in choice.benchmarks]
    folders = [each.folder for each in prepared]
    if twice := next((folder.name for folder in folders if folders.count(folder) > 1), None):
        raise ConfigError(f"two benchmarks are called {twice}; run them one by one, each into a folder of its own")
    runs_programs = any(task.scoring is not Scoring.MATCH for each in prepared for task in each.tasks)
    sandbox = open_box(choice.sandbox) if runs_programs else None
    for each in prepared:
        with Judge(each.tasks, languages, sandbox, choice.limits):
            pass  # says what is missing before a model is started
    caching = not choice.sampling.fixed_batch
    async with (
        contextlib.nullcontext(model)
        if model
        else started(choice.model, show.starting, concurrency=choice.concurrency, prefix_caching=caching)
    ) as asked:
        for each in prepared:
            await _run_one(choice, each, languages, sandbox, asked, show)
    return folders


async def _run_one(
    choice: RunChoice, each: _Prepared, languages: LanguageRegistry, sandbox: Sandbox | None, model: Model, show: Show
) -> None:
    evaluation = Evaluation(each.tasks, languages, each.strategy, choice.sampling, choice.concurrency)
    with (
        RunWriter(each.folder, _description(choice, each, model, languages)) as writer,
        Judge(each.tasks, languages, sandbox, choice.limits) as judge,
    ):
        show.begin(each.benchmark.name, evaluation.total)
        done = done_already(writer, lambda result: show.add(result, fresh=False))
        await run(evaluation, model, judge, writer, done, lambda result: show.add(result, fresh=True))


def _check(choice: RunChoice) -> None:
    sampling, chosen = choice.sampling, choice.model
    if sampling.samples > 1 and sampling.temperature == 0:
        raise ConfigError(f"--samples {sampling.samples} of a greedy answer are the same; set --temperature, say 0.8")
    if chosen.endpoint and sampling.fixed_batch:
        raise ConfigError("--fixed-batch is for an engine here; how an endpoint forms its batches cannot be fixed")


def _prepare(choice: RunChoice, path: Path, languages: LanguageRegistry) -> _Prepared:
    benchmark = read_benchmark(path, choice.format, choice.language, languages)
    only = choice.only_languages
    tasks = tuple(task for task in benchmark.tasks if not only or task.language in only)[: choice.limit]
    found = sorted({task.language for task in benchmark.tasks})
    if not tasks:
        raise ConfigError(f"{path}: holds no tasks of {', '.join(only)}; its languages: {', '.join(found)}")
    ran = {task.language for task in tasks if task.scoring is not Scoring.MATCH}
    if unknown := sorted(ran - languages.names):
        raise ConfigError(
            f"{path}: no language file describes {', '.join(unknown)}; name a folder that has one with --languages, or "
            f"take only some of its tasks with --only-language, which may repeat (its languages: {', '.join(found)})"
        )
    name = choice.strategy or default_strategy(tasks)
    strategy = strategy_named(name, choice.strategy_options)
    for task in tasks:
        strategy.prompt(task, language_of(task, languages))
    folder = choice.output if len(choice.benchmarks) == 1 else choice.output / benchmark.name
    return _Prepared(folder, benchmark, tasks, name, strategy)


@contextlib.asynccontextmanager
async def started(
    chosen: ModelChoice, report: Report, *, concurrency: int = 32, prefix_caching: bool = True
) -> AsyncIterator[Model]:
    """The model, ready to be asked; closed behind the block. Raises `VernacularError` where it cannot be had."""
    model = _model(chosen, concurrency, prefix_caching)
    try:
        await model.start(report)
        yield model
    finally:
        await model.close()


def _model(chosen: ModelChoice, concurrency: int, prefix_caching: bool) -> Model:
    if chosen.endpoint:
        from evaluation.models.endpoint import Endpoint

        return Endpoint(
            chosen.endpoint,
            chosen.model,
            chosen.template,
            key_variable=chosen.key_variable,
            patience_s=chosen.patience_s,
        )
    from evaluation.models.local import LocalModel

    options: dict[str, JsonValue] = {
        "dtype": chosen.dtype,
        "max_model_len": chosen.max_model_len,
        "threads": chosen.threads,
        "max_sequences": max(1, min(concurrency, 64)),
        "prefix_caching": prefix_caching,
    }
    return LocalModel(chosen.model, chosen.template, options)


def _description(choice: RunChoice, each: _Prepared, model: Model, languages: LanguageRegistry) -> RunDescription:
    shown = [path for path in (choice.strategy_options.examples, choice.strategy_options.documentation) if path]
    used = {task.language: language_of(task, languages) for task in each.tasks}
    settings = RunSettings(
        benchmark=each.benchmark.name,
        benchmark_format=each.benchmark.format,
        benchmark_sha256=each.benchmark.sha256,
        benchmark_language=choice.language or "",
        only_languages=choice.only_languages,
        languages_sha256={name: _sha256(spec.model_dump_json()) for name, spec in sorted(used.items())},
        tasks=len(each.tasks),
        limit=choice.limit,
        model=model.name,
        model_files_sha256=model.files_sha256,
        endpoint=model.endpoint,
        engine=model.engine,
        template=model.template,
        strategy=each.strategy_name,
        strategy_options={
            **choice.strategy_options.model_dump(mode="json", exclude_defaults=True),
            **{f"{path.name} SHA-256": _content_sha256(path) for path in shown},
        },
        sampling=choice.sampling,
        limits={name: float(value) for name, value in choice.limits.model_dump().items()},
        sandbox=choice.sandbox,
    )
    found: dict[str, JsonValue] = {**provenance([]), "concurrency": choice.concurrency}
    return RunDescription(settings=settings, model_folder=model.folder, provenance=found)


def _content_sha256(path: Path) -> str:
    """Of a file; of a folder, of its files' names and contents."""
    if path.is_file():
        return file_sha256(path)
    files = sorted(inner for inner in path.rglob("*") if inner.is_file())
    return _sha256("".join(f"{inner.relative_to(path).as_posix()} {file_sha256(inner)}\n" for inner in files))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
