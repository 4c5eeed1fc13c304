"""The page: facts -> HTML, by the template beside it and the style and charts of the evaluation's report.

Guarantees: the page asks the network for nothing, and its content security policy would not let it; texts of models
are never markup.
"""

from __future__ import annotations

import shlex
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evaluation.report import geometry, page, plots, units
from evaluation.scoring.comparison import Pair
from training.corpora.card import REASONS
from training.pipeline.estimates import duration, gigabytes
from training.pipeline.report.reading import BenchmarkFacts, RunFacts

ASSETS = Path(__file__).parent / "assets"


def render(facts: RunFacts) -> str:
    """The page on one run."""
    style = (page.ASSETS / "report.css").read_text(encoding="utf-8") + (ASSETS / "run.css").read_text(encoding="utf-8")
    scripts = [
        (page.ASSETS / page.EARLY_SCRIPT).read_text(encoding="utf-8"),
        (ASSETS / "run.js").read_text(encoding="utf-8"),
    ]
    return (
        _environment()
        .get_template("run.j2")
        .render(
            policy=page.policy(style, scripts),
            style=Markup(style),  # noqa: S704 - the project's own files
            scripts=[Markup(script) for script in scripts],  # noqa: S704
            version=version("vernacular"),
            run=facts,
            reasons=REASONS,
            verdict_kinds={facts.name: _kinds(facts) for facts in facts.benchmarks},
            verdicts=(),  # no table of tasks that a verdict could filter
            serve=_command("vernacular", "serve", "--model", facts.served) if facts.served else "",
            verify=_verify(facts),
            compare=[_report_command(facts, benchmark) for benchmark in facts.benchmarks],
        )
    )


def pair_sentence(pair: Pair, candidate: str, other: str) -> str:
    """What a comparison of the candidate with another arm says."""
    won, lost = len(pair.won), len(pair.lost)
    if not won and not lost:
        return f"{candidate} and {other} solve the same tasks."
    split = f"{candidate} alone solves {won} of {pair.tasks} tasks, {other} alone {lost}."
    if pair.finding == "no difference shown":
        return f"{split} Chance alone could have brought this about: neither is shown to be better."
    better, worse = (candidate, other) if pair.finding == "better" else (other, candidate)
    return f"{split} Chance alone is an unlikely reason: {better} is better than {worse} on tasks like these."


def _kinds(benchmark: BenchmarkFacts) -> list[plots.Kind]:
    return plots.kinds([arm.group.verdicts for arm in benchmark.arms])


def _verify(facts: RunFacts) -> str:
    if facts.served is None:
        return ""
    command = _command("vernacular", "checkpoint", "verify", facts.served)
    if not facts.parents:
        return command
    parents = " ".join(shlex.quote(f"{role}={path}") for role, path in facts.parents.items())
    return f"{command} --parents {parents} --recompute"


def _report_command(facts: RunFacts, benchmark: BenchmarkFacts) -> str:
    runs = [facts.folder / "evaluate" / arm.name / benchmark.name for arm in benchmark.arms]
    output = facts.folder / f"tasks-{benchmark.name}.html"
    return _command("vernacular", "report", *runs, "--output", output)


def _command(*words: object) -> str:
    return " ".join(shlex.quote(str(word)) for word in words)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([ASSETS, page.ASSETS]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    functions: list[Any] = [page.kind_parts, pair_sentence, duration, gigabytes, geometry.place, geometry.link]
    functions += [
        units.count,
        units.decimal,
        units.percent,
        units.percents,
        units.points,
        units.probability,
        units.words,
    ]
    functions += [geometry.band, geometry.decades, geometry.polyline, geometry.spread, geometry.steps]
    environment.filters.update({function.__name__: function for function in functions})
    environment.globals.update(nbsp=units.SPACE, colours=page.COLOURS)
    return environment
