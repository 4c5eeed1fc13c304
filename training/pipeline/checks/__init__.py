"""Everything that can be known before the first second of work; each problem is one line.

parents      base and instruct: there, whole, siblings; templates of holes and conversations; rows within the context
corpora      sources, languages, checkers, benchmarks that are kept out
answering    benchmarks, strategies, tool chains, sandbox, policy
room         disk, memory and compiler for the stages that are still to run
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from core.errors import VernacularError
from training.pipeline.checks import answering, corpora, parents, room
from training.pipeline.folder import RunFolder
from training.pipeline.hashes import Hashes
from training.pipeline.plan import Planned, planned, stages_until
from training.pipeline.recipe import Recipe
from training.pipeline.stage import State
from training.pipeline.tools import Tools
from training.pipeline.work import Work


@dataclass(frozen=True, slots=True)
class Examined:
    """All problems of a recipe; no work where its models cannot be had, no plan where something else is wrong."""

    problems: list[VernacularError]
    work: Work | None = None
    plan: list[Planned] = field(default_factory=list)


def check(recipe: Recipe, run: RunFolder, tools: Tools, hashes: Hashes, last: int) -> tuple[Work, list[Planned]]:
    """Check a recipe, and plan its stages up to `GROUPS[last]`. Raises the first problem, and says the others."""
    found = examine(recipe, run, tools, hashes, last, weights=True)
    for problem in found.problems[1:]:
        tools.say(f"also wrong: {problem}")
    if found.problems:
        raise found.problems[0]
    assert found.work is not None
    return found.work, found.plan


def examine(recipe: Recipe, run: RunFolder, tools: Tools, hashes: Hashes, last: int, *, weights: bool) -> Examined:
    """Find out what is wrong with a recipe. Without `weights` those of a hub's models are not fetched."""
    try:
        found = parents.find(recipe, tools, weights)
        template = parents.hole_template(recipe, found)
    except VernacularError as problem:
        return Examined([problem])
    work = Work(recipe, run, found, template, hashes, tools)
    everywhere = (*parents.CHECKS, *corpora.CHECKS, *answering.CHECKS)
    if problems := _problems(partial(each, work) for each in everywhere):
        return Examined(problems, work)  # how much room is needed cannot be told of files that are not there
    try:
        plan = planned(run, stages_until(work, last))
    except VernacularError as problem:
        return Examined([problem], work)
    ahead = {item.stage.name for item in plan if item.state is not State.UNCHANGED}
    return Examined(_problems(partial(each, work, ahead) for each in room.CHECKS), work, plan)


def _problems(checks: Iterable[Callable[[], None]]) -> list[VernacularError]:
    problems: list[VernacularError] = []
    for each in checks:
        try:
            each()
        except VernacularError as problem:
            problems.append(problem)
    return problems
