"""`vernacular train`: run a recipe, from code and documents to a checkpoint, or one that makes a model from nothing."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.gate import EXIT_STATUS

if TYPE_CHECKING:
    from evaluation.running.evaluate import RunChoice
    from training.corpora.show import Show
    from training.pipeline.tools import Tools


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(train)


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe; docs/recipes.md says what stands in it.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the run; default: runs/NAME. From nothing: of the model."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, print what would be run and what it takes.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a changed recipe or input, redoing what that concerns.")
    ] = False,
    until: Annotated[
        str | None,
        typer.Option(
            help="Last stage: corpus, replay, pretrain, transfer, tune, pretrain-instruct, evaluate, gate or report. "
            "From nothing: corpus or pretrain."
        ),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="From nothing: folder of packages, corpora and checkpoints.")
    ] = None,
    export: Annotated[
        bool, typer.Option("--export", help="From nothing: write the run's newest checkpoint as a model folder.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="With --export: a report of `vernacular heldout`, for the model card.")
    ] = None,
) -> None:
    """Run RECIPE. Interrupted or killed, the same command goes on where it stopped.

    Exit status 1 where the recipe's gate says failed, 2 where it is undecided.
    """
    from cli.extras import require

    require("training")
    from core.errors import ConfigError
    from training.pipeline.recipe import is_from_nothing

    if is_from_nothing(recipe):
        if dry_run or resume:
            raise ConfigError(
                f"{recipe} makes a model from nothing: it takes no {'--dry-run' if dry_run else '--resume'}"
            )
        _from_nothing(recipe, output or Path("model"), cache, until or "pretrain", export, report)
        return
    for name, given in (("--cache", cache), ("--export", export), ("--report", report)):
        if given:
            raise ConfigError(f"{name} is for recipes that make a model from nothing; {recipe} continues one")
    require("evaluation")
    if dry_run:
        _dry_run(recipe, output, until)
    else:
        _run(recipe, output, resume, until)


def _from_nothing(
    recipe: Path, output: Path, cache: Path | None, until: str, export: bool, report: Path | None
) -> None:
    from training.from_nothing.runner import default_cache, export_checkpoint, run_recipe

    where = cache or default_cache()
    if export:
        export_checkpoint(recipe, output, where, report, _say)
    else:
        run_recipe(recipe, output, where, until, _say)


def _run(recipe: Path, output: Path | None, resume: bool, until: str | None) -> None:
    from training.pipeline.recipe import load_recipe
    from training.pipeline.runner import run_folder, run_recipe

    folder = run_folder(load_recipe(recipe), output)
    try:
        verdict = run_recipe(recipe, folder.path, _tools(), resume=resume, until=until)
    except KeyboardInterrupt:
        _say("stopped; what is done is kept, and the same command goes on")
        raise typer.Exit(130) from None
    if until in (None, "report"):
        _say(f"report: {folder.report}")
        if folder.model.exists():
            _say(f"serve it: vernacular serve --model {folder.model}")
    if verdict is not None:
        from cli.terminal import say

        say(verdict.value)
        raise typer.Exit(EXIT_STATUS[verdict.value])


def _dry_run(recipe: Path, output: Path | None, until: str | None) -> None:
    from cli.terminal import console, say, table
    from training.pipeline.dry_run import dry_run
    from training.pipeline.tools import Tools

    found = dry_run(recipe, output, Tools(say=_say), until)
    if found.stages:
        say(f"run folder: {found.folder}")
        console().print(table(("stage", "would", "of"), found.stages))
    if found.rows:
        rows = [(row.stage, row.device, row.memory, row.time, row.fits) for row in found.rows]
        console().print(table(("stage", "device", "memory", "time", "fits"), rows))
    for line in found.lines:
        say(line)
    for problem in found.problems[1:]:
        _say(f"also wrong: {problem}")
    if found.problems:
        raise found.problems[0]


def _tools() -> Tools:
    from cli.bytes_progress import bytes_progress
    from training.pipeline.tools import Tools

    return Tools(say=_say, answer=_answered, corpus_show=_corpus_show, bytes_show=bytes_progress)


def _answered(choice: RunChoice) -> Sequence[Path]:
    from rich.console import Console

    from cli.progress import RunProgress
    from training.pipeline.tools import answered

    with RunProgress(Console(file=sys.stderr, soft_wrap=True)) as progress:
        return answered(choice, progress)


@contextlib.contextmanager
def _corpus_show() -> Iterator[Show]:
    from cli.corpus_progress import BuildProgress

    with BuildProgress() as progress:
        yield progress


def _say(line: str) -> None:
    typer.echo(line, err=True)
