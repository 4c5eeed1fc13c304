"""Everything that can be known before the first second of work; each problem is one line.

parents      base and instruct: there, whole, siblings; templates of holes and conversations; rows within the context
corpora      sources, languages, checkers, benchmarks that are kept out
answering    benchmarks, strategies, tool chains, sandbox, policy
room         disk and memory
"""

from __future__ import annotations

from core.errors import VernacularError
from training.pipeline.checks import answering, corpora, parents, room
from training.pipeline.folder import RunFolder
from training.pipeline.hashes import Hashes
from training.pipeline.recipe import Recipe
from training.pipeline.tools import Tools
from training.pipeline.work import Work


def check(recipe: Recipe, run: RunFolder, tools: Tools, hashes: Hashes) -> Work:
    """Check a recipe. Raises the first problem, and says how many more there are."""
    work, problems = examine(recipe, run, tools, hashes, weights=True)
    for problem in problems[1:]:
        tools.say(f"also wrong: {problem}")
    if problems:
        raise problems[0]
    assert work is not None
    return work


def examine(
    recipe: Recipe, run: RunFolder, tools: Tools, hashes: Hashes, *, weights: bool
) -> tuple[Work | None, list[VernacularError]]:
    """All problems of a recipe; no work where its models cannot be had. Without `weights` a hub's are not fetched."""
    problems: list[VernacularError] = []
    try:
        found = parents.find(recipe, tools, weights)
        template = parents.hole_template(recipe, found)
    except VernacularError as problem:
        return None, [problem]
    work = Work(recipe, run, found, template, hashes, tools)
    for checks in ((*parents.CHECKS, *corpora.CHECKS, *answering.CHECKS), room.CHECKS):
        if problems:  # how much room is needed cannot be told of files that are not there
            break
        for each in checks:
            try:
                each(work)
            except VernacularError as problem:
                problems.append(problem)
    return work, problems
