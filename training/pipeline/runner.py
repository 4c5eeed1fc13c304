"""Run a recipe, stage by stage, in one folder.

Guarantees: everything that can be known is checked before the first second of work; a stage whose inputs have not
changed is not run again; one that was interrupted or killed goes on where it was; what a finished stage made is only
thrown away with `resume`, which redoes what a change concerns and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import ConfigError, RunError, TrainingError, UnknownNameError
from core.gate_record import GateRecord, GateVerdict
from evaluation.provenance import provenance
from training.disk import full_disk_told
from training.pipeline.checks import check
from training.pipeline.costs import Costs, measured
from training.pipeline.folder import RunFolder
from training.pipeline.hashes import Hashes
from training.pipeline.plan import Planned
from training.pipeline.recipe import Recipe, load_recipe
from training.pipeline.stage import (
    Stage,
    State,
    begin,
    finish,
    interrupted,
    key_of,
    spent_before,
    state_of,
    with_parents,
)
from training.pipeline.stages import GROUPS
from training.pipeline.stages.judging import VERDICT
from training.pipeline.tools import Tools
from training.pipeline.work import Work


def run_folder(recipe: Recipe, output: Path | None) -> RunFolder:
    """`output`, or `runs/NAME` where the command is given."""
    return RunFolder((output or Path("runs") / recipe.name).absolute())


def run_recipe(
    recipe_file: Path, output: Path | None, tools: Tools, *, resume: bool = False, until: str | None = None
) -> GateVerdict | None:
    """Run the stages up to `until`, which is `report` where it is not given; the gate's verdict, if there is one.

    Raises `VernacularError`, one line, for all that can go wrong, and `KeyboardInterrupt` where somebody stopped it.
    """
    recipe = load_recipe(recipe_file)
    last = last_group(recipe, until)
    run = run_folder(recipe, output)
    with run.locked(), full_disk_told(run.path):
        run.claim(recipe.name, identity(recipe), recipe_file.read_bytes(), resume)
        work, plan = check(recipe, run, tools, Hashes(run.path / "hashes.json"), last)
        if not resume:
            _refuse_loss(plan)
        kept: dict[str, str] = {}
        for item in plan:
            _run_stage(work, item.stage, kept, resume)
    verdict = run.stage("gate") / VERDICT
    if GROUPS.index("gate") <= last and recipe.gate and verdict.exists():
        return GateRecord.model_validate_json(verdict.read_bytes()).verdict
    return None


def last_group(recipe: Recipe, until: str | None) -> int:
    """The place in `GROUPS` of the last stage that runs. Raises for a stage that is unknown or not in the recipe."""
    if until is None:
        return len(GROUPS) - 1
    if until not in GROUPS:
        raise UnknownNameError("stage", until, GROUPS)
    if until != "report" and not getattr(recipe, until.replace("-", "_")):
        raise ConfigError(f"--until {until}: the recipe has no `{until.replace('-', '_')}`; name another stage")
    return GROUPS.index(until)


def identity(recipe: Recipe) -> str:
    """SHA-256 of all that a recipe says; comments and the order of keys are no part of it."""
    return hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()


def _refuse_loss(plan: Sequence[Planned]) -> None:
    """Raise `RunError` where a finished stage of some cost would be run again."""
    for item in plan:
        if item.state is State.AGAIN and item.stage.costly:
            raise RunError(
                f"{item.stage.name} is finished, and one of its inputs is another one now ({item.why}); give --resume "
                "to redo what this concerns, or name another folder with --output"
            )


def _refuse_lack(run: RunFolder, stage: Stage) -> None:
    """Raise `RunError` where a stage ended without what it makes."""
    if lacking := stage.lacking():
        folder = run.stage(stage.name)
        raise RunError(f"{stage.name}: ended without {lacking}; remove {folder}, and the same command begins it anew")


def _run_stage(work: Work, stage: Stage, kept: dict[str, str], resume: bool) -> None:
    inputs = with_parents(stage, kept)
    state, why = state_of(work.run, stage, inputs)
    if state is State.UNCHANGED:
        work.tools.say(f"{stage.name}: unchanged")
        kept[stage.name] = stage.content() if stage.content else key_of(inputs)
        return
    if not resume:
        _refuse_loss([Planned(stage, state, why)])
    begin(work.run, stage, inputs, state)
    work.tools.say(f"{stage.name}: {_begins(state, why)}")
    before_s = spent_before(work.run, stage)
    costs = Costs()
    try:
        with _one_line(), measured() as costs:
            stage.run()
        _refuse_lack(work.run, stage)
    except BaseException:
        interrupted(work.run, stage, before_s + costs.seconds_s)
        raise
    costs.seconds_s = round(costs.seconds_s + before_s, 2)
    finish(work.run, stage, inputs, asdict(costs))
    kept[stage.name] = stage.content() if stage.content else key_of(inputs)
    _note(work.run, stage.name, {"key": key_of(inputs), **asdict(costs)})


def _begins(state: State, why: str) -> str:
    match state:
        case State.GOES_ON:
            return f"goes on{f', since {why}' if why else ' where it was'}"
        case State.ANEW:
            return f"{why} is another one now; what was begun is removed"
        case State.AGAIN:
            return f"{why} is another one now; what was made is removed, and it runs again"
    return "begins"


def _note(run: RunFolder, stage: str, costs: dict[str, Any]) -> None:
    content = run.read()
    where = provenance([])
    stages = {**content.get("stages", {}), stage: costs}
    run.write({**content, "stages": stages, "versions": where["versions"], "machine": where["machine"]})


@contextmanager
def _one_line() -> Iterator[None]:
    """What memory refuses, in words."""
    try:
        yield
    except MemoryError:
        raise TrainingError("no memory left; what is done is kept, and the same command goes on") from None
