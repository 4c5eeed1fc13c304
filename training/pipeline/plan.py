"""What a run would do, found out without doing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training.pipeline.folder import RunFolder
from training.pipeline.stage import Stage, State, key_of, state_of, with_parents
from training.pipeline.stages import GROUPS, stages_of
from training.pipeline.work import Work


@dataclass(frozen=True, slots=True)
class Planned:
    """A stage, what would become of it, and which of its inputs is another one now."""

    stage: Stage
    state: State
    why: str = ""


def stages_until(work: Work, last: int) -> list[Stage]:
    """The stages that the recipe has, in order, up to those of the group `GROUPS[last]`."""
    return [stage for stage in stages_of(work) if GROUPS.index(stage.group) <= last]


def planned(run: RunFolder, stages: Sequence[Stage]) -> list[Planned]:
    """Every stage in order. What depends on a stage that is still to run is only known after that."""
    kept: dict[str, str] = {}
    found: list[Planned] = []
    for stage in stages:
        if lacking := [name for name in stage.after if name not in kept]:
            found.append(Planned(stage, State.WAITS, lacking[0]))
            continue
        inputs = with_parents(stage, kept)
        state, why = state_of(run, stage, inputs)
        if state is State.UNCHANGED:
            kept[stage.name] = stage.content() if stage.content else key_of(inputs)
        found.append(Planned(stage, state, why))
    return found
