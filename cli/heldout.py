"""`vernacular heldout`: a checkpoint at the same positions of held-out files as two lexical baselines."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class KindName(StrEnum):
    """`evaluation.heldout.positions.Kind`, without loading what it needs."""

    SINGLE_LINE = "single-line"
    MULTI_LINE = "multi-line"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("heldout")(heldout)


def heldout(
    files: Annotated[list[Path], typer.Argument(help="JSONL of held-out documents; one file a language.")],
    model: Annotated[Path | None, typer.Option(help="Checkpoint folder; none: only the baselines.")] = None,
    before: Annotated[Path | None, typer.Option(help="Checkpoint that it is compared with, at each position.")] = None,
    train: Annotated[list[Path] | None, typer.Option(help="JSONL that the 5-gram learns from.")] = None,
    template: Annotated[list[str] | None, typer.Option(help="Template's name, or left-to-right; may repeat.")] = None,
    positions: Annotated[int, typer.Option(min=1, help="Positions for each language and kind.")] = 300,
    per_file: Annotated[int, typer.Option(min=1, help="Most positions in one file.")] = 10,
    kind: Annotated[list[KindName] | None, typer.Option(help="Both if not given.")] = None,
    seed: Annotated[int, typer.Option(help="Chooses the positions.")] = 1,
    context_tokens: Annotated[int, typer.Option(min=256, help="Prompt and answer together.")] = 1024,
    heal: Annotated[bool, typer.Option(help="Take back the unfinished token at the cursor.")] = True,
    typed_after_middle: Annotated[
        bool, typer.Option(help="Put the typed part of the line behind the middle token.")
    ] = False,
    bits: Annotated[bool, typer.Option(help="Also bits per byte of the held-out documents.")] = True,
    threads: Annotated[int, typer.Option(min=0, help="For a CPU; 0: as many as the machine has free cores.")] = 0,
    output: Annotated[Path | None, typer.Option(help="JSON report with every position's proposals.")] = None,
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
) -> None:
    """Fill in the middle at positions of held-out files, beside a 5-gram and the most similar earlier line."""
    from cli.extras import require

    require("evaluation")
    from evaluation.heldout.positions import Kind
    from evaluation.heldout.run import InfillSettings, run_infill

    settings = InfillSettings(
        model=model,
        before=before,
        heldout=tuple(files),
        train=tuple(train or ()),
        templates=tuple(template or ["embedded-psm"]),
        positions=positions,
        per_file=per_file,
        kinds=tuple(map(Kind, kind or KindName)),
        seed=seed,
        context_tokens=context_tokens,
        heal=heal,
        typed_after_middle=typed_after_middle,
        bits=bits,
        threads=threads,
        languages=tuple(languages or ()),
    )
    run_infill(settings, output)
