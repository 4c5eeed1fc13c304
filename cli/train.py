"""`vernacular train`: run a training recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(train)


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe, such as training/recipes/embedded.yaml.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Model folder to write.")] = Path("model"),
    cache: Annotated[
        Path | None, typer.Option(help="Where packages, corpora and checkpoints are kept; default: the user's cache.")
    ] = None,
    until: Annotated[str, typer.Option(help="Last stage to run: corpus or pretrain.")] = "pretrain",
    export: Annotated[
        bool, typer.Option("--export", help="Train nothing: write the newest checkpoint of the run as a model folder.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="With --export: a report of `vernacular heldout`, for the model card.")
    ] = None,
) -> None:
    """Run RECIPE and write a model folder. Interrupted, the same command goes on where it stopped."""
    from cli.extras import require

    require("training")
    from training.from_nothing.runner import default_cache, export_checkpoint, run_recipe

    where = cache or default_cache()
    if export:
        export_checkpoint(recipe, output, where, report, _say)
    else:
        run_recipe(recipe, output, where, until, _say)


def _say(line: str) -> None:
    typer.echo(line, err=True)
