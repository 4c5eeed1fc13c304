"""From a recipe to data: ask, run, filter, split, write.

    record = await synthesise(load_synthesis(Path("recipe.yaml")), Path("data"), Show())

    train.jsonl, heldout.jsonl   conversations, as a recipe's `tune` takes them
    tasks.jsonl                  new tasks with solutions, as `vernacular evaluate` and `--examples` take them
    synthesis.json               the yield of each filter, costs, settings
    work/                        answers and verdicts as they came; they are never asked for again

Guarantees: every program that is written was run, and passed; nothing in `heldout.jsonl` is, was made of, or (by the
recipe's `similarity`) resembles what `train.jsonl` holds; what is written depends on the answers and the settings, not
on the order in which they came; killed at any point, the same command goes on. Two processes never work in one folder.
"""

from __future__ import annotations

import contextlib
from collections import ChainMap
from collections.abc import Callable
from pathlib import Path

from core.files import write_atomically
from core.language_files import load_languages
from core.sandbox import Sandbox, open_sandbox
from evaluation.models.base import Model
from evaluation.provenance import provenance
from evaluation.running.evaluate import started
from training.corpora.show import Show
from training.pipeline.folder import RunFolder
from training.synthesis.filters import Filtered, filtered, read_kept_out
from training.synthesis.method import Made, Workshop
from training.synthesis.methods import METHODS
from training.synthesis.pairs import write_split
from training.synthesis.record import Record, yielded
from training.synthesis.settings import Synthesis, SynthesisError
from training.tuning.mining import write_conversations

RECORD = "synthesis.json"


async def synthesise(
    settings: Synthesis, output: Path, show: Show, open_box: Callable[[str], Sandbox] = open_sandbox
) -> Record:
    """Run the recipe into `output`. Raises `VernacularError`, one line, for all that can go wrong."""
    languages = load_languages(settings.language_folders)
    kept_out = read_kept_out(settings.decontamination, languages)
    with RunFolder(output).locked():
        made: dict[str, Made] = {}
        async with _asked(settings, show) as model:
            for method in settings.methods:
                workshop = Workshop(settings, languages, model, show, open_box, output / "work", made, kept_out)
                made[method] = await METHODS[method]().run(workshop)
        show.begin("filtering")
        found = filtered([pair for one in made.values() for pair in one.pairs], kept_out, settings.similarity)
        return _write(settings, output, made, found, model.name if model else "")


def _write(settings: Synthesis, output: Path, made: dict[str, Made], found: Filtered, model: str) -> Record:
    sides = found.sides(settings.held_out, settings.seed)
    yields = {name: yielded(one.came, (one.fell, found.fell[name])) for name, one in made.items()}
    if not any(sides.values()):
        fell = "; ".join(
            f"{name}: {entry.came} came in, {', '.join(f'{number} {why}' for why, number in entry.fell.items())}"
            for name, entry in yields.items()
        )
        raise SynthesisError(f"nothing is left to learn ({fell})")
    for side, pairs in sides.items():
        write_conversations(output / f"{side}.jsonl", (list(pair.messages) for pair in pairs))
    tasks = write_split(
        output / "tasks.jsonl", ((p.task, side) for side, pairs in sides.items() for p in pairs if p.is_new_task)
    )
    record = Record(
        name=settings.name,
        model=model,
        methods=yields,
        costs={name: one.costs.priced(settings.prices) for name, one in made.items()},
        contaminated=dict(ChainMap(found.contaminated, *(one.contaminated for one in made.values()))),
        train=len(sides["train"]),
        held_out=len(sides["heldout"]),
        tasks=tasks,
        settings=settings.model_dump(mode="json", exclude_defaults=True),
        provenance=provenance([]),
    )
    try:
        write_atomically(output / RECORD, record.model_dump_json(indent=1) + "\n")
    except OSError as problem:
        raise SynthesisError(
            f"{output / RECORD}: cannot be written ({(problem.strerror or 'error').lower()})"
        ) from None
    return record


def _asked(settings: Synthesis, show: Show) -> contextlib.AbstractAsyncContextManager[Model | None]:
    """The model, where one is needed."""
    if not settings.asks or settings.model is None:
        return contextlib.nullcontext()
    return started(settings.model, lambda detail: show.say(f"model: {detail}"), concurrency=settings.concurrency)
