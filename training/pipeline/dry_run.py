"""`--dry-run`: what would be run or skipped, from what, and what it takes here and on usual GPUs. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import VernacularError
from training.pipeline.checks import examine
from training.pipeline.checks.room import what_helps
from training.pipeline.devices import processes_of, this_machine
from training.pipeline.estimates import GPUS, Device, duration, gigabytes, memory, seconds
from training.pipeline.hashes import Hashes
from training.pipeline.plan import Planned, planned, stages_until
from training.pipeline.recipe import load_recipe
from training.pipeline.runner import last_group, run_folder
from training.pipeline.sizes import Fitting, disk_of_run, fittings
from training.pipeline.stage import State
from training.pipeline.tools import Tools

ASSUMED = (
    "Estimates. Memory: weights, gradients, AdamW's moments, activations, logits, a tenth for what is torn up. Time: "
    "6 operations a parameter and token (4 with an adapter, a third more with gradient checkpointing), at a share of "
    "the device's peak in bfloat16: 35 % of one GPU, 30 % of eight, 50 % of what was measured of a CPU. Held-out "
    "measurements, answers and their execution come on top."
)


@dataclass(frozen=True, slots=True)
class Row:
    """What a fitting takes on a device."""

    stage: str
    device: str
    memory: str
    time: str
    fits: str


@dataclass(frozen=True, slots=True)
class DryRun:
    """Stages as (stage, what would become of it, inputs), estimates, further lines, and what is wrong."""

    folder: Path
    stages: tuple[tuple[str, str, str], ...]
    rows: tuple[Row, ...]
    lines: tuple[str, ...]
    problems: tuple[VernacularError, ...]


def dry_run(recipe_file: Path, output: Path | None, tools: Tools, until: str | None = None) -> DryRun:
    """Find out what a run would do. Raises `VernacularError` for a recipe that cannot be read."""
    recipe = load_recipe(recipe_file)
    last = last_group(recipe, until)
    run = run_folder(recipe, output)
    hashes = Hashes(run.path / "hashes.json", reads_only=True)
    examined = examine(recipe, run, tools, hashes, last, weights=False)
    work, problems = examined.work, examined.problems
    if work is None:
        return DryRun(run.path, (), (), (), tuple(problems))
    try:
        plan = examined.plan or planned(run, stages_until(work, last))
        found = fittings(work)
        ahead = {item.stage.name for item in plan if item.state is not State.UNCHANGED}
        disk = f"disk: about {gigabytes(disk_of_run(work, ahead))} more in {run.path}"
    except VernacularError as problem:
        plan, found, disk = [], [], ""
        problems = problems or [problem]
    return DryRun(
        folder=run.path,
        stages=tuple((item.stage.name, _becomes(item), _shown(item)) for item in plan),
        rows=tuple(row for each in found for row in _rows(each)),
        lines=(*map(_size, found), *((disk, ASSUMED) if disk else ())),
        problems=tuple(problems),
    )


def _rows(each: Fitting) -> list[Row]:
    here = this_machine(processes_of(each.settings.accelerate), measure=True)
    return [_row(each, device) for device in (here, *GPUS)]


def _row(each: Fitting, device: Device) -> Row:
    takes = memory(each.shape, each.settings, device)
    time = duration(seconds(each.shape, each.settings, each.tokens, device)) if each.tokens else "not known"
    fits = takes.total <= device.memory_bytes
    return Row(
        stage=each.stage,
        device=device.label,
        memory=f"{gigabytes(takes.total)} of {gigabytes(device.memory_bytes)}{' each' if device.count > 1 else ''}",
        time=f"{'about ' if each.tokens else ''}{time}",
        fits="fits" if fits else f"does not fit{what_helps(each, device)}",
    )


def _size(each: Fitting) -> str:
    tokens = f"{each.tokens / 1e6:,.2f} million tokens" if each.tokens else "a number of tokens that is not known yet"
    guessed = ", by the size of its sources" if each.guessed and each.tokens else ""
    settings = each.settings
    epochs = " over 1 epoch" if settings.epochs == 1 else f" over {settings.epochs} epochs"
    over = "" if each.stage == "reinforce" else epochs
    return (
        f"{each.stage}: {each.shape.parameters / 1e6:,.1f} million parameters, {tokens}{over}"
        f"{guessed}; rows of {settings.row_tokens} tokens, {settings.rows_at_once} at once"
    )


def _becomes(item: Planned) -> str:
    match item.state:
        case State.WAITS:
            return f"after {item.why}"
        case State.AGAIN:
            return f"{item.state.value}: {item.why} is another one now" + (
                " (needs --resume)" if item.stage.costly else ""
            )
        case State.ANEW:
            return f"{item.state.value}: {item.why} is another one now"
    return item.state.value


def _shown(item: Planned) -> str:
    return "; ".join(f"{name}: {value}" for name, value in item.stage.shows.items())
