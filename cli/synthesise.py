"""`vernacular synthesise`: conversations and tasks that a model wrote and that are kept only if their programs run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from training.synthesis.record import Record


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(synthesise)


def synthesise(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE.yaml", help="Who is asked, and how; docs/data-that-runs.md has the keys.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to write; default: synthesised/NAME. Goes on there.")
    ] = None,
) -> None:
    """Have instruction pairs written for a language, and keep those whose programs run and pass.

    Writes train.jsonl, heldout.jsonl and tasks.jsonl, and synthesis.json with the yield of each filter and the costs.
    Killed or stopped, the same command goes on.
    """
    import asyncio

    from cli.corpus_progress import BuildProgress
    from cli.extras import require

    require("training")
    require("evaluation")
    from cli.terminal import console, say
    from training.synthesis.settings import load_synthesis
    from training.synthesis.synthesise import synthesise as run

    settings = load_synthesis(recipe)
    if settings.model and settings.model.endpoint is None:
        require("server")
    folder = output or Path("synthesised") / settings.name
    with BuildProgress() as progress:
        if settings.sandbox == "none":
            progress.say("warning: without a sandbox these programs can do to this machine whatever you can")
        try:
            record = asyncio.run(run(settings, folder, progress))
        except KeyboardInterrupt:
            progress.say(f"stopped; what is done is in {folder}, and the same command goes on")
            raise typer.Exit(130) from None
    console().print(_yields(record))
    console().print(_costs(record))
    say(f"{folder}: {record.train} conversations to train on, {record.held_out} held out, {record.tasks} new tasks")


def _yields(record: Record) -> Table:
    from cli.terminal import table

    rows: list[tuple[str, str, str]] = []
    for method, entry in record.methods.items():
        rows.append((method, "came in", str(entry.came)))
        rows += [("", reason, f"-{number}") for reason, number in entry.fell.items()]
        rows.append(("", "stay", str(entry.stay)))
    return table(("method", "filter", "number"), rows)


def _costs(record: Record) -> Table:
    from cli.terminal import table

    rows = [
        (
            method,
            str(costs.requests),
            str(costs.input_tokens),
            str(costs.output_tokens),
            f"{costs.asked_s:.1f}",
            f"{costs.executed_s:.1f}",
            "" if costs.money is None else f"{costs.money:.4f}",
        )
        for method, costs in record.costs.items()
    ]
    return table(("method", "requests", "tokens in", "tokens out", "asked, s", "executed, s", "money"), rows)
