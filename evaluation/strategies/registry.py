"""Strategies by name. One more is one more entry: a factory that imports lazily."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from core.errors import ConfigError, UnknownNameError
from evaluation.strategies.base import Strategy
from evaluation.tasks import Scoring, Task, TaskModel

if TYPE_CHECKING:
    from evaluation.strategies.examples import Documentation


class StrategyOptions(TaskModel):
    """What a strategy may be given; which of it a strategy takes, `STRATEGIES` says."""

    examples: Path | None = Field(default=None, description="a benchmark file whose solved tasks are shown")
    shots: int = Field(default=5, description="solved tasks that are shown", ge=1)
    similar: bool = Field(default=False, description="the most similar solved tasks; else always the first ones")
    documentation: Path | None = Field(default=None, description="a folder of the language's documentation")
    sections: int = Field(default=4, description="sections of it that are shown", ge=1)
    rounds: int | None = Field(
        default=None, description="how often at most a model repairs its answer; none: as the strategy has it", ge=1
    )


Factory = Callable[[StrategyOptions], Strategy]


def _infill(options: StrategyOptions) -> Strategy:
    if options.examples or options.documentation:
        raise ConfigError("the strategy `infill` asks as an editor does; it takes no --examples and no --documentation")
    strategy: Strategy = import_module("evaluation.strategies.code").FillIn()
    return strategy


def _completion(options: StrategyOptions) -> Strategy:
    if options.documentation:
        raise ConfigError("the strategy `completion` takes no --documentation; use `retrieval`")
    examples = _examples(options) if options.examples else None
    strategy: Strategy = import_module("evaluation.strategies.code").Completion(examples)
    return strategy


def _ask(*, few: bool = False, retrieve: bool = False, think: bool = False) -> Factory:
    def factory(options: StrategyOptions) -> Strategy:
        examples = _examples(options) if few or options.examples else None
        if retrieve and options.documentation is None:
            raise ConfigError("the strategy `retrieval` needs --documentation FOLDER")
        documentation = _documentation(options)
        strategy: Strategy = import_module("evaluation.strategies.chat").Ask(examples, documentation, think=think)
        return strategy

    return factory


def _repair(options: StrategyOptions) -> Strategy:
    module = import_module("evaluation.strategies.repair")
    examples = _examples(options) if options.examples else None
    strategy: Strategy = module.Repair(examples, _documentation(options), rounds=options.rounds or module.USUAL_ROUNDS)
    return strategy


def _reasoning_query(options: StrategyOptions) -> Strategy:
    if options.examples or options.documentation:
        raise ConfigError("the strategy `reasoning-query` takes no --examples and no --documentation")
    strategy: Strategy = import_module("evaluation.strategies.reasoning_query").ReasoningQuery()
    return strategy


STRATEGIES: dict[str, Factory] = {
    "infill": _infill,
    "completion": _completion,
    "zero-shot": _ask(),
    "few-shot": _ask(few=True),
    "retrieval": _ask(retrieve=True),
    "chain-of-thought": _ask(think=True),
    "repair": _repair,
    "reasoning-query": _reasoning_query,
}


def strategy_named(name: str, options: StrategyOptions) -> Strategy:
    """A new strategy. Raises `UnknownNameError`, and `ConfigError` for an option that is missing or of no use."""
    try:
        factory = STRATEGIES[name]
    except KeyError:
        raise UnknownNameError("strategy", name, STRATEGIES) from None
    for option in ("examples", "documentation"):
        path = getattr(options, option)
        if path is not None and not path.exists():
            raise ConfigError(f"--{option} {path}: no such file or folder")
    if options.rounds is not None and name != "repair":
        raise ConfigError(f"--rounds is for the strategy `repair`; `{name}` asks once")
    return factory(options)


def default_strategy(tasks: Iterable[Task]) -> str:
    """`infill` where any task has a hole to fill in, else `completion`: what a base model can do."""
    holes = any(task.after or task.scoring is Scoring.MATCH for task in tasks)
    return "infill" if holes else "completion"


def _documentation(options: StrategyOptions) -> Documentation | None:
    if options.documentation is None:
        return None
    from evaluation.strategies.examples import Documentation

    return Documentation(options.documentation, options.sections)


def _examples(options: StrategyOptions) -> object:
    from evaluation.formats import read_benchmark
    from evaluation.strategies.examples import Examples

    if options.examples is None:
        raise ConfigError("the strategy `few-shot` needs --examples FILE, a benchmark with canonical solutions")
    return Examples(read_benchmark(options.examples).tasks, options.shots, similar=options.similar)
