"""`vernacular benchmarks translate`: a Python benchmark of unit tests in another language, or as input and output."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from core.language_files import LanguageRegistry
    from core.languages import LanguageSpec
    from core.sandbox import Limits
    from evaluation.execution import Executor
    from evaluation.tasks import Benchmark
    from evaluation.translation.translate import Translated, Written, WrittenProblem

    WrittenT = TypeVar("WrittenT", Written, WrittenProblem)

WORKERS = 2
"""Programs that run at once, each in a sandbox."""
INPUT_OUTPUT = "io"
"""What `--to` says for tasks of input and output."""


def translate(
    file: Annotated[Path, typer.Argument(help="Python tasks with unit tests, such as HumanEval.jsonl.gz.")],
    to: Annotated[
        str, typer.Option(help="Language to translate to; io: programs that read input and print output, in any.")
    ],
    output: Annotated[Path, typer.Option(help="JSONL file of tasks to write.")],
    language: Annotated[
        str | None, typer.Option(help="With --to io: the language that the tasks are for; none: any.")
    ] = None,
    format: Annotated[  # noqa: A002 - what the option is called
        str | None, typer.Option(help="Format of FILE; none: the one that its first line shows.")
    ] = None,
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
    run: Annotated[
        bool,
        typer.Option(help="Run each task: with a stub, which has to fail in the stub; with --to io its own solution."),
    ] = True,
    sandbox: Annotated[
        str, typer.Option(help="bubblewrap, or none: then nothing protects this machine.")
    ] = "bubblewrap",
    details: Annotated[bool, typer.Option(help="Name each dropped task, and why.")] = False,
) -> None:
    """Translate a benchmark by the section `translation` of the language's file, or into programs' input and output.

    What cannot be expressed, or does not prove itself, is dropped. Exit status 1 if no task came through.
    """
    from cli.extras import require

    if language is not None and to != INPUT_OUTPUT:
        raise typer.BadParameter(f"goes with --to {INPUT_OUTPUT} alone", param_hint="--language")
    require("evaluation")
    from cli.terminal import refuse_unwritable, say, write_output
    from core.language_files import load_languages
    from evaluation.formats import read_benchmark

    registry = load_languages(languages or [])
    spec = registry.named(language or to) if language or to != INPUT_OUTPUT else None
    benchmark = read_benchmark(file, format, languages=registry)
    refuse_unwritable(output)
    translated: Translated[Written] | Translated[WrittenProblem]
    if to == INPUT_OUTPUT:
        translated = _to_input_output(benchmark, spec, registry, sandbox if run else None)
        lines = [written.problem.model_dump_json(exclude_none=True) for written in translated.written]
    else:
        assert spec is not None
        translated = _to_language(benchmark, spec, sandbox if run else None)
        lines = [written.task.model_dump_json(exclude_defaults=True) for written in translated.written]
    if lines:
        write_output(output, "".join(f"{line}\n" for line in lines))
    _show(translated, details=details)
    if not lines:
        say(f"nothing to write to {output}: no task came through")
        raise typer.Exit(1)


def _to_language(benchmark: Benchmark, spec: LanguageSpec, sandbox: str | None) -> Translated[Written]:
    from evaluation.translation.translate import prove
    from evaluation.translation.translate import translate as translated_tasks

    translated = translated_tasks(benchmark.tasks, spec)
    return translated if sandbox is None else _proven(translated, prove, spec, sandbox, "running stubs")


def _to_input_output(
    benchmark: Benchmark, spec: LanguageSpec | None, registry: LanguageRegistry, sandbox: str | None
) -> Translated[WrittenProblem]:
    from cli.terminal import say
    from evaluation.translation.translate import prove_solutions, to_input_output

    translated = to_input_output(benchmark.tasks, spec)
    if sandbox is not None:
        python = registry.named("python")
        translated = _proven(translated, prove_solutions, python, sandbox, "running solutions")
    cases = sum(len(written.problem.tests) for written in translated.written)
    if translated.written:
        say(f"{cases} cases; the first of each task is shown, {cases - len(translated.written)} are hidden")
    return translated


def _proven(
    translated: Translated[WrittenT],
    prove: Callable[[Translated[WrittenT], Executor, Limits, int, Callable[[], None]], Translated[WrittenT]],
    spec: LanguageSpec,
    sandbox: str,
    doing: str,
) -> Translated[WrittenT]:
    """What `prove` leaves over. Raises `ConfigError` where nothing of the language can be run here."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from core.errors import ConfigError
    from core.sandbox import Limits, open_sandbox
    from evaluation.execution import Executor, missing_command

    if spec.execution is None:
        raise ConfigError(f"{spec.name}: its file does not say how to run a program; translate with --no-run")
    if missing := missing_command(spec.execution):
        raise ConfigError(
            f"{missing} is not installed; install it with: {spec.execution.install}; or translate with --no-run"
        )
    console = Console(stderr=True)
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
    with bar, Executor(spec.execution, open_sandbox(sandbox)) as executor:
        row = bar.add_task("", total=len(translated.written))
        return prove(translated, executor, Limits(), WORKERS, lambda: bar.advance(row))


def _show(translated: Translated[Written] | Translated[WrittenProblem], *, details: bool) -> None:
    from cli.terminal import console, table

    rows = [("translated", str(len(translated.written)))]
    rows += [(f"dropped: {reason}", str(number)) for reason, number in translated.reasons.most_common()]
    console().print(table(("", "tasks"), rows))
    if details and translated.dropped:
        sys.stdout.flush()
        shown = [(dropped.id, dropped.reason.value, dropped.detail) for dropped in translated.dropped]
        console().print(table(("dropped", "reason", "detail"), shown))
