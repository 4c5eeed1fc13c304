"""Whether models can be asked and judged: benchmarks, strategies, tool chains, the sandbox, the policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from core.errors import RecipeError, VernacularError
from core.sandbox import Sandbox, open_sandbox
from evaluation.gate.policy import load_policy
from evaluation.running.judging import Judge
from evaluation.running.runner import language_of
from evaluation.strategies.registry import strategy_named
from evaluation.tasks import Scoring, Task
from training.pipeline.asking import chosen_lines, chosen_tasks, limits_of, options_of, read_tasks, settings_of
from training.pipeline.parts import Way
from training.pipeline.work import Work
from training.reinforcement.tasks import read_sources


def _benchmarks(work: Work) -> None:
    """Every file can be read, every part of one has tasks, and every way of asking can ask them."""
    asked = work.recipe.evaluate
    if asked is None:
        return
    for item in asked.benchmarks:
        if item.where:
            chosen_lines(work, item)
    tasks = [task for item in asked.benchmarks for task in read_tasks(work, item.file).tasks]
    for name, arm in asked.arms.items():
        _askable(work, f"evaluate.arms.{name}", arm, tasks)


def _scan(work: Work) -> None:
    scan = work.recipe.transfer.scan if work.recipe.transfer else None
    if scan is None:
        return
    tasks = list(read_tasks(work, scan.benchmark).tasks)
    _askable(work, "transfer.scan", scan, tasks)
    asked = work.recipe.evaluate
    measured = {_shown(task) for item in asked.benchmarks for task in chosen_tasks(work, item)} if asked else set()
    if both := [task for task in tasks[: scan.limit] if _shown(task) in measured]:
        raise RecipeError(
            f"transfer.scan.benchmark: {scan.benchmark.name} is what the arms are measured on ({len(both)} of its "
            f"tasks, such as {both[0].id}); choose the scale on other tasks, in a file of their own"
        )


def _reinforce(work: Work) -> None:
    """Its tasks can be read and asked, none is learned from and measured on, and their programs can be run."""
    part = work.recipe.reinforce
    if part is None:
        return
    asked = work.recipe.evaluate
    measured = {_shown(task) for item in asked.benchmarks for task in chosen_tasks(work, item)} if asked else set()
    try:
        learned, held_out = (read_sources(sources, work.languages) for sources in (part.tasks, part.held_out))
        strategy = strategy_named(part.strategy, part.options)
        for task in (*learned, *held_out):
            strategy.prompt(task, language_of(task, work.languages))
        with Judge((*learned, *held_out), work.languages, open_sandbox(part.sandbox), part.limits):
            pass
    except VernacularError as problem:
        raise RecipeError(f"reinforce: {problem}") from None
    apart = {_shown(task) for task in held_out} | measured
    if both := [task for task in learned if _shown(task) in apart]:
        raise RecipeError(
            f"reinforce.tasks: {len(both)} tasks, such as {both[0].id}, are also measured on; take them out of one"
        )


def _tool_chains(work: Work) -> None:
    """What programs are run with is installed, and the sandbox works."""
    asked = settings_of(work)
    tasks = [task for path in _files(work) for task in read_tasks(work, path).tasks]
    runs_programs = any(task.scoring is not Scoring.MATCH for task in tasks)
    sandbox: Sandbox | None = open_sandbox(asked.sandbox) if runs_programs else None
    with Judge(tasks, work.languages, sandbox, limits_of(asked)):
        pass


def _policy(work: Work) -> None:
    asked = work.recipe.evaluate
    if work.recipe.gate is None or asked is None:
        return
    policy, _ = load_policy(work.recipe.gate)
    known = [item.called for item in asked.benchmarks]
    if unknown := [name for name in policy.benchmarks if name not in known]:
        raise RecipeError(
            f"gate: {work.recipe.gate.name} judges the benchmark {unknown[0]!r}, which the recipe does not run; it "
            f"runs {', '.join(known)}"
        )
    if policy.compared and asked.incumbent is None:
        raise RecipeError(
            f"gate: {work.recipe.gate.name} compares with an incumbent; name an arm as evaluate.incumbent"
        )


def _askable(work: Work, where: str, way: Way, tasks: list[Task]) -> None:
    try:
        strategy = strategy_named(way.strategy, options_of(way))
        for task in tasks:
            strategy.prompt(task, language_of(task, work.languages))
    except VernacularError as problem:
        raise RecipeError(f"{where}: {problem}") from None


def _shown(task: Task) -> tuple[str, ...]:
    """What tells a task from others, whatever file and id it has."""
    return task.language, task.statement, task.before, task.after


def _files(work: Work) -> Iterator[Path]:
    if work.recipe.evaluate:
        yield from (item.file for item in work.recipe.evaluate.benchmarks)
    if work.recipe.transfer and work.recipe.transfer.scan:
        yield work.recipe.transfer.scan.benchmark


CHECKS: tuple[Callable[[Work], None], ...] = (_benchmarks, _scan, _reinforce, _tool_chains, _policy)
