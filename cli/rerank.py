"""`vernacular rerank`: of several answers to each task the one that most of them agree with, by running them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evaluation.reranking.rerank import Reranking


def register(app: typer.Typer) -> None:
    """Add the command `rerank`."""
    app.command("rerank")(rerank)


def rerank(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run with several answers a task.")],
    benchmark: Annotated[Path, typer.Argument(help="The file of tasks that it was made from.")],
    output: Annotated[Path, typer.Option(help="Folder of the run with the chosen answers, and of the curve.")],
    inputs: Annotated[
        str,
        typer.Option(
            help="What programs are compared on: visible (cases that the statement shows), varied (these and "
            "variations of them) or all (the inputs of hidden cases too, never their outputs)."
        ),
    ] = "varied",
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
) -> None:
    """Choose one of the answers to each task by agreement of what their programs do, and score the choice.

    The hidden tests take no part in it. Prints pass rates over the number of answers.
    """
    from rich.console import Console

    from cli.extras import require
    from cli.progress import RunProgress

    require("evaluation")
    from core.errors import UnknownNameError
    from evaluation.reranking.inputs import Inputs
    from evaluation.reranking.rerank import rerank as choose

    if inputs not in list(Inputs):
        raise UnknownNameError("kind of --inputs", inputs, list(Inputs))
    with RunProgress(Console(file=sys.stderr, soft_wrap=True)) as progress:
        found = choose(run, benchmark, output, Inputs(inputs), tuple(languages or ()), progress)
    _print(found)


def _print(found: Reranking) -> None:
    from cli.compare import p_value, percent, points
    from cli.terminal import console, say, table

    say(f"{found.benchmark}, compared on inputs: {found.inputs} (in brackets 95 % intervals)")
    names = ("random", "runs", "chosen", "best")
    rows = [
        [
            str(point.answers),
            *(percent(getattr(point, name)) for name in names),
            points(point.gain),
            p_value(point.p_value),
        ]
        for point in found.curve
    ]
    columns = ("answers", "random (pass@1)", "first that runs", "chosen", "best (pass@n)", "chosen - random", "p")
    console().print(table(columns, rows))
    levels = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in found.levels.items())
    say(f"answers that got to: {levels}")
    say(f"tasks whose answers did different things: {found.compared}; programs executed: {found.executions}")
