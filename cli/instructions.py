"""`vernacular instructions`: write conversations for tuning a small model on instructions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(instructions)


def instructions(
    settings: Annotated[Path, typer.Argument(help="YAML file, such as training/recipes/instruct.yaml.")],
    corpus: Annotated[Path, typer.Option(help="Folder of a corpus; pairs are mined from its documents.")],
    output: Annotated[Path, typer.Option(help="Folder for train.jsonl, heldout.jsonl and instructions.json.")],
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
) -> None:
    """Write conversations that teach a model to answer as it is asked to, in the languages that it knows.

    They are drawn from templates and mined from the corpus; what is written depends on the settings, the corpus and
    the language files alone.
    """
    from cli.extras import require

    require("training")
    from cli.terminal import console, say, table
    from core.language_files import load_languages
    from training.tuning.instructions.settings import read_instruction_settings
    from training.tuning.instructions.write import write_instructions

    chosen = read_instruction_settings(settings)
    say("writing conversations; this takes a minute or two")
    counts = write_instructions(chosen, corpus, load_languages(languages or []), output)
    console().print(table(("kind", "conversations"), [(kind, f"{number:,}") for kind, number in counts.items()]))
